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


def say_where_interrupted(error: KeyboardInterrupt) -> int:
    """Print where somebody's script was interrupted, if it was one, and return the exit status."""
    for where in error.args:
        complain(where)
    return 130
