"""Whether the pages of a lesson, its goal and what comes next fit the graph that it builds."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping, Sequence
from itertools import chain
from typing import Literal, NamedTuple

from ..lessons import lesson_names
from ..lessons.lesson import PICTURE_NAMES, Lesson
from ..lessons.pages import SHOWN, Goal, Next, Page

PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
"""What stands for a number in the text of a page."""
OTHERS = ("loss", "iteration", "learning rate")
"""The numbers that are of no node."""
KEY = "key "
"""How what stands for a key begins; behind it comes the name of what the key does, as in the table of keys."""
_ELEMENT = re.compile(r"(.*)\[([0-9, ]+)\]")
_MOST_CHOICES = 4


def misfit_of_pages(lesson: Lesson, names: Collection[str], loss: str) -> str | None:
    """Return what is wrong with the pages, goal and next of a lesson on nodes of these names; None where nothing is."""
    if not isinstance(lesson.pages, Sequence) or isinstance(lesson.pages, str):
        return f"its pages are {lesson.pages!r}; they must be a list of Page"
    for number, page in enumerate(lesson.pages, 1):
        if not isinstance(page, Page):
            return f"its page {number} is {page!r}; it must be a Page"
        wrong = _wrong_with(page, names, loss)
        if wrong:
            return f"its page {number} {wrong}"
    goal, then = lesson.goal, lesson.then
    if goal is not None and not (isinstance(goal, Goal) and isinstance(goal.text, str) and callable(goal.is_reached)):
        return f"its goal is {goal!r}; it must be a Goal, with a sentence and a function of a Situation"
    if then is not None and not (isinstance(then, Next) and isinstance(then.text, str)):
        return f"its then is {then!r}; it must be a Next, with a sentence"
    if then is not None and then.lesson and then.lesson not in lesson_names():
        return f"its then leads to '{then.lesson}', which is no built-in lesson{near(str(then.lesson), lesson_names())}"
    return None


def _wrong_with(page: Page, names: Collection[str], loss: str) -> str | None:
    texts = {"text": page.text, "at": page.at, "node": page.node, "shows": page.shows}
    texts |= {"answer": page.answer, "why": page.why}
    for field, text in texts.items():
        if not isinstance(text, str):
            return f"has as its {field} {text!r}; it must be text"
    if not isinstance(page.choices, Mapping) or not all(isinstance(each, str) for each in chain(*page.choices.items())):
        return f"has as its choices {page.choices!r}; each must be a text with what is said to it, by a dict"
    about = read_placeholder(page.node, names, loss)
    if page.node and (about is None or about.of != "value"):
        return f"points at '{page.node}', which is no node of the graph{near(page.node, names)}"
    if page.shows and page.shows not in (*SHOWN, *PICTURE_NAMES):
        return f"shows '{page.shows}'; there are {', '.join((*SHOWN, *PICTURE_NAMES))}"
    if page.choices and not 2 <= len(page.choices) <= _MOST_CHOICES:
        return f"has {len(page.choices)} choices; there can be 2 to {_MOST_CHOICES}"
    if page.choices and page.answer not in page.choices:
        return f"has the answer '{page.answer}', which is none of its choices"
    if page.answer and not page.choices and not _is_number(page.answer):
        return f"has the answer '{page.answer}', which is no number, and no choices"
    for text in (page.text, page.why, page.answer, *page.choices, *page.choices.values()):
        for name in PLACEHOLDER.findall(text):
            if name not in OTHERS and not name.startswith(KEY) and read_placeholder(name, names, loss) is None:
                return f"has {{{name}}}, which is no number of the graph{near(name, names)}"
    return None


class Number(NamedTuple):
    """A number that a page names: the value, the gradient or the new value `of` a `node`, or of an `element` of it."""

    of: Literal["value", "gradient", "new value"]
    node: str
    element: tuple[int, ...] = ()


def read_placeholder(text: str, names: Collection[str], loss: str) -> Number | None:
    """Return the number of a node that a placeholder means, such as dJ/dW[0,1]; None where there is no such node."""
    if text in names:
        return Number("value", text)
    new, slope = text.removeprefix("new "), text.removeprefix(f"d{loss}/d")
    if new != text and new in names:
        return Number("new value", new)
    if slope != text and slope in names:
        return Number("gradient", slope)
    match = _ELEMENT.fullmatch(text)
    array = None if match is None else read_placeholder(match[1], names, loss)
    if match is None or array is None:
        return None
    return array._replace(element=tuple(int(part) for part in match[2].split(",") if part.strip()))


def _is_number(text: str) -> bool:
    if PLACEHOLDER.fullmatch(text):
        return True
    try:
        float(text)
    except ValueError:
        return False
    return True


def near(name: str, names: Collection[str]) -> str:
    """Return a question for what may have been meant; empty where nothing is near."""
    found = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean '{found[0]}'?" if found else ""
