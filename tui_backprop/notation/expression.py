"""Formulas as trees: from the text in which an operation says what it computes, to a number, and to text again.

    Y[i,j] = Σ A[i,k]·B[k,j]      exp A / Σ exp A      Y⊙(G - Σ G⊙Y)      1/(1 + exp(-A))     max(0, A)     A^B     β1·m

A sum sign reaches over the product behind it. Of one array, `max A` and `mean A` are its largest entry and its mean
along the axis, and `softmax A` what softmax makes of it. At one element, · and ⊙ mean the same. A comparison is 1 or 0.
An index may be computed from letters: A[2i+h].
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, reduce
from typing import Any

import numpy as np

from minidl_core.arrays import Array
from minidl_core.definition import definitions

from .formats import Notation, element_text

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "sign": np.sign,
    "sin": np.sin,
    "cos": np.cos,
    "floor": np.floor,
    "tanh": np.tanh,
    "erf": definitions["erf"].compute,
    "argmax": np.argmax,
    "max": np.maximum,
    "min": np.minimum,
    "where": np.where,
}
OF_AN_ARRAY = ("mean", "softmax", "onehot")
"""Functions that are known only for a whole array."""
COMPARISONS: dict[str, Callable[..., Any]] = {
    ">": np.greater,
    "<": np.less,
    "≥": np.greater_equal,
    "≤": np.less_equal,
    "=": np.equal,
}
_POWERS = {"²": "2", "³": "3"}
_TOKEN = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?(?:e[-+]?[0-9]+)?|[A-Za-zα-ω_][A-Za-zα-ω0-9_]*|\S)")


class UnreadableError(Exception):
    """A formula is not in this language, or does not say which elements it means."""


@dataclass(frozen=True)
class Number:
    """A number: written in the formula (`text`), taken from an array (`notation` is the array's), or computed."""

    value: float
    text: str = ""
    notation: Notation | None = None


@dataclass(frozen=True)
class Symbol:
    """An array of the formula, and the letters of its element where the formula names it: A, or A[i,k]."""

    name: str
    letters: tuple[str, ...] | None = None


@dataclass(frozen=True, eq=False)
class Entry:
    """One element of a node's array, or, where its index has letters, one for each of their values.

    `value` has one dimension for each letter of the whole formula, of size 1 where this index does not have it. `cells`
    are the same entries, as NumPy takes them from the array.
    """

    symbol: str
    name: str
    index: tuple[int | str, ...]
    value: Array
    notation: Notation
    cells: tuple[int | slice, ...] = ()

    @property
    def text(self) -> str:
        """How it is written: X[3,0], X[i,0], J."""
        return element_text(self.name, self.index)


@dataclass(frozen=True)
class Apply:
    """A kind of computation (sum, negative, product, quotient, power, a function or a comparison) of its parts."""

    kind: str
    parts: tuple[Tree, ...]


@dataclass(frozen=True)
class Total:
    """Σ: the sum of the body over all values of some letters, whose places among the formula's letters are `axes`.

    Another `kind` is its max, min or argmax.
    """

    body: Tree
    letters: tuple[str, ...] = ()
    axes: tuple[int, ...] = ()
    kind: str = "sum"


Leaf = Number | Symbol | Entry
Tree = Leaf | Apply | Total


@lru_cache(maxsize=256)  # the formulas of the operations, which every moment comes back to
def parse(text: str) -> Tree:
    """Read the right-hand side of a formula; raises UnreadableError."""
    reader = _Reader(_TOKEN.findall(text))
    tree = reader.comparison()
    if reader.next:
        raise UnreadableError(f"{text}: what is '{reader.next}'?")
    return tree


class _Reader:
    """A recursive descent over the tokens, one method for each level of precedence."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens[::-1]

    @property
    def next(self) -> str:
        return self._tokens[-1] if self._tokens else ""

    def take(self, *wanted: str) -> str:
        return self._tokens.pop() if self.next in wanted else ""

    def expect(self, token: str) -> None:
        if not self.take(token):
            raise UnreadableError(f"'{token}' expected, not '{self.next}'")

    def comparison(self) -> Tree:
        left = self.sum()
        sign = self.take(*COMPARISONS)
        return Apply(sign, (left, self.sum())) if sign else left

    def sum(self) -> Tree:
        terms = [self.term()]
        while sign := self.take("+", "-"):
            term = self.term()
            terms.append(term if sign == "+" else Apply("negative", (term,)))
        return terms[0] if len(terms) == 1 else Apply("sum", tuple(terms))

    def term(self) -> Tree:
        if self.take("-"):
            return Apply("negative", (self.term(),))
        tree = self.power()
        while sign := self.take("·", "⊙", "*", "/"):
            factor = self.power()
            if sign == "/":
                tree = Apply("quotient", (tree, factor))
            elif isinstance(tree, Apply) and tree.kind == "product":
                tree = Apply("product", (*tree.parts, factor))
            else:
                tree = Apply("product", (tree, factor))
        return tree

    def power(self) -> Tree:
        if self.take("Σ"):
            return Total(self.term())
        tree = self.primary()
        if sign := self.take(*_POWERS):
            return Apply("power", (tree, Number(float(_POWERS[sign]), _POWERS[sign])))
        if self.take("^"):
            return Apply("power", (tree, self.primary()))
        return tree

    def primary(self) -> Tree:
        if self.take("("):
            tree = self.comparison()
            self.expect(")")
            return tree
        token = self._tokens.pop() if self._tokens else ""
        if token == "inf":
            return Number(np.inf, token)
        if token[:1].isdecimal():
            return Number(float(token), token)
        if token in FUNCTIONS or token in OF_AN_ARRAY:
            return Apply(token, self.arguments() if self.take("(") else (self.power(),))
        if token[:1].isalpha():
            return Symbol(token, self.letters() if self.take("[") else None)
        raise UnreadableError(f"what is '{token}'?")

    def arguments(self) -> tuple[Tree, ...]:
        parts = [self.comparison()]
        while self.take(","):
            parts.append(self.comparison())
        self.expect(")")
        return tuple(parts)

    def letters(self) -> tuple[str, ...]:
        text = ""
        while self.next.isalnum() or self.next in (",", "+", "-"):
            text += self._tokens.pop()
        self.expect("]")
        return tuple(text.split(","))


def evaluate(tree: Tree) -> Array:
    """Return the number that a tree stands for, or, where entries have letters, one for each of their values."""
    match tree:
        case Number(value):
            return np.asarray(value)
        case Entry():
            return tree.value
        case Total(body, _, axes, kind):
            return _reduced(kind, evaluate(body), axes)
        case Apply(kind, parts):
            values = [evaluate(part) for part in parts]
            with np.errstate(all="ignore"):
                return np.asarray(_compute(kind, values), dtype=float)
        case Symbol(name):
            raise UnreadableError(f"{name} stands for no number here")


def _reduced(kind: str, values: Array, axes: tuple[int, ...]) -> Array:
    if kind == "argmax":
        return np.reshape(np.argmax(values), (1,) * values.ndim)
    made: dict[str, Callable[..., Any]] = {"sum": np.sum, "max": np.max, "min": np.min}
    return np.asarray(made[kind](values, axis=axes, keepdims=True))


def magnitude(tree: Tree) -> Array:
    """Return the number that a tree stands for with nothing in it that cancels: of every term its magnitude."""
    match tree:
        case Total(body, _, axes, "sum"):
            return np.asarray(np.sum(magnitude(body), axis=axes, keepdims=True))
        case Apply("sum" | "product" | "negative" as kind, parts):
            return np.asarray(np.abs(_compute(kind, list(map(magnitude, parts)))))
        case _:
            return np.asarray(np.abs(evaluate(tree)))


def _compute(kind: str, values: list[Array]) -> Any:
    if kind in OF_AN_ARRAY:
        raise UnreadableError(f"{kind} of which array?")
    if kind in ("max", "min"):
        return reduce(FUNCTIONS[kind], values)
    if kind == "argmax":
        return np.argmax(np.stack(values), axis=0)
    if kind == "where":
        return np.where(values[0] != 0, *values[1:])
    if kind in FUNCTIONS:
        if len(values) > 1:
            raise UnreadableError(f"{kind} takes one number")
        return FUNCTIONS[kind](*values)
    if kind in COMPARISONS:
        return COMPARISONS[kind](*values)
    first, *others = values
    match kind:
        case "negative":
            return -first
        case "quotient":
            return first / others[0]
        case "power":
            return np.power(first, others[0])
        case "sum":
            for value in others:
                first = first + value
            return first
        case _:
            for value in others:
                first = first * value
            return first


def leaves(tree: Tree) -> Iterator[Leaf]:
    """Yield the numbers, symbols and entries of a tree, from left to right."""
    match tree:
        case Apply(_, parts):
            for part in parts:
                yield from leaves(part)
        case Total(body):
            yield from leaves(body)
        case _:
            yield tree


def symbols_in(formula: str) -> list[str]:
    """Return the symbols of a formula, from left to right; none where it cannot be read."""
    try:
        return [leaf.name for leaf in leaves(parse(formula)) if isinstance(leaf, Symbol)]
    except UnreadableError:
        return []


def replace_leaves(tree: Tree, new: Callable[[Leaf], Tree]) -> Tree:
    """Return the tree with every leaf replaced by what the function makes of it."""
    match tree:
        case Apply(kind, parts):
            return Apply(kind, tuple(replace_leaves(part, new) for part in parts))
        case Total(body):
            return Total(replace_leaves(body, new), tree.letters, tree.axes, tree.kind)
        case _:
            return new(tree)


_COMPARISON, _SUM, _SIGNED, _PRODUCT, _CALL, _ATOM = range(6)


def write(tree: Tree) -> str:
    """Write a tree as a formula; factors that are numbers stand in parentheses: (0.921)(0.223) + (1.847)(-1.075)."""
    return _write(tree)[0]


def _write(tree: Tree) -> tuple[str, int]:
    """Return the text of a tree and how tightly it holds together."""
    match tree:
        case Number(value, text):
            written = text or f"{value:g}"
            return written, _SIGNED if written.startswith("-") else _ATOM
        case Symbol(name, letters):
            return element_text(name, letters or ()), _ATOM
        case Entry():
            return tree.text, _ATOM
        case Total(body, _, _, kind):
            return f"{'Σ' if kind == 'sum' else kind} {_within(body, _SIGNED)}", _SIGNED
        case Apply("sum", parts):
            first, *others = parts
            return _within(first, _SUM) + "".join(map(_signed, others)), _SUM
        case Apply("negative", (part,)):
            return f"-{_within(part, _PRODUCT)}", _SIGNED
        case Apply("product", parts):
            if any(isinstance(leaf, Entry | Symbol) for leaf in leaves(tree)):
                return "·".join(_within(part, _PRODUCT) for part in parts), _PRODUCT
            return "".join(f"({write(part)})" for part in parts), _PRODUCT
        case Apply("quotient", (above, below)):
            simple = _write(above)[1] in (_ATOM, _SIGNED) and _write(below)[1] == _ATOM and "Σ" not in write(above)
            return f"{_within(above, _SIGNED)}{'/' if simple else ' / '}{_divisor(below)}", _PRODUCT
        case Apply("power", (base, exponent)):
            raised = _within(exponent, _ATOM)
            small = {digit: sign for sign, digit in _POWERS.items()}
            return f"{_within(base, _ATOM)}{small.get(raised) or f'^{raised}'}", _CALL
        case Apply(kind, (left, right)) if kind in COMPARISONS:
            return f"{write(left)} {kind} {write(right)}", _COMPARISON
        case Apply(kind, (part,)) if _write(part)[1] == _ATOM:
            return f"{kind} {write(part)}", _CALL
        case Apply(kind, parts):
            return f"{kind}({', '.join(map(write, parts))})", _CALL


def _within(tree: Tree, least: int) -> str:
    text, tightness = _write(tree)
    return text if tightness >= least else f"({text})"


def _divisor(tree: Tree) -> str:
    return write(tree) if isinstance(tree, Total) else _within(tree, _CALL)


def _signed(term: Tree) -> str:
    """Write a later term of a sum with its sign before it."""
    if isinstance(term, Apply) and term.kind == "negative":
        return f" - {_within(term.parts[0], _PRODUCT)}"
    text, tightness = _write(term)
    if isinstance(term, Number) and tightness == _SIGNED:
        return f" - {text[1:]}"
    return f" + {text if tightness > _SIGNED or isinstance(term, Total) else f'({text})'}"
