"""The rows of the graph pane: what a look shows, with the marks of its moment, as boxes or as a tape."""

from __future__ import annotations

from minidl_core import ContributionAdded, Node, NodeEvaluated, Operation

from ..drawing.glyphs import NOW
from ..drawing.palette import Line
from ..notation.fitting import fit
from .diagram import NodeView, Viewport, draw_diagram
from .item_views import box_view, row_view
from .labels import heading, legend, note
from .layout import Edge, Layout
from .picture import Item
from .shown import HEADING_AND_LEGEND, LEAST_TITLE_OF_A_FOLD, ShownGraph
from .tape import LEAST_TITLE, Tape, draw_tape

_WIDE_TAPE = 46


def draw_graph(shown: ShownGraph, stops: frozenset[Node] = frozenset()) -> list[Line]:
    """Return the rows of the room; `stops` are the nodes with a breakpoint."""
    if isinstance(shown.stands, Layout):
        return _draw_boxes(shown, shown.stands, stops)
    return _draw_tape(shown, shown.stands, stops)


def _draw_boxes(shown: ShownGraph, layout: Layout, stops: frozenset[Node]) -> list[Line]:
    moment, boxes = shown.moment, shown.picture
    width, height, rows = shown.room.width, shown.room.height, shown.rows

    def view(name: str) -> NodeView:
        item, inner = boxes.items[name], layout.boxes[name].width - 2
        return _marked(box_view(item, moment, shown.folded.progress, shown.level, inner), item, shown, stops)

    lines = draw_diagram(
        layout,
        Viewport(*shown.corner, width, rows),
        view,
        lambda edge: _went(shown, edge),
        _in_use(shown),
        note(moment, boxes.item_for),
    )
    if rows < height:
        lines.insert(0, [(fit("  " + heading(moment), width), "dim")])
    if rows < height - HEADING_AND_LEGEND + 1:
        lines.append([("  ", "text"), *legend(moment, width - 2, stops=bool(stops))])
    return lines


def _draw_tape(shown: ShownGraph, tape: Tape, stops: frozenset[Node]) -> list[Line]:
    moment, items, room = shown.moment, shown.picture.items, shown.room
    narrow = room.width < _WIDE_TAPE

    def view(name: str) -> NodeView:
        item = items[name]
        return _marked(row_view(item, moment, shown.folded.progress, shown.level, narrow), item, shown, stops)

    widths = shown.folded.row_widths(shown.level, narrow)
    least = LEAST_TITLE_OF_A_FOLD if shown.folded.has_folds else LEAST_TITLE
    return draw_tape(tape, shown.corner[1], room.width, room.height, view, _margin(shown), widths, least)


def _marked(seen: NodeView, item: Item, shown: ShownGraph, stops: frozenset[Node]) -> NodeView:
    """Mark what is selected, breakpoints, and the consumer from which a contribution comes: its gradient is G."""
    event = shown.moment.event
    if isinstance(event, ContributionAdded) and not seen.now and item.name in shown.picture.items_for(event.consumer):
        seen = seen._replace(gradient=seen.gradient.replace("g", "G"))
    if stops and not stops.isdisjoint(item.nodes):
        seen = seen._replace(stops=True)
    return seen._replace(selected=True) if shown.look.selected is not None and item.name == shown.in_focus else seen


def _in_use(shown: ShownGraph) -> list[Edge]:
    """Return the edges over which a number goes now: into what is evaluated, or back from a consumer."""
    ends: list[tuple[Node, Node, int]] = []
    match shown.moment.event:
        case NodeEvaluated(node):
            ends = [(source, node, input_index) for input_index, source in enumerate(node.inputs)]
        case ContributionAdded(node, consumer, input_index):
            ends = [(node, consumer, input_index)]
    edges = (shown.picture.edge(*end) for end in ends)
    return [Edge(*edge) for edge in edges if edge is not None]


def _went(shown: ShownGraph, edge: Edge) -> bool:
    """Return whether a gradient has gone over an edge."""
    source, consumer = shown.picture.items[edge.source], shown.picture.items[edge.consumer]
    user = consumer.node
    if source.node is not None and isinstance(user, Operation):
        return shown.moment.went(user, consumer.edges.index(edge.input_index))
    return shown.folded.progress.went(shown.moment, source.nodes[0], consumer.nodes[0])


def _margin(shown: ShownGraph) -> dict[str, str]:
    """Return the signs before the rows of the tape: now, its operands, the consumer that G comes from."""
    moment, item_for = shown.moment, shown.picture.item_for
    signs = {}
    match moment.event:
        case NodeEvaluated(node):
            signs = {item_for(source): "+" for source in node.inputs}
        case ContributionAdded(_, consumer):
            signs = {item_for(consumer): "G"}
    return signs | ({item_for(moment.now): NOW} if moment.now is not None else {})
