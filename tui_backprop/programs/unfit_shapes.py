"""Which shapes did not fit where a script stopped: named as its line names them, with what would fit.

NumPy's own sentence has neither the names nor, of a product of matrices, the shapes. Nothing of the script runs again.
"""

from __future__ import annotations

import ast
import inspect
import linecache
from collections.abc import Collection, Iterator
from contextlib import suppress
from itertools import islice
from types import FrameType, MemberDescriptorType, TracebackType
from typing import Any

import numpy as np

Shape = tuple[int, ...]
_FROM_THE_RIGHT = "counted from the right, each dimension must be equal in both, or 1"


def explain_shapes(error: BaseException, files: Collection[str]) -> str:
    """Return which operands did not fit, in the last of these files' lines that an error went through, or nothing.

    It is said only where the shapes, as they can be read off the names there, do not fit indeed.
    """
    own = [step for step in _steps(error) if step.tb_frame.f_code.co_filename in files]
    if not own or not isinstance(error, ValueError | RuntimeError):
        return ""
    frame, node = own[-1].tb_frame, _node_at(own[-1])
    if isinstance(node, ast.AugAssign):
        return _of_operands(node.op, _reading(node.target), node.value, frame, in_place=True)
    if isinstance(node, ast.BinOp):
        return _of_operands(node.op, node.left, node.right, frame)
    if isinstance(node, ast.Call) and not node.keywords:
        function = _object(node.func, frame)
        if len(node.args) == 2 and any(function is each for each in (np.dot, np.matmul)):
            return _of_operands(ast.MatMult(), node.args[0], node.args[1], frame)
        if len(node.args) == 1 and isinstance(node.func, ast.Attribute) and node.func.attr == "dot":
            return _of_operands(ast.MatMult(), node.func.value, node.args[0], frame)
    return ""


def _steps(error: BaseException) -> Iterator[TracebackType]:
    step = error.__traceback__
    while step is not None:
        yield step
        step = step.tb_next


def _node_at(step: TracebackType) -> ast.AST | None:
    """Return the part of the source from which the instruction was compiled at which a frame stands."""
    code = step.tb_frame.f_code
    line, last_line, column, last_column = next(islice(code.co_positions(), step.tb_lasti // 2, None))
    wanted = line, column, last_line, last_column
    nodes = ast.walk(ast.parse("".join(linecache.getlines(code.co_filename))))
    found = (node for node in nodes if isinstance(node, ast.AugAssign | ast.BinOp | ast.Call))
    places = ((node, (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)) for node in found)
    return next((node for node, place in places if place == wanted), None)


def _reading(target: ast.expr) -> ast.expr:
    """Return an assignment's target as what it is read as."""
    return ast.parse(ast.unparse(target), mode="eval").body


# shapes, read off the names


def _object(node: ast.expr, frame: FrameType) -> Any:
    """Return what a name, an attribute or an item is, without running any of the script's code; or else None."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return frame.f_locals.get(node.id, frame.f_globals.get(node.id))
    if isinstance(node, ast.Attribute):
        whole = _object(node.value, frame)
        found = inspect.getattr_static(whole, node.attr, None)
        return found.__get__(whole) if isinstance(found, MemberDescriptorType) else found
    if isinstance(node, ast.Subscript):
        whole, at = _object(node.value, frame), _object(node.slice, frame)
        if type(whole) in (list, tuple, dict) and type(at) in (int, str):
            with suppress(LookupError):
                return whole[at]
    return None


def _shape(node: ast.expr, frame: FrameType) -> Shape | None:
    """Return the shape of an expression; None where that cannot be known without computing it."""
    if isinstance(node, ast.BinOp):
        left, right = _shape(node.left, frame), _shape(node.right, frame)
        return None if left is None or right is None else _together(node.op, left, right)
    if isinstance(node, ast.UnaryOp):
        return _shape(node.operand, frame)
    if isinstance(node, ast.Attribute) and node.attr == "T" and (turned := _shape(node.value, frame)) is not None:
        return turned[::-1]
    if isinstance(node, ast.Call):
        function = _object(node.func, frame)
        unary = isinstance(function, np.ufunc) and function.nin == 1 and len(node.args) == 1
        return _shape(node.args[0], frame) if unary else None
    found = _object(node, frame)
    if isinstance(found, int | float):
        return ()
    is_tensor = type(found).__module__.partition(".")[0] == "torch" and hasattr(found, "shape")
    return tuple(map(int, found.shape)) if is_tensor or isinstance(found, np.ndarray) else None


def _together(op: ast.operator, left: Shape, right: Shape) -> Shape | None:
    """Return the shape of what an operator makes of two; None where they do not fit."""
    try:
        if not isinstance(op, ast.MatMult):
            return np.broadcast_shapes(left, right)
        if not left or not right or left[-1] != right[-2:][0]:
            return None
        stacked = np.broadcast_shapes(left[:-2], right[:-2])
    except ValueError:
        return None
    return (*stacked, *left[-2:-1], *right[-1:][: len(right) - 1])


# the sentence


def _of_operands(op: ast.operator, left: ast.expr, right: ast.expr, frame: FrameType, *, in_place: bool = False) -> str:
    a, b = _shape(left, frame), _shape(right, frame)
    if a is None or b is None:
        return ""
    made = _together(op, a, b)
    if made == a or (made is not None and not in_place):
        return ""
    first, second = _written(left), _written(right)
    sign = ast.unparse(ast.BinOp(ast.Name("a"), op, ast.Name("b")))[2:-2]
    sizes = f"{first} {sign}{'=' if in_place else ''} {second}: {first} is {_text(a)} but {second} is {_text(b)}"
    if made is not None:
        way = _sum_that_fits(second, a, b)
        kept = f"{first} keeps its shape, and the gradient of what is repeated is a sum"
        return f"{sizes}; {kept}{f': {way} fits' if way else ''}"
    rule = f"the columns of {first} must equal the rows of {second}" if isinstance(op, ast.MatMult) else _FROM_THE_RIGHT
    fits = _turned_that_fit(op, (first, second), (a, b), sign, in_place=in_place)
    return f"{sizes}; {rule}{f': {fits}' if fits else ''}"


def _sum_that_fits(text: str, wanted: Shape, shape: Shape) -> str:
    """Return the sum of an array that has the wanted shape, if there is one."""
    before = len(shape) - len(wanted)
    axes = tuple(axis for axis, size in enumerate(shape) if axis < before or wanted[axis - before] != size)
    axis = axes[0] if len(axes) == 1 else axes
    if tuple(size for place, size in enumerate(shape) if place not in axes) == wanted:
        return f"{text}.sum(axis={axis})"
    return "" if before else f"{text}.sum(axis={axis}, keepdims=True)"


def _turned_that_fit(
    op: ast.operator, texts: tuple[str, str], shapes: tuple[Shape, Shape], sign: str, *, in_place: bool
) -> str:
    """Return with which of two matrices turned around, or exchanged, they would fit."""
    (first, second), (a, b) = texts, shapes
    if len(a) != 2 or len(b) != 2:
        return ""
    fit = [f"{first} {sign} {_turned(second)}"] if _together(op, a, b[::-1]) is not None else []
    if not in_place and _together(op, a[::-1], b) is not None:
        fit.append(f"{_turned(first)} {sign} {second}")
    if not fit and _together(op, b, a) is not None:
        fit = [f"{second} {sign} {first}"]
    return f"{' and '.join(fit)} fit{'s' * (len(fit) == 1)}" if fit else ""


def _written(node: ast.expr) -> str:
    text = ast.unparse(node)
    return text if isinstance(node, ast.Name | ast.Attribute | ast.Subscript | ast.Call) else f"({text})"


def _turned(text: str) -> str:
    return text.removesuffix(".T") if text.endswith(".T") else f"{text}.T"


def _text(shape: Shape) -> str:
    return f"({','.join(map(str, shape))}{',' * (len(shape) == 1)})"
