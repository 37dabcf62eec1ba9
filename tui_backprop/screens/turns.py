"""The turns of what comes in: nothing reaches a screen before all that the input before it began is done."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from textual import events

_PATIENCE = 100
"""So many rounds of the event loop an input waits for the one before where there is always something to do, as in a
run; to open or to close an overlay takes 20 to 45."""


class Turns:
    """Has inputs taken one after the other; `take` returns whether the next one may follow at once.

    So keys that arrive together do the same as keys that are typed one by one, and nothing reaches an overlay that is
    closed.
    """

    def __init__(self, take: Callable[[events.Event], Awaitable[bool]]) -> None:
        self._take = take
        self._waiting: deque[events.Event] = deque()
        self._task: asyncio.Task[None] | None = None

    def add(self, event: events.Event) -> None:
        """Have an input taken when its turn has come."""
        self._waiting.append(event)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._take_all())

    async def _take_all(self) -> None:
        while self._waiting:
            if not await self._take(self._waiting.popleft()):
                await _settled()


async def _settled() -> None:
    """Wait until no task has anything to do at once: every message on its way has arrived."""
    ready = asyncio.get_running_loop()._ready  # type: ignore[attr-defined]  # nothing public says it
    for _ in range(_PATIENCE):
        await asyncio.sleep(0)
        if not ready:
            return
