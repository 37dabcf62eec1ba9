"""Python's garbage collector, held back where hundreds of thousands of objects are made that stay.

By default it looks through the youngest objects after every 700 that were made. While modules are imported, an engine
of scalars is watched, or its graph built, nearly all of them are still in use: a seventh of the time of an import, and
half of that of a graph, went into finding that out.
"""

from __future__ import annotations

import gc
import signal
from collections.abc import Iterator
from contextlib import contextmanager

OFTEN = gc.get_threshold()
"""As Python has it: short and many, as it should be while somebody presses keys."""
RARELY = 50_000, 5, 4
"""So a full collection comes after a million objects: about as often as by default."""


@contextmanager
def collecting_rarely() -> Iterator[None]:
    """Have the collector look for garbage less often in this block, or in the function that this decorates."""
    before = gc.get_threshold()
    gc.set_threshold(*RARELY)
    try:
        yield
    finally:
        gc.set_threshold(*before)


@contextmanager
def importing() -> Iterator[None]:
    """Never look for garbage in this block, nor later among what it made: modules stay.

    An interrupt ends the process: Python loses the exception of one that comes while the lock of a module is let go.
    """
    gc.disable()
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        gc.freeze()
        gc.enable()
