"""Where a person's file prints to: the standard error output, on which a line says how long it has been silent."""

from __future__ import annotations

import io
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress

_AGAIN = 1.0  # seconds
_LONG = 5.0
_WIPE = b"\r\x1b[K"


class _Output(io.FileIO):
    """The descriptor of the standard error output, and the line on it.

    The line is shown only below a finished line: a prompt, and what is typed behind it, stay as they are.
    """

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor, "w", closefd=False)
        self.is_over = False
        self._lock = threading.RLock()
        self._has_line, self._is_at_start, self._spoke = False, True, time.monotonic()

    def write(self, data: object, /) -> int:
        """Write what the script prints, in place of the line; drop what it prints later: then there is a screen."""
        text = bytes(data)  # type: ignore[call-overload]  # any buffer
        if self.is_over:
            return len(text)
        with self._lock:
            self.wipe()
            self._is_at_start, self._spoke = text.endswith(b"\n"), time.monotonic()
            return super().write(text)

    def show(self, line: str, *, whatever_it_prints: bool = False) -> None:
        """Show the line, if the script has been silent for a while."""
        with self._lock:
            if self._is_at_start and (whatever_it_prints or time.monotonic() - self._spoke >= _AGAIN):
                super().write(_WIPE + line.encode(errors="replace"))
                self._has_line = True

    def wipe(self) -> None:
        """Take the line away."""
        with self._lock:
            if self._has_line:
                self._has_line = False
                super().write(_WIPE)


class _Stream(io.TextIOWrapper):
    """What a script prints to, which it may close as often as it likes."""

    def close(self) -> None:
        """Write what is left; what is printed later is to be read, too."""
        self.flush()


@contextmanager
def printing(name: str) -> Iterator[None]:
    """Let what is printed in this block go to the standard error output, and on a terminal say that `name` runs."""
    try:
        descriptor = sys.stderr.fileno()
    except (AttributeError, OSError, ValueError):  # none, or one that is no file
        descriptor = -1
    if descriptor < 0:  # this is what Textual's says of itself, while there is a screen
        with redirect_stdout(sys.stderr):
            yield
        return
    raw = _Output(descriptor)
    stream = _Stream(
        io.BufferedWriter(raw), encoding=sys.stderr.encoding, errors="backslashreplace", line_buffering=True
    )
    over = threading.Event()
    began = time.monotonic()

    def say() -> None:
        while not over.wait(_AGAIN):
            lasted = time.monotonic() - began
            line = f"running {name} ... {lasted:.0f} s (Ctrl+C opens what it has so far)"
            raw.show(line, whatever_it_prints=lasted > _LONG)

    saying = threading.Thread(target=say, daemon=True)
    if os.isatty(descriptor):
        saying.start()
    try:
        with redirect_stdout(stream), redirect_stderr(stream):
            yield
    finally:
        over.set()
        raw.wipe()
        with suppress(ValueError):  # the script has detached it
            stream.flush()
        raw.is_over = True
