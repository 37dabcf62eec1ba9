"""Watching torch while a script runs: its functions, its modules, its backward calls, its optimizers.

A mode of torch sees every call of its functions. Those that are written in Python only call others, so they are made
not to stop at the mode, and what it sees are the others. Nothing is done before the script itself imports torch.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.machinery import ModuleSpec, PathFinder
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .recorder import Recorder


@contextmanager
def watching_torch(most: float) -> Iterator[list[Recorder]]:
    """Record what is trained with torch in this block, at most so many steps.

    The list has the recorder once torch is imported.
    """
    recorders: list[Recorder] = []
    with ExitStack() as after:

        def start() -> None:
            from .recorder import Recorder
            from .seeing import seeing

            if not recorders:
                recorders.append(Recorder(most=most))
                after.enter_context(seeing(recorders[0]))

        if "torch" in sys.modules:
            start()
        else:
            finder = _Finder(start)
            sys.meta_path.insert(0, finder)
            after.callback(_remove, finder)
        yield recorders


def _remove(finder: _Finder) -> None:
    if finder in sys.meta_path:
        sys.meta_path.remove(finder)


class _Finder:
    """Lets `import torch` be followed by a call."""

    def __init__(self, imported: Callable[[], None]) -> None:
        self._imported = imported

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Return the module's own spec, whose loader tells when it is done."""
        spec = PathFinder.find_spec(name, path, target) if name == "torch" else None
        if spec is None or spec.loader is None:
            return None
        loader, imported = spec.loader, self._imported
        execute = loader.exec_module

        def exec_module(module: Any) -> None:
            execute(module)
            imported()

        loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec
