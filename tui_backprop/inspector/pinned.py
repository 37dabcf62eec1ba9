"""The pinned element: one point, or one entry, that is followed through every array."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from math import prod

from minidl_core import Node, Operation, Placeholder
from minidl_core.graph import Shape

from ..loss_graph import LossGraph
from ..moment import Moment

ROW_AT_MOST = 12
"""A vector of at most so many entries is drawn as one row, a longer one, and one with a number per point, as a column."""


@dataclass(frozen=True)
class Pinned:
    """Which element is followed: `point` in arrays with one row per data point, `entry` for the other dimensions.

    `entry` is counted from the right, its last number being the column; dimensions that it does not have are at 0.
    """

    point: int = 3
    entry: tuple[int, ...] = ()

    def index(self, shape: Shape, by_point: bool) -> tuple[int, ...]:
        """Return the pinned element's index in an array of this shape, or the nearest there is."""
        rank = len(shape) - by_point
        entry = ((0,) * rank + self.entry)[len(self.entry) :] if rank else ()
        wanted = (self.point, *entry) if by_point else entry
        return tuple(min(i, size - 1) for i, size in zip(wanted, shape, strict=True))

    def at(self, index: tuple[int, ...], by_point: bool) -> Pinned:
        """Return what is pinned when this element of an array is."""
        entry = index[1:] if by_point else index
        kept = self.entry[: max(len(self.entry) - len(entry), 0)]
        return replace(self, point=index[0] if by_point else self.point, entry=kept + entry)


@lru_cache(maxsize=8)
def _from_data(graph: LossGraph) -> frozenset[Node]:
    """Return the nodes that are data or computed from data."""
    found: set[Node] = set()
    for node in graph.nodes:
        if isinstance(node, Placeholder) or not found.isdisjoint(node.inputs):
            found.add(node)
    return frozenset(found)


def points(moment: Moment) -> int:
    """Return how many data points there are: the number of rows that all fed arrays have; 0 where they differ."""
    counts = {array.shape[0] for array in moment.example.feeds.values() if array.ndim}
    return counts.pop() if len(counts) == 1 else 0


def is_by_point(moment: Moment, node: Node, shape: Shape) -> bool:
    """Return whether a node's array, of this shape, has one row for each data point."""
    return len(shape) > 0 and shape[0] == points(moment) and node in _from_data(moment.graph)


def point_word(moment: Moment) -> str:
    """Return what a row of the data is called."""
    return "row" if moment.example.plane is None else "point"


def axis_names(moment: Moment, node: Node, axis: int) -> tuple[str, ...]:
    """Return the names that the lesson gives to the positions along an axis of a node's array, or nothing."""
    labels = moment.lesson.labels.get(node.name, ())
    return labels[axis] if axis < len(labels) else ()


def describe(moment: Moment, node: Node, index: tuple[int, ...], by_point: bool) -> str:
    """Return which element it is, in words: point 3, blue."""
    parts = [f"{point_word(moment)} {index[0]}"] if by_point else []
    for axis in range(len(parts), len(index)):
        names = axis_names(moment, node, axis)
        parts.append(names[index[axis]] if names else "")
    if not all(parts):
        parts = [*parts[:by_point], f"entry [{','.join(map(str, index))}]"]
    return ", ".join(parts)


def grid_shape(shape: Shape, by_point: bool) -> tuple[int, int]:
    """Return how many rows and columns an array is drawn with; of three and more dimensions all but the last are rows."""
    if len(shape) > 1:
        return prod(shape[:-1]), shape[-1]
    if not shape:
        return 1, 1
    return (shape[0], 1) if by_point or shape[0] > ROW_AT_MOST else (1, shape[0])


def grid_place(shape: Shape, index: tuple[int, ...], by_point: bool) -> tuple[int, int]:
    """Return in which row and column an element is drawn."""
    flat = 0
    for i, size in zip(index, shape, strict=True):
        flat = flat * size + i
    row, column = divmod(flat, max(grid_shape(shape, by_point)[1], 1))
    return row, column


def grid_index(shape: Shape, row: int, column: int, by_point: bool) -> tuple[int, ...]:
    """Return which element is drawn in this row and column."""
    flat = row * grid_shape(shape, by_point)[1] + column
    index: list[int] = []
    for size in reversed(shape):
        flat, i = divmod(flat, size)
        index.append(i)
    return tuple(reversed(index))


def shape_of(moment: Moment, node: Node) -> Shape | None:
    """Return the shape of a node's array, as far as it is known at this moment."""
    value = moment.value(node)
    if value is not None:
        return value.shape
    if isinstance(node, Placeholder) and node in moment.example.feeds:
        return moment.example.feeds[node].shape
    return node.shape


def leads_nowhere(moment: Moment, node: Node) -> bool:
    """Return whether a node has nothing to do with the loss."""
    return node not in moment.graph.position


def input_names(node: Node) -> list[str]:
    """Return the names of an operation's inputs, in order."""
    return [source.name for source in node.inputs] if isinstance(node, Operation) else []
