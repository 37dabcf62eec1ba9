"""The graph pane: what a moment shows in the picture of a graph, which part of it shows, and what is selected there.

A picture larger than the pane is moved only as far as it takes to keep the node of now, or the selected one, in view.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from minidl_core import ContributionAdded, Node, NodeEvaluated, Operation

from ..debugger.loss_graph import LossGraph
from ..debugger.moment import Moment
from ..drawing.glyphs import DOWN, LEFT, NOW, RIGHT, UP
from ..drawing.palette import Line
from ..notation.fitting import fit, printable
from .diagram import NodeView, Viewport, draw_diagram
from .foldings import Foldings
from .item_views import box_view, row_view
from .labels import heading, legend, note
from .layout import Edge, Layout
from .picture import Item, Picture
from .selection import along, beside
from .tape import draw_tape

_MARGIN = 2
_GUTTER_COLUMNS = 8
_TEXT_OF_A_ROW = 20
_WIDE_TAPE = 46
_HEADING_AND_LEGEND = 2
_TRAIL = 16


@dataclass(frozen=True)
class _Drawn:
    """What was last drawn: a picture, in which row each item stands, where its first cell is; a tape has no layout.

    `more` are arrows to the sides on which there is more of it than the pane shows.
    """

    picture: Picture
    rows: Mapping[str, int]
    layout: Layout | None
    origin: tuple[int, int]
    more: str

    @property
    def first(self) -> str:
        """The first row, or the box at the upper left."""
        if self.layout is None:
            return next(iter(self.rows))
        boxes = self.layout.boxes
        return min(boxes, key=lambda name: (boxes[name].x, boxes[name].y))

    def at(self, x: int, y: int) -> str | None:
        """Return what stands in this cell of the pane, if anything does."""
        x, y = x + self.origin[0], y + self.origin[1]
        if self.layout is not None:
            return self.layout.at(x, y)
        return next(islice(self.rows, y, None), None) if y >= 0 else None


class GraphPane:
    """The picture of one graph, as a diagram or as a tape, and what is selected in it.

    `sheets` are the ways to fold it. `selected` is None while the node of now is in view; while it `follows`, a move
    in time takes the selection away. `stops` are the nodes with a breakpoint.
    """

    def __init__(self, graph: LossGraph, folds: Mapping[str, str] | None = None) -> None:
        self.sheets = Foldings(graph, folds or {})
        self._followed = graph.nodes[0]
        self.selected: Node | None = None
        self.stops: frozenset[Node] = frozenset()
        self._place = ""
        self._whole = False
        self._trail: list[str] = []
        self.follows = True
        self._x = self._y = self._first = 0
        self._in_view: object = None
        self._sheet = self.sheets.now
        self._drawn: _Drawn | None = None

    def height(self, width: int, *, diagram: bool) -> int:
        """Return how many rows the whole picture takes in a pane so wide."""
        if diagram:
            sheet, level = self.sheets.chosen(width, None)
            return sheet.layout(level).height + _HEADING_AND_LEGEND
        return len(self.sheets.now.rows.items)

    def draw(self, moment: Moment, width: int, height: int, *, diagram: bool) -> list[Line]:
        """Return the rows of the pane at a moment."""
        self._followed = moment.now or self._followed
        return self._draw_diagram(moment, width, height) if diagram else self._draw_tape(moment, width, height)

    def _draw_diagram(self, moment: Moment, width: int, height: int) -> list[Line]:
        self._sheet, level = self.sheets.chosen(width, height - _HEADING_AND_LEGEND)
        boxes, layout = self._sheet.boxes, self._sheet.layout(level)
        rows = height - min(_HEADING_AND_LEGEND, max(height - layout.height, 0))
        chosen = self._item(boxes, moment)
        if self._moved_to(chosen, moment, (layout, width, rows)):
            box = layout.boxes[chosen]
            self._x = follow(self._x, width, box.x, box.x + box.width)
            self._y = follow(self._y, rows, box.y, box.y + box.height)
        self._x, x = _within(self._x, width, layout.width)
        self._y, y = _within(self._y, rows, layout.height)
        tops = {name: box.y for name, box in layout.boxes.items()}
        more = _more(x, width, layout.width, LEFT, RIGHT) + _more(y, rows, layout.height, UP, DOWN)
        self._drawn = _Drawn(boxes, tops, layout, (x, y - (rows < height)), more)

        def view(name: str) -> NodeView:
            item, inner = boxes.items[name], layout.boxes[name].width - 2
            return self._marked(box_view(item, moment, self._sheet.progress, level, inner), item, chosen, moment)

        lines = draw_diagram(
            layout,
            Viewport(x, y, width, rows),
            view,
            lambda edge: self._went(moment, edge),
            self._in_use(moment),
            note(moment, boxes.place),
        )
        if rows < height:
            lines.insert(0, [(fit("  " + heading(moment), width), "dim")])
        if rows < height - 1:
            lines.append([("  ", "text"), *legend(moment, width - 2, stops=bool(self.stops))])
        return lines

    def _draw_tape(self, moment: Moment, width: int, height: int) -> list[Line]:
        self._sheet = self.sheets.now
        tape = self._sheet.tape(min(_GUTTER_COLUMNS, max((width - _TEXT_OF_A_ROW) // 2, 1)))
        level, narrow = self.sheets.level, width < _WIDE_TAPE
        chosen = self._item(self._sheet.rows, moment)
        if self._moved_to(chosen, moment, (tape, width, height)):
            self._first = follow(self._first, height, tape.row[chosen], tape.row[chosen] + 1)
        self._first, _ = _within(self._first, height, len(tape.names))
        more = _more(self._first, height, len(tape.names), UP, DOWN)
        self._drawn = _Drawn(self._sheet.rows, tape.row, None, (0, self._first), more)

        def view(name: str) -> NodeView:
            item = self._sheet.rows.items[name]
            return self._marked(row_view(item, moment, self._sheet.progress, level, narrow), item, chosen, moment)

        return draw_tape(
            tape, self._first, width, height, view, self._margin(moment), self._sheet.row_widths(level, narrow)
        )

    def _moved_to(self, chosen: str, moment: Moment, room: object) -> bool:
        """Return whether there is something else to follow than in the last drawing, so that panning is not undone."""
        time = (moment.iteration, moment.cursor) if self.selected is None else None
        before, self._in_view = self._in_view, (chosen, time, room)
        if before == self._in_view:
            return False
        if self.selected is None and moment.event is None:
            self._x = self._y = self._first = 0
            return False
        return True

    def _marked(self, seen: NodeView, item: Item, chosen: str, moment: Moment) -> NodeView:
        """Mark what is selected, breakpoints, and the consumer from which a contribution comes: its gradient is G."""
        event = moment.event
        if isinstance(event, ContributionAdded) and not seen.now and item.name in self._places(event.consumer):
            seen = replace(seen, gradient=seen.gradient.replace("g", "G"))
        if self.stops and not self.stops.isdisjoint(item.nodes):
            seen = replace(seen, stops=True)
        return replace(seen, selected=True) if self.selected is not None and item.name == chosen else seen

    def _in_use(self, moment: Moment) -> list[Edge]:
        """Return the edges over which a number goes now: into what is evaluated, or back from a consumer."""
        ways: list[tuple[Node, Node, int]] = []
        match moment.event:
            case NodeEvaluated(node):
                ways = [(source, node, input_index) for input_index, source in enumerate(node.inputs)]
            case ContributionAdded(node, consumer, input_index):
                ways = [(node, consumer, input_index)]
        edges = (self._sheet.boxes.edge(*way) for way in ways)
        return [Edge(*edge) for edge in edges if edge is not None]

    def _went(self, moment: Moment, edge: Edge) -> bool:
        items = self._sheet.boxes.items
        source, consumer = items[edge.source], items[edge.consumer]
        user = consumer.node
        if source.node is not None and isinstance(user, Operation):
            return moment.went(user, consumer.edges.index(edge.input_index))
        return self._sheet.progress.went(moment, source.nodes[0], consumer.nodes[0])

    def _margin(self, moment: Moment) -> dict[str, str]:
        """Return the signs before the rows of the tape: now, its operands, the consumer that G comes from."""
        place = self._sheet.rows.place
        signs = {}
        match moment.event:
            case NodeEvaluated(node):
                signs = {place(source): "+" for source in node.inputs}
            case ContributionAdded(_, consumer):
                signs = {place(consumer): "G"}
        return signs | ({place(moment.now): NOW} if moment.now is not None else {})

    # what is selected

    @property
    def node(self) -> Node | None:
        """The selected node; None while that of now is in view, or a folded scope as a whole."""
        return None if self._whole else self.selected

    @property
    def folded(self) -> Item | None:
        """The folded scope that is selected as a whole."""
        return self._sheet.rows.items[self._item(self._sheet.rows)] if self._whole else None

    @property
    def state(self) -> Sequence[str]:
        """What is selected, in words, or why there are no boxes: the longest way to say it first."""
        if self.selected is None:
            count = len(self.sheets.now.rows.items)
            many = f"{count:,} nodes, too many for boxes"
            return () if self.sheets.drawable else (many, "too many for boxes", "no boxes")
        name = printable(self.selected.name if self.folded is None else self.folded.name)
        return (f"selected {name}" if self.follows else f"stays at {name}"), name

    @property
    def more(self) -> str:
        """Arrows to the sides on which there is more of the picture than was last drawn."""
        return "" if self._drawn is None else self._drawn.more

    @property
    def shows_boxes(self) -> bool:
        """Whether the last drawing was a diagram."""
        return self._drawn is not None and self._drawn.layout is not None

    def move(self, direction: str, moment: Moment) -> None:
        """Select what is next in a direction, in what was last drawn: up, down, left, right."""
        if self._drawn is None:
            return
        picture, rows, layout = self._drawn.picture, self._drawn.rows, self._drawn.layout
        here = self._item(picture, moment)
        if self.selected is None and moment.event is None:
            there = self._drawn.first
        elif direction in ("left", "right"):
            there = along(picture, rows, here, direction, self._trail)
            self._trail = [*self._trail[-_TRAIL:], here]
        elif layout is not None:
            there = beside(layout, here, direction)
        else:
            names = list(rows)
            there = names[min(max(rows[here] + (1 if direction == "down" else -1), 0), len(names) - 1)]
        if there != here or moment.event is None:
            self._select(picture.items[there])

    def select(self, node: Node) -> None:
        """Select a node, wherever it is."""
        self.selected, self._place, self._whole, self._trail = node, "", False, []

    def select_at(self, x: int, y: int) -> None:
        """Select what stands in this cell of the pane, if anything does."""
        name = None if self._drawn is None else self._drawn.at(x, y)
        if self._drawn is not None and name is not None:
            self._trail = []
            self._select(self._drawn.picture.items[name])

    def _select(self, item: Item) -> None:
        self.selected, self._place, self._whole = item.nodes[0], item.name, item.node is None

    def deselect(self) -> None:
        """Have the node of now in view again, unless what is selected is to stay."""
        if self.follows:
            self.selected, self._whole, self._trail = None, False, []

    def follow_or_stay(self, moment: Moment) -> None:
        """Stay with what is in view while time moves, or follow the action again."""
        self.follows = not self.follows
        if self.follows:
            self.deselect()
        elif self.selected is None:
            self.select(moment.now or self._followed)

    def pan(self, columns: int, rows: int) -> None:
        """Move the part of the picture that shows."""
        self._x, self._y, self._first = self._x + columns, self._y + rows, self._first + rows

    def _places(self, node: Node) -> Sequence[str]:
        return () if self._drawn is None else self._drawn.picture.places(node)

    def _item(self, picture: Picture, moment: Moment | None = None) -> str:
        """Return the item that is selected, or that of now."""
        if self.selected is not None:
            chosen = picture.items.get(self._place)
            return self._place if chosen and self.selected in chosen.nodes else picture.place(self.selected)
        event = moment and moment.event
        if isinstance(event, ContributionAdded):
            return picture.place(event.node, event.consumer)
        return picture.place(self._followed)

    # what is folded

    def toggle_fold(self, moment: Moment) -> str:
        """Fold the scope of what is in view into one, or open it again; return what there is to say about it."""
        item = self._sheet.rows.items[self._item(self._sheet.rows, moment)]
        if item.node is None:
            return self.open(moment)
        scope = self.sheets.scope_of(item.node)
        if not scope:
            return f"{printable(item.node.name)} is in no scope"
        self._fold(self._sheet.rows.closed | {scope}, item.node)
        if self.selected is not None:
            self._whole = True
        return "" if scope in self._sheet.rows.closed else f"{scope}/ stays open: values leave it and come back"

    def toggle_all(self) -> str:
        """Open every folded scope; where there is none, fold them all."""
        node = self.selected or self._followed
        if not self.sheets.scopes:
            return "no node has a scope"
        self._whole = False
        opened = any(item.node is None for item in self._sheet.rows.items.values())
        self._fold(frozenset() if opened else self.sheets.scopes, node)
        return ""

    def shows_fold(self, moment: Moment) -> bool:
        """Return whether what is in view is a folded scope, as a whole or because the node is in it."""
        return self._sheet.rows.items[self._item(self._sheet.rows, moment)].node is None

    def open(self, moment: Moment) -> str:
        """Open the folded scope in view, one level."""
        item = self._sheet.rows.items[self._item(self._sheet.rows, moment)]
        if item.node is not None:
            return "nothing is folded here"
        inside = moment.now if moment.now in item.nodes else item.nodes[0]
        assert inside is not None
        self._fold(self._sheet.rows.closed - {item.scope}, inside)
        return ""

    def _fold(self, closed: frozenset[str], node: Node) -> None:
        self._sheet = self.sheets.close(closed)
        if self.selected is not None:
            self.select(node)


def follow(first: int, shown: int, start: int, stop: int) -> int:
    """Return the first row or column that shows, moved just so far that those from start to stop do, with a margin."""
    return max(min(first, start - _MARGIN), stop + _MARGIN - shown)


def _more(first: int, shown: int, total: int, before: str, behind: str) -> str:
    """Return the signs of the ends at which rows or columns are left out."""
    return before * (first > 0) + behind * (first + shown < total)


def _within(first: int, shown: int, total: int) -> tuple[int, int]:
    """Return the first row or column kept in the picture, and where a picture that is smaller than its room begins."""
    if total <= shown:
        return 0, (total - shown) // 2
    first = max(min(first, total - shown), 0)
    return first, first
