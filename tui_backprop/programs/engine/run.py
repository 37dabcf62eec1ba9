"""The run of a learner's own engine as steps over graphs of ours, each built when it is asked for."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, cached_property, lru_cache
from typing import Any

import numpy as np

from minidl_core import MinidlError, Node, Placeholder, Variable
from minidl_core.arrays import Array, quiet
from minidl_core.plan import Plan
from minidl_core.train import GradientDescentOptimizer, Optimizer

from ..execution import Execution
from ..program import ProgramError
from ..recorded import RecordedStep, StepsOnDemand
from ..updates import Update, recognise_updates, repeating, straight_rate
from .by_hand import kept_share, remark_on
from .graphs import Built, Graphs, as_array, is_same, number_of
from .names import name_nodes
from .overwritten import Script, data_leaves
from .recorder import Recorder
from .taken import Numbers, Taken, are_absent, is_absent

_MOST_TRIED = 10_000
_CLOSE = 1e-3


class EngineRun(StepsOnDemand):
    """The steps that a learner's engine took; the graphs of all of them share their variables."""

    def __init__(self, recorder: Recorder, execution: Execution) -> None:
        self._recorder = recorder
        self._steps = recorder.steps
        super().__init__(len(self._steps))
        recorder.follow_names(vars(execution.main))
        names, kind_names = name_nodes(recorder.walker, execution)
        self._follow_leaves(names, execution)
        self._graphs = Graphs(recorder, execution.files, self._trained, names, kind_names)
        self._built: dict[tuple[Any, ...], Built] = {}
        self._leaves_of = lru_cache(8)(self._find_leaves)
        self._refuse_another_loss()
        self._rate = cache(self._find_rate)
        self.owner = self._optimizer(0)
        self.engine = replace(self._graphs.engine, remark=remark_on(self._share))

    def _follow_leaves(self, names: Mapping[int, str], execution: Execution) -> None:
        """Find which leaves are variables, and what each is after a step."""
        last: dict[int, tuple[int, Any]] = {}
        self._trained: set[int] = set()
        self._moved: set[int] = set()
        self._left: list[dict[int, Any]] = [{} for _ in self._steps]
        for number, step in enumerate(self._steps):
            for serial, value in zip(step.serials, step.numbers, strict=True):
                if serial in last:
                    before, old = last[serial]
                    self._left[before][serial] = value
                    if not is_same(old, value):
                        self._moved.add(serial)
                last[serial] = number, value
        for serial, value in self._recorder.left().items():
            before, old = last[serial]
            self._left[before][serial] = value
            if not is_same(old, value):
                self._moved.add(serial)
        attributes = self._recorder.attributes
        if attributes is not None and not self._moved.isdisjoint(names):
            script = Script(execution.sources, attributes.number, attributes.gradient)
            self._moved -= data_leaves(names, script, self._recorder.called_at)
        self._share = kept_share(self._steps, self._moved)
        self._trained |= self._moved
        for number, step in enumerate(self._steps):  # a small example that moves nothing has variables all the same
            if self._trained.isdisjoint(step.serials) and set(names).isdisjoint(step.serials):
                self._trained.update(step.serials)
                self._left[number].update(zip(step.serials, step.numbers, strict=True))
        # a weight that no step moved is still one of those that it stands among
        roots = {_root(names[serial]) for serial in self._trained if serial in names}
        for serial in set(names) & set(last):
            if not roots or _root(names[serial]) in roots:
                self._trained.add(serial)
        for number, step in enumerate(self._steps):  # an example beside another that moves its weights
            if self._trained.isdisjoint(step.serials):
                named = {n: value for n, value in zip(step.serials, step.numbers, strict=True) if n in names}
                self._left[number].update(named)
                self._trained.update(named)

    def _optimizer(self, number: int) -> Optimizer:
        """Return the optimizer that makes all updates, or gradient descent at the rate of this one, or what it was."""
        if self._recognised:
            return self._recognised[min(number, len(self._recognised) - 1)]
        rate = self._rate(number)
        if rate:
            return GradientDescentOptimizer(rate)
        step, left = self._steps[number], self._left[number]
        self._graph_of(step)
        old = self._numbers(step)
        after = {node: as_array(left[serial]) for serial, node in self._variables(step) if serial in left}
        return repeating(Update(old, {**old, **after}, {}))

    @cached_property
    def _recognised(self) -> list[Optimizer] | None:
        """The optimizer of each step whose update was seen, by the weights that all steps use; None where none fits."""
        seen = [number for number in range(len(self._steps)) if self._left[number]]
        common = set(self._trained).intersection(*[self._left[number] for number in seen]) if seen else set()
        if not common or self._recorder.every > 1:
            return None
        updates: list[Update] = []
        for number in seen:
            step, before, gradients = self._steps[number], dict[Any, Array](), dict[Any, Array]()
            for position, serial, value in zip(step.structure.leaves, step.serials, step.numbers, strict=True):
                gradient = step.after[position]
                if serial in common and gradient is not None:
                    old = step.before[position] if self._share and number else 0.0
                    before[serial], gradients[serial] = as_array(value), as_array(gradient) - as_array(old)
            after: dict[Any, Array] = {serial: as_array(self._left[number][serial]) for serial in before}
            if before.keys() != common or any(np.shape(before[s]) != np.shape(gradients[s]) for s in common):
                return None
            ordered: dict[Any, Array] = {serial: before[serial] for serial in sorted(common)}
            updates.append(Update(ordered, after, gradients))
        return recognise_updates(updates)

    def _find_rate(self, number: int) -> float | None:
        step = self._steps[number]
        moved, slopes, largest = [np.zeros(0)], [np.zeros(0)], 0.0
        for position, serial, value in zip(step.structure.leaves, step.serials, step.numbers, strict=True):
            gradient, left = step.after[position], self._left[number].get(serial)
            if serial not in self._trained or gradient is None or left is None:
                continue
            if np.shape(gradient) == np.shape(value):
                moved.append(np.ravel(value - left))
                slopes.append(np.ravel(gradient))
                largest = max(largest, float(np.max(np.abs(value), initial=0.0)))
        with quiet():
            rate = straight_rate(np.concatenate(moved), np.concatenate(slopes), largest)
        return None if rate is None else float(f"{rate:.9g}")

    def _make_step(self, number: int) -> RecordedStep:
        step, before = self._steps[number], self._steps[number - 1] if number else None
        built = self._graph_of(step)
        stood, left = self._numbers(step), self._left[number]
        used = {**stood, **self._numbers_of_before(number)} if self._is_late else stood
        after = {node: as_array(left[serial]) for serial, node in self._variables(step) if serial in left}
        known = set() if before is None else set(before.serials)
        precision = _precision(step)
        theirs = _by_node(built.nodes, step, step.after, precision)
        stood_before = _by_node(built.nodes, step, step.before, precision)
        for place in self._without_gradient(step):
            theirs.pop(built.nodes[place], None)
        for node, added in self._added(number, built, theirs, stood_before).items():
            theirs[node] = added
            del stood_before[node]
        unused = self._in_unused_sums(number, built, theirs, stood_before)
        for node, added in unused.items():
            theirs[node] = added
            del stood_before[node]
        return RecordedStep(
            loss=built.loss,
            optimizer=self._optimizer(number),
            owner=self.owner,
            feeds=self._feeds(step, built),
            measured=step.loss,
            # what a step brings in, the step before could not leave; its number is not the one with which it was built
            set_before={node: used[node] for serial, node in self._variables(step) if serial not in known},
            left_after=stood if self._is_late else after,
            theirs=theirs,
            before=stood_before,
            stale={node: stood[node] for node in stood if used[node] is not stood[node]},
            children=_children(built.nodes, step.children),
            unused_sums=tuple(unused),
        )

    def _added(
        self, number: int, built: Built, theirs: Mapping[Node, Array], before: Mapping[Node, Array]
    ) -> dict[Node, Array]:
        """Return what a call added to the gradients of calls before it, where the script gathers them for one update.

        That is so where no weight moved since the call before, or where the script keeps a share of the old gradients
        as a velocity; an engine that sets them to 0 by itself adds nothing.
        """
        step = self._steps[number]
        gathered = [node for _, node in self._variables(step) if node in theirs and np.any(before.get(node, 0))]
        if self._share:
            return {node: theirs[node] - before[node] for node in gathered}
        numbers, earlier = self._numbers(step), self._numbers_of_before(number)
        if not gathered or not earlier or not all(is_same(numbers[node], value) for node, value in earlier.items()):
            return {}
        return self._without_sums(number, built, gathered, theirs, before)

    def _in_unused_sums(
        self, number: int, built: Built, theirs: Mapping[Node, Array], before: Mapping[Node, Array]
    ) -> dict[Node, Array]:
        """Return what a call added to gradients that no update uses, so that nobody has to set them to 0 here.

        Those are the gradients of data made before the loop, which nothing moves, and those of the weights of another
        loss, which are set to 0 before they are moved again.
        """
        step = self._steps[number]
        leaves = dict(zip(step.structure.leaves, step.serials, strict=True))
        summed = {serial: built.nodes[n] for n, serial in leaves.items() if np.any(before.get(built.nodes[n], 0))}
        unused = [serial for serial in summed if serial not in self._moved or self._is_reset(number, serial)]
        kept = [summed[serial] for serial in unused if summed[serial] in theirs]
        if not self._moved or not kept:
            return {}
        return self._without_sums(number, built, kept, theirs, before)

    def _is_reset(self, number: int, serial: int) -> bool:
        """Return whether a gradient is set to 0 after a step before an update moves its weight, if one does."""
        if self._recorder.every > 1:
            return False
        for later in range(number, len(self._steps)):
            if serial not in self._leaves_of(later):
                continue
            stood, value = self._leaves_of(later)[serial]
            if later > number and not _is_something(stood):
                return True
            if not is_same(self._left[later].get(serial, value), value):
                return False
        return True

    def _find_leaves(self, number: int) -> dict[int, tuple[Any, Any]]:
        """Return of each leaf of a step what stood in its gradient before, and its number."""
        step = self._steps[number]
        stood = [step.before[place] for place in step.structure.leaves]
        return dict(zip(step.serials, zip(stood, step.numbers, strict=True), strict=True))

    def _without_gradient(self, step: Taken) -> Iterator[int]:
        """Yield the places of arrays of data to which an engine passes nothing, as to the targets of a loss.

        Nothing uses their gradients, so that no engine has to find them; one that has something must have the right.
        """
        if not self._moved or isinstance(step.after, array):
            return
        for place, serial in zip(step.structure.leaves, step.serials, strict=True):
            if serial not in self._moved and not any(map(_is_something, (step.before[place], step.after[place]))):
                yield place

    def _without_sums(
        self,
        number: int,
        built: Built,
        nodes: Sequence[Node],
        theirs: Mapping[Node, Array],
        before: Mapping[Node, Array],
    ) -> dict[Node, Array]:
        """Return what a call added to some gradients; nothing where the engine has set them to 0 by itself."""
        step, loss = self._steps[number], built.loss
        try:
            with quiet():
                right = Plan([loss]).run(self._feeds(step, built), self._numbers(step)).gradients(loss)
                if any(np.allclose(theirs[node], right[node], rtol=1e-6, atol=0) for node in nodes):
                    return {}
                return {node: theirs[node] - before[node] for node in nodes}
        except (MinidlError, ValueError):  # a number that is not finite, or gradients of another shape
            return {}

    @cached_property
    def _is_late(self) -> bool:
        """Whether the script moves its weights between forward pass and backward call, as the second step shows.

        Then the loss is that of the numbers that stood there at the call before. To find out costs a graph, which is
        not built for this where it is large.
        """
        if len(self._steps) < 2 or len(self._steps[1].after) > _MOST_TRIED:
            return False
        step = self._steps[1]
        built, stood = self._graph_of(step), self._numbers(step)

        def gives_loss(numbers: Mapping[Variable, Array]) -> bool:
            try:
                with quiet():
                    loss = Plan([built.loss]).run(self._feeds(step, built), numbers)[built.loss]
            except MinidlError:
                return False
            return math.isclose(float(loss), step.loss, rel_tol=1e-9)

        return not gives_loss(stood) and gives_loss({**stood, **self._numbers_of_before(1)})

    def _refuse_another_loss(self) -> None:
        """Raise ProgramError where the first loss does not come out again: then no gradient of ours is right for it."""
        step = self._steps[0]
        if len(step.after) > _MOST_TRIED or self._is_late:
            return
        built = self._graph_of(step)
        try:
            with quiet():
                loss = float(Plan([built.loss]).run(self._feeds(step, built), self._numbers(step))[built.loss])
        except MinidlError:  # it is said when the step is computed
            return
        if math.isfinite(step.loss) and not math.isclose(loss, step.loss, rel_tol=_CLOSE, abs_tol=_CLOSE):
            name = self._graphs.not_repeated()
            if name is not None:
                raise ProgramError(
                    f"its loss is {step.loss:.6g}, and {loss:.6g} where its operations are called again: {name} then "
                    "gives other numbers; let it compute with what it is given alone"
                )

    def _variables(self, step: Taken) -> list[tuple[int, Variable]]:
        variables = self._graphs.variables
        return [(serial, variables[serial]) for serial in step.serials if serial in variables]

    def _numbers(self, step: Taken) -> dict[Variable, Array]:
        """Return the numbers of a step's variables as they stood when the script called its backward function."""
        numbers = dict(zip(step.serials, step.numbers, strict=True))
        return {node: as_array(numbers[serial]) for serial, node in self._variables(step)}

    def _numbers_of_before(self, number: int) -> dict[Variable, Array]:
        wanted = {node for _, node in self._variables(self._steps[number])} if number else set()
        return {node: value for node, value in self._numbers(self._steps[number - 1]).items() if node in wanted}

    def _feeds(self, step: Taken, built: Built) -> dict[Placeholder, Array]:
        return {place: as_array(number_of(step, n)) for n, place in built.fed.items()}

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


def _children(nodes: Sequence[Node], children: Mapping[int, tuple[int, ...]]) -> dict[Node, Sequence[Node]]:
    """Return the inputs of each node in the order of their engine's own container."""
    found: dict[Node, Sequence[Node]] = {}
    for number, order in children.items():
        known = {nodes[child] for child in order if child >= 0}
        others = [source for source in nodes[number].inputs if source not in known]
        found[nodes[number]] = [each for child in order for each in ([nodes[child]] if child >= 0 else others[:1])]
    return found


def _root(name: str) -> str:
    return name.replace(".", "[").partition("[")[0]


def _precision(step: Taken) -> type:
    """Return in which precision an engine finds its gradients: sums of float32 numbers are no closer in float64."""
    if isinstance(step.after, array):
        return float
    leaves = set(step.structure.leaves)
    values = [value for position, value in enumerate(step.structure.values) if position not in leaves]
    return np.float32 if any(map(_is_single, values)) or any(map(_is_single, step.after)) else float


def _is_something(gradient: Any) -> bool:
    return not is_absent(gradient) and bool(np.any(gradient))


def _is_single(value: Any) -> bool:
    return getattr(value, "dtype", None) == np.float32


def _by_node(nodes: Sequence[Node], step: Taken, numbers: Numbers, precision: type) -> dict[Node, Array]:
    if isinstance(numbers, array):
        kept = zip(nodes, np.array(numbers), are_absent(numbers), strict=True)
        return {node: value for node, value, absent in kept if not absent}
    found = {}
    for node, value, number in zip(nodes, numbers, step.structure.values, strict=True):
        if not is_absent(value):
            gradient: Any = np.asarray(value, dtype=precision) if precision is np.float32 else as_array(value)
            found[node] = _spread(gradient, np.shape(number))
    return found


def _spread(gradient: Array, shape: tuple[int, ...]) -> Array:
    """Return a gradient that stands for all entries of an array, as 1 does for those of a sum, as one for each."""
    if np.shape(gradient) == shape or np.ndim(gradient) > len(shape):
        return gradient
    try:
        return np.broadcast_to(gradient, shape)
    except ValueError:  # a gradient of another shape
        return gradient
