"""Where in a script a node was made: noted as cheaply as can be, because hardly any node of a large graph is asked."""

from __future__ import annotations

import os
import sys
from types import CodeType, FrameType

_PACKAGE = os.path.join(os.path.dirname(__file__), "")


def asking_frame() -> FrameType:
    """Return the frame that asked for what is being done: the first that is not ours, behind the caller's caller."""
    frame = sys._getframe(3)
    while frame.f_code.co_filename.startswith(_PACKAGE) and frame.f_back is not None:
        frame = frame.f_back
    return frame


class Placed:
    """Something that was made somewhere in a script.

    Kept are the code that made it and how far that had come, in bytes; or, where somebody says so, a file and a line.
    To find a line, Python reads the code's table of lines from the start, which takes long in a long script.
    """

    __slots__ = ("_at", "_code")

    def _note_place(self, frame: FrameType) -> None:
        """Note who asked for it."""
        self._code: CodeType | str = frame.f_code
        self._at = frame.f_lasti

    def locate(self, file: str, line: int) -> None:
        """Say where it was made, where that is not where it was called for."""
        self._code, self._at = file, line

    @property
    def location(self) -> str:
        """Where it was made, as file:line."""
        code, at = self._code, self._at
        if isinstance(code, str):
            return f"{os.path.basename(code)}:{at}"
        lines = [line for start, end, line in code.co_lines() if start <= at < end and line is not None]
        return f"{os.path.basename(code.co_filename)}:{lines[0] if lines else code.co_firstlineno}"
