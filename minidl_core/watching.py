"""Watching: whoever asks is told what happens, so a debugger can show what a script did, wherever that keeps its graph.

What happens is an object of a class that stands beside what makes it: a minimisation that is made (train/optimizer.py),
a node that is run, a step that is taken, gradients that are computed (session.py). Nobody pays for it who does not ask.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Watcher = Callable[[object], object]

_watchers: list[Watcher] = []


@contextmanager
def watching(watcher: Watcher) -> Iterator[None]:
    """In this block, call the watcher with everything that happens."""
    _watchers.append(watcher)
    try:
        yield
    finally:
        _watchers.remove(watcher)


def is_watched() -> bool:
    """Return whether anybody watches, so that it is worth finding out what to say."""
    return bool(_watchers)


def notify(happening: object) -> None:
    """Notify those who watch."""
    for watcher in _watchers:
        watcher(happening)
