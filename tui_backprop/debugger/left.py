"""Recordings that were left: in a large graph one is let go piece by piece.

All its events at once, 430,000 of them in a graph of 75,000 nodes, would hold up a key for a tenth of a second.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from .recording import Recording

MOST_AT_ONCE = 10_000
"""A recording of no more events is let go at once."""
_PIECE = 500
_OWN = 3
"""How many references there are to one that nobody else looks at: from the list, a variable, and who counts them."""


class Left:
    """The recordings that are still to be let go."""

    def __init__(self) -> None:
        self._recordings: list[Recording] = []

    def __bool__(self) -> bool:
        """Return whether there are any."""
        return bool(self._recordings)

    def take(self, recording: Recording) -> None:
        """Take a recording that is left."""
        if len(recording.events) > MOST_AT_ONCE:
            self._recordings.append(recording)

    def let_go(self, is_over: Callable[[], bool]) -> None:
        """Let go of as much as it can until it is over; of what somebody looks at, nothing."""
        while self._recordings:
            recording = self._recordings[-1]
            if sys.getrefcount(recording) <= _OWN:
                while recording.events:
                    del recording.events[-_PIECE:]
                    if is_over():
                        return
                for held in vars(recording).values():
                    if isinstance(held, dict | list):
                        held.clear()
            del recording, self._recordings[-1]
