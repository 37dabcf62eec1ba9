"""How somebody looks at a graph: what is selected, which scopes are folded, how much of each node shows, and where.

A look is a value: to select, fold or move is to have another one. What it shows of a graph at a moment, in a room, is
worked out in shown.py, and depends on nothing else.
"""

from __future__ import annotations

from typing import NamedTuple

from minidl_core import Node

_LONGEST_TRAIL = 16


class Room(NamedTuple):
    """The cells in which a graph is shown, and whether as a diagram; else it is a tape."""

    width: int
    height: int
    diagram: bool


class GraphLook(NamedTuple):
    """What somebody selected in a graph and asked of its picture; what was not asked for is what fits best.

    `selected` is None while the node of now is in view; `item` is the box or row in which it was selected, as a leaf
    may stand beside each of its uses, and `whole` is whether that is a folded scope as a whole. The `trail` has the
    items that the arrow keys came through. `closed` are the scopes that are folded, `level` is how much of each node
    shows, `diagram` whether there are boxes. `panned` is by how many columns and rows the picture was moved.
    """

    selected: Node | None = None
    item: str = ""
    whole: bool = False
    trail: tuple[str, ...] = ()
    closed: frozenset[str] | None = None
    level: int | None = None
    diagram: bool | None = None
    panned: tuple[int, int] = (0, 0)

    @property
    def node(self) -> Node | None:
        """The selected node; None while that of now is in view, or a folded scope as a whole."""
        return None if self.whole else self.selected

    def select(self, node: Node | None) -> GraphLook:
        """Return the look with a node selected, wherever it is; None has that of now in view again."""
        return self._replace(selected=node, item="", whole=False, trail=(), panned=(0, 0))

    def come_through(self, item: str) -> GraphLook:
        """Return the look with an item more on its trail."""
        return self._replace(trail=(*self.trail[-_LONGEST_TRAIL:], item))
