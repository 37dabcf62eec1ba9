"""The lines between the panes, joined where they meet, and the titles that stand in them."""

from __future__ import annotations

from ..drawing.glyphs import EAST, LINES, NORTH, SOUTH, WEST
from ..drawing.palette import Line, Span
from ..notation.fitting import clip, width_of
from .arrangement import Arrangement

TITLE_EDGES = 5
"""How many cells of a rule a title leaves at least."""


def draw_frame(arrangement: Arrangement, width: int, height: int) -> list[Line]:
    """Draw the rules and bars of an arrangement, with the right glyph at every crossing."""
    directions = [[0] * width for _ in range(height)]
    for y, start, end in arrangement.rules:
        for x in range(max(start, 0), min(end + 1, width)):
            directions[y][x] |= (WEST if x > start else 0) | (EAST if x < end else 0)
    for x, start, end in arrangement.bars:
        for y in range(start, end + 1):
            directions[y][x] |= (NORTH if y > start else 0) | (SOUTH if y < end else 0)
    return [[("".join(LINES[mask][0] for mask in row), "frame")] for row in directions]


def draw_title(left: Line, right: Line, width: int) -> Line:
    """Draw a title into a rule: what the pane shows at the left, its views at the right, the rule between them."""
    room = width - TITLE_EDGES - width_of(right)
    kept = clip(left, max(room - 1, 1))
    filler = "─" * max(room - width_of(kept), 1)
    middle: list[Span] = [("─ ", "frame"), *kept, (" " + filler, "frame")]
    return [*middle, (" ", "frame"), *right, (" ", "frame")] if right else [*middle, ("──", "frame")]
