"""What cannot be done is said in one line on the standard error output, in which nothing is obeyed by a terminal."""

from __future__ import annotations

import sys

from .notation.fitting import printable


def complain(text: object) -> None:
    """Say what went wrong; names and messages in it may come from somebody's script."""
    print(f"backprop-tui: {printable(str(text))}", file=sys.stderr)
