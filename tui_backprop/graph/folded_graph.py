"""One way to fold a graph, with all that is computed of it once: the picture, its layouts, its tapes.

Stepping changes marks and moves nothing, so that a step costs what shows of the graph, and not the graph.
"""

from __future__ import annotations

from functools import cached_property

from minidl_core import Node
from minidl_core.graph import post_order

from ..debugger.loss_graph import LossGraph
from .item_views import NAMES, box_of, row_widths
from .layout import Layout, NodeBox, effort, lay_out
from .picture import MOST_ITEMS, Picture, repeat_leaves
from .progress import Progress
from .tape import Tape, thread

_MOST_EFFORT = 1500


class FoldedGraph:
    """A graph folded in one way: its rows, its boxes and their layouts, each computed when it is first needed."""

    def __init__(self, rows: Picture, graph: LossGraph) -> None:
        self.rows = rows
        self.progress = Progress(rows)
        self._graph = graph
        self._layouts: dict[int, Layout] = {}
        self.tapes: dict[int, Tape] = {}
        self._row_widths: dict[tuple[int, bool], tuple[int, int]] = {}

    @cached_property
    def boxes(self) -> Picture:
        """The items of the diagram, in which a leaf that is used in many layers stands beside each use."""
        return repeat_leaves(self.rows)

    @cached_property
    def has_folds(self) -> bool:
        """Whether anything in it is folded."""
        return any(item.node is None for item in self.rows.items.values())

    @cached_property
    def too_large(self) -> bool:
        """Whether boxes could not be read, or would take too long."""
        items = self.boxes.items
        return len(items) > MOST_ITEMS or effort(self._box_sizes(NAMES)) > _MOST_EFFORT

    def layout(self, level: int) -> Layout:
        """Return where the boxes stand at a level of detail."""
        if level not in self._layouts:
            loss = self.boxes.item_for(self._graph.loss)
            self._layouts[level] = lay_out(self._box_sizes(level), loss, gap=0 if level == NAMES else 1)
        return self._layouts[level]

    def _box_sizes(self, level: int) -> list[NodeBox]:
        return [box_of(item, self._graph.shapes, level) for item in self.boxes.items.values()]

    def tape(self, columns: int) -> Tape:
        """Return the tape whose gutter has so many columns."""
        if columns not in self.tapes:
            self.tapes[columns] = thread([(item.name, item.inputs) for item in self.rows.items.values()], columns)
        return self.tapes[columns]

    def row_widths(self, level: int, narrow: bool) -> tuple[int, int]:
        """Return how wide the longest title and the longest detail of the tape are."""
        if (level, narrow) not in self._row_widths:
            rows = list(self.rows.items.values())
            self._row_widths[level, narrow] = row_widths(rows, self._graph.shapes, level, narrow)
        return self._row_widths[level, narrow]


def with_off_path(graph: LossGraph) -> list[Node]:
    """Return the nodes that lead to the loss, then those that only use them, and what these need besides."""
    found = dict.fromkeys(graph.nodes)
    pending = list(graph.nodes)
    while pending:
        for consumer in pending.pop().consumers:
            if consumer not in found:
                found[consumer] = None
                pending.append(consumer)
    return post_order(found)
