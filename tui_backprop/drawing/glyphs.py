"""The signs of the pictures, in one place, and how a text is made to fit its cells.

All signs are one cell wide in every terminal.
"""

from __future__ import annotations

from rich.cells import cell_len

NOT_YET = "·"
DONE = "✓"
NOW = "►"
STALE = "~"
UPDATED = "+"
HIDDEN = "?"
PARTLY = "…"
CHOSEN = "»"
ARROWS = "←↑↓→"

# never U+25B6 and U+25C0: some terminals draw those as emoji, two cells wide
RIGHT = "►"
LEFT = "◄"

JOINT = "•"

NODE = "○"
NODE_NOW = "●"
MORE = "⋮"
ELLIPSIS = "…"

NORTH, EAST, SOUTH, WEST = 1, 2, 4, 8

# by weight (none, light, heavy) towards north, east, south, west; north counts most
_LINES = (
    " ╴╸╷┐┑╻┒┓╶─╾┌┬┭┎┰┱╺╼━┍┮┯┏┲┳"  # none towards north
    "╵┘┙│┤┥╽┧┪└┴┵├┼┽┟╁╅┕┶┷┝┾┿┢╆╈"
    "╹┚┛╿┦┩┃┨┫┖┸┹┞╀╃┠╂╉┗┺┻┡╄╇┣╊╋"
)


def _line(light: int, heavy: int) -> str:
    index = 0
    for side in (NORTH, EAST, SOUTH, WEST):
        index = 3 * index + (2 if heavy & side else 1 if light & side else 0)
    return _LINES[index]


LINES = tuple(tuple(_line(light, heavy) for heavy in range(16)) for light in range(16))
"""`LINES[light][heavy]`: the sign of a cell by the sides towards which a light or a heavy line leaves it."""


def fit(text: str, width: int) -> str:
    """Return a text in exactly `width` cells: escaped, cut with an ellipsis, filled with spaces."""
    text = printable(text)
    room = width - cell_len(text)
    if room >= 0:
        return text + " " * room
    kept = ""
    while cell_len(kept + text[len(kept)]) < width:
        kept += text[len(kept)]
    return fit(kept + ELLIPSIS, width) if width > 0 else ""


def fit_name(name: str, width: int) -> str:
    """Return a node's name in exactly `width` cells; where it is too long its outer scopes go first."""
    text = printable(name)
    while cell_len(text) > width and "/" in (own := text.removeprefix(f"{ELLIPSIS}/"))[:-1]:
        text = f"{ELLIPSIS}/{own.partition('/')[2]}"
    return fit(text, width)


def printable(text: str) -> str:
    """Return a text in which everything that would not show as itself is written as an escape."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
