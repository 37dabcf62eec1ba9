"""Recording what a script does while it runs: each step of training, also those of an update loop of its own."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field, fields, replace
from hashlib import blake2b
from math import nan
from typing import Any

import numpy as np

from minidl_core import Node, Placeholder, Session, Variable
from minidl_core.arrays import Array, copy_in
from minidl_core.graph import post_order
from minidl_core.session import Asked, GradientComputed, StepTaken
from minidl_core.train import GradientDescentOptimizer, Minimization, Optimizer

from .recorded import RecordedStep
from .updates import Update, exact_rate, repeating

MOST_BYTES = 64 << 20
"""Of what the steps fed and set no more is kept than this."""


@dataclass
class Recorder:
    """A watcher that records `steps`, with the nodes they are named by, and counts those `left_out` for want of room.

    A gradient that is computed is a step from the moment that a variable below it is set.
    """

    steps: list[RecordedStep] = field(default_factory=list)
    named_by: list[Node] = field(default_factory=list)
    left_out: int = 0

    def __post_init__(self) -> None:
        self._feeds: dict[Any, Array] = {}
        self._bytes = 0
        self._expected: dict[Variable, Array] = {}
        self._owners: dict[tuple[Session, Optimizer], Optimizer] = {}
        self._settings: dict[Optimizer, tuple[list[Any], Optimizer]] = {}
        self._own: dict[tuple[Node, type[Optimizer]], Optimizer] = {}
        self._descents: dict[Node, tuple[float, Optimizer]] = {}
        self._session: Session | None = None
        self._gradient: GradientComputed | None = None
        self._held: dict[Variable, Any] = {}
        self._variables: dict[Variable, Any] = {}
        self._asked: Asked | None = None
        self._below: dict[Node, tuple[list[Variable], list[Placeholder]]] = {}

    def __call__(self, happening: object) -> None:
        """Note what happens."""
        # to look at a variable is part of an update: session.variables[w] = session.run(w) - 0.1 * gradients[w]
        if not (isinstance(happening, Asked) and isinstance(happening.node, Variable)):
            self._end_own_update()
        match happening:
            case Asked(_, _, session):
                self._asked = happening
            case StepTaken():
                self._asked = None
                self._take(happening)
            case GradientComputed(_, session, _, _):
                self._asked = None
                self._gradient = happening
                self._held = {} if session is None else dict(session.variables)
                self._variables = _copies(self._held)

    def finish(self, *, failed: bool) -> None:
        """Note the end of the script; where it `failed` in a step, that is one, too: there its mistake can be seen."""
        self._end_own_update()
        if self._gradient is not None and not self.steps:
            self._own_step(self._gradient, {})
        if failed and self._asked is not None and self._asked.session is not None:
            self._begin(self._asked, self._asked.session)

    def _take(self, taken: StepTaken) -> None:
        key = taken.session, taken.owner
        if key not in self._owners or not taken.memory.iterations:
            self._owners[key] = copy(taken.owner)
        variables, feeds = self._leaves(taken.loss)
        before = {node: taken.evaluation[node] for node in variables}
        # it was taken from the values before that step, but off what that had left
        left = {node: taken.after.get(node, value) for node, value in taken.moved.items() if node in before}
        self._add(
            taken.loss if taken.step is None else taken.step,
            RecordedStep(
                loss=taken.loss,
                optimizer=self._as_set(taken.optimizer, taken.owner),
                owner=self._owners[key],
                feeds={node: self._kept(taken.evaluation[node]) for node in feeds},
                measured=float(taken.evaluation[taken.loss]),
                trained=_moved_by(taken.step),
                set_before=self._set_before(before),
                left_after=left,
                begins=self._session is not taken.session,
            ),
        )
        self._session = taken.session
        self._expected |= {**taken.after, **left}

    def _end_own_update(self) -> None:
        """Make a step of the gradient that was computed last, if variables below it have been set since."""
        pending = self._gradient
        if pending is None or pending.session is None:
            return
        now = pending.session.variables
        below, _ = self._leaves(pending.loss)
        changed = {node: now[node] for node in below if node in now and self._was_set(node, now[node])}
        if changed:
            self._gradient = None
            self._own_step(pending, {node: copy_in(value) for node, value in changed.items()})

    def _was_set(self, node: Variable, now: Any) -> bool:
        """Return whether a variable was set since the gradient was computed, be it to the same number."""
        if now is not self._held.get(node):
            return True
        return isinstance(now, np.ndarray) and now.flags.writeable and not _same(now, self._variables[node])

    def _own_step(self, computed: GradientComputed, changed: Mapping[Variable, Array]) -> None:
        loss, evaluation = computed.loss, computed.evaluation
        variables, feeds = self._leaves(loss)
        before = {node: evaluation[node] for node in variables}
        after = {node: changed.get(node, value) for node, value in before.items()}
        # a number that is no longer what the gradient was computed at, the update left so as well
        found = self._variables
        after |= {node: copy_in(found[node]) for node in before if node in found and node not in changed}
        update = Update(before, after, {node: computed.gradients[node] for node in variables})
        before_that = self._descents.get(loss)
        rate = exact_rate(update, None if before_that is None else before_that[0])
        if before_that is not None and rate == before_that[0]:
            optimizer: Optimizer = before_that[1]
        else:
            optimizer = repeating(update) if rate is None else GradientDescentOptimizer(rate)
        owner = self._own.setdefault((loss, type(optimizer)), optimizer)
        if rate is not None:
            self._descents[loss] = rate, optimizer
        self._add(
            loss,
            RecordedStep(
                loss=loss,
                optimizer=optimizer,
                owner=owner,
                feeds={node: self._kept(evaluation[node]) for node in feeds},
                measured=float(evaluation[loss]),
                set_before=self._set_before(before),
                left_after={} if rate is not None else after,
                begins=self._session is not computed.session,
            ),
        )
        self._session = computed.session
        self._expected |= after

    def _begin(self, asked: Asked, session: Session) -> None:
        """Add the step that could not be taken."""
        node = asked.node
        if isinstance(node, Minimization):
            loss, optimizer = node.loss, node.optimizer
            owner = self._owners.get((session, optimizer)) or copy(optimizer)
        else:
            before = next((step for step in reversed(self.steps) if step.loss is node), None)
            if before is None:
                return
            loss, optimizer, owner = node, before.optimizer, before.owner
        variables, feeds = self._leaves(loss)
        values = {each: copy_in(session.variables.get(each, each.initial_value)) for each in variables}
        given = asked.feeds or {}
        step = RecordedStep(
            loss=loss,
            optimizer=copy(optimizer),
            owner=owner,
            feeds={each: self._kept(given[each]) for each in feeds},
            measured=nan,
            trained=_moved_by(node),
            set_before=self._set_before(values),
            begins=self._session is not session,
        )
        self._add(node, step)

    def _add(self, named_by: Node, step: RecordedStep) -> None:
        taken = getattr(step.optimizer, "taken", {})
        self._bytes += sum(
            array.nbytes for kept in (step.set_before, step.left_after, taken) for array in kept.values()
        )
        # what has no room has no way back: without a step, those after it start from other numbers
        if self.left_out or (self._bytes > MOST_BYTES and self.steps):
            self.left_out += 1
            self._feeds.clear()
            return
        self.steps.append(step)
        self.named_by.append(named_by)

    def _set_before(self, before: Mapping[Variable, Array]) -> dict[Variable, Array]:
        """Return the variables that are not what the step before left, and from now on expect them."""
        expected = self._expected
        changed = {
            node: value for node, value in before.items() if not _same(value, expected.get(node, node.initial_value))
        }
        expected |= changed
        return changed

    def _kept(self, array: Array) -> Array:
        """Return the array, or the one with the same bytes that there is already."""
        if self.left_out:
            return array
        key = array.shape, blake2b(array.tobytes()).digest()
        if key not in self._feeds:
            self._feeds[key] = array
            self._bytes += array.nbytes
        return self._feeds[key]

    def _as_set(self, optimizer: Optimizer, owner: Optimizer) -> Optimizer:
        """Return a copy with the settings of now: the one before, if none has changed."""
        settings = [getattr(optimizer, each.name) for each in fields(optimizer)]
        kept = self._settings.get(owner)
        if kept is None or kept[0] != settings:
            kept = self._settings[owner] = settings, copy(optimizer)
        return kept[1]

    def _leaves(self, loss: Node) -> tuple[list[Variable], list[Placeholder]]:
        """Return the variables and the placeholders that lead to a loss."""
        if loss not in self._below:
            nodes = post_order([loss])
            variables = [each for each in nodes if isinstance(each, Variable)]
            self._below[loss] = variables, [each for each in nodes if isinstance(each, Placeholder)]
        return self._below[loss]

    def labelled(self) -> list[RecordedStep]:
        """Return the steps, each with the name of what it is where a program has several."""
        if len({(step.loss, step.owner) for step in self.steps}) < 2:
            return self.steps
        return [replace(step, label=node.name) for step, node in zip(self.steps, self.named_by, strict=True)]


def _moved_by(step: Node | None) -> list[Variable] | None:
    return step.variables if isinstance(step, Minimization) and step.freezes else None


def _same(one: Any, other: Any) -> bool:
    return one is other or (other is not None and np.asarray(one).tobytes() == np.asarray(other).tobytes())


def _copies(variables: Mapping[Variable, Any]) -> dict[Variable, Any]:
    """Return what variables hold, copied where somebody may still write to it."""
    return {
        node: value.copy() if isinstance(value, np.ndarray) and value.flags.writeable else value
        for node, value in variables.items()
    }
