"""A function without its decorators and annotations, as a script that was written has it; and which of ours it is."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from functools import cache

from minidl_core.definition import OperationDefinition, definitions


def operation_like(function: ast.FunctionDef) -> OperationDefinition | None:
    """Return the operation of ours that a script has the function of, under its name or with a number behind it."""
    definition = definitions.get(re.sub(r"_\d+$", "", function.name))
    return definition if definition is not None and _text(function) == _text_of_ours(definition) else None


@cache
def _text_of_ours(definition: OperationDefinition) -> str:
    [tree] = ast.parse(textwrap.dedent(inspect.getsource(definition.compute))).body
    assert isinstance(tree, ast.FunctionDef)
    Bare().visit(tree)
    return _text(tree)


def _text(function: ast.FunctionDef) -> str:
    """Return the inputs and lines of a function without what is said about it."""
    lines = [
        each for each in function.body if not (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))
    ]
    return "\n".join(map(ast.unparse, (function.args, *lines)))


class Bare(ast.NodeTransformer):
    """Takes annotations away, whose names the script would have to know."""

    has_annotations = False

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Take what is returned and the decorators away."""
        self.has_annotations |= node.returns is not None
        node.decorator_list, node.returns = [], None
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.arg:
        """Take what an input is away."""
        self.has_annotations |= node.annotation is not None
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        """Take what a name is away, and where that is all, the line."""
        self.has_annotations = True
        if node.value is None:
            return ast.Pass()
        return ast.Assign(targets=[node.target], value=node.value, lineno=node.lineno)
