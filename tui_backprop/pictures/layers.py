"""How large the gradient is in each layer, as bars on a logarithmic scale, the layer furthest from the loss first."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Sequence
from math import ceil, floor, isfinite, log10

import numpy as np

from minidl_core import Node, Operation

from ..debugger.kept import kept
from ..debugger.loss_graph import LossGraph
from ..debugger.moment import Moment
from ..drawing.glyphs import MORE, NOT_YET
from ..drawing.palette import Line
from ..notation.fitting import clip, first_that_fits, fit_name, width_of
from ..notation.formats import number
from ..notation.names import called
from .picture import Focus, Picture, what_it_shows

BAR = "█"
_LEAST_DECADES = 3
_INDICES = re.compile(r"(?:\[\d+\])+$")

Layer = tuple[str, tuple[Node, ...]]
"""A name, and the nodes whose gradients are its: the scalars of a list are one layer."""


class LayersPicture(Picture):
    """A bar for each variable; where there is one variable alone, for it and each operation between it and the loss."""

    name = "layers"

    def applies(self, moment: Moment) -> bool:
        """Return whether there is anything that is trained."""
        return bool(moment.graph.variables)

    def depends_on(self, moment: Moment, focus: Focus) -> Hashable:
        """Return which gradients are complete."""
        return id(moment.recording), moment.cursor if moment.phase == "backward" else moment.phase

    def title(self, moment: Moment, focus: Focus, width: int) -> Line:
        """Return what the bars are."""
        title: Line = [("Layers  ", "title"), ("size of the gradient", "text")]
        return first_that_fits(width, [*title, (", root mean square, from the input to the loss", "dim")], title)

    def facts(self, moment: Moment, focus: Focus) -> Iterator[str]:
        """Yield what the picture shows, as sentences."""
        yield "The size of the gradient, from the input to the loss: the root of the mean square of its entries."
        for name, size in _sizes(moment):
            yield f"{name}: {'not known yet' if size is None else number(size)}."
        what = _what(_sizes(moment))[0]
        yield f"{what[0].upper()}{what[1:]}."

    def draw(self, moment: Moment, focus: Focus, width: int, height: int) -> list[Line]:
        """Draw one line that says what it shows, a bar in each line, and the axis."""
        sizes = _sizes(moment)
        what = what_it_shows(_what(sizes), width)
        rows = max(height - 2, 1)
        shown: list[tuple[str, float | None] | int] = [*sizes]
        if len(sizes) > rows:  # both ends are what is compared
            above = (rows - 1) // 2
            below = rows - 1 - above
            shown = [*sizes[:above], len(sizes) - above - below, *sizes[len(sizes) - below :]]
        low, high = _decades([size for _, size in sizes])
        names = min(max(width_of(name) for name, _ in sizes), max(width // 3, 6))
        room = width - names - 12
        lines = [what]
        for row in shown:
            if isinstance(row, int):
                lines.append([(f"{MORE} {row} more between".ljust(names), "dim")])
                continue
            name, size = row
            line: Line = [(fit_name(name, names), "text"), (" │", "frame")]
            share = 0.0 if size is None or not size > 0 or not isfinite(size) else (log10(size) - low) / (high - low)
            line.append((BAR * max(round(share * room), size is not None and share > 0), "done"))
            lines.append([*line, (f" {NOT_YET if size is None else number(size, 3)}", "text" if size else "dim")])
        axis: Line = [(" " * (names + 1), "text"), ("└" + _axis(low, high, max(room, 1)), "dim")]
        return [clip(line, width) for line in [*lines, axis][:height]]


@kept
def _layers(graph: LossGraph) -> Sequence[Layer]:
    """Return the layers in the order of their longest way to the loss, the furthest first."""
    away: dict[Node, int] = {}
    for node in reversed(graph.nodes):
        away[node] = max((away[consumer] + 1 for consumer in graph.consumers(node)), default=0)
    layers: dict[str, list[Node]] = {}
    for node in graph.variables:
        layers.setdefault(_INDICES.sub("", called(node)), []).append(node)
    if len(layers) == 1:
        trained: set[Node] = set(graph.variables)
        for node in graph.nodes:
            if isinstance(node, Operation) and not trained.isdisjoint(node.inputs):
                trained.add(node)
                layers[called(node)] = [node]
    # of those equally far, as matrix and bias of one layer, the first that is evaluated comes first
    furthest = sorted(layers, key=lambda name: -max(away[node] for node in layers[name]))
    return tuple((name, tuple(layers[name])) for name in furthest)


def _sizes(moment: Moment) -> list[tuple[str, float | None]]:
    """Return for each layer the root mean square of its gradient's entries; None until all of it is complete."""
    found: list[tuple[str, float | None]] = []
    for name, nodes in _layers(moment.graph):
        gradients = [moment.gradient(node) for node in nodes]
        known = [gradient for gradient in gradients if gradient is not None]
        entries = np.concatenate([np.ravel(gradient) for gradient in known]) if known else np.zeros(0)
        whole = len(known) == len(nodes) and entries.size > 0
        found.append((name, _root_mean_square(entries) if whole else None))
    return found


def _root_mean_square(entries: np.ndarray) -> float:
    largest = float(np.abs(entries).max())
    # the square of a tiny number would be 0
    return largest * float(np.sqrt(np.mean((entries / largest) ** 2))) if largest and isfinite(largest) else largest


def _what(sizes: list[tuple[str, float | None]]) -> tuple[str, ...]:
    """Return what the picture shows, in one line: the longest wording first."""
    none = [name for name, size in sizes if size == 0]
    if none:
        others = f", and so is that of {len(none) - 1} more" if len(none) > 1 else ""
        return (f"the gradient of {none[0]} is 0{others}", f"{none[0]}: 0")
    known = [(name, size) for name, size in sizes if size]
    if len(known) < 2:
        return ("the backward pass brings the gradients, from the loss to the input", "backward brings the gradients")
    (small, least), (large, most) = (choose(known, key=lambda row: row[1]) for choose in (min, max))
    times = number(most / least, 3)
    return (f"the gradient of {large} is {times} times as large as that of {small}", f"{large}: {times} times {small}")


def _decades(sizes: list[float | None]) -> tuple[int, int]:
    """Return the powers of ten at both ends of the axis."""
    known = [log10(size) for size in sizes if size and isfinite(size)]
    high = ceil(max(known, default=0) - 1e-9)
    return min(floor(min(known, default=0) - 1e-9), high - _LEAST_DECADES), high


def _axis(low: int, high: int, columns: int) -> str:
    """Return the axis below the bars, with the powers of ten for which there is room."""
    axis = ["─"] * (columns + 6)
    step = max(ceil((high - low) * 7 / columns), 1)
    for power in range(low, high + 1, step):
        text = number(10.0**power) if -3 <= power <= 3 else f"1e{power}"
        start = round((power - low) / (high - low) * columns)
        axis[start : start + len(text)] = text
    return "".join(axis[: columns + 6])
