"""Which scripts compute with NumPy alone: their arrays are noted, and those of no other."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ..engine.noting import ARITHMETIC
from ..notebook import cells_of
from ..program import ProgramError

_OTHERS = ("minidl_core", "torch", "tensorflow", "jax", "autograd", "cupy", "numba")
_NO_SOURCE = SyntaxError, ValueError, RecursionError, MemoryError


def is_plain_numpy(path: str) -> bool:
    """Return whether a script and the modules beside it compute with NumPy, and none has an engine of its own."""
    try:
        source = Path(path).read_bytes()
        if path.endswith(".ipynb"):
            source = b"\n".join(cells_of(source, path, path)[0].values())
        trees = [ast.parse(source)]
    except (OSError, *_NO_SOURCE, ProgramError):
        return False
    seen: set[str] = set()
    imported: set[str] = set()
    while trees:
        for node in ast.walk(trees.pop()):
            if isinstance(node, ast.FunctionDef) and node.name in ARITHMETIC:
                return False
            for name in _imported(node):
                imported.add(name.partition(".")[0])
                trees += _modules_beside(path, name, seen)
    return "numpy" in imported and not imported & set(_OTHERS)


def _imported(node: ast.AST) -> list[str]:
    """Return the names of the modules that a statement may import."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        base = node.module or ""
        return [base, *(f"{base}.{alias.name}".strip(".") for alias in node.names)]
    return []


def _modules_beside(path: str, name: str, seen: set[str]) -> Iterator[ast.Module]:
    """Yield the modules of a name that are beside a script, each once."""
    file = Path(path).parent.joinpath(*name.split("."))
    for each in (file.with_suffix(".py"), file / "__init__.py"):
        if str(each) not in seen and each.is_file():
            seen.add(str(each))
            with suppress(OSError, *_NO_SOURCE):
                yield ast.parse(each.read_bytes())
