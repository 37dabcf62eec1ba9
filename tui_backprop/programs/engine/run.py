"""The run of a learner's own engine as steps over graphs of ours, each built when it is asked for."""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, overload

import numpy as np

from minidl_core import Node
from minidl_core.arrays import Array
from minidl_core.train import GradientDescentOptimizer, Optimizer

from ..execution import Execution
from ..recorded import RecordedStep
from .graphs import Built, Graphs, as_array, is_same, number_of
from .names import name_nodes
from .recorder import Numbers, Recorder, Taken


class EngineRun(Sequence[RecordedStep]):
    """The steps that a learner's engine took; the graphs of all of them share their variables."""

    def __init__(self, recorder: Recorder, execution: Execution) -> None:
        self._recorder = recorder
        self._steps = recorder.steps
        names, kind_names = name_nodes(recorder.walker, execution)
        self._follow_leaves(names)
        self._graphs = Graphs(recorder, execution.files, self._trained, names, kind_names)
        self._built: dict[tuple[Any, ...], Built] = {}
        self._rate = cache(self._find_rate)
        self.owner = self._optimizer(0)
        self._step = lru_cache(8)(self._make_step)
        self.engine = self._graphs.engine

    def __len__(self) -> int:
        return len(self._steps)

    @overload
    def __getitem__(self, index: int) -> RecordedStep: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[RecordedStep]: ...
    def __getitem__(self, index: int | slice) -> RecordedStep | Sequence[RecordedStep]:
        """Return a step, or some; a graph is built when a step over it is asked for first."""
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        return self._step(range(len(self))[index])

    def _follow_leaves(self, names: Mapping[int, str]) -> None:
        """Find which leaves are variables, and what each is after a step."""
        last: dict[int, tuple[int, Any]] = {}
        self._trained: set[int] = set()
        self._left: list[dict[int, Any]] = [{} for _ in self._steps]
        for number, step in enumerate(self._steps):
            for serial, value in zip(step.serials, step.numbers, strict=True):
                if serial in last:
                    before, old = last[serial]
                    self._left[before][serial] = value
                    if not is_same(old, value):
                        self._trained.add(serial)
                last[serial] = number, value
        for serial, value in self._recorder.left().items():
            before, old = last[serial]
            self._left[before][serial] = value
            if not is_same(old, value):
                self._trained.add(serial)
        # a weight that no step moved is still one of those that it stands among
        roots = {_root(names[serial]) for serial in self._trained if serial in names}
        for serial in set(names) & set(last):
            if not roots or _root(names[serial]) in roots:
                self._trained.add(serial)

    def _optimizer(self, number: int) -> Optimizer:
        """Return gradient descent at the rate that this step shows, or at the one of the step before."""
        for at in (number, *range(number)[::-1]):
            rate = self._rate(at)
            if rate:
                return GradientDescentOptimizer(rate)
        return GradientDescentOptimizer(0.1)

    def _find_rate(self, number: int) -> float | None:
        step = self._steps[number]
        rates: list[float] = []
        for position, serial, value in zip(step.structure.leaves, step.serials, step.numbers, strict=True):
            gradient, left = step.after[position], self._left[number].get(serial)
            if serial in self._trained and gradient is not None and left is not None:
                moved, slope = np.ravel(value - left), np.ravel(gradient)
                if moved.shape == slope.shape and (slope != 0).any():
                    largest = int(np.argmax(abs(slope)))
                    rates.append(float(moved[largest] / slope[largest]))
                    if not np.isclose(rates[-1], rates[0], rtol=1e-5):  # thousands of others would not change that
                        return None
        if not rates or not 0 < np.median(rates) < np.inf:
            return None
        rate = float(np.median(rates))
        return float(f"{rate:.9g}") if np.allclose(rates, rate, rtol=1e-6) else None

    def _make_step(self, number: int) -> RecordedStep:
        step = self._steps[number]
        built = self._graph_of(step)
        variables = self._graphs.variables
        left = self._left[number]
        # what a step brings in, the step before could not leave; its number is not the one with which it was built
        before = set(self._steps[number - 1].serials) if number else ()
        numbers = dict(zip(step.serials, step.numbers, strict=True))
        brought = {variables[s]: as_array(numbers[s]) for s in numbers if s in variables and s not in before}
        return RecordedStep(
            loss=built.nodes[-1],
            optimizer=self._optimizer(number),
            owner=self.owner,
            feeds={place: as_array(number_of(step, n)) for n, place in built.fed.items()},
            measured=step.loss,
            set_before=brought,
            left_after={variables[s]: as_array(left[s]) for s in step.serials if s in variables and s in left},
            theirs=_by_node(built.nodes, step.after),
            before=_by_node(built.nodes, step.before),
        )

    def _graph_of(self, step: Taken) -> Built:
        shared = self._shared(step)
        key = (id(step.structure), shared)
        if key not in self._built:
            like = [other for other in self._steps if other.structure is step.structure]
            like = [other for other in like if self._shared(other) == shared]
            self._built[key] = self._graphs.build(like)
        return self._built[key]

    def _shared(self, step: Taken) -> tuple[int, ...]:
        return tuple([serial if serial in self._trained else 0 for serial in step.serials])


def _root(name: str) -> str:
    return name.replace(".", "[").partition("[")[0]


def _by_node(nodes: Sequence[Node], numbers: Numbers) -> dict[Node, Array]:
    if isinstance(numbers, array):
        values = np.array(numbers)
        return {node: value for node, value in zip(nodes, values, strict=True) if not math.isnan(value)}
    found = {}
    for node, value in zip(nodes, numbers, strict=True):
        if value is not None and not (isinstance(value, float) and math.isnan(value)):
            found[node] = as_array(value)
    return found
