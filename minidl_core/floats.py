"""The functions of the operations as lines of a loop over single numbers: the same bits, without arrays.

An operation's own functions stay the only truth. Each is called once, with numbers that note what is calculated with
them, and what it noted becomes a branch of one loop over a graph, with Python's floats, which are several times as
fast as NumPy's numbers. Python calculates only where it does so to the bit as NumPy: + - * / and comparisons. All else
stays NumPy's.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from types import SimpleNamespace
from typing import Any, NoReturn, cast

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from .definition import Compute, GradientFunction

Floats = list[float]
Loop = Callable[..., None]
"""Computes the values of operations, in order, or passes their gradients on to their inputs.

It is called with all values, backwards with all gradients, too; then of each operation its kind, its place among them
and those of its inputs (backprop.py says how); at last with what is called for one for which there is no branch.
"""


@dataclass(frozen=True, eq=False)
class Branch:
    """What a loop does with the operations of one kind, and the functions that it calls by name."""

    lines: Sequence[str]
    called: Mapping[str, Any]


_MOST_LOOPS = 500
# what a line is written with, and no NumPy function or place in a loop is called
_NAME = re.compile(r"\b(?:[xt]\d+|y|g)\b")


def _quotient(a: float, b: float) -> float:
    """Return a/b, also where b is 0, of which Python makes an error."""
    return a / b if b else float(np.divide(a, b))


_BY_PYTHON = {
    np.add: "{} + {}",
    np.subtract: "{} - {}",
    np.multiply: "{} * {}",
    np.negative: "-{}",
    np.divide: "_quotient({}, {})",
}
_TRUTHS = {
    np.greater: "{} > {}",
    np.greater_equal: "{} >= {}",
    np.less: "{} < {}",
    np.less_equal: "{} <= {}",
    np.equal: "{} == {}",
    np.not_equal: "{} != {}",
}


class _UntraceableError(TypeError):
    """Something is done with a number of which no line can be made."""


class _Lines:
    """What is calculated with numbers, as it is noted; `given` says how those are written from which it starts."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = given
        self._texts = dict(given)
        self._uses: Counter[str] = Counter()
        self.called: dict[str, Any] = {"_quotient": _quotient}

    def numbers(self) -> list[_Number]:
        return [_Number(name, self) for name in self._given]

    def note(self, text: str, *operands: Any, is_truth: bool = False) -> _Number:
        name = f"t{len(self._texts)}"
        self._texts[name] = text.format(*map(self._written, operands))
        return _Number(name, self, is_truth)

    def _written(self, operand: Any) -> str:
        if isinstance(operand, _Number):
            self._uses[operand.name] += 1
            return operand.name
        if type(operand) not in (int, float) or not math.isfinite(operand):
            raise _UntraceableError
        return repr(float(operand))

    def result(self, number: Any) -> str:
        """Return how a number is written that is a result; a truth is 1 or 0."""
        if not isinstance(number, _Number):
            raise _UntraceableError
        return f"float({self._written(number)})" if number.is_truth else self._written(number)

    def branch(self, first: Sequence[str], results: Mapping[str, str]) -> Branch:
        """Return the lines that leave these results; a number that is used once is written where that is."""
        lines, inlined = [*first], dict[str, str]()

        def put_in(text: str) -> str:
            bare = inlined.get(text, "")
            return bare[1:-1] if bare.startswith("(") else _NAME.sub(lambda name: inlined.get(name[0], name[0]), text)

        for name, text in self._texts.items():
            if self._uses[name] == 1:
                inlined[name] = put_in(text) if name in self._given else f"({put_in(text)})"
            elif self._uses[name]:
                lines.append(f"{name} = {put_in(text)}")
        lines += [f"{left} {put_in(text)}" for left, text in results.items()]
        return Branch(lines or ["pass"], self.called)


class _Number(NDArrayOperatorsMixin):
    """A number that notes what is calculated with it; a truth, such as `a > 0`, only chooses or is a factor."""

    __slots__ = ("_lines", "is_truth", "name")

    def __init__(self, name: str, lines: _Lines, is_truth: bool = False) -> None:
        self.name, self._lines, self.is_truth = name, lines, is_truth

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> _Number:
        truths = sum(isinstance(each, _Number) and each.is_truth for each in inputs)
        if method != "__call__" or options or truths > (ufunc is np.multiply):
            self._refuse()
        if ufunc in _TRUTHS:
            return self._lines.note(_TRUTHS[ufunc], *inputs, is_truth=True)
        if ufunc in _BY_PYTHON:
            return self._lines.note(_BY_PYTHON[ufunc], *inputs)
        if "d" * len(inputs) + "->d" not in ufunc.types:
            self._refuse()
        self._lines.called[ufunc.__name__] = ufunc
        return self._lines.note(f"float({ufunc.__name__}({', '.join(['{}'] * len(inputs))}))", *inputs)

    def __array_function__(self, function: Any, types: Any, inputs: Any, options: Any) -> _Number:
        if function is not np.where or options or len(inputs) != 3:
            self._refuse()
        condition, *both = inputs
        if not (isinstance(condition, _Number) and condition.is_truth) or any(
            isinstance(each, _Number) and each.is_truth for each in both
        ):
            self._refuse()
        return self._lines.note("{1} if {0} else {2}", condition, *both)

    def _refuse(self, *_: Any) -> NoReturn:
        raise _UntraceableError

    __array__ = __bool__ = __float__ = __int__ = __index__ = __iter__ = __len__ = _refuse
    # of these NumPy may have one function for a number and another one for arrays, with other bits
    __pow__ = __rpow__ = __mod__ = __rmod__ = __floordiv__ = __rfloordiv__ = _refuse


@cache
def forward_of(compute: Compute, count: int) -> Branch | None:
    """Return what computes an operation of so many inputs; None where that takes more than noting its calculation."""
    places = _places(count)
    lines = _Lines({f"x{number}": f"values[{place}]" for number, place in enumerate(places)})
    try:
        made = lines.result(compute(*lines.numbers()))
    except Exception:  # what a function does with numbers that are none may end in any way
        return None
    return lines.branch(_unpacked(places), {"values[place] =": made})


@cache
def backward_of(function: GradientFunction, needs: tuple[bool, ...]) -> Branch | None:
    """Return what passes a gradient back to the inputs that need it; None where noting is not enough."""
    places = _places(len(needs))
    given = {f"x{number}": f"values[{place}]" for number, place in enumerate(places)}
    lines = _Lines({**given, "y": "values[place]", "g": "gradients[place]"})
    *inputs, output, gradient = lines.numbers()
    op: Any = SimpleNamespace(inputs=inputs, output=output, needs=needs)
    try:
        # in this order, because a node gets its contributions so
        added = {
            f"gradients[{place}] +=": lines.result(contribution)
            for place, contribution, needed in zip(places, function(op, cast(Any, gradient)), needs, strict=True)
            if needed
        }
    except Exception:
        return None
    return lines.branch(_unpacked(places), added)


def _places(count: int) -> list[str]:
    """Return how the places of so many inputs are called in a loop."""
    return ["first", "second"] if count == 2 else [f"s{number}" for number in range(count)]


def _unpacked(places: Sequence[str]) -> list[str]:
    return [] if len(places) == 2 else [f"({', '.join(places)},) = first"]


@lru_cache(_MOST_LOOPS)
def forward_loop(branches: tuple[Branch | None, ...]) -> Loop:
    """Return the loop that computes values; the kind of an operation is the place of its branch among these."""
    return _loop("forward", "values", branches)


@lru_cache(_MOST_LOOPS)
def backward_loop(branches: tuple[Branch | None, ...]) -> Loop:
    """Return the loop that passes gradients back; the kind of an operation is the place of its branch among these."""
    return _loop("backward", "values, gradients", branches)


def _loop(name: str, numbers: str, branches: Sequence[Branch | None]) -> Loop:
    """Return a loop of these branches; its text is its docstring."""
    text = [
        f"def {name}({numbers}, kinds, places, firsts, seconds, otherwise):",
        "    for kind, place, first, second in zip(kinds, places, firsts, seconds):",
    ]
    called: dict[str, Any] = {}
    word = "if"
    for kind, branch in enumerate(branches):
        if branch is not None:
            text += [f"        {word} kind == {kind}:", *[f"            {line}" for line in branch.lines]]
            called |= branch.called
            word = "elif"
    otherwise = f"otherwise({numbers}, place, first, second)"
    text += ["        else:", f"            {otherwise}"] if word == "elif" else [f"        {otherwise}"]
    exec("\n".join(text), called)
    loop: Loop = called[name]
    loop.__doc__ = "\n".join(text)
    return loop
