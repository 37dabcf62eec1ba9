"""What a look shows of a graph at a moment, in a room: which part of which picture, and what stands where in it.

It depends on nothing but look, moment and room. A picture that is larger than its room shows a page of itself, the one
with the selected node, or that of now; so going forward and back again shows the same cells.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from minidl_core import ContributionAdded, Node

from ..debugger.message import Message
from ..debugger.moment import Moment
from ..drawing.glyphs import DOWN, LEFT, RIGHT, UP
from .folded_graph import FoldedGraph
from .foldings import Foldings
from .item_views import NAMES, NUMBERS
from .layout import Layout
from .look import GraphLook, Room
from .picture import Item, Picture
from .selection import along, beside
from .tape import Tape

MOST_ROWS = 20_000
"""A graph of more nodes is opened scope by scope: all of its rows at once would take seconds, and show nothing."""
_MARGIN = 2
_GUTTER_COLUMNS = 8
_TEXT_OF_A_ROW = 20
LEAST_TITLE_OF_A_FOLD = 20
"""What is folded is known by its title alone, so the tape's lines and details make room for that."""
_MARKS_OF_A_ROW = 13
HEADING_AND_LEGEND = 2


def height_wanted(foldings: Foldings, look: GraphLook, width: int, *, diagram: bool) -> int:
    """Return how many rows the whole picture takes in a room so wide."""
    if diagram:
        folded, level = foldings.chosen(look, width, None)
        return folded.layout(level).height + HEADING_AND_LEGEND
    return len(foldings.folded(look).rows.items)


def show(foldings: Foldings, look: GraphLook, moment: Moment, room: Room) -> ShownGraph:
    """Return what a look shows."""
    if not room.diagram:
        folded = foldings.folded(look)
        text = _MARKS_OF_A_ROW + LEAST_TITLE_OF_A_FOLD if folded.has_folds else _TEXT_OF_A_ROW
        tape = folded.tape(min(_GUTTER_COLUMNS, max((room.width - text) // 2, 1)))
        return ShownGraph(look, moment, room, folded, foldings.tape_level(look), folded.rows, tape)
    folded, level = foldings.chosen(look, room.width, room.height - HEADING_AND_LEGEND)
    return ShownGraph(look, moment, room, folded, level, folded.boxes, folded.layout(level))


@dataclass(frozen=True, eq=False)
class ShownGraph:
    """What a look shows of a graph: a `picture` of its items, and where they stand, which is a layout or a tape."""

    look: GraphLook
    moment: Moment
    room: Room
    folded: FoldedGraph
    level: int
    picture: Picture
    stands: Layout | Tape

    def other_level(self, by: int) -> int:
        """Return the level of detail that shows less or more: a node's name, also its shape, also its numbers."""
        return min(max(self.level + by, NAMES), NUMBERS)

    @property
    def rows(self) -> int:
        """How many rows of the room the picture itself has: a diagram leaves some to its heading and its legend."""
        if not isinstance(self.stands, Layout):
            return self.room.height
        return self.room.height - min(HEADING_AND_LEGEND, max(self.room.height - self.stands.height, 0))

    @property
    def in_focus(self) -> str:
        """The item that is selected, or else the one that something happens to."""
        return item_in_focus(self.picture, self.look, self.moment)

    @cached_property
    def corner(self) -> tuple[int, int]:
        """The column and row of the picture at the upper left of the room; below 0 where a small diagram is centred."""
        (left, top), (columns, rows) = self._page, self.look.panned
        width, height = self._extent
        x, y = _within(left + columns, self.room.width, width), _within(top + rows, self.rows, height)
        return (x, y) if self.room.diagram else (0, max(y, 0))

    @property
    def _extent(self) -> tuple[int, int]:
        if isinstance(self.stands, Layout):
            return self.stands.width, self.stands.height
        return self.room.width, len(self.stands.names)

    @cached_property
    def _page(self) -> tuple[int, int]:
        """The upper left of the page that has the item in focus; before anything has happened, of the first."""
        if self.look.selected is None and self.moment.event is None:
            return 0, 0
        name = self.in_focus
        if not isinstance(self.stands, Layout):
            return 0, page_start(self.stands.row[name], self.rows, len(self.stands.names), 1)
        box, boxes = self.stands.boxes[name], self.stands.boxes.values()
        widest, highest = max(each.width for each in boxes), max(each.height for each in boxes)
        return (
            page_start(box.x, self.room.width, self.stands.width, widest),
            page_start(box.y, self.rows, self.stands.height, highest),
        )

    @property
    def more(self) -> str:
        """Arrows to the sides on which there is more of the picture than the room shows."""
        (x, y), (width, height) = self.corner, self._extent
        sides = [(LEFT, x > 0), (RIGHT, x + self.room.width < width), (UP, y > 0), (DOWN, y + self.rows < height)]
        return "".join(sign for sign, there_is in sides if there_is)

    def item_at(self, x: int, y: int) -> Item | None:
        """Return what stands in this cell of the room, if anything does."""
        left, top = self.corner
        x, y = x + left, y + top - (self.rows < self.room.height)
        if isinstance(self.stands, Layout):
            name = self.stands.at(x, y)
        else:
            name = next(islice(self.stands.names, y, None), None) if y >= 0 else None
        return None if name is None else self.picture.items[name]

    def select(self, item: Item) -> GraphLook:
        """Return the look with an item selected."""
        return self.look.select(item.nodes[0])._replace(item=item.name, whole=item.node is None)

    def move(self, direction: str) -> GraphLook:
        """Return the look with that selected which is next in a direction: up, down, left, right."""
        here = self.in_focus
        if self.look.selected is None and self.moment.event is None:
            return self.select(self.picture.items[self._first])
        if direction in ("left", "right"):
            there = along(self.picture, self._tops, here, direction, self.look.trail)
            if there == here:
                return self.look
            return self.select(self.picture.items[there])._replace(trail=self.look.come_through(here).trail)
        if isinstance(self.stands, Layout):
            there = beside(self.stands, here, direction)
        else:
            names, row = self.stands.names, self.stands.row[here]
            there = names[min(max(row + (1 if direction == "down" else -1), 0), len(names) - 1)]
        if there == here:
            return self.look
        return self.select(self.picture.items[there])._replace(trail=self.look.trail)

    @property
    def _tops(self) -> Mapping[str, int]:
        if isinstance(self.stands, Layout):
            return {name: box.y for name, box in self.stands.boxes.items()}
        return self.stands.row

    @property
    def _first(self) -> str:
        """The first row, or the box at the upper left."""
        if not isinstance(self.stands, Layout):
            return self.stands.names[0]
        boxes = self.stands.boxes
        return min(boxes, key=lambda name: (boxes[name].x, boxes[name].y))

    def pan(self, columns: int, rows: int) -> GraphLook:
        """Return the look moved by so many columns and rows, as far as there is something to see there."""
        (left, top), (page_left, page_top) = self.corner, self._page
        (width, height) = self._extent
        panned = (
            _within(left + columns, self.room.width, width) - page_left if width > self.room.width else 0,
            _within(top + rows, self.rows, height) - page_top if height > self.rows else 0,
        )
        return self.look._replace(panned=panned)

    # what is folded

    @property
    def _row(self) -> Item:
        return self.folded.rows.items[item_in_focus(self.folded.rows, self.look, self.moment)]

    @property
    def whole(self) -> Item | None:
        """The folded scope that is selected as a whole."""
        return self._row if self.look.whole else None

    @property
    def shows_fold(self) -> bool:
        """Whether what is in view is a folded scope, as a whole or because the node is in it."""
        return self._row.node is None

    def toggle_fold(self, foldings: Foldings) -> tuple[GraphLook, Message | None]:
        """Return the look with the scope of what is in view folded, or opened, and a message about it."""
        item = self._row
        if item.node is None:
            return self.open(foldings)
        closed = self.folded.rows.closed
        scope = foldings.group_of(item.node, closed)
        if not scope:
            return self.look, Message("in no scope", {"node": item.node})
        look = self._fold(closed | {scope}, item.node)
        return (look._replace(whole=True) if look.selected is not None else look), None

    def toggle_all(self, foldings: Foldings) -> tuple[GraphLook, Message | None]:
        """Return the look with every folded scope opened, or all folded where none is, and a message about it."""
        if not foldings.scopes:
            return self.look, Message("no scopes", {})
        opened = self.folded.has_folds
        if opened and len(foldings.nodes) > MOST_ROWS:
            return self.look, Message("too many to open", {"nodes": len(foldings.nodes)})
        closed: frozenset[str] = frozenset() if opened else foldings.all_folded
        return self._fold(closed, self.look.selected)._replace(whole=False), None

    def open(self, foldings: Foldings) -> tuple[GraphLook, Message | None]:
        """Return the look with the folded scope in view opened, one level, and a message about it."""
        item = self._row
        if item.node is not None:
            return self.look, Message("nothing folded here", {})
        inside = self.moment.now if self.moment.now in item.nodes else item.nodes[0]
        return self._fold(foldings.opened(item, self.folded.rows.closed), inside), None

    def _fold(self, closed: frozenset[str], node: Node | None) -> GraphLook:
        look = self.look._replace(closed=closed, panned=(0, 0))
        return look if look.selected is None else look.select(node)


def item_in_focus(picture: Picture, look: GraphLook, moment: Moment) -> str:
    """Return the item of a picture that is selected, or else the one that something happens to, or did last."""
    if look.selected is not None:
        item = picture.items.get(look.item)
        return look.item if item and look.selected in item.nodes else picture.item_for(look.selected)
    if isinstance(moment.event, ContributionAdded):
        return picture.item_for(moment.event.node, moment.event.consumer)
    return picture.item_for(node_in_focus(moment))


def node_in_focus(moment: Moment) -> Node:
    """Return the node that something happens to, or did last; before anything has happened, the first of the graph."""
    if moment.now is not None:
        return moment.now
    return moment.updated[-1] if moment.updated else moment.graph.nodes[0]


def page_start(start: int, shown: int, total: int, longest: int) -> int:
    """Return the first row, or column, of the page on which something stands that begins at `start`.

    Pages overlap, so that nothing is on none whole, as long as it is at most as long as the `longest` and fits.
    """
    if total <= shown:
        return 0
    margin = max(min(_MARGIN, (shown - longest) // 2), 0)
    stride = max(shown - 2 * margin - longest + 1, 1)
    return min(max(start // stride * stride - margin, 0), total - shown)


def _within(first: int, shown: int, total: int) -> int:
    """Return the first row or column kept in the picture; one that is smaller than its room is centred."""
    return (total - shown) // 2 if total <= shown else max(min(first, total - shown), 0)
