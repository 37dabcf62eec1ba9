"""The signs of the pictures, in one place; all are one cell wide in every terminal."""

from __future__ import annotations

NOT_YET = "·"
DONE = "✓"
PARTS = "✗"
NOT_COMPARED = "-"
NOW = "►"
STALE = "~"
UPDATED = "+"
HIDDEN = "?"
PARTLY = "…"
CHOSEN = "»"
BREAKPOINT = "■"
ARROWS = "←↑↓→"

# never U+25B6 and U+25C0: some terminals draw those as emoji, two cells wide
RIGHT = "►"
LEFT = "◄"
UP = "▲"
DOWN = "▼"

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
