"""Python's garbage collector, held back where hundreds of thousands of objects are made that stay.

By default it looks through the youngest objects after every 700 that were made. While an engine of scalars is watched,
or its graph built, nearly all of them are still in use, and half of the time went into finding that out.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_RARELY = 50_000, 5, 4
"""So a full collection comes after a million objects: about as often as by default."""


@contextmanager
def collecting_rarely() -> Iterator[None]:
    """Have the collector look for garbage less often in this block, or in the function that this decorates."""
    before = gc.get_threshold()
    gc.set_threshold(*_RARELY)
    try:
        yield
    finally:
        gc.set_threshold(*before)
