"""Errors as one line on the standard error output, with nothing in it that a terminal would obey."""

from __future__ import annotations

import sys

from .notation.fitting import printable


def complain(text: object) -> None:
    """Print what went wrong; names and messages in it may come from somebody's script."""
    print(f"backprop-tui: {printable(str(text))}", file=sys.stderr)
