"""Which classes of a file have to be left as they are written, because of what another class is built on beside them.

A class cannot be built on two whose instances are laid out in memory in ways of their own: `class Layers(Module, list)`
can be no more once `Module` has a place for a note. So the file is read when its first class is built.
"""

from __future__ import annotations

import ast
import builtins
import collections
import linecache
from collections.abc import Iterator
from functools import lru_cache

_OTHERS = ("ndarray", "NamedTuple")


@lru_cache(50)
def bases_beside_builtins(file: str) -> frozenset[str]:
    """Return the names of the classes of a file that some class is built on together with a built-in one."""
    try:
        tree = ast.parse("".join(linecache.getlines(file)))
    except (SyntaxError, ValueError):  # a file that is gone, or was changed meanwhile
        return frozenset()
    bases = {each.name: list(_names(each)) for each in ast.walk(tree) if isinstance(each, ast.ClassDef)}
    found: set[str] = set()
    pending = [name for each in bases.values() if any(map(_has_own_layout, each)) for name in each]
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending += bases.get(name, [])
    return frozenset(found & bases.keys())


def _names(written: ast.ClassDef) -> Iterator[str]:
    for base in written.bases:
        if isinstance(base, ast.Name):
            yield base.id
        elif isinstance(base, ast.Attribute):
            yield base.attr


def _has_own_layout(name: str) -> bool:
    found = getattr(builtins, name, None) or getattr(collections, name, None)
    return name in _OTHERS or (isinstance(found, type) and found is not object)
