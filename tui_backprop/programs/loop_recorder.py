"""What the names of a training loop in plain NumPy are, noted while the script runs, iteration by iteration."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

from minidl_core.arrays import Array, copy_in

from .named_gradients import names_of
from .numpy_loop import NumpyLoop, find_loop

MOST_BYTES = 64 * 2**20
_NUMBERS = (np.ndarray, int, float, list)

Values = dict[str, Array]


class LoopRecorder:
    """Notes what the names of a script's training loop in plain NumPy are: at the `starts`, at the `ends`, and `left`.

    `loop` is None where the script has none. What is no array of numbers is left out, and `left_out` says whether more
    iterations came than fit. `gradients` are those that it stored in each iteration, by name, at these `lines`.
    """

    def __init__(self, path: str) -> None:
        self._file = os.path.abspath(path)
        self.loop = _loop_of(path)
        self.starts: list[Values] = []
        self.ends: list[Values] = []
        self.gradients: list[dict[str, list[Array]]] = []
        self.lines: dict[str, int] = {}
        self.left_out = False
        self._bytes = self._previous = 0
        self.left: Values = {}
        self._last: Values = {}
        self.changed_unnamed: set[str] = set()
        self._was_outside = False
        self._made: Values = {}
        leaves = [] if self.loop is None else self.loop.leaves
        self._names_of_gradients = {text for name in leaves for text in names_of(name, leaves)}
        self._stored = set().union(*self.loop.stores.values()) | self.loop.counters if self.loop else set[str]()
        self._names_of_gradients |= {used.name for used in (self.loop.gradients if self.loop else {}).values()}

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Look at the lines of the script's own loop, as long as this lasts."""
        before = sys.gettrace()
        if self.loop is not None:
            sys.settrace(self._call)
        try:
            yield
        finally:
            sys.settrace(before)

    def _call(self, frame: FrameType, _: str, __: Any) -> Callable[..., Any] | None:
        code = frame.f_code
        return self._line if code.co_name == "<module>" and code.co_filename == self._file else None

    def _line(self, frame: FrameType, event: str, _: Any) -> Callable[..., Any] | None:
        loop, names, line = self.loop, frame.f_globals, frame.f_lineno
        if loop is None or self.left_out:  # Python goes on to ask: None does not end it
            return None
        if self.ends and (event == "return" or not loop.line <= line <= loop.last_line):
            self.left = self._values(loop.leaves, names)
            self._was_outside = True
        if event != "line":
            return self._line
        if len(self.starts) > len(self.ends):
            # one that is clipped is stored again, so all that it was is kept
            for name in loop.stores.get(self._previous, set()) & self._names_of_gradients:
                self.gradients[-1].setdefault(name, []).extend(self._values([name], names).values())
                self.lines.setdefault(name, self._previous)
            self._made |= self._values(loop.made.get(self._previous, ()), names)
            if line == loop.line:
                self.ends.append(self.starts[-1] | self._made)
        elif line == loop.first_line:
            if self._bytes > MOST_BYTES:
                self.left_out, self.left = True, self._values(loop.leaves, names)
                return None
            self.starts.append(self._values(loop.leaves, names))
            if len(self.starts) > 1 and not self._was_outside:
                last, now = self.starts[-2:]
                self.changed_unnamed |= {
                    name for name in now.keys() & last.keys() if now[name] is not last[name]
                } - self._stored
            self._was_outside = False
            self.gradients.append({})
            self._made = {}
        self._previous = line
        return self._line

    def _values(self, names: Iterable[str], namespace: Mapping[str, Any]) -> Values:
        """Return copies of what is an array of numbers; where nothing has changed, the same array as before."""
        values: Values = {}
        for name in names:
            given: Any = namespace.get(name)
            if type(given) not in _NUMBERS and not isinstance(given, np.ndarray | np.generic):
                continue
            last = self._last.get(name)
            try:
                if last is None or not np.array_equal(last, given):
                    self._last[name] = last = copy_in(given)
                    self._bytes += last.nbytes
            except (TypeError, ValueError):
                continue
            values[name] = last
        return values


def _loop_of(path: str) -> NumpyLoop | None:
    try:
        loop = find_loop(Path(path).read_bytes())
        beside = [Path(path).with_name(f"{name}.py") for name in (loop.imported if loop else ())]
        # a module beside the script that has a class may be an engine, which would be slowed down
        return None if any(b"class " in each.read_bytes() for each in beside if each.is_file()) else loop
    except (OSError, ValueError):
        return None  # whoever runs it will say why
