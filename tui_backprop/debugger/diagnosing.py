"""Which line of a learner's backward function changes a gradient: where to look for what a diagnosis says."""

from __future__ import annotations

import ast
import inspect
import textwrap
from types import CodeType

from .kept import kept


@kept
def line_of_gradient(code: CodeType, gradient: str, *, is_set: bool) -> int | None:
    """Return the line of a backward function in which an attribute of this name is changed, else its first line.

    Where `is_set`, it is a line with = in place of +=; None where there is none.
    """
    try:
        lines, start = inspect.getsourcelines(code)
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, TypeError, SyntaxError):
        return code.co_firstlineno
    changes = [
        node for node in ast.walk(tree) if isinstance(node, ast.Assign | ast.AugAssign) and _is_of(node, gradient)
    ]
    if is_set:
        changes = [node for node in changes if isinstance(node, ast.Assign) and not _adds(node)]
    line = min((node.lineno for node in changes), default=None if is_set else 1)
    return None if line is None else start + line - 1


@kept
def line_of_return(code: CodeType) -> int:
    """Return the line in which a function returns what it makes, with its slopes; where there is none, its first."""
    try:
        lines, start = inspect.getsourcelines(code)
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, TypeError, SyntaxError):
        return code.co_firstlineno
    returns = [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Return)]
    return start + max(returns, default=1) - 1


def _is_of(node: ast.Assign | ast.AugAssign, gradient: str) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return any(isinstance(each, ast.Attribute) and each.attr == gradient for each in targets)


def _adds(node: ast.Assign) -> bool:
    """Return whether an assignment is of the kind `a.grad = a.grad + ...`."""
    read = {ast.unparse(each) for each in ast.walk(node.value) if isinstance(each, ast.Attribute)}
    return any(ast.unparse(target) in read for target in node.targets)
