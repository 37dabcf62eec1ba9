"""How wide texts and lines are, counted in the cells of a terminal, and how they are made to fit a width."""

from __future__ import annotations

from functools import lru_cache

from rich.cells import cell_len, set_cell_size

from ..drawing.glyphs import ELLIPSIS
from ..drawing.palette import Line


def width_of(line: Line) -> int:
    """Return how many cells a line takes."""
    return sum([cell_len(text) for text, _ in line])


@lru_cache(maxsize=4096)
def takes_single_cells(text: str) -> bool:
    """Return whether each character of a text takes one cell."""
    return text.isascii() or all(cell_len(char) == 1 for char in text)


def clip(line: Line, width: int) -> Line:
    """Return a line in at most `width` cells, its end cut with an ellipsis."""
    kept: Line = []
    for text, style in line:
        if (cells := cell_len(text)) > width:
            return [*kept, (fit(text, width), style)] if width > 0 else kept
        kept.append((text, style))
        width -= cells
    return kept


def fit(text: str, width: int) -> str:
    """Return a text in exactly `width` cells: escaped, its end cut with an ellipsis, filled with spaces."""
    text = printable(text)
    if cell_len(text) > width > 0:
        text = set_cell_size(text, width - 1) + ELLIPSIS
    return set_cell_size(text, max(width, 0))


def fit_name(name: str, width: int) -> str:
    """Return a node's name in exactly `width` cells; where it is too long its outer scopes go first."""
    text = printable(name)
    while cell_len(text) > width and "/" in (own := text.removeprefix(f"{ELLIPSIS}/"))[:-1]:
        text = f"{ELLIPSIS}/{own.partition('/')[2]}"
    return fit(text, width)


def cut(name: str, width: int) -> str:
    """Return a name in at most `width` cells, its middle cut: what tells it from others is mostly at its end."""
    text = printable(name)
    if cell_len(text) <= width:
        return text
    head = set_cell_size(text, (width - 1) // 3)
    tail = text[len(head) + 1 :]
    while cell_len(head) + 1 + cell_len(tail) > width:
        tail = tail[1:]
    return f"{head}{ELLIPSIS}{tail}"


def printable(text: str) -> str:
    """Return a text in which everything that would not show as itself is written as an escape."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
