"""The graph as a tape: one row per node in the order of evaluation, edges in the gutter as `git log --graph` has them.

It fits where boxes do not, and ten thousand nodes as well as ten. A node takes over the leftmost line that ends in it,
and a line lives until its last consumer has used it. Lines beyond the last column of the gutter share that column.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from heapq import heappop, heappush
from typing import NamedTuple

from ..drawing.glyphs import BREAKPOINT, CHOSEN, EAST, ELLIPSIS, LINES, MORE, NODE, NODE_NOW, NORTH, SOUTH, WEST
from ..drawing.palette import Line
from ..notation.fitting import cut, fit, fit_name
from .diagram import NodeView, mark_style

LEAST_TITLE = 8


class Tape(NamedTuple):
    """The rows of a tape without any mark of a moment: each node's name, its gutter (all as wide), its row."""

    names: tuple[str, ...]
    gutters: tuple[str, ...]
    row: Mapping[str, int]


class _Lanes:
    """Which columns of the gutter hold a line, and which is the first that does not."""

    def __init__(self) -> None:
        self.used: list[bool] = []
        self._free: list[int] = []

    @property
    def count(self) -> int:
        return len(self.used) - len(self._free)

    def take(self) -> int:
        if not self._free:
            self.used.append(True)
            return len(self.used) - 1
        lane = heappop(self._free)
        self.used[lane] = True
        return lane

    def give_back(self, lane: int) -> None:
        self.used[lane] = False
        heappush(self._free, lane)


def thread(nodes: Sequence[tuple[str, Sequence[str]]], columns: int = 8) -> Tape:
    """Return the tape of nodes, each a name and its inputs, in an order of evaluation.

    The gutter has at most so many columns of lines. A node that feeds several inputs of one operation has a line for
    each, so that both edges of `matmul(A, A)` show.
    """
    waiting = Counter(source for _, inputs in nodes for source in set(inputs))
    strands: dict[str, int] = {}
    for _, inputs in nodes:
        for source, times in Counter(inputs).items():
            strands[source] = max(times, strands.get(source, 1))
    lanes = _Lanes()
    lines: dict[str, list[int]] = {}
    gutters = []
    for name, inputs in nodes:
        before = lanes.used[:columns]
        hidden = lanes.count > sum(before)
        entering: list[int] = []
        ending: list[int] = []
        for source in dict.fromkeys(inputs):
            entering += lines[source]
            waiting[source] -= 1
            if not waiting[source]:
                ending += lines.pop(source)
        own = min(ending) if ending else lanes.take()
        opening = [lanes.take() for _ in range(strands.get(name, 1) - 1)]
        gutters.append(_gutter(before, columns, hidden, own, entering, ending, opening))
        if waiting[name]:
            lines[name] = [own, *opening]
        for lane in {own, *ending} - set(lines.get(name, ())):
            lanes.give_back(lane)
    width = max(map(len, gutters), default=0)
    names = tuple(name for name, _ in nodes)
    row = {name: i for i, name in enumerate(names)}
    return Tape(names, tuple(gutter.ljust(width) for gutter in gutters), row)


def _gutter(
    before: Sequence[bool],
    columns: int,
    hidden: bool,
    own: int,
    entering: Sequence[int],
    ending: Sequence[int],
    opening: Sequence[int],
) -> str:
    """Return the row of the gutter in which a node stands on its own line, joined with those that enter and open."""
    joined = {own, *entering, *opening}
    first, last = min(joined), max(joined)
    cells = ""
    for lane in range(min(columns, max(len(before), last + 1))):
        upright = 0
        if lane < len(before) and before[lane]:
            upright = NORTH if lane in ending else NORTH | SOUTH
        elif lane in opening:
            upright = SOUTH
        level = (EAST if first <= lane < last else 0) | (WEST if first < lane <= last else 0)
        if upright and lane not in joined:
            level = 0  # the upright line lies on top: where two only cross, nothing joins
        cells += LINES[upright | level][0]
        cells += LINES[EAST | WEST][0] if first <= lane < last else " "
    if last >= columns or (hidden and last == columns - 1):
        cells = cells[:-2] + ELLIPSIS + " "
    elif hidden:
        cells = cells[:-2] + MORE + " "
    at = 2 * min(own, columns - 1)
    return cells[:at] + NODE + cells[at + 1 :]


def draw_tape(
    tape: Tape,
    first: int,
    width: int,
    height: int,
    view: Callable[[str], NodeView],
    margin: Mapping[str, str],
    widths: tuple[int, int],
    least_title: int = LEAST_TITLE,
) -> list[Line]:
    """Return the rows from the `first` one on, as many as the height holds.

    `margin` has a sign for the nodes that stand out: the one that is now, its operands, the one that G comes from.
    `widths` are those of the longest title and detail. What does not fit goes: first titles get shorter, to no less
    than the least, then the details go.
    """
    gutter_width = len(tape.gutters[0]) if tape.gutters else 0
    slot_width = len("q12") if len(tape.names) < 100 else len("q123")
    room = width - gutter_width - len("  " + " v✓ ") - slot_width
    title_width, detail_width = widths[0], widths[1] + 1
    if room - detail_width < min(title_width, least_title):
        detail_width = 0
    title_width = max(min(title_width, room - detail_width), 1)
    lines: list[Line] = []
    for name, gutter in zip(tape.names[first : first + height], tape.gutters[first : first + height], strict=True):
        node = view(name)
        at = gutter.index(NODE)
        style = "now" if node.now else node.style
        lines.append(
            [
                (fit(margin.get(name, ""), 1) + (CHOSEN if node.selected else " "), "flow"),
                (gutter[:at], "dim"),
                (NODE_NOW if node.now else NODE, style),
                (gutter[at + 1 :], "dim"),
                (
                    fit_name(cut(node.title, title_width) if node.end_tells else node.title, title_width),
                    "selected" if node.selected else style,
                ),
                (fit(" " + " ".join(node.details), detail_width), "dim"),
                (BREAKPOINT, "red") if node.stops else (" ", "text"),
                (node.value, mark_style(node.value)),
                (" ", "text"),
                (fit(node.gradient, slot_width), mark_style(node.gradient)),
            ]
        )
    return lines
