"""The source of an operation that NumPy has no word for, be it ours or a person's own: its functions, as they stand."""

from __future__ import annotations

import ast
import builtins
import inspect
import sys
import textwrap
from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from ..programs.bare_source import Bare
from ..programs.program import ProgramError
from .names import Names

_NUMPY = (np, np.lib.stride_tricks, np.lib.array_utils, np.linalg, np.random)


class Sources:
    """Functions that a script has to bring along, in the order in which they are needed, with what they call."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._taken: dict[Any, str] = {}
        self._constants: list[str] = []
        self._functions: list[str] = []

    @property
    def lines(self) -> list[str]:
        """The lines of what was taken: modules and numbers, then the functions."""
        return [*([""] if self._constants else []), *self._constants, *self._functions]

    def take(self, function: Callable[..., Any], whose: str) -> str:
        """Return the name under which the script has a function; raises ProgramError where it cannot be written."""
        if function in self._taken:
            return self._taken[function]
        if not isinstance(function, FunctionType) or function.__closure__:
            raise ProgramError(f"{whose} is computed by {function!r}, whose source cannot be written into a script")
        try:
            source = textwrap.dedent(inspect.getsource(function))
            [tree] = ast.parse(source).body
        except (OSError, TypeError, SyntaxError, ValueError):
            source, tree = "", ast.Pass()
        if not isinstance(tree, ast.FunctionDef):
            raise ProgramError(f"{whose} is computed by a function without a source: {function.__name__}")
        name = self._taken[function] = self._names.take(function.__name__)
        self._functions += ["", "", *self._written(tree, source, function, name, whose)]
        return name

    def _written(self, tree: ast.FunctionDef, source: str, function: FunctionType, name: str, whose: str) -> list[str]:
        """Return a function's lines without its decorators and annotations, what it refers to renamed."""
        own = {each.arg for each in ast.walk(tree) if isinstance(each, ast.arg)}
        own |= {each.name for each in ast.walk(tree) if isinstance(each, ast.FunctionDef) and each is not tree}
        own |= {each.id for each in ast.walk(tree) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}
        bare = Bare()
        bare.visit(tree)
        referring = [each for each in ast.walk(tree) if isinstance(each, ast.Name) and each.id not in own]
        renamed = {function.__name__: name}
        for each in referring:
            if each.id not in renamed:
                renamed[each.id] = self._reference(each.id, function, whose)
        if not bare.has_annotations and all(old == new for old, new in renamed.items()):
            return source.rstrip().splitlines()[tree.lineno - 1 :]  # with its comments
        for each in referring:
            each.id = renamed[each.id]
        tree.name = name
        return ast.unparse(ast.fix_missing_locations(tree)).splitlines()

    def _reference(self, name: str, function: FunctionType, whose: str) -> str:
        """Return how what a function refers to is called in the script, which has it from here on."""
        if name not in function.__globals__:
            if hasattr(builtins, name):
                return name
            raise ProgramError(f"{whose} is computed with {name}, which its file does not have")
        value = function.__globals__[name]
        if value is np:
            return "np"
        for module in _NUMPY:
            if getattr(module, name, None) is value:
                return f"{module.__name__.replace('numpy', 'np', 1)}.{name}"
        if isinstance(value, ModuleType) and value.__name__ in sys.stdlib_module_names:
            return self._constant(function, name, f"import {value.__name__} as {{}}")
        if callable(value) and isinstance(unwrapped := inspect.unwrap(value), FunctionType):
            return self.take(unwrapped, whose)
        if isinstance(value, bool | int | float | str | type(None)):
            return self._constant(function, name, f"{{}} = {value!r}")
        raise ProgramError(f"{whose} is computed with {_called(name, value)}, which cannot be written into a script")

    def _constant(self, function: FunctionType, name: str, line: str) -> str:
        key = function.__module__, name
        if key not in self._taken:
            self._taken[key] = self._names.take(name)
            self._constants.append(line.format(self._taken[key]))
        return self._taken[key]


def _called(name: str, value: object) -> str:
    return f"the module {value.__name__}" if isinstance(value, ModuleType) else name
