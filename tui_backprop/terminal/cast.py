"""What a terminal was shown, as a file that can be played: asciicast v3, with a marker at each pass and iteration.

The format is that of https://docs.asciinema.org/manual/asciicast/v3/.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from ..strict_json import to_json

TERM = "xterm-256color"


class Cast:
    """A cast in a new file: `where` says at which pass one is, `clock` how many seconds have passed.

    Raises OSError where the file is there already, or cannot be written; where it cannot later, that is the `problem`.
    """

    def __init__(
        self, path: Path, title: str, where: Callable[[], str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.problem = ""
        self._title = title
        self._where = where
        self._clock = clock
        self._last = clock()
        self._size: tuple[int, int] | None = None
        self._marked = ""
        self._file = path.open("x", encoding="utf-8", errors="replace", buffering=1)  # whole, however the app ends

    def resize(self, width: int, height: int) -> None:
        """Have a terminal of this size from now on, in columns and rows."""
        if self._size is None:
            terminal = {"cols": width, "rows": height, "type": TERM}
            self._line({"version": 3, "term": terminal, "timestamp": int(time.time()), "title": self._title})
            self._event("o", "\x1b[?25l\x1b[H\x1b[2J")
        elif self._size != (width, height):
            self._event("r", f"{width}x{height}")
        self._size = width, height

    def write(self, painted: str) -> None:
        """Have this painted now, behind a marker where another pass or iteration has begun."""
        where = self._where()
        if where != self._marked:
            self._marked = where
            self._event("m", where)
        self._event("o", painted)

    def close(self) -> None:
        """End with the last picture, and the cursor that players expect."""
        self._event("o", "\x1b[m\x1b[?25h")
        try:
            self._file.close()
        except OSError as error:  # what could not be written is tried once more
            self.problem = error.strerror or str(error)

    def _event(self, code: str, data: str) -> None:
        after = round(self._clock() - self._last, 3)
        self._last += after
        self._line([max(after, 0), code, data])

    def _line(self, says: object) -> None:
        if not self.problem:
            try:
                self._file.write(to_json(says, ensure_ascii=False) + "\n")
            except OSError as error:
                self.problem = error.strerror or str(error)
