"""Where the followed element came from: one element of a consumer's gradient, or of an operand's value.

It moves through the graph and never through time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from minidl_core import Node, Operation

from ..debugger.edges import edge_in_focus, gradient_edges, input_in_focus, operands
from ..debugger.followed import Followed, element_at
from ..debugger.moment import Moment
from ..drawing.palette import ACTION, Line
from ..notation.expression import Entry, Total, Tree
from ..notation.fitting import first_that_fits
from ..notation.formats import element_text
from ..notation.indexes import index_at
from ..notation.long_sums import followed_term, over_points
from ..notation.names import called, point_word, slope_name
from ..notation.worked import Worked, count, sizes, worked_contribution, worked_value

Index = tuple[int, ...]

_KEYS = {"origin": 5, "term": 1, "edge": 1}
"""How long the usual keys of these actions are; a longer one pushes what is at the end of the line out."""


@dataclass(frozen=True)
class Origin:
    """Where an element came from: over which of the `edges`, by which of so many terms, to which element of `node`.

    `view` shows where that element came from. Where a sum runs over the data points, its terms are the `points`.
    `worked` is the followed element, written out.
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


def own_gradient(moment: Moment, followed: Followed, node: Node) -> Origin:
    """Return the followed element of a node's own gradient, for a view that shows what is made with it."""
    index = element_at(moment, node, moment.shape(node) or (), followed)
    return Origin(node, "ledger", [], 0, 1, 0, lambda _: index)


def draw_origin(moment: Moment, origin: Origin | str, width: int) -> list[Line]:
    """Draw where the element came from, and which actions choose another one, in one line."""
    if isinstance(origin, str):
        # who takes that key is told the reason
        said = first_that_fits(width - _KEYS["origin"] - 2, origin, origin.partition(": ")[0])
        return [[("origin", ACTION), (f"  {said}", "dim")]]
    name = slope_name(moment, origin.node) if origin.view == "ledger" else called(origin.node)
    line: Line = [("origin", ACTION), (f"  {element_text(name, origin.index)}", "text")]
    choices = []
    if origin.terms > 1:
        # a point has its own number, which the table names, a term only its position in the formula
        term = f"{point_word(moment)} {origin.term}" if origin.points else f"term {origin.term + 1} of {origin.terms}"
        choices.append(("term", term))
    if len(origin.edges) > 1:
        choices.append(("edge", f"edge {origin.edge + 1} of {len(origin.edges)}"))
    for action, text in choices:
        room = width - sum(_KEYS[part] if style == ACTION else len(part) for part, style in line)
        wording = first_that_fits(room - 6, text, text.partition(" of ")[0])
        if len(wording) + 6 <= room:
            line += [("   ", "text"), (action, ACTION), (f"  {wording}", "dim")]
    return [line]


def gradient_origin(moment: Moment, followed: Followed, node: Node) -> Origin | str:
    """Return from which consumer, and which element of its gradient, the followed element of a gradient came."""
    loss = moment.graph.loss
    if node not in moment.graph.position:
        return f"goes nowhere: {called(node)} does not lead to {called(loss)}"
    if node is loss:
        return f"goes no further: with {slope_name(moment, node)} = 1 the gradients begin"
    edges = gradient_edges(moment, node)
    edge = edge_in_focus(moment, node, edges, followed) or edges[0]
    consumer, input_index, event = edge
    inputs, output = operands(moment, consumer)
    worked = None
    if event is not None and output is not None:
        index = element_at(moment, node, event.contribution.shape, followed)
        found, hunted = event.contribution, moment.program.is_hunted
        worked = worked_contribution(consumer, input_index, inputs, output, event.gradient, found, index, hunted=hunted)
    ends = [(each, position) for each, position, _ in edges]
    return _by_terms(moment, followed, consumer, "ledger", ends, edges.index(edge), worked, "G")


def value_origin(moment: Moment, followed: Followed, node: Node) -> Origin | str:
    """Return from which operand, and which element of it, the followed element of a value was computed."""
    if not isinstance(node, Operation):
        made = {"placeholder": "is data", "variable": "is what the iteration starts from"}
        return f"goes no further: {called(node)} {made.get(node.kind, 'is written in the graph')}"
    inputs, output = operands(moment, node)
    input_index = input_in_focus(node, followed)
    worked = None
    if output is not None:
        worked = worked_value(node, inputs, output, element_at(moment, node, output.shape, followed))
    ends = [(node, position) for position in range(len(node.inputs))]
    symbol = node.definition.symbols[input_index]
    return _by_terms(moment, followed, node.inputs[input_index], "value", ends, input_index, worked, symbol)


def _by_terms(
    moment: Moment,
    followed: Followed,
    target: Node,
    view: str,
    edges: list[tuple[Operation, int]],
    edge: int,
    worked: Worked | None,
    symbol: str,
) -> Origin:
    """Return as the origin one of the target's elements that this symbol of the worked equation stands for."""
    nearest = element_at(moment, target, moment.shape(target) or (), followed)
    entries = [entry for entry in worked.entries if entry.symbol == symbol] if worked else []
    total = worked.long_sum if worked else None
    if total is not None and entries:
        term = followed_term(moment, total, followed)
        points = over_points(moment, total)

        def index_at(term: int) -> Index:
            position = dict(zip(total.letters, np.unravel_index(term, sizes(total)), strict=True))
            return _filled(entries[0], {letter: int(i) for letter, i in position.items()})

        return Origin(target, view, edges, edge, count(total), term, index_at, points, worked)
    found = _indexes(worked.tree, entries) if worked and worked.tree and entries else [nearest]
    term = found.index(nearest) if nearest in found else 0
    if worked is not None and isinstance(worked.tree, Total) and worked.tree.kind != "sum" and entries:
        values = entries[0].value  # the one that it is, and not one that it only might have been
        term = int(values.argmin() if worked.tree.kind == "min" else values.argmax())
    if followed.term is not None:
        term = followed.term % len(found)
    return Origin(target, view, edges, edge, len(found), term, found.__getitem__, worked=worked)


def _indexes(tree: Tree, entries: list[Entry]) -> list[Index]:
    """Return the indexes of all elements that these entries stand for."""
    axis_of = {letter: axis for total in _totals(tree) for letter, axis in zip(total.letters, total.axes, strict=True)}
    found: dict[Index, None] = {}
    for entry in entries:
        for position in np.ndindex(entry.value.shape):
            found[_filled(entry, {letter: position[axis] for letter, axis in axis_of.items()})] = None
    return list(found)


def factor_of(origin: Origin | str, symbol: str) -> Index | None:
    """Return the element of this symbol that is in the term of a sum that is looked at; None where that is not one."""
    if isinstance(origin, str) or origin.terms < 2 or origin.worked is None or origin.worked.tree is None:
        return None
    entries = [entry for entry in origin.worked.entries if entry.symbol == symbol]
    found = _indexes(origin.worked.tree, entries) if entries else []
    return found[origin.term] if len(found) == origin.terms else None


def _filled(entry: Entry, position: dict[str, int]) -> Index:
    return tuple(int(index_at(i, position)) for i in entry.index)


def _totals(tree: Tree) -> list[Total]:
    match tree:
        case Total(body):
            return [tree, *_totals(body)]
        case _:
            return [total for part in getattr(tree, "parts", ()) for total in _totals(part)]
