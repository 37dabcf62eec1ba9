"""The graph pane: which picture of a graph fits its room, and what a moment shows in it.

The places are computed once for a graph and a level of detail. A picture larger than the pane is moved only as far as
it takes to keep the node of now in view.
"""

from __future__ import annotations

from functools import cached_property

from rich.cells import cell_len

from minidl_core import ContributionAdded, Node, NodeEvaluated, Operation
from minidl_core.graph import post_order

from .diagram import NodeView, Viewport, draw_diagram
from .formats import shape_text
from .glyphs import NOW, fit, printable
from .graph_words import MOST_INNER, detail, heading, inner_width, legend, note, tape_title, title
from .layout import Edge, Layout, NodeBox, Place, lay_out
from .loss_graph import LossGraph
from .moment import Moment
from .palette import Line
from .tape import Tape, draw_tape, thread

_SWAPPABLE = {"add", "multiply"}
_MOST_PORTS = 12
_MARGIN = 2
_GUTTER_COLUMNS = 8
_TEXT_OF_A_ROW = 20
_HEADING_AND_LEGEND = 2


class GraphPane:
    """The picture of one graph, as a diagram or as a tape."""

    def __init__(self, graph: LossGraph) -> None:
        self._loss = graph.loss
        self._nodes = {node.name: node for node in _with_off_path(graph)}
        self._on_path = graph.position
        self._followed = graph.nodes[0]
        self._x = self._y = self._first = 0
        self._tapes: dict[int, Tape] = {}

    def height(self, *, diagram: bool) -> int:
        """Return how many rows the whole picture takes."""
        return self._boxes.height + _HEADING_AND_LEGEND if diagram else len(self._nodes)

    def fits(self, width: int) -> bool:
        """Return whether the whole diagram, with shapes and slots, is at most so wide."""
        return self._boxes.width <= width

    def draw(self, moment: Moment, width: int, height: int, *, diagram: bool) -> list[Line]:
        """Return the rows of the pane at a moment."""
        self._followed = moment.now or self._followed
        if diagram:
            return self._draw_diagram(moment, width, height)
        return self._draw_tape(moment, width, height)

    @cached_property
    def _boxes(self) -> Layout:
        nodes = self._nodes.values()
        heights = (2 + min(max(2, len(node.inputs)), _MOST_PORTS) for node in nodes)
        boxes = [_box(node, inner_width(node) + 2, height) for node, height in zip(nodes, heights, strict=True)]
        return lay_out(boxes, self._loss.name)

    @cached_property
    def _one_line_nodes(self) -> Layout:
        texts = {node: min(cell_len(printable(name)), MOST_INNER) for name, node in self._nodes.items()}
        return lay_out([_box(node, width + len("[ ✓q1]"), 1) for node, width in texts.items()], self._loss.name, gap=0)

    def _fitting(self, width: int, height: int) -> Layout:
        for layout in (self._boxes, self._one_line_nodes):
            if layout.width <= width and layout.height <= height:
                return layout
        return self._boxes if self._boxes.height <= height else self._one_line_nodes

    def _draw_diagram(self, moment: Moment, width: int, height: int) -> list[Line]:
        layout = self._fitting(width, height - _HEADING_AND_LEGEND)
        rows = height - min(_HEADING_AND_LEGEND, max(height - layout.height, 0))
        place = layout.places[self._followed.name]
        self._x = follow(self._x, width, place.x, place.x + place.width, layout.width)
        self._y = follow(self._y, rows, place.y, place.y + place.height, layout.height)
        viewport = Viewport(
            self._x if layout.width > width else (layout.width - width) // 2,
            self._y if layout.height > rows else (layout.height - rows) // 2,
            width,
            rows,
        )
        lines = draw_diagram(
            layout,
            viewport,
            lambda name: self._view(moment, name, layout.places[name]),
            lambda edge: self._went(moment, edge),
            _in_use(moment),
            note(moment),
        )
        if rows < height:
            lines.insert(0, [(fit("  " + heading(moment), width), "dim")])
        if rows < height - 1:
            lines.append([("  ", "text"), *legend(moment, width - 2)])
        return lines

    def _draw_tape(self, moment: Moment, width: int, height: int) -> list[Line]:
        columns = min(_GUTTER_COLUMNS, max((width - _TEXT_OF_A_ROW) // 2, 1))
        if columns not in self._tapes:
            self._tapes[columns] = thread(
                [(name, [source.name for source in node.inputs]) for name, node in self._nodes.items()], columns
            )
        tape = self._tapes[columns]
        row = tape.row[self._followed.name]
        self._first = follow(self._first, height, row, row + 1, len(tape.names))
        return draw_tape(
            tape,
            self._first,
            width,
            height,
            lambda name: self._view(moment, name),
            _margin(moment),
            self._tape_widths,
        )

    @cached_property
    def _tape_widths(self) -> tuple[int, int]:
        nodes = self._nodes.values()
        titles = max(cell_len(printable(tape_title(node))) for node in nodes)
        return titles, max(len(shape_text(node.shape)) for node in nodes)

    def _view(self, moment: Moment, name: str, place: Place | None = None) -> NodeView:
        """Return what stands in a box, or in a row of the tape."""
        node = self._nodes[name]
        if node not in self._on_path:
            return NodeView(title(node), shape_text(node.shape), "v·", "", "dim")
        mark = moment.gradient_mark(node)
        return NodeView(
            title=tape_title(node) if place is None else name if place.height == 1 else title(node),
            detail=shape_text(node.shape) if place is None else detail(moment, node, place.width - 2),
            value="v" + moment.value_mark(node),
            gradient=mark if mark[0] in "qw" else "g" + mark,
            style="variable" if node.kind == "variable" else "text",
            now=node is moment.now,
        )

    def _went(self, moment: Moment, edge: Edge) -> bool:
        consumer = self._nodes[edge.consumer]
        assert isinstance(consumer, Operation)
        return moment.went(self._nodes[edge.source], consumer, edge.slot)


def follow(first: int, shown: int, start: int, stop: int, total: int) -> int:
    """Return the first row or column that shows, moved just so far that those from start to stop do, with a margin."""
    first = max(min(first, start - _MARGIN), stop + _MARGIN - shown)
    return max(min(first, total - shown), 0)


def _with_off_path(graph: LossGraph) -> list[Node]:
    """Return the nodes that lead to the loss, then those that only use them, and what these need besides."""
    found = dict.fromkeys(graph.nodes)
    pending = list(graph.nodes)
    while pending:
        for consumer in pending.pop().consumers:
            if consumer not in found:
                found[consumer] = None
                pending.append(consumer)
    return post_order(found)


def _box(node: Node, width: int, height: int) -> NodeBox:
    inputs = tuple(source.name for source in node.inputs)
    return NodeBox(node.name, inputs, width, height, node.kind in _SWAPPABLE, node.kind == "constant")


def _in_use(moment: Moment) -> list[Edge]:
    """Return the edges over which a number goes now: into what is evaluated, or back from a consumer."""
    match moment.event:
        case NodeEvaluated(node):
            return [Edge(source.name, node.name, slot) for slot, source in enumerate(node.inputs)]
        case ContributionAdded(node, consumer, slot):
            return [Edge(node.name, consumer.name, slot)]
    return []


def _margin(moment: Moment) -> dict[str, str]:
    """Return the signs before the rows of the tape: now, its operands, the consumer that G comes from."""
    signs = {}
    match moment.event:
        case NodeEvaluated(node):
            signs = {source.name: "+" for source in node.inputs}
        case ContributionAdded(_, consumer):
            signs = {consumer.name: "G"}
    return signs | ({moment.now.name: NOW} if moment.now is not None else {})
