"""The way from the pinned element to one of those that it was made of: to a consumer's gradient, to an operand's value.

It moves through the graph and never through time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from minidl_core import Node, Operation

from ..debugger.edges import edge_in_focus, gradient_edges, operands, slot_in_focus
from ..debugger.followed import Pinned, element_at, is_by_point, without_numbers
from ..debugger.moment import Moment
from ..drawing.palette import Line
from ..notation.expression import Entry, Total, Tree, element_text
from ..notation.long_sums import over_points, pinned_term
from ..notation.names import called, point_word, slope_name
from ..notation.sections import first_that_fits
from ..notation.worked import Worked, count, sizes, worked_contribution, worked_value

Index = tuple[int, ...]


@dataclass(frozen=True)
class Way:
    """Where the way goes: over which of the `edges`, by which of so many terms, to which element of `node`.

    `view` shows where that element came from. Where a sum runs over the data points, its terms are the `points`.
    `worked` is the pinned element, written out.
    """

    node: Node
    view: str
    edges: list[tuple[Operation, int]]
    edge: int
    terms: int
    term: int
    index_at: Callable[[int], Index]
    points: bool = False
    worked: Worked | None = None

    @property
    def index(self) -> Index:
        """The index of the element."""
        return self.index_at(self.term)


def way_from(moment: Moment, view: str, pinned: Pinned, node: Node) -> Way | str:
    """Return the way from the pinned element of the node in view, or the sentence that says why there is none."""
    if without_numbers(moment, node) is not None:
        return "goes nowhere: there are no numbers"
    if view in ("update", "check"):
        index = element_at(moment, node, moment.shape(node) or (), pinned)
        return Way(node, "ledger", [], 0, 1, 0, lambda _: index)
    if view == "ledger":
        return _gradient_way(moment, pinned, node)
    if view == "value":
        return _value_way(moment, pinned, node)
    return "goes nowhere: no number is looked at"


def follow(moment: Moment, view: str, pinned: Pinned, node: Node) -> tuple[Node, str, Pinned] | None:
    """Return the node, its view and what is pinned at the end of the way; None where there is no way."""
    way = way_from(moment, view, pinned, node)
    if isinstance(way, str):
        return None
    index = way.index
    by_point = is_by_point(moment, way.node, moment.shape(way.node) or index)
    return way.node, way.view, pinned.alone.at(index, by_point)


def choose_edge(moment: Moment, view: str, pinned: Pinned, node: Node, by: int) -> Pinned:
    """Return what is pinned with another edge looked at, so many further."""
    way = way_from(moment, view, pinned, node)
    if isinstance(way, str) or len(way.edges) < 2:
        return pinned
    return replace(pinned, edge=way.edges[(way.edge + by) % len(way.edges)], term=None)


def choose_term(moment: Moment, view: str, pinned: Pinned, node: Node, by: int) -> Pinned:
    """Return what is pinned with another term looked at, so many further; of a sum over points, another point."""
    way = way_from(moment, view, pinned, node)
    if isinstance(way, str) or way.terms < 2:
        return pinned
    term = (way.term + by) % way.terms
    return replace(pinned, point=term) if way.points else replace(pinned, term=term)


def draw_way(moment: Moment, way: Way | str, width: int) -> list[Line]:
    """Draw where the way goes, and which keys choose another one, in one line."""
    if isinstance(way, str):
        return [[("enter", "dim"), (f"  {way}", "dim")]]
    name = slope_name(moment, way.node) if way.view == "ledger" else called(way.node)
    line: Line = [("enter", "key"), (f"  {element_text(name, way.index)}", "text")]
    choices = []
    if way.terms > 1:
        # a point has its own number, which the table names, a term only its place among those of the formula
        term = f"{point_word(moment)} {way.term}" if way.points else f"term {way.term + 1} of {way.terms}"
        choices.append(("d", term))
    if len(way.edges) > 1:
        choices.append(("a", f"edge {way.edge + 1} of {len(way.edges)}"))
    for key, text in choices:
        room = width - sum(len(part) for part, _ in line)
        said = first_that_fits(room - 6, text, text.partition(" of ")[0])
        if len(said) + 6 <= room:
            line += [("   ", "text"), (key, "key"), (f"  {said}", "dim")]
    return [line]


def _gradient_way(moment: Moment, pinned: Pinned, node: Node) -> Way | str:
    loss = moment.graph.loss
    if node not in moment.graph.position:
        return f"goes nowhere: {called(node)} does not lead to {called(loss)}"
    if node is loss:
        return f"goes no further: with {slope_name(moment, node)} = 1 the gradients begin"
    edges = gradient_edges(moment, node)
    edge = edge_in_focus(moment, node, edges, pinned) or edges[0]
    consumer, slot, event = edge
    inputs, output = operands(moment, consumer)
    worked = None
    if event is not None and output is not None:
        index = element_at(moment, node, event.contribution.shape, pinned)
        worked = worked_contribution(consumer, slot, inputs, output, event.gradient, event.contribution, index)
    ends = [(each, position) for each, position, _ in edges]
    return _by_terms(moment, pinned, consumer, "ledger", ends, edges.index(edge), worked, "G")


def _value_way(moment: Moment, pinned: Pinned, node: Node) -> Way | str:
    if not isinstance(node, Operation):
        made = {"placeholder": "is data", "variable": "is what training has made of it"}
        return f"goes no further: {called(node)} {made.get(node.kind, 'is written in the graph')}"
    inputs, output = operands(moment, node)
    slot = slot_in_focus(node, pinned)
    worked = None
    if output is not None:
        worked = worked_value(node, inputs, output, element_at(moment, node, output.shape, pinned))
    ends = [(node, position) for position in range(len(node.inputs))]
    symbol = node.definition.symbols[slot]
    return _by_terms(moment, pinned, node.inputs[slot], "value", ends, slot, worked, symbol)


def _by_terms(
    moment: Moment,
    pinned: Pinned,
    target: Node,
    view: str,
    edges: list[tuple[Operation, int]],
    edge: int,
    worked: Worked | None,
    symbol: str,
) -> Way:
    """Return the way to one of the elements of the target that stand under this symbol in the worked equation."""
    nearest = element_at(moment, target, moment.shape(target) or (), pinned)
    entries = [entry for entry in worked.entries if entry.symbol == symbol] if worked else []
    total = worked.long_sum if worked else None
    if total is not None and entries:
        term = pinned_term(moment, total, pinned)
        points = over_points(moment, total)

        def index_at(term: int) -> Index:
            place = dict(zip(total.letters, np.unravel_index(term, sizes(total)), strict=True))
            return _filled(entries[0], {letter: int(i) for letter, i in place.items()})

        return Way(target, view, edges, edge, count(total), term, index_at, points, worked)
    found = _indexes(worked.tree, entries) if worked and worked.tree and entries else [nearest]
    term = found.index(nearest) if nearest in found else 0
    if pinned.term is not None:
        term = pinned.term % len(found)
    return Way(target, view, edges, edge, len(found), term, found.__getitem__, worked=worked)


def _indexes(tree: Tree, entries: list[Entry]) -> list[Index]:
    """Return the indexes of all elements that these entries stand for."""
    axis_of = {letter: axis for total in _totals(tree) for letter, axis in zip(total.letters, total.axes, strict=True)}
    found: dict[Index, None] = {}
    for entry in entries:
        for place in np.ndindex(entry.value.shape):
            found[_filled(entry, {letter: place[axis] for letter, axis in axis_of.items()})] = None
    return list(found)


def _filled(entry: Entry, place: dict[str, int]) -> Index:
    return tuple(place[i] if isinstance(i, str) else i for i in entry.index)


def _totals(tree: Tree) -> list[Total]:
    match tree:
        case Total(body):
            return [tree, *_totals(body)]
        case _:
            return [total for part in getattr(tree, "parts", ()) for total in _totals(part)]
