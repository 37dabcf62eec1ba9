"""Where a person's file prints to: the standard error output, on which a line says how long it has been silent."""

from __future__ import annotations

import io
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress

_SOON, _AGAIN, _LONG = 0.3, 1.0, 5.0  # seconds
_WIPE = b"\r\x1b[K"


class _Output(io.FileIO):
    """The descriptor of the standard error output, and the line on it.

    The line is shown only below a finished line: a prompt, and what is typed behind it, stay as they are.
    """

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor, "w", closefd=False)
        self.is_over, self.is_at_start = False, True
        self._lock = threading.RLock()
        self._has_line, self._spoke = False, 0.0

    def write(self, data: object, /) -> int:
        """Write what the script prints, in place of the line; drop what it prints later: then there is a screen."""
        text = bytes(data)  # type: ignore[call-overload]  # any buffer
        if self.is_over:
            return len(text)
        with self._lock:
            self.wipe()
            self.is_at_start, self._spoke = text.endswith(b"\n"), time.monotonic()
            return super().write(text)

    def show(self, line: str, *, whatever_it_prints: bool = False) -> None:
        """Show the line, if the script has been silent for a while."""
        with self._lock:
            if self.is_at_start and (whatever_it_prints or time.monotonic() - self._spoke >= _AGAIN):
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
def opening(name: str) -> Iterator[None]:
    """Say on a terminal that `name` is opened, where this block takes long, as long as no file says that it runs."""
    descriptor = _descriptor()
    if descriptor < 0 or not os.isatty(descriptor):
        yield
        return
    with _saying(_Output(descriptor), lambda seconds: f"opening {_plain(name)} ...{seconds}"):
        yield


@contextmanager
def printing(name: str) -> Iterator[None]:
    """Let what is printed in this block go to the standard error output, and on a terminal say that `name` runs."""
    descriptor = _descriptor()
    if descriptor < 0:  # this is what Textual's says of itself, while there is a screen
        with redirect_stdout(sys.stderr):
            yield
        return
    raw = _Output(descriptor)
    stream = _Stream(
        io.BufferedWriter(raw), encoding=sys.stderr.encoding, errors="backslashreplace", line_buffering=True
    )
    with _saying(raw, lambda seconds: f"running {_plain(name)} ...{seconds} (Ctrl+C opens what it has so far)"):
        try:
            with redirect_stdout(stream), redirect_stderr(stream):
                yield
        finally:
            with suppress(ValueError):  # the script has detached it
                stream.flush()
            raw.is_over = True


@contextmanager
def _saying(raw: _Output, line: Callable[[str], str]) -> Iterator[None]:
    """Show a line on a terminal while this block takes long, again and again with the seconds that it took so far."""
    began, over = time.monotonic(), threading.Event()

    def say() -> None:
        pause = _SOON
        while not over.wait(pause):
            pause = _AGAIN
            seconds = time.monotonic() - began
            if _lines[-1] is raw:  # what runs within it says so itself
                said = line(f" {seconds:.0f} s" if seconds >= 1 else "")
                raw.show(said, whatever_it_prints=seconds > _LONG)

    if _lines:
        _lines[-1].wipe()
    _lines.append(raw)
    if os.isatty(raw.fileno()):
        threading.Thread(target=say, daemon=True).start()
    try:
        yield
    finally:
        over.set()
        _lines.remove(raw)
        raw.wipe()
        if _lines:
            _lines[-1].is_at_start = raw.is_at_start


_lines: list[_Output] = []
"""Of which there is a line, the innermost last."""


def _descriptor() -> int:
    """Return the descriptor of the standard error output; -1 where there is none, or it is no file."""
    try:
        return sys.stderr.fileno()
    except (AttributeError, OSError, ValueError):
        return -1


def _plain(name: str) -> str:
    return name if name.isprintable() else ascii(name)
