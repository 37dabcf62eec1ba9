"""The run of a script that trains with torch as steps over graphs of ours, each built when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from minidl_core import Node
from minidl_core.arrays import Array, copy_in
from minidl_core.train import GradientDescentOptimizer, Optimizer

from ..execution import Execution
from ..learners_engine import LearnersEngine
from ..recorded import RecordedStep, StepsOnDemand
from ..updates import ProgramsOptimizer, SummedDescent, rate_of_one
from .graphs import Built, Graphs
from .recorder import Recorder, Taken

_CLOSE = {np.dtype(np.float32): 1e-4, np.dtype(np.float64): 1e-9}


class TorchRun(StepsOnDemand):
    """The steps that a script took with torch; the graphs of all of them share their variables."""

    def __init__(self, recorder: Recorder, execution: Execution) -> None:
        self._recorder = recorder
        self._steps = recorder.steps
        super().__init__(len(self._steps))
        starting: dict[int, Array] = {}
        for step in self._steps:
            for key, value in zip(step.ids, step.numbers, strict=True):
                starting.setdefault(key, value)
        self._graphs = Graphs(*recorder.modules.names(execution), starting)
        self._follow()
        self._owners: dict[tuple[int, type], Optimizer] = {}
        self._copies: dict[int, Array] = {}
        self._losses = len({step.name for step in self._steps}) > 1
        kinds = {each.dtype for step in self._steps for each in step.gradients if each is not None}
        precision = "float32" if np.dtype(np.float32) in kinds else ""
        file = execution.main.__file__ or ""
        called_at = next((step.called_at for number, step in enumerate(self._steps) if self._old_sum(number)), ("", 0))
        self.engine = LearnersEngine(
            "torch", file, "data", "grad", {}, None, called_at, "torch", "torch's", precision=precision
        )

    @property
    def with_old_sums(self) -> int:
        """In how many steps the update took gradients that an earlier one had taken."""
        return sum(bool(self._old_sum(number)) for number in range(len(self)))

    def _old_sum(self, number: int) -> int:
        """Return how many calls the gradients were summed from that an update used again; 0 where none did."""
        sums = self._steps[number].sums
        return max([sums[key].calls for key in self._moved[number] if key in sums and sums[key].is_old], default=0)

    def _follow(self) -> None:
        """Find which tensors each step moves, what they are after it, and what the script itself has set before it."""
        self._moved: list[dict[int, Array]] = [{} for _ in self._steps]
        self._set: list[dict[int, Array]] = [{} for _ in self._steps]
        by_optimizers = {key for step in self._steps if step.update for key in step.update.moved}
        last: dict[int, tuple[int, Array]] = {}
        movers: dict[int, int] = {}
        is_complete = self._recorder.taken == len(self._steps)
        seen = [
            (number, key, value)
            for number, step in enumerate(self._steps)
            for key, value, trainable in zip(step.ids, step.numbers, step.trainable, strict=True)
            if trainable
        ]
        end = len(self._steps)
        seen += [(end, key, value) for key, value in self._recorder.left().items() if is_complete]
        for number, key, value in seen:
            if key in last:
                before, old = last[key]
                mover = movers.get(key)
                if mover is not None and mover >= before:
                    self._moved[mover][key] = value
                elif not np.array_equal(old, value):
                    if key in by_optimizers and number < end:
                        self._set[number][key] = value
                    elif key not in by_optimizers:
                        self._moved[before][key] = value
            last[key] = number, value
            update = self._steps[number].update if number < end else None
            if update is not None and key in update.moved:
                movers[key] = number

    def _make_step(self, number: int) -> RecordedStep:
        step, moved = self._steps[number], self._moved[number]
        built = self._graphs.graph_of(step, self._steps)
        variables = self._graphs.variables
        before = dict(zip(step.ids, step.numbers, strict=True))
        optimizer = self._optimizer(number, before)
        owner_key = (step.update.owner if step.update else 0), type(optimizer)
        owner = self._owners.setdefault(owner_key, optimizer)
        in_graph = [key for key, trainable in zip(step.ids, step.trainable, strict=True) if trainable]
        trained = [variables[key] for key in in_graph if key in moved]
        return RecordedStep(
            loss=built.loss,
            optimizer=optimizer,
            owner=owner,
            feeds={node: self._fed(step.numbers[leaf]) for leaf, node in built.fed.items()},
            measured=step.loss,
            label=step.name if self._losses else "",
            trained=trained if len(trained) < len(in_graph) else None,
            set_before={variables[key]: copy_in(value) for key, value in self._set[number].items() if key in variables},
            left_after={variables[key]: copy_in(value) for key, value in moved.items() if key in in_graph},
            theirs=self._theirs(built, step),
            before={
                variables[key]: standing
                for key, standing in zip(step.ids, step.before, strict=True)
                if standing is not None
            },
            old_sum=self._old_sum(number),
        )

    def _fed(self, number: Array) -> Array:
        return self._copies.setdefault(id(number), copy_in(number))

    def _theirs(self, built: Built, step: Taken) -> Mapping[Node, Array]:
        found: dict[Node, Array] = {}
        for node, gradient in zip(built.nodes, step.gradients, strict=True):
            if gradient is not None:
                found.setdefault(node, gradient[()])
        return found

    def _optimizer(self, number: int, before: Mapping[int, Array]) -> Optimizer:
        """Return the optimizer of ours that makes this step, or else one that takes the step as it was."""
        step, moved = self._steps[number], self._moved[number]
        if step.update is not None and step.update.optimizer is not None:
            return step.update.optimizer
        if not moved:
            return self._steps_without_update()
        gradients = dict(zip(step.ids, (step.gradients[n] for n in step.structure.leaves), strict=True))
        variables = self._graphs.variables
        if step.update is None and (rate := self._rate(gradients, before, moved)):
            return GradientDescentOptimizer(rate)
        calls = max([step.sums[key].calls for key in moved if key in step.sums], default=1)
        if calls > 1:
            stood = dict(zip(step.ids, step.before, strict=True))
            sums = {key: _sum(gradient, stood[key]) for key, gradient in gradients.items() if key in moved}
            if rate := self._rate(sums, before, moved):
                summed = {variables[key]: copy_in(each) for key, each in sums.items() if each is not None}
                return SummedDescent(summed, rate, calls)
        taken = {
            variables[key]: copy_in(before[key].astype(float) - value) for key, value in moved.items() if key in before
        }
        return ProgramsOptimizer(taken)

    def _steps_without_update(self) -> Optimizer:
        """Return what a step shows that moves nothing: the optimizer of the first that does."""
        made = (step.update.optimizer for step in self._steps if step.update is not None)
        return next((each for each in made if each is not None), GradientDescentOptimizer(0.1))

    def _rate(
        self, gradients: Mapping[int, Array | None], before: Mapping[int, Array], moved: Mapping[int, Array]
    ) -> float | None:
        """Return the learning rate with which gradient descent makes a step, in digits that are sure."""
        steps = [np.ravel(before[key].astype(float) - value) for key, value in moved.items()]
        found = [gradients.get(key) for key in moved]
        slopes = [np.ravel(each).astype(float) for each in found if each is not None]
        if len(slopes) < len(steps):
            return None
        taken, slope = np.concatenate(steps), np.concatenate(slopes)
        largest = int(np.argmax(abs(slope)))
        rate = float(taken[largest] / slope[largest]) if slope[largest] else 0.0
        kind = next(iter(moved.values())).dtype
        # what a step of float32 leaves of the digits of its rate depends on how large the weights are
        rounding = np.finfo(kind).eps * max(float(np.max(np.abs(before[key]), initial=1.0)) for key in moved)
        near = _CLOSE[kind] * np.abs(taken) + rounding
        if not 0 < rate < np.inf or (np.abs(taken - rate * slope) > near).any():
            return None
        if np.count_nonzero(slope) == 1:
            return rate_of_one(float(taken[largest]), rate, float(near[largest]))
        shortest = (float(f"{rate:.{digits}g}") for digits in range(1, 10))
        return next((each for each in shortest if (np.abs(taken - each * slope) <= near).all()), rate)


def _sum(gradient: Array | None, stood: Array | None) -> Array | None:
    """Return what stands in `.grad` after a call."""
    return gradient if stood is None else stood if gradient is None else stood + gradient
