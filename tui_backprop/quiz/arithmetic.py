"""A number as somebody types it: also as a computation, `-0.5*2` or `exp(-1)/2`.

Python's own parser reads it, and it is never run as Python: only what is named here is computed.
"""

from __future__ import annotations

import ast
import math
import operator
import re
import warnings
from collections.abc import Callable, Mapping

LONGEST_ANSWER = 80
"""So many characters are read at most."""

_OF_TWO: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: math.pow,
}
_FUNCTIONS: Mapping[str, Callable[[float], float]] = {
    "exp": math.exp,
    "tanh": math.tanh,
    "sqrt": math.sqrt,
    "log": math.log,
}
_SIGNS = str.maketrans({"−": "-", ",": ".", "·": "*", "×": "*", "^": "**"})

_LEADING_ZEROS = re.compile(r"(?<![\w.])0+(?=\d)", re.ASCII)

_SIDE_BY_SIDE = re.compile(r"(?<=[\d)])\s*\(")
"""A product as it is written out here: (2)(3)."""


_LETTERS = re.compile(r"[^\W\d_]+\Z")
_EXPONENT = re.compile(r"[\d.][eE]\Z", re.ASCII)


CLEARS = "ctrl+u"
"""The key that takes all that is typed away, as in a terminal's own line."""
_TYPED = re.compile(r"[-−+*/·×^().,0-9a-zA-Z]")


def is_typed(character: str) -> bool:
    """Return whether a key is taken for a part of a number or a computation; any other does what it always does."""
    return _TYPED.fullmatch(character) is not None


def can_be_typed(text: str) -> bool:
    """Return whether a number can begin so: of letters it ends with, if any, a function's name or an exponent does."""
    letters = _LETTERS.search(text)
    begun = letters is None or any(name.startswith(letters[0]) for name in _FUNCTIONS)
    return begun or _EXPONENT.search(text) is not None


def read_number(text: str) -> float | None:
    """Return the number that was typed or computes so, with a point or a comma; None where it is none, or not finite.

    Computed are + - * / ** ( ) exp tanh sqrt log.
    """
    typed = _LEADING_ZEROS.sub("", text[:LONGEST_ANSWER].strip().translate(_SIGNS))
    typed = _SIDE_BY_SIDE.sub("*(", typed)
    try:
        with warnings.catch_warnings(action="ignore"):  # of what is no number, such as `1or`
            value = _computed(ast.parse(typed, mode="eval").body)
    except (SyntaxError, ValueError, ArithmeticError, RecursionError, MemoryError):
        return None
    return value if math.isfinite(value) else None


def _computed(tree: ast.expr) -> float:
    """Return what a part comes to; raises ValueError where it is none of what is computed."""
    match tree:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return float(value)
        case ast.UnaryOp(op=ast.USub(), operand=part):
            return -_computed(part)
        case ast.UnaryOp(op=ast.UAdd(), operand=part):
            return _computed(part)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OF_TWO:
            return _OF_TWO[type(op)](_computed(left), _computed(right))
        case ast.Call(func=ast.Name(id=name), args=[part], keywords=[]) if name in _FUNCTIONS:
            return _FUNCTIONS[name](_computed(part))
    raise ValueError("it is no number")
