"""How texts are made to fit a width, counted in the cells of a terminal: the one place that cuts, wraps and measures.

A name or a message that comes from a person's program is made printable here, before anything else is done with it,
and what a terminal has no sign for is spelled out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import TypeVar

from rich.cells import cell_len, chop_cells, set_cell_size

from ..drawing.ascii import lacks_signs, spell, star_products
from ..drawing.glyphs import ELLIPSIS
from ..drawing.palette import ACTION, Line, Span, key_sign

LEAST_PROSE = 8
"""Prose is not wrapped to fewer cells than this."""

Wording = TypeVar("Wording", str, Line)
_BLANKS = str.maketrans("\t\n\v\f\r", "     ")


def printable(text: str) -> str:
    """Return a text in which everything that would not show as itself is written as an escape."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


# spelling


def spelled(line: Line) -> Line:
    """Return a line with the signs that the terminal lacks in letters."""
    return [(spell(text), style) for text, style in _starred(line)] if lacks_signs() else line


def _starred(line: Line) -> Line:
    """Return a line with stars for the dots of products: one factor may have another style than the dot."""
    whole = "".join(text for text, _ in line)
    starred = star_products(whole)
    if starred is whole:
        return line
    shown: Line = []
    for text, style in line:
        shown.append((starred[: len(text)], style))
        starred = starred[len(text) :]
    return shown


def spelled_in_place(line: Line) -> Line:
    """Return a line with its signs in letters: what that adds is taken from the gaps behind, so that columns stay."""
    if not lacks_signs():
        return line
    line = _starred(line)
    shown: Line = []
    excess = 0
    for text, style in line:
        parts = re.split("(  +)", text)
        for at, part in enumerate(parts):
            parts[at] = spell(part) if at % 2 == 0 else " " * max(len(part) - excess, 1)
            excess += cell_len(parts[at]) - cell_len(part)
        shown.append(("".join(parts), style))
    return shown


# measuring


def width_of(text: str | Line) -> int:
    """Return how many cells a line takes, or a text once it is printable."""
    if isinstance(text, str):
        return cell_len(spell(printable(text)))
    return sum([len(part) if part.isascii() else cell_len(spell(part)) for part, _ in text])


_single = set(map(chr, range(0x20, 0x7F)))
"""The characters that are known to take one cell, which is so for ever."""


def takes_single_cells(text: str) -> bool:
    """Return whether each character of a text takes one cell."""
    if _single.issuperset(text):
        return True
    others = set(text) - _single
    if any(cell_len(char) != 1 for char in others):
        return False
    _single.update(others)
    return True


# cutting


def clip(line: Line, width: int) -> Line:
    """Return a line in at most `width` cells, its end cut with an ellipsis; the key of an action may be one cell."""
    kept: Line = []
    for text, style in spelled_in_place(line):
        if (cells := 1 if style == ACTION else cell_len(text)) > width:
            return [*kept, (fit(text, width), style)] if width > 0 else kept
        kept.append((text, style))
        width -= cells
    return kept


def name_keys(line: Line, keys: Mapping[str, str], width: int) -> Line:
    """Return a line in at most `width` cells, with the keys of a front end in place of the actions that it names."""
    if all(style != ACTION for _, style in line):
        return line
    named = ((key_sign(keys.get(text, text)), "key") if style == ACTION else (text, style) for text, style in line)
    return clip(list(named), width)


def fit(text: str, width: int) -> str:
    """Return a text in exactly `width` cells: its end cut with an ellipsis, or filled with spaces."""
    text = spell(printable(text))
    if cell_len(text) > width > 0:
        text = set_cell_size(text, width - 1) + ELLIPSIS
    return set_cell_size(text, max(width, 0))


def fit_name(name: str, width: int) -> str:
    """Return a node's name in exactly `width` cells; where it is too long its outer scopes go first."""
    text = spell(printable(name))
    while cell_len(text) > width and "/" in (own := text.removeprefix(f"{ELLIPSIS}/"))[:-1]:
        text = f"{ELLIPSIS}/{own.partition('/')[2]}"
    return fit(text, width)


def cut(name: str, width: int) -> str:
    """Return a name in at most `width` cells, its middle cut: what tells it from others is mostly at its end."""
    text = spell(printable(name))
    if cell_len(text) <= width:
        return text
    head = set_cell_size(text, (width - 1) // 3)
    tail = text[len(head) + 1 :]
    while (excess := cell_len(head) + 1 + cell_len(tail) - width) > 0:
        tail = tail[(excess + 1) // 2 :]  # a character takes two cells at most
    return f"{head}{ELLIPSIS}{tail}"


# choosing


def first_that_fits(width: int, *wordings: Wording) -> Wording:
    """Return the first of several wordings, the longest first, that takes at most `width` cells; or the last one."""
    return next((wording for wording in wordings if width_of(wording) <= width), wordings[-1])


def leading(pieces: Iterable[Line], width: int) -> list[Line]:
    """Return the pieces before the first that does not fit any more, put one behind the other."""
    fitting = []
    for piece in pieces:
        width -= width_of(piece)
        if width < 0:
            break
        fitting.append(piece)
    return fitting


# several lines, or both ends of one


def ends(left: Line, right: Span, width: int, gap: int = 1) -> Line:
    """Return a line of `width` cells with something at both ends, at least `gap` cells apart."""
    text, style = spell(right[0]), right[1]
    return [*spelled(left), (" " * max(width - width_of(left) - cell_len(text), gap) + text, style)]


def ends_or_below(left: Line, right: Span, width: int, gap: int = 1) -> list[Line]:
    """Return a line with something at both ends, or, where they do not fit into one, the right end below the left."""
    if width_of(left) + gap + width_of([right]) <= width:
        return [ends(left, right, width, gap)]
    return [*wrap(left, width), ends([], right, width, 0)]


def joined(line: Line) -> Line:
    """Return a line with neighbours of one style as one span."""
    return [("".join(text for text, _ in spans), style) for style, spans in groupby(line, itemgetter(1))]


def flow(pieces: Iterable[Line], width: int, indent: int = 0) -> list[Line]:
    """Put pieces one behind the other, into lines of at most `width` cells; one that is longer has a longer line.

    Later lines are indented. The spaces with which a piece begins are left out at the beginning of a line.
    """
    rows: list[Line] = [[]]
    used = 0
    for piece in map(spelled, pieces):
        cells = width_of(piece)
        if used and used + cells > width:
            (text, style), *others = piece
            piece = [(" " * indent + text.lstrip(" "), style), *others]
            cells = width_of(piece)
            rows.append([])
            used = 0
        rows[-1] += piece
        used += cells
    return list(map(joined, rows))


def wrap(line: Line, width: int) -> list[Line]:
    """Break a line at its spaces into lines of at most `width` cells; only a word longer than that is longer."""
    line = spelled(line)
    return [line] if width_of(line) <= width else flow(_words(line), width)


def prose(text: str, width: int, style: str = "text", indent: int = 0) -> list[Line]:
    """Wrap a sentence; later lines are indented, and a word that is longer than a line is broken."""
    return [[*line] for line in _prose(spell(text), width, style, indent)]


@lru_cache(maxsize=512)  # most sentences stand there from step to step
def _prose(text: str, width: int, style: str, indent: int) -> list[Line]:
    width = max(width, LEAST_PROSE)
    words = _words([(printable(text.translate(_BLANKS)), style)])
    return flow(broken(words, width - indent), width, indent) if text.strip() else []


def broken(pieces: Iterable[Line], width: int) -> Iterator[Line]:
    """Yield the pieces, each of one span, broken where they are wider than this."""
    for [(text, style)] in pieces:
        parts = chop_cells(text, width) if cell_len(text) > width else [text]
        yield from ([(part, style)] for part in parts)


def _words(line: Line) -> Iterator[Line]:
    """Yield the words of a line, each of one or more spans, with the spaces before it."""
    word: Line = []
    for text, style in line:
        for part in re.findall(" +[^ ]*|[^ ]+", text):
            if part.startswith(" ") and any(piece.strip(" ") for piece, _ in word):
                yield word
                word = []
            word.append((part, style))
    if any(piece.strip(" ") for piece, _ in word):
        yield word
