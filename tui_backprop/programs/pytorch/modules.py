"""Which modules are running, and what modules and tensors are called in the script."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import CodeType, FrameType
from typing import Any

import torch

from ..execution import Execution
from ..naming import name_objects

_NO_SCOPE: tuple[str, ...] = ()


class Modules:
    """The stack of running modules; `scope` are their names, the outermost first, as far as they are known.

    A module's first name is that of its class, with its number among those that were called from outside of all
    others; `called` says what it is called in the script.
    """

    def __init__(self) -> None:
        self.scope = _NO_SCOPE
        self._stack: list[tuple[Any, tuple[str, ...]]] = []
        self._paths: dict[int, str] = {}
        self._roots: dict[int, tuple[Any, str, str]] = {}
        self._local: dict[tuple[CodeType, int, int], str] = {}

    def enter(self, module: Any, frame: FrameType) -> None:
        """Note that a module begins."""
        if id(module) not in self._paths:
            self._learn(module, frame)
        self._stack.append((module, self.scope))
        self.scope = (*self.scope, self._paths[id(module)])

    def leave(self) -> None:
        """Note that the innermost module has ended."""
        if self._stack:
            self.scope = self._stack.pop()[1]

    def _learn(self, module: Any, frame: FrameType) -> None:
        name = local_name(module, frame) or type(module).__name__.lower()
        root = f"{len(self._roots)}:{name}"
        self._roots[id(module)] = module, root, name
        for path, each in module.named_modules():
            if id(each) not in self._paths or path == "":
                self._paths[id(each)] = path or root

    def name_of_leaf(self, tensor: Any, number: int, frame: FrameType) -> str:
        """Return what a tensor is called where it is used, nothing where it has no name there.

        At one place, the tensors that are given in one position are called alike.
        """
        site = frame.f_code, frame.f_lasti, number
        if site not in self._local:
            self._local[site] = local_name(tensor, frame)
        return self._local[site]

    def names(self, execution: Execution) -> tuple[dict[int, str], dict[str, str]]:
        """Return the names of tensors by `id`, and by the first part of a scope what it is called.

        A single module that holds what is trained gives its parameters no prefix.
        """
        held: dict[int, Any] = {}

        def wanted(value: object) -> bool:
            if issubclass(type(value), torch.nn.Module | torch.Tensor):
                held[id(value)] = value
                return True
            return False

        found = name_objects(vars(execution.main), wanted, execution.loop_names)
        tops = {key: (held[key], name) for key, name in found.items() if issubclass(type(held[key]), torch.nn.Module)}
        inside = {id(each) for module, _ in tops.values() for each in module.modules()}
        for key, (module, _, name) in self._roots.items():
            if key not in inside:
                tops[key] = module, name
                inside |= {id(each) for each in module.modules()}
        own = [key for key, (module, _) in tops.items() if any(True for _ in module.parameters())]
        own = [key for key in own if not any(key in _inner(tops[other][0]) for other in own)]
        prefixes = {key: "" if own == [key] else tops[key][1] for key in tops}
        names: dict[int, str] = {}
        for key in own:
            for name, tensor in _tensors(tops[key][0]):
                names.setdefault(id(tensor), f"{prefixes[key]}.{name}" if prefixes[key] else name)
        for key, name in found.items():
            if issubclass(type(held[key]), torch.Tensor):
                names.setdefault(key, name)
        scopes = {root: _path_of(key, tops, prefixes) or name for key, (_, root, name) in self._roots.items()}
        if len(own) == 1 and own[0] in self._roots:
            scopes[self._roots[own[0]][1]] = ""
        return names, scopes


def local_name(value: object, frame: FrameType) -> str:
    """Return the variable that holds a value where it is used, nothing where none does."""
    for names in (frame.f_locals, frame.f_globals):
        for name, held in tuple(names.items()):
            if held is value and not name.startswith("_"):
                return name
    return ""


def _inner(module: Any) -> set[int]:
    return {id(each) for each in module.modules() if each is not module}


def _tensors(module: Any) -> Iterator[tuple[str, Any]]:
    yield from module.named_parameters()
    yield from module.named_buffers()


def _path_of(key: int, tops: Mapping[int, tuple[Any, str]], prefixes: Mapping[int, str]) -> str:
    """Return what a module is called that was called from outside: its own name, or its path in the one that has it."""
    for top, (module, name) in tops.items():
        if top == key:
            return name
        for path, each in module.named_modules():
            if id(each) == key and path:
                return f"{prefixes[top]}.{path}" if prefixes[top] else path
    return ""
