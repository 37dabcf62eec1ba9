"""Errors as one line on the standard error output, with nothing in it that a terminal would obey."""

from __future__ import annotations

import sys

from .notation.fitting import printable


def complain(text: object) -> None:
    """Print what went wrong; names and messages in it may come from somebody's script.

    The notes of an error, such as a formula and the place in it, are lines of their own.
    """
    for line in (f"backprop-tui: {text}", *getattr(text, "__notes__", ())):
        print(printable(line), file=sys.stderr)
