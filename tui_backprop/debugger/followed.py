"""The followed element: one data point, or one entry, that is followed through every array."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod

import numpy as np

from minidl_core import Node, NonFiniteError, Operation, Placeholder, Variable
from minidl_core.arrays import Array, Shape

from .kept import kept
from .loss_graph import LossGraph
from .moment import Moment

LONGEST_ROW = 12
"""A vector of at most so many entries is drawn as a row, a longer one as a column."""


@dataclass(frozen=True)
class Followed:
    """Which element is followed: `point` where there is a row for each data point, `entry` in the other dimensions.

    `entry` is counted from the right, so its last number is the column; a dimension that it does not reach is at 0.
    Where it was made of several elements, `edge` (a consumer and the index of its input) and `term` say which of them
    is looked at; None leaves that to the view. `line` is the first line of code that is shown.
    """

    point: int = 3
    entry: tuple[int, ...] = ()
    edge: tuple[Operation, int] | None = None
    term: int | None = None
    line: int = 0

    def index(self, shape: Shape, by_point: bool) -> tuple[int, ...]:
        """Return the followed element's index in an array of this shape, or the nearest that there is."""
        missing = len(shape) - by_point - len(self.entry)
        entry = (0,) * missing + self.entry[max(-missing, 0) :]
        wanted = (self.point, *entry) if by_point else entry
        return tuple(min(i, size - 1) for i, size in zip(wanted, shape, strict=True))

    def at(self, index: tuple[int, ...], by_point: bool) -> Followed:
        """Return what is followed once this element of an array is."""
        entry = index[by_point:]
        kept = self.entry[: max(len(self.entry) - len(entry), 0)]
        return replace(self, point=index[0] if by_point else self.point, entry=kept + entry)

    @property
    def alone(self) -> Followed:
        """The element without a choice among those that it was made of."""
        return replace(self, edge=None, term=None, line=0)


def element_at(moment: Moment, node: Node, shape: Shape, followed: Followed) -> tuple[int, ...]:
    """Return the index of the followed element in an array of a node; where a mistake names an element, that one."""
    error = moment.error
    if isinstance(error, NonFiniteError) and error.node is node and len(error.entry) == len(shape):
        return error.entry
    return followed.index(shape, is_by_point(moment, node, shape))


def points(moment: Moment) -> int:
    """Return how many data points there are: the number of rows that all fed arrays have; 0 where they differ."""
    counts = {array.shape[0] for array in moment.feeds.values() if array.ndim}
    return counts.pop() if len(counts) == 1 else 0


def is_by_point(moment: Moment, node: Node, shape: Shape) -> bool:
    """Return whether a node's array, of this shape, has a row for each data point."""
    return len(shape) > 0 and shape[0] == points(moment) and node in _made_from_data(moment.graph)


@kept
def _made_from_data(graph: LossGraph) -> frozenset[Node]:
    found: set[Node] = set()
    for node in graph.nodes:
        if isinstance(node, Placeholder) or not found.isdisjoint(node.inputs):
            found.add(node)
    return frozenset(found)


def without_numbers(moment: Moment, node: Node) -> Shape | None:
    """Return the shape with no elements, of a node or of one that its numbers come from or go to, if there is one."""
    users = [consumer for consumer in node.consumers if consumer in moment.graph.position]
    beside = [*node.inputs, *users, *(source for user in users for source in user.inputs)]
    shapes = (moment.shape(other) for other in [node, *beside])
    return next((shape for shape in shapes if shape is not None and 0 in shape), None)


def known_value(moment: Moment, node: Node) -> Array | None:
    """Return a node's value; a leaf has one before the forward pass comes to it, too."""
    if isinstance(node, Variable):
        return moment.variable(node)
    if isinstance(node, Placeholder):
        return moment.feeds.get(node)
    value = moment.value(node)
    return getattr(node, "initial_value", None) if value is None else value


# an array of any rank, drawn as rows and columns


def grid_shape(shape: Shape, by_point: bool) -> tuple[int, int]:
    """Return with how many rows and columns an array is drawn: all its dimensions but the last make the rows."""
    if len(shape) > 1:
        return prod(shape[:-1]), shape[-1]
    if not shape:
        return 1, 1
    return (shape[0], 1) if by_point or shape[0] > LONGEST_ROW else (1, shape[0])


def grid_cell(shape: Shape, index: tuple[int, ...], by_point: bool) -> tuple[int, int]:
    """Return in which row and column an element is drawn."""
    row, column = np.unravel_index(int(np.ravel_multi_index(index, shape)) if shape else 0, grid_shape(shape, by_point))
    return int(row), int(column)


def grid_index(shape: Shape, row: int, column: int, by_point: bool) -> tuple[int, ...]:
    """Return which element is drawn in a row and column."""
    if not shape:
        return ()
    return tuple(map(int, np.unravel_index(row * grid_shape(shape, by_point)[1] + column, shape)))
