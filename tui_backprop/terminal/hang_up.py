"""A terminal that hangs up, as where a connection breaks: nothing is shown any more, but what was done is kept."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn


def turn_away(descriptors: list[int]) -> None:
    """Have what is read from these be at its end, and what is written to them go nowhere, instead of an error."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in descriptors:
        os.dup2(nothing, number)
    os.close(nothing)


@contextmanager
def hang_up_interrupts() -> Iterator[None]:
    """Have a hang-up interrupt what is done, as Ctrl+C does, in place of ending the process at once."""
    terminals = [number for number in range(3) if os.isatty(number)]

    def interrupt(*_: object) -> NoReturn:
        turn_away(terminals)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGHUP, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)
