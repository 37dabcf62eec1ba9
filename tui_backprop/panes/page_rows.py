"""The rows of a lesson's page: its sentences, and where it asks, its choices or its field, and what was answered."""

from __future__ import annotations

from collections.abc import Iterable

from ..debugger.kept import kept
from ..debugger.pages_fit import PLACEHOLDER
from ..drawing.glyphs import DONE, PARTS, RIGHT
from ..drawing.palette import Line, Span
from ..notation.fitting import flow, printable, prose
from ..session.reading import Reading

_MOST = 6
"""So many rows at most."""
_TOLD = "As told: "
"""What stands before the reply to the right number where the one to a wrong number named it."""


def page_height(reading: Reading, width: int) -> int:
    """Return how many rows a lesson needs in this width: for its longest page, so that nothing moves as it is read."""
    return min(max(len(draw_page(reading, width - 2)), _longest(reading, width - 2)), _MOST)


@kept
def _longest(reading: Reading, width: int) -> int:
    """Return how many rows the longest page takes, with numbers of some length in it, or the longest answer to it."""
    rows = [len(prose(text, width)) for text in (reading.goal, reading.then)]
    for page in reading.lesson.pages:
        below = len(_choices(page.choices, width)) if page.choices else bool(page.answer)
        texts = (page.text, page.why if page.choices else f"{_TOLD}{page.why}", *page.choices.values())
        rows += [below + len(prose(PLACEHOLDER.sub("-0.1234", text), width)) for text in texts]
    return max(rows)


def draw_page(reading: Reading, width: int) -> list[Line]:
    """Draw the page that is open, in lines of at most `width` cells."""
    question = reading.question
    if question is None:
        return prose(reading.text, width)
    above = prose(reading.text, width)
    if reading.right and reading.told:
        above = prose(f"{_TOLD}{reading.reply}", width)
    elif reading.right is not None:
        sign: Span = (f"{DONE} ", "done") if reading.right else (f"{PARTS} ", "error")
        first, *others = prose(f"  {reading.reply}", width, indent=2)
        above = [[sign, (first[0][0][2:], first[0][1]), *first[1:]], *others]
    if question.choices:
        return [*above, *_choices(question.choices, width, reading.given)]
    cursor = "" if reading.right else "_"
    return [*above, [(f"{RIGHT} ", "key"), (reading.typed or reading.given or "", "title"), (cursor, "dim")]]


def _choices(choices: Iterable[str], width: int, given: str | None = None) -> list[Line]:
    """Return the choices with their numbers, as many as go into a line, the given one marked."""
    pieces: list[Line] = []
    for number, choice in enumerate(choices, 1):
        pieces.append([(f"{number} ", "key"), (f"{printable(choice)}    ", "title" if choice == given else "text")])
    return flow(pieces, width)
