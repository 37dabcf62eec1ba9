"""A stepper with one mistake in it: everything that it says it computes so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from typing import Any

import numpy as np

from minidl_core import Event, GradientCompleted, IterationFinished, Node, Stepper, Variable
from minidl_core.arrays import Array, freeze
from minidl_core.gradients import EvaluatedOperation
from minidl_core.stepper import Hook
from minidl_core.train import Memory
from minidl_core.train.step import Step

from .mutants import Mutant

_GRADIENT = "gradient"


class BrokenStepper(Stepper):
    """Takes the steps of an engine with a mistake; the other arguments are those of a stepper.

    What stood in the broken variable's gradient is kept in the session, like the memory of an optimizer, so that going
    back in time brings it back.
    """

    def __init__(self, mutant: Mutant, loss: Node, *others: Any, **options: Any) -> None:
        super().__init__(loss, *others, **options)
        self._mutant = mutant
        self._visits = mutant.visits(loss)
        self._keeper = copy(self.optimizer)
        self._completed_now: Array | None = None

    def backward(self) -> Iterator[Event]:
        """Yield the search as the broken engine makes it."""
        for event in super().backward():
            if isinstance(event, GradientCompleted) and event.node is self._mutant.node:
                self._completed_now = event.gradient
            yield event

    def update(self) -> Iterator[Event]:
        """Yield the steps as the broken engine makes them."""
        for event in super().update():
            node = self._mutant.node
            if isinstance(event, IterationFinished) and isinstance(node, Variable) and self._completed_now is not None:
                self.session.memories[self._keeper] = Memory(0, {node: {_GRADIENT: self._completed_now}})
            yield event

    @property
    def _before(self) -> Array | None:
        """What the iteration before has left in the gradient of the broken variable."""
        slots = self.session.memory_of(self._keeper).slots
        return next((kept[_GRADIENT] for kept in slots.values()), None)

    def pass_back(self, op: EvaluatedOperation, gradient: Array) -> list[Array]:
        """Return what a perhaps broken gradient function passes on."""
        return self._mutant.passed_on(op, gradient, super().pass_back(op, gradient))

    def add(self, node: Node, so_far: Array | None, contribution: Array) -> Array:
        """Return the sum as the broken engine makes it."""
        return freeze(self._mutant.total(node, so_far, contribution, self._before))

    def terms_of(self, step: Step, variable: Variable, old: Array, gradient: Array) -> Sequence[Array]:
        """Return the terms of a step as the broken engine makes them."""
        before = self._before
        taken = self._mutant.gradient_for_update(variable, gradient, np.zeros(old.shape) if before is None else before)
        *others, last = super().terms_of(step, variable, old, freeze(taken))
        return [*others, freeze(self._mutant.step(variable, last))]

    def run(
        self, iterations: int, forward: Hook | None = None, backward: Hook | None = None, update: Hook | None = None
    ) -> list[float]:
        """Train for some iterations, always step by step: the fast path has no mistake."""
        return super().run(iterations, forward or _look_on, backward, update)


def _look_on(event: Event) -> None:
    """Do nothing."""
