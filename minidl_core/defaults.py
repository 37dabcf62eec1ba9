"""The default graph, to which new nodes are added: each thread has its own, and begins with that of the process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Generic, Protocol, TypeVar


class _Graph(Protocol):
    nodes: list[Any]


G = TypeVar("G", bound=_Graph)


class _Default(threading.local):
    """Has the default graph of the thread that asks; that of the process is the class's own, so that one look does."""

    graph: Any


default = _Default()


@contextmanager
def as_in_a_new_process(graph: Any) -> Iterator[None]:
    """Have this thread, and all that made no graph the default one, add to this graph within the block."""
    of_process, of_thread = _Default.graph, vars(default).pop("graph", None)
    begin_with(graph)
    try:
        yield
    finally:
        begin_with(of_process)
        vars(default).pop("graph", None)
        if of_thread is not None:
            default.graph = of_thread


def begin_with(graph: Any) -> None:
    """Have threads that made no graph the default one add to this one."""
    _Default.graph = graph


class MadeDefault(Generic[G]):
    """Makes a graph the default one; leaving it as a context manager brings back the one before."""

    def __init__(self, graph: G) -> None:
        self._graph = graph
        self._replaced: G | None = default.graph
        self._outer: list[G] = []
        default.graph = graph

    @property
    def nodes(self) -> list[Any]:
        """The nodes of the graph, as somebody asks who kept this in its place: graph = Graph().as_default()."""
        return self._graph.nodes

    def __enter__(self) -> G:
        # the first block goes back to what this one replaced, unless another has become the default one since
        replaced, self._replaced = self._replaced, None
        self._outer.append(replaced if replaced is not None and default.graph is self._graph else default.graph)
        default.graph = self._graph
        return self._graph

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        default.graph = self._outer.pop()
