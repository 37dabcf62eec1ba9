"""Recordings that were left: the events of a large graph are let go piece by piece.

All at once, 430,000 of them in a graph of 75,000 nodes, would hold up a key for a tenth of a second.
"""

from __future__ import annotations

from collections.abc import Callable
from weakref import ref

from minidl_core import Event

from .recording import Recording

MANY = 10_000
"""Fewer events are let go at once."""
_PIECE = 500


class Left:
    """The events of recordings that were left, for as long as some are still to be let go."""

    def __init__(self) -> None:
        self._left: list[tuple[ref[Recording], list[Event], list[object]]] = []

    def __bool__(self) -> bool:
        """Return whether there are any."""
        return bool(self._left)

    def take(self, recording: Recording) -> None:
        """Take a recording that is left."""
        if len(recording.events) > MANY:
            # what it refers to stays for a while when it goes itself
            self._left.append((ref(recording), recording.events, [*vars(recording).values()]))

    def let_go(self, is_over: Callable[[], bool]) -> None:
        """Let go of as much as it can until it is over; a recording at which somebody still looks is theirs."""
        while self._left:
            recording, events, others = self._left[-1]
            while recording() is None and (events or others):
                if events:
                    del events[-_PIECE:]
                else:
                    others.pop()
                if is_over():
                    return
            del self._left[-1]
