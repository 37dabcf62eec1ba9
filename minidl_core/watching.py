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
    """In this block, call the watcher with each node that is about to be run, and its feeds, copied.

    It is called with each minimisation that is made, too, and None.
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
