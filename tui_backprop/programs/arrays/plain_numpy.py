"""Which scripts compute with NumPy alone: their arrays are noted, and those of no other."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from ..engine.noting import ARITHMETIC
from ..notebook import cells_of
from ..program import ProgramError
from ..project import project_of

_OTHERS = ("minidl_core", "torch", "tensorflow", "jax", "autograd", "cupy", "numba")
_NO_SOURCE = SyntaxError, ValueError, RecursionError, MemoryError


def is_plain_numpy(path: str) -> bool:
    """Return whether a script and the modules of its project compute with NumPy, and none has an engine of its own."""
    try:
        source = Path(path).read_bytes()
        if path.endswith(".ipynb"):
            source = b"\n".join(cells_of(source, path, path)[0].values())
        trees = [ast.parse(source)]
    except (OSError, *_NO_SOURCE, ProgramError):
        return False
    folders = [Path(path).parent, Path(project_of(path))]
    seen: set[str] = set()
    imported: set[str] = set()
    while trees:
        for node in ast.walk(trees.pop()):
            if isinstance(node, ast.FunctionDef) and node.name in ARITHMETIC:
                return False
            for name in _imported(node):
                imported.add(name.partition(".")[0])
                trees += _modules_in(folders, name, seen)
    return "numpy" in imported and not imported & set(_OTHERS)


def _imported(node: ast.AST) -> list[str]:
    """Return the names of the modules that a statement may import."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        base = node.module or ""
        return [base, *(f"{base}.{alias.name}".strip(".") for alias in node.names)]
    return []


def _modules_in(folders: Sequence[Path], name: str, seen: set[str]) -> Iterator[ast.Module]:
    """Yield the modules of a name that are in some folders, each once."""
    places = [folder.joinpath(*name.split(".")) for folder in folders]
    for each in (file for place in places for file in (place.with_suffix(".py"), place / "__init__.py")):
        if str(each) not in seen and each.is_file():
            seen.add(str(each))
            with suppress(OSError, *_NO_SOURCE):
                yield ast.parse(each.read_bytes())
