"""Where in a script a node was made: noted as cheaply as can be, because hardly any node of a large graph is asked."""

from __future__ import annotations

import os
import sys
from types import CodeType

Place = tuple[CodeType | str, int]
"""The code that made a node and how far it had come, or, where somebody says so, a file and a line."""

_PACKAGE = os.path.join(os.path.dirname(__file__), "")


def place_outside(depth: int) -> Place:
    """Return the place of the first frame outside of this package, from the caller's, or so many frames further out.

    It is where the code stands, not its line: to find that, Python reads the code's table of lines from the start.
    """
    frame = sys._getframe(depth + 1)
    while (code := frame.f_code).co_filename.startswith(_PACKAGE) and frame.f_back is not None:
        frame = frame.f_back
    return code, frame.f_lasti


def file_and_line(place: Place) -> tuple[str, int]:
    """Return the file and the line of a place."""
    code, at = place
    if isinstance(code, str):
        return code, at
    lines = [line for start, end, line in code.co_lines() if start <= at < end and line is not None]
    return code.co_filename, lines[0] if lines else code.co_firstlineno
