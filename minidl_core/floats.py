"""The functions of the operations as functions of single numbers: the same bits, without arrays.

An operation's own functions stay the only truth. Each is called once, with numbers that note what is calculated with
them, and what it noted is made a function of Python's floats, which is several times as fast as one of NumPy's numbers.
Python calculates only where it does so to the bit as NumPy: + - * / and comparisons. All else stays NumPy's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from types import SimpleNamespace
from typing import Any, NoReturn

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from .definition import Compute, GradientFunction

Floats = list[float]
Forward = Callable[[Floats, int, Sequence[int]], None]
"""Computes the value of an operation: called with all values, its position among them and those of its inputs."""
Backward = Callable[[Floats, Floats, int, Sequence[int]], None]
"""Adds what an operation passes back to the gradients of its inputs: called with all gradients, too."""


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
    """The lines of a function, as they are noted; `used` are the numbers that have a part in one."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.used: set[str] = set()
        self.called: dict[str, Any] = {"_quotient": _quotient}

    def note(self, text: str, *operands: Any, is_truth: bool = False) -> _Number:
        name = f"t{len(self.lines)}"
        self.lines.append(f"{name} = {text.format(*map(self.written, operands))}")
        return _Number(name, self, is_truth)

    def written(self, operand: Any) -> str:
        if isinstance(operand, _Number):
            self.used.add(operand.name)
            return operand.name
        if type(operand) not in (int, float) or not math.isfinite(operand):
            raise _UntraceableError
        return repr(float(operand))

    def result(self, number: Any) -> str:
        """Return how a number is written that is a result; a truth is 1 or 0."""
        if not isinstance(number, _Number):
            raise _UntraceableError
        return f"float({self.written(number)})" if number.is_truth else self.written(number)

    def function(self, parameters: str, first: list[str], last: list[str]) -> Any:
        """Return the function of these lines, between others; its text is its docstring."""
        text = "\n    ".join([f"def function({parameters}):", *first, *self.lines, *last])
        exec(text, self.called)
        function = self.called["function"]
        function.__doc__ = text
        return function


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
def forward_of(compute: Compute, count: int) -> Forward | None:
    """Return what computes an operation of so many inputs; None where that takes more than noting its calculation."""
    lines = _Lines()
    try:
        made = lines.result(compute(*[_Number(f"x{number}", lines) for number in range(count)]))
    except Exception:  # what a function does with numbers that are none may end in any way
        return None
    first = _inputs(count, lines)
    function: Forward = lines.function("values, position, sources", first, [f"values[position] = {made}"])
    return function


@cache
def backward_of(function: GradientFunction, needs: tuple[bool, ...]) -> Backward | None:
    """Return what passes a gradient back to the inputs that need it; None where noting is not enough."""
    lines = _Lines()
    op: Any = SimpleNamespace(
        inputs=[_Number(f"x{number}", lines) for number in range(len(needs))], output=_Number("y", lines), needs=needs
    )
    gradient: Any = _Number("g", lines)
    try:
        given = function(op, gradient)
        # a list, because the order is that in which a node gets its contributions
        added = [
            f"gradients[s{number}] += {lines.result(contribution)}"
            for number, (contribution, needed) in enumerate(zip(given, needs, strict=True))
            if needed
        ]
    except Exception:
        return None
    first = _inputs(len(needs), lines)
    first += [f"{name} = {of}[position]" for name, of in (("y", "values"), ("g", "gradients")) if name in lines.used]
    made: Backward = lines.function("values, gradients, position, sources", first, added)
    return made


def _inputs(count: int, lines: _Lines) -> list[str]:
    """Return the lines that take the inputs out of all values, where they have a part in it."""
    taken = ", ".join([f"s{number}" for number in range(count)])
    return [
        f"{taken} = sources" if count > 1 else "(s0,) = sources",
        *[f"x{number} = values[s{number}]" for number in range(count) if f"x{number}" in lines.used],
    ]
