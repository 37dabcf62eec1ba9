"""Long work within the event loop: in slices, between which keys are answered and the screen is painted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from time import perf_counter
from typing import TypeVar

SLICE_SECONDS = 0.02
BETWEEN_SECONDS = 0.005
Item = TypeVar("Item")


async def in_slices(items: Iterable[Item]) -> AsyncIterator[list[Item]]:
    """Yield the items that come within one slice of time after the other."""
    done: list[Item] = []
    end = perf_counter() + SLICE_SECONDS
    for item in items:
        done.append(item)
        if perf_counter() >= end:
            yield done
            await asyncio.sleep(BETWEEN_SECONDS)
            done = []
            end = perf_counter() + SLICE_SECONDS
    yield done
