"""Whether the event loop is at work for long: asked from another thread, which says so meanwhile.

What takes long cannot say so itself. For a while after a key the loop is asked again and again for a sign of life; it
costs nothing while nobody presses any.
"""

from __future__ import annotations

from asyncio import AbstractEventLoop
from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from time import monotonic

LONG_SECONDS = 0.05
"""What keeps the loop for longer than that is said."""
WATCHED_SECONDS = 1.0
"""So long after a key, or the end of long work, it is watched whether more comes."""


class Pulse:
    """Calls `say` in the thread that feels it when the loop is at work for long, and then `unsay` in the loop."""

    def __init__(self, loop: AbstractEventLoop, say: Callable[[], None], unsay: Callable[[], None]) -> None:
        self._loop, self._say, self._unsay = loop, say, unsay
        self._lock = Lock()
        self._asked: float | None = None
        self._said = False
        self._watched_until = 0.0

    def feel(self, *, is_active: bool) -> None:
        """Ask for a sign of life where somebody has just been active, or say that none has come; call it often."""
        now = monotonic()
        if is_active:
            self._watched_until = now + WATCHED_SECONDS
        # who answers may be interrupted by a signal that ends this thread, and must not wait for it then
        if not self._lock.acquire(blocking=False):
            return
        try:
            if self._asked is None:
                if now < self._watched_until:
                    self._asked = now
                    with suppress(RuntimeError):  # the loop is closed
                        self._loop.call_soon_threadsafe(self._answer)
            elif not self._said and now - self._asked >= LONG_SECONDS:
                self._said = True
                self._say()
        finally:
            self._lock.release()

    def _answer(self) -> None:
        with self._lock:
            self._asked = None
            said, self._said = self._said, False
        if said:
            self._watched_until = monotonic() + WATCHED_SECONDS
            self._unsay()
