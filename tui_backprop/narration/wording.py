"""A sentence in parts, and how it is made to fit: first its optional parts are left out, then long names are cut.

The names of nodes are marked with the name of a style while a sentence is put together, because afterwards nothing
tells the node `a` from the article.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from minidl_core import Constant, Node, Operation
from minidl_core.arrays import Array

from ..debugger.moment import Moment
from ..drawing.glyphs import ELLIPSIS
from ..drawing.palette import Line
from ..notation.fitting import cut, width_of, wrap
from ..notation.formats import number, vector
from ..notation.names import formula_names

ROOMS = ((116, 1), (78, 2))
"""What every sentence fits into: so many cells in so many lines."""

Name = Callable[..., str]
"""Returns the name of a node, or the text for it, cut to some length and marked with a style, by default its role's."""

NAME_LENGTHS = (40, 24, 16, 10, 6)
"""To how many cells names are cut, one after the other, until a sentence fits."""

_MARKED = re.compile("\0([a-z]+)\1([^\2]*)\2")
_LIKE_A_NUMBER = re.compile(r"[-+−.]*\d")
_COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


class Words(NamedTuple):
    """A sentence in parts, none with a full stop at its end.

    One of `heads`, which go from the most detailed to the barest, is always there, and so is the `tail`, a sentence of
    its own. The `reason` may be shortened or left out, and `extra`, which continues the text, is the first to go.
    """

    heads: tuple[str, ...]
    reason: str = ""
    extra: str = ""
    tail: str = ""


def mark(text: str, style: str) -> str:
    """Return a text marked with the name of a style."""
    return f"\0{style}\1{text}\2"


def unmark(text: str) -> str:
    """Return a text without its marks."""
    return _MARKED.sub(r"\2", text)


def naming(length: int, now: object) -> Name:
    """Return the function that says a node's name, cut to a length and marked; `now` is the node of the sentence."""

    def name(node: Node, style: str = "", text: str = "") -> str:
        return mark(cut(text or node.name, length), style or ("now" if node is now else "title"))

    return name


def in_formulas(operation: Operation, name: Name) -> Name:
    """Return the function that says nodes as the formulas of an operation write them."""
    names = formula_names(operation)
    return lambda node: name(node, text=names.get(node, ""))


def wordings(describe: Callable[[Name], Words], now: object, lengths: Sequence[int] = NAME_LENGTHS) -> Iterator[str]:
    """Yield ever shorter wordings, with marks; `now` is the node that it is about."""
    for length in lengths:
        words = describe(naming(length, now))
        tail = f". {words.tail}" if words.tail else ""
        for head in words.heads:
            for reason in dict.fromkeys((words.reason, _first_clause(words.reason), "")):
                for extra in dict.fromkeys((words.extra, "")):
                    sentence = f"{head}{': ' if reason else ''}{reason}{extra}{tail}"
                    yield sentence if sentence.endswith(("?", "!")) else f"{sentence}."


def choose_sentence(sentences: Iterable[str], rooms: Sequence[tuple[int, int]]) -> Line:
    """Return the first sentence that fits every room, or the last one, cut; its names are in their styles."""
    line: Line = []
    for sentence in sentences:
        line = _spans(sentence)
        if _fits(line, rooms):
            return line
    return _cut_to(line, rooms)


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: `one number`, `100 numbers`."""
    word = _COUNTS[number] if number < len(_COUNTS) else str(number)
    return f"{word} {noun}{'' if number == 1 else 's'}"


def value_text(value: Array) -> str:
    """Write a number, or a vector of a few; nothing for more."""
    if not value.shape:
        return number(float(value))
    return vector(value) if value.ndim == 1 and 0 < value.size <= 4 else ""


def slope_of(at: Moment, node: Node, name: Name) -> str:
    """Return how a sentence writes the gradient of the loss with respect to a node."""
    return unmark(f"d{name(at.graph.loss)}/d{name(node)}")


def in_list(node: Node, length: int = NAME_LENGTHS[1]) -> str:
    """Return the name of a node as it stands in a list: '12' where a constant's name could be taken for a number."""
    name = cut(node.name, length)
    return f"'{name}'" if isinstance(node, Constant) and _LIKE_A_NUMBER.match(name) else name


def as_choice(node: Node) -> str:
    """Return how a node is told apart from an answer in numbers: the constant 12, where its name is one."""
    name = cut(node.name, NAME_LENGTHS[1])
    return name if in_list(node) == name else f"the constant {name}"


def the_loss(loss: Node, name: str) -> str:
    """Return how a sentence names the loss: with its name, unless that is the word itself."""
    return f"the {name}" if loss.name == "loss" else f"the loss {name}"


def lowered(reason: str) -> str:
    """Return a reason as it stands behind a colon: without a capital, unless that is a symbol, and without its stop."""
    first = reason[:1].lower() if re.match(r"[A-Z][a-z]", reason) else reason[:1]
    return first + reason[1:].removesuffix(".")


def _first_clause(reason: str) -> str:
    """Return the part of a reason that can stand alone, if there is one."""
    for match in re.finditer(r"[,;:] ", reason):
        if reason.count(" ", 0, match.start()) >= 3:
            return reason[: match.start()]
    return reason


def _spans(sentence: str) -> Line:
    line: Line = []
    end = 0
    for match in _MARKED.finditer(sentence):
        line += [(sentence[end : match.start()], "text"), (match[2], match[1])]
        end = match.end()
    return [(text, style) for text, style in (*line, (sentence[end:], "text")) if text]


def _fits(line: Line, rooms: Sequence[tuple[int, int]]) -> bool:
    for width, lines in rooms:
        rows = wrap(line, width)
        if len(rows) > lines or any(width_of(row) > width for row in rows):
            return False
    return True


def _cut_to(line: Line, rooms: Sequence[tuple[int, int]]) -> Line:
    text = "".join(text for text, _ in line)[: min(width * lines for width, lines in rooms)]
    while text and not _fits([(text + ELLIPSIS, "text")], rooms):
        text = text[:-1]
    return [(text + ELLIPSIS, "text")]
