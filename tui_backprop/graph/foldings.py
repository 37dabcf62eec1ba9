"""All ways to fold one graph: what is folded now, how much of each node shows, and which sheet fits a room."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from minidl_core import Node

from ..debugger.loss_graph import LossGraph
from .folded_graph import FoldedGraph, with_off_path
from .item_views import NAMES, NUMBERS, SHAPES
from .picture import enclosing, fold, scope_of_name, scopes_to_close

_MOST_KEPT = 4


class Foldings:
    """The sheets of a graph; `folds` are the scopes of nodes whose names do not say one.

    `nodes` are all nodes, in an order of evaluation. Until a key asks for something else, what is folded and how much
    of each node shows is what fits best.
    """

    def __init__(self, graph: LossGraph, folds: Mapping[str, str]) -> None:
        self.nodes = with_off_path(graph)
        self._graph = graph
        self._folds = folds
        self._kept: dict[frozenset[str], FoldedGraph] = {}
        self._closed: frozenset[str] | None = None
        self._level: int | None = None

    def scope_of(self, node: Node) -> str:
        """Return the scope in which a node is, by its name or by what the lesson says; "" where it is in none."""
        return self._folds.get(node.name) or scope_of_name(node)

    @cached_property
    def scopes(self) -> frozenset[str]:
        """All scopes."""
        return frozenset(scope for node in self.nodes for scope in enclosing(self.scope_of(node)))

    @cached_property
    def _at_first(self) -> frozenset[str]:
        return scopes_to_close(self.nodes, self.scope_of)

    @property
    def now(self) -> FoldedGraph:
        """The graph as it is folded now."""
        return self._folded(self._at_first if self._closed is None else self._closed)

    @property
    def level(self) -> int:
        """How much of each node shows where there is room for it."""
        return SHAPES if self._level is None else self._level

    def change_detail(self, by: int) -> None:
        """Show less or more of each node: its name, also its shape, also its numbers."""
        self._level = min(max(self.level + by, NAMES), NUMBERS)

    def close(self, scopes: frozenset[str]) -> FoldedGraph:
        """Fold these scopes and no others; one that values leave and come back to stays open."""
        sheet = self._folded(scopes)
        self._closed = sheet.rows.closed
        return sheet

    def fits(self, width: int) -> bool:
        """Return whether the whole diagram, with shapes and slots, is at most so wide."""
        return self.drawable and self.now.layout(SHAPES).width <= width

    @property
    def drawable(self) -> bool:
        """Whether boxes could be read, and take no longer than a key may take."""
        return not self.now.too_large

    def chosen(self, width: int, height: int | None) -> tuple[FoldedGraph, int]:
        """Return the sheet and the level of detail that show most in this room; unless asked, scopes fold to fit."""
        closed = [self._at_first, self.scopes] if self._closed is None else [self._closed]
        levels = [SHAPES, NAMES] if self._level is None else [self._level]
        for level in levels:
            for sheet in map(self._folded, closed):
                if sheet.too_large:
                    continue
                layout = sheet.layout(level)
                if layout.width <= width and (height is None or layout.height <= height):
                    return sheet, level
        sheet = self._folded(closed[0])
        if self._level is None and height is not None and sheet.layout(SHAPES).height > height:
            return sheet, NAMES
        return sheet, levels[0]

    def _folded(self, closed: frozenset[str]) -> FoldedGraph:
        if closed not in self._kept:
            while len(self._kept) >= _MOST_KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[closed] = FoldedGraph(fold(self.nodes, closed, self.scope_of), self._graph)
        return self._kept[closed]
