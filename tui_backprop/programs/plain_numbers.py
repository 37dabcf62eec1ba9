"""Which of a script's variables it updates in a loop as plain Python numbers: those leave no trace of a computation."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping


def updated_number(source: str, namespace: Mapping[str, object]) -> str | None:
    """Return the first variable from which a loop of the source takes a step, and which is a number or a list of them.

    One that is not in the namespace, because it is a function's own, may be anything.
    """
    loops = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.For | ast.While))
    return next((name for name in _stepped(loops) if _is_plain(namespace.get(name, 0.0))), None)


def _stepped(loops: Iterable[ast.stmt]) -> Iterator[str]:
    """Yield the names in `w -= STEP`, `w[i] -= STEP` and `w = w - STEP`; to count down is no step."""
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
        if isinstance(target, ast.Name) and not isinstance(step, ast.Constant):
            yield target.id


def _is_plain(value: object) -> bool:
    while type(value) is list and value:
        value = value[0]
    return type(value) is float
