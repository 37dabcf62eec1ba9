"""Which of a script's variables it updates in a loop as plain Python numbers: those leave no trace of a computation."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping

from .numpy_loop import ENGINES, imported_by


def updated_number(source: str, namespace: Mapping[str, object]) -> tuple[str, bool] | None:
    """Return the first variable from which a loop of the source takes a step, and which is a number or a list of them.

    Whether it is one is known where it is in the namespace; one that is a function's own may be anything. A source that
    imports an engine or has a class of its own with a backward pass trains by that, so there is none.
    """
    tree = ast.parse(source)
    if _has_engine(tree):
        return None
    loops = (node for node in ast.walk(tree) if isinstance(node, ast.For | ast.While))
    for name in _stepped(loops):
        if name not in namespace or _is_plain(namespace[name]):
            return name, name in namespace
    return None


def _has_engine(tree: ast.Module) -> bool:
    methods = (each for node in ast.walk(tree) if isinstance(node, ast.ClassDef) for each in node.body)
    has_backward = any(isinstance(each, ast.FunctionDef) and each.name == "backward" for each in methods)
    return has_backward or not imported_by(tree).isdisjoint(ENGINES)


def _stepped(loops: Iterable[ast.stmt]) -> Iterator[str]:
    """Yield the names in `w -= RATE * STEP`, of entries, too, and `w = w - RATE * STEP`; what is spent is no step."""
    for node in (node for loop in loops for node in ast.walk(loop)):
        step: ast.expr
        match node:
            case ast.AugAssign(target=target, op=ast.Sub(), value=step):
                pass
            case ast.Assign(targets=[target], value=ast.BinOp(left=left, op=ast.Sub(), right=step)):
                if ast.unparse(left) != ast.unparse(target):
                    continue
            case _:
                continue
        while isinstance(target, ast.Subscript):
            target = target.value
        while isinstance(step, ast.BinOp) and isinstance(step.op, ast.Div):
            step = step.left
        if isinstance(target, ast.Name) and isinstance(step, ast.BinOp) and isinstance(step.op, ast.Mult):
            yield target.id


def _is_plain(value: object) -> bool:
    while type(value) is list and value:
        value = value[0]
    return type(value) is float
