"""Watching: whoever asks is told which steps of training are made, and what is run with which feeds.

So a debugger can open the graph of a script, wherever the script keeps it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from .arrays import Array
from .graph import Node, Placeholder

Watcher = Callable[[Node, Mapping[Placeholder, Array] | None], object]

_watchers: list[Watcher] = []


@contextmanager
def watching(watcher: Watcher) -> Iterator[None]:
    """Call the watcher in this block with each minimisation that is made and None, with each node to run and its feeds.

    It is called before the run, so that it knows of one that fails.
    """
    _watchers.append(watcher)
    try:
        yield
    finally:
        _watchers.remove(watcher)


def notify(node: Node, feeds: Mapping[Placeholder, Array] | None) -> None:
    """Notify those who watch."""
    for watcher in _watchers:
        watcher(node, feeds)
