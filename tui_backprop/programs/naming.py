"""Names for what a script made, from where the script keeps it: `wq[3][5]`, `model['query'][2]`, `net.layers[0].w`.

None of the script's own code is called: attributes are read past its properties, containers past their iterators, and
objects are told apart by identity.
"""

from __future__ import annotations

import ast
import types
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import numpy as np

from .project import is_of_project, project_of

_ATOMS = frozenset({int, float, complex, str, bytes, bool, type(None), types.FunctionType, types.BuiltinFunctionType})
_KEYS = frozenset({int, float, str, bool, type(None)})
_MOST_IN_ONE, _MOST = 100_000, 300_000  # containers and objects that are looked into

Members = Iterator[tuple[str, object, bool]]
"""How a member is reached, what it is, and whether it is meant to be seen."""


def name_objects(
    namespace: Mapping[str, object], wanted: Callable[[object], bool], last: Collection[str] = ()
) -> dict[int, str]:
    """Return a name for each wanted object that a namespace leads to, by the object's `id`.

    A variable of its own goes first; then the variable that comes first in the namespace (a flat list of all weights is
    made of what is there already), and of its paths the shortest. Names with an underscore in front, and those in
    `last`, are taken where there is no other. What a wanted object itself holds is not looked at.
    """
    variables = [(name, value) for name, value in namespace.items() if not name.startswith("__")]
    late = [each for each in variables if each[0].startswith("_") or each[0] in last]
    early = [each for each in variables if not (each[0].startswith("_") or each[0] in last)]
    project = project_of(str(namespace.get("__file__", "")))
    names: dict[int, str] = {}
    seen: dict[int, object] = {}  # holds them, so that no id comes twice
    for some in (early, late):
        for name, value in some:
            if type(value) not in _ATOMS and wanted(value):
                names.setdefault(id(value), name)
        for name, value in some:
            if type(value) in _ATOMS:
                continue
            _search(name, value, wanted, names, seen, project)
    return names


def loop_names(source: str | bytes) -> set[str]:
    """Return the variables of a module's own loops: after a loop, each is still called as its last element was."""
    found: set[str] = set()
    waiting: list[ast.AST] = [ast.parse(source)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.For | ast.AsyncFor):
            found |= {each.id for each in ast.walk(node.target) if isinstance(each, ast.Name)}
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.expr):
            waiting += ast.iter_child_nodes(node)
    return found


def _search(
    name: str,
    value: object,
    wanted: Callable[[object], bool],
    names: dict[int, str],
    seen: dict[int, object],
    project: str,
) -> None:
    """Name what one variable leads to, breadth first."""
    waiting = deque([(name, value)])
    hidden: deque[tuple[str, object]] = deque()
    most = min(len(seen) + _MOST_IN_ONE, _MOST)
    while (waiting or hidden) and len(seen) < most:
        path, holder = (waiting or hidden).popleft()
        if wanted(holder):
            names.setdefault(id(holder), path)
            continue
        if id(holder) in seen:
            continue
        seen[id(holder)] = holder
        for step, member, is_open in _members(holder, project):
            if type(member) in _ATOMS:
                continue
            (waiting if is_open else hidden).append((path + step, member))


def _members(holder: Any, project: str) -> Members:
    kind = type(holder)
    if issubclass(kind, list):
        yield from ((f"[{index}]", member, True) for index, member in enumerate(list.__iter__(holder)))
    elif issubclass(kind, tuple):
        yield from ((f"[{index}]", member, True) for index, member in enumerate(tuple.__iter__(holder)))
    elif issubclass(kind, dict):
        yield from ((f"[{key!r}]", member, True) for key, member in dict.items(holder) if _is_key(key))
    elif kind is np.ndarray:
        if holder.dtype == object and holder.ndim:
            yield from ((f"[{index}]", each, True) for index, each in enumerate(holder.tolist()))
    elif issubclass(kind, types.ModuleType):
        held = types.ModuleType.__getattribute__(holder, "__dict__")
        file = held.get("__file__")
        if type(file) is str and is_of_project(file, project):
            yield from _attributes(held)
    elif issubclass(kind, type):
        held = type.__getattribute__(holder, "__dict__")
        if held.get("__module__") == "__main__":
            yield from _attributes(held)
    if not issubclass(kind, type | types.ModuleType):
        for base in type.__getattribute__(kind, "__mro__"):
            for name, descriptor in type.__getattribute__(base, "__dict__").items():
                if type(descriptor) is types.MemberDescriptorType and not name.startswith("__"):
                    try:
                        yield f".{name}", descriptor.__get__(holder), not name.startswith("_")
                    except AttributeError:  # it is not set
                        continue
                elif name == "__dict__" and type(descriptor) is types.GetSetDescriptorType:
                    yield from _attributes(descriptor.__get__(holder))


def _attributes(held: Mapping[Any, object]) -> Members:
    for name, member in tuple(held.items()):
        if type(name) is str and not name.startswith("__"):
            yield f".{name}", member, not name.startswith("_")


def _is_key(key: object) -> bool:
    """Return whether a key can be written without calling any code of the script."""
    return type(key) in _KEYS or (type(key) is tuple and all(type(each) in _KEYS for each in key))
