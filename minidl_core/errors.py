"""What can go wrong, said to the person who wrote the graph: which node, where it was made, and the remedy."""

from __future__ import annotations

from typing import Protocol


class Described(Protocol):
    """What an error has to know of a node."""

    @property
    def name(self) -> str:
        """Its name, unique in its graph."""

    def describe(self) -> str:
        """Return its kind, name and location."""


class MinidlError(Exception):
    """Any mistake in a graph, its feeds or its training; `node` is the node it concerns, where there is one."""

    def __init__(self, message: str, node: Described | None = None) -> None:
        super().__init__(message if node is None else f"{node.describe()}: {message}")
        self.node = node


class GraphError(MinidlError):
    """The graph cannot be built or run as it stands."""


class MissingAttributeError(GraphError, AttributeError):
    """A node is asked for something that it does not have."""


class ShapeError(GraphError):
    """Shapes do not fit together."""


class FeedError(MinidlError):
    """A feed is missing, misshapen or not needed."""


class GradientError(MinidlError):
    """A gradient function is missing, raises, or returns the wrong number or shape."""


class TraversalError(MinidlError):
    """A search visits a node before all of its consumers: only the plain breadth-first search does."""


class NonFiniteError(MinidlError):
    """A value, gradient or update became NaN or infinite.

    `entry` is the index of the first such element, `finding` says what happened there and why, without naming the
    node, and `remedy` what to do about it.
    """

    def __init__(self, finding: str, remedy: str, node: Described, entry: tuple[int, ...]) -> None:
        super().__init__(f"{finding}; {remedy}." if remedy else f"{finding}.", node)
        self.finding = finding
        self.remedy = remedy
        self.entry = entry
