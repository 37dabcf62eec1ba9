"""The foldings of a graph: which one a look has, or which shows most in a room; the latest few are kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cached_property

from minidl_core import Node

from ..debugger.loss_graph import LossGraph
from .folded_graph import FoldedGraph, with_off_path
from .item_views import NAMES, NUMBERS, SHAPES
from .look import GraphLook
from .picture import MOST_ITEMS, Item, Picture, fold, fold_at_first
from .scopes import Groups, groups, scope_of_name

_MOST_KEPT = 4
_FEW = 40


class Foldings:
    """The ways to fold a graph; `folds` are the scopes of nodes whose names do not say one.

    `nodes` are all nodes, in an order of evaluation; where the graph stands `alone`, what else uses its variables is
    that of another step.
    """

    def __init__(self, graph: LossGraph, folds: Mapping[str, str] | None = None, *, alone: bool = False) -> None:
        self.nodes = list(graph.nodes) if alone else with_off_path(graph)
        self._graph = graph
        self._folds = folds or {}
        self._kept: dict[frozenset[str], FoldedGraph] = {}

    def scope_of(self, node: Node) -> str:
        """Return the scope in which a node is, by its name or by what the lesson says; "" where it is in none."""
        return self._folds.get(node.name) or scope_of_name(node)

    @cached_property
    def _start(self) -> tuple[Groups, Picture]:
        """The groups of each node, and the graph as it is folded at first."""
        many = len(self.nodes) > MOST_ITEMS
        groups_of = groups(self.nodes, self.scope_of, many=many).__getitem__
        return groups_of, fold_at_first(self.nodes, groups_of)

    def group_of(self, node: Node, closed: frozenset[str]) -> str:
        """Return which group of a node folds next, of those that open at once the outermost; "" where there is none."""
        groups_of, _ = self._start
        unfolded = [group for group in groups_of(node) if group not in closed]
        small = (group for group in unfolded if self._sizes[group] <= _FEW)
        return next(small, unfolded[-1] if unfolded else "")

    def opened(self, item: Item, closed: frozenset[str]) -> frozenset[str]:
        """Return what is folded once an item is opened: of few nodes each shows, of many the groups within it."""
        if len(item.nodes) > _FEW:
            return closed - {item.scope}
        groups_of, _ = self._start
        return closed.difference(*(groups_of(node) for node in item.nodes))

    @cached_property
    def _sizes(self) -> Counter[str]:
        groups_of, _ = self._start
        return Counter(group for node in self.nodes for group in groups_of(node))

    @property
    def scopes(self) -> frozenset[str]:
        """All groups that can be folded."""
        return frozenset(self._sizes)

    @property
    def all_folded(self) -> frozenset[str]:
        """What is folded when all is asked for: in a large graph what is at first, which shows the model."""
        return self._at_first or self.scopes

    @property
    def _at_first(self) -> frozenset[str]:
        return self._start[1].closed

    def folded(self, look: GraphLook) -> FoldedGraph:
        """Return the graph as a look has it folded."""
        return self.close(self._at_first if look.closed is None else look.closed)

    def tape_level(self, look: GraphLook) -> int:
        """Return how much of each node a tape shows: of single numbers not their shapes, but at once the numbers."""
        return self._usual_level if look.level is None else look.level

    @cached_property
    def _usual_level(self) -> int:
        shapes = self._graph.shapes
        return NUMBERS if all(shapes.get(node) == () for node in self.nodes) else SHAPES

    def fits(self, look: GraphLook, width: int) -> bool:
        """Return whether the whole diagram, with shapes and marks, is at most so wide."""
        return self.is_drawable(look) and self.folded(look).layout(SHAPES).width <= width

    def is_drawable(self, look: GraphLook) -> bool:
        """Return whether boxes could be read, and take no longer than a key may take."""
        return not self.folded(look).too_large

    def chosen(self, look: GraphLook, width: int, height: int | None) -> tuple[FoldedGraph, int]:
        """Return the folded graph and the level of detail that show most in this room; unless asked, scopes fold."""
        closed = [self._at_first, self.scopes] if look.closed is None else [look.closed]
        levels = [SHAPES, NAMES] if look.level is None else [look.level]
        for level in levels:
            for folded in map(self.close, closed):
                if folded.too_large:
                    continue
                layout = folded.layout(level)
                if layout.width <= width and (height is None or layout.height <= height):
                    return folded, level
        folded = self.close(closed[0])
        if look.level is None and height is not None and folded.layout(SHAPES).height > height:
            return folded, NAMES
        return folded, levels[0]

    def close(self, scopes: frozenset[str]) -> FoldedGraph:
        """Return the graph with these groups folded; one that values leave and come back to in parts."""
        if scopes not in self._kept:
            while len(self._kept) >= _MOST_KEPT:
                del self._kept[next(iter(self._kept))]
            groups_of, first = self._start
            picture = first if scopes == first.closed else fold(self.nodes, scopes, groups_of)
            self._kept[scopes] = FoldedGraph(picture, self._graph)
        return self._kept[scopes]
