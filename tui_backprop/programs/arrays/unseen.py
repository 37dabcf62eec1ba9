"""What NumPy makes without asking: `X.dot(W)` of an array X of its own class, and copies.

The script says what it was: Python knows where in the source each instruction stands.
"""

from __future__ import annotations

import ast
import linecache
import sys
from functools import lru_cache
from types import FrameType
from typing import Any

import numpy as np


def operands_of_dot() -> tuple[Any, Any] | None:
    """Return the two arrays of the `a.dot(b)` that the script is just calling; None where it calls something else."""
    frame: FrameType = sys._getframe(2)
    start = list(frame.f_code.co_positions())[frame.f_lasti // 2]
    call = _call_at(frame.f_code.co_filename, start)
    if call is None:
        return None
    owner, argument = call
    try:
        return _value(owner, frame), _value(argument, frame)
    except LookupError:
        return None


def unseen(_: Any) -> Any:
    """Stand for an operation that NumPy made without asking, where the script does not say it either."""
    raise TypeError("NumPy does not say what it did there; write np.dot(a, b) for a.dot(b)")


@lru_cache(1_000)
def _call_at(file: str, position: tuple[int | None, ...]) -> tuple[ast.expr, ast.expr] | None:
    line, end_line, column, end_column = position
    for node in ast.walk(_tree(file)):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "dot"
            and len(node.args) == 1
            and (node.lineno, node.end_lineno, node.end_col_offset) == (line, end_line, end_column)
            and column in (node.col_offset, node.func.end_col_offset)
        ):
            return node.func.value, node.args[0]
    return None


@lru_cache(20)
def _tree(file: str) -> ast.AST:
    try:
        return ast.parse("".join(linecache.getlines(file)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])


def _value(tree: ast.expr, frame: FrameType) -> Any:
    """Return what a name, or an attribute of one, is in a frame; raises LookupError where it is something else."""
    match tree:
        case ast.Name(id=name):
            return frame.f_locals[name] if name in frame.f_locals else frame.f_globals[name]
        case ast.Attribute(value=owner, attr="T") if isinstance(array := _value(owner, frame), np.ndarray):
            return array.T
        case ast.Attribute(value=owner, attr=name) if name in (held := getattr(_value(owner, frame), "__dict__", {})):
            return held[name]
        case ast.Subscript(value=owner, slice=ast.Constant(value=key)):
            return _value(owner, frame)[key]
    raise LookupError
