"""The default graph, to which new nodes are added: each thread has its own, and begins with that of the process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Generic, TypeVar

G = TypeVar("G")


class _Thread(threading.local):
    graph: Any = None


_of_thread = _Thread()
_of_process: Any = None


def default_graph() -> Any:
    """Return the graph to which a new node is added."""
    graph = _of_thread.graph
    return _of_process if graph is None else graph


@contextmanager
def as_in_a_new_process(graph: Any) -> Iterator[None]:
    """Have every thread that begins in this block add to this graph, and this one, too."""
    global _of_process
    before = _of_process, _of_thread.graph
    begin_with(graph)
    _of_thread.graph = None
    try:
        yield
    finally:
        _of_process, _of_thread.graph = before


def begin_with(graph: Any) -> None:
    """Have threads that made no graph the default one add to this one."""
    global _of_process
    _of_process = graph


class Default(Generic[G]):
    """Makes a graph the default one; leaving it as a context manager brings back the one before."""

    def __init__(self, graph: G) -> None:
        self._graph = graph
        self._replaced: G | None = default_graph()
        self._outer: list[G] = []
        _of_thread.graph = graph

    def __enter__(self) -> G:
        # the first block goes back to what this one replaced, unless another has become the default one since
        replaced, self._replaced = self._replaced, None
        outer: G = default_graph()
        self._outer.append(replaced if replaced is not None and outer is self._graph else outer)
        _of_thread.graph = self._graph
        return self._graph

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _of_thread.graph = self._outer.pop()
