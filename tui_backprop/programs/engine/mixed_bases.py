"""Which classes of a file have to be left as they are written, because of what another class is built on beside them.

A class cannot be built on two whose instances are laid out in memory in ways of their own: `class Layers(Module, list)`
can be no more once `Module` has a place for a note. So a file is read when its first class is built, and those beside
it that import from it.
"""

from __future__ import annotations

import ast
import builtins
import collections
import linecache
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

_OTHERS = ("ndarray", "NamedTuple")
_MOST_FILES = 100


@lru_cache(50)
def bases_beside_builtins(file: str) -> frozenset[str]:
    """Return the names of a file's classes on which some class is built together with a built-in one.

    That may be a class of the same file, or of one beside it that imports from it.
    """
    trees = [*_trees("".join(linecache.getlines(file)))]
    for other in sorted(Path(file).parent.glob("*.py"))[:_MOST_FILES]:
        if str(other) != file:
            with suppress(OSError, UnicodeDecodeError):
                source = other.read_text(encoding="utf-8")
                # to read a file takes little, to parse a hundred takes seconds
                found_in = _trees(source) if Path(file).stem in source else ()
                trees += [tree for tree in found_in if Path(file).stem in _imported(tree)]
    classes = [each for tree in trees for each in ast.walk(tree) if isinstance(each, ast.ClassDef)]
    bases: dict[str, list[str]] = {}
    for each in classes:
        bases.setdefault(each.name, []).extend(_names(each))
    found: set[str] = set()
    mixed = [each for each in (list(_names(written)) for written in classes) if any(map(_has_own_layout, each))]
    pending = [name for each in mixed for name in each]
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending += bases.get(name, [])
    return frozenset(found & bases.keys())


def _trees(source: str) -> Iterator[ast.Module]:
    with suppress(SyntaxError, ValueError, RecursionError, MemoryError):  # as a file that was changed meanwhile
        yield ast.parse(source)


def _imported(tree: ast.Module) -> Iterator[str]:
    """Yield the last parts of the names of modules that a file imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield from [(node.module or "").rpartition(".")[2], *(each.name for each in node.names)]
        elif isinstance(node, ast.Import):
            yield from (each.name.rpartition(".")[2] for each in node.names)


def _names(written: ast.ClassDef) -> Iterator[str]:
    for base in written.bases:
        if isinstance(base, ast.Name):
            yield base.id
        elif isinstance(base, ast.Attribute):
            yield base.attr


def _has_own_layout(name: str) -> bool:
    found = getattr(builtins, name, None) or getattr(collections, name, None)
    return name in _OTHERS or (isinstance(found, type) and found is not object)
