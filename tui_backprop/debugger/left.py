"""Recordings that were left: the events of a large graph are let go piece by piece.

All at once, 430,000 of them in a graph of 75,000 nodes, would hold up a key for a tenth of a second.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import ref

from .recording import Recording

MANY = 10_000
"""Fewer events are let go at once."""
_PIECE = 500


class Left:
    """The events of recordings that were left, and the times of nodes, as long as some are still to be let go."""

    def __init__(self) -> None:
        self._left: list[tuple[ref[Recording], list[dict[Any, Any] | list[Any]]]] = []

    def __bool__(self) -> bool:
        """Return whether there are any."""
        return bool(self._left)

    def take(self, recording: Recording) -> None:
        """Take a recording that is left."""
        if len(recording.events) > MANY:
            # what it has stays for a while when it goes itself
            self._left.append((ref(recording), [*recording.times, recording.events]))

    def let_go(self, is_over: Callable[[], bool]) -> None:
        """Let go of as much as it can until it is over; a recording at which somebody still looks is theirs."""
        while self._left:
            recording, parts = self._left[-1]
            while recording() is None and parts:
                _shorten(parts[-1])
                if not parts[-1]:
                    parts.pop()
                if is_over():
                    return
            del self._left[-1]


def _shorten(part: dict[Any, Any] | list[Any]) -> None:
    if isinstance(part, list):
        del part[-_PIECE:]
    else:
        for _ in range(min(_PIECE, len(part))):
            part.popitem()
