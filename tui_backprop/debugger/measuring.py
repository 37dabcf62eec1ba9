"""A gradient, measured: the loss where one number is a little larger, and where it is a little smaller.

It runs the forward pass again, beside the training and without touching it: values belong to an evaluation.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, isfinite, log10

import numpy as np

from minidl_core import GradientCheck, GradientCompleted, MinidlError, Node
from minidl_core.arrays import quiet
from minidl_core.gradient_check import check_evaluation, size_of_entry

from .kept import kept
from .recording import Recording

NUDGE = 0.01
_STEPS = [10.0**-power for power in range(2, 8)]
_NEAR = 1e-5


@dataclass(frozen=True)
class MeasuredGradient:
    """The loss where an element x of a node's value is x + h, x - h, x and x + NUDGE, and the engine's gradient check.

    `step` is h: the largest power of ten for which the loss is straight enough between the two.
    """

    step: float
    above: float
    below: float
    loss: float
    nudged: float
    check: GradientCheck

    @property
    def quotient(self) -> float:
        """The slope of the loss between x - h and x + h."""
        return (self.above - self.below) / (2 * self.step)

    @property
    def nudge_quotient(self) -> float:
        """The slope of the loss between x and x + NUDGE."""
        return (self.nudged - self.loss) / NUDGE

    @property
    def relative_error(self) -> float:
        """How far quotient and gradient are apart, as a part of the larger."""
        larger = max(abs(self.quotient), abs(self.check.gradient))
        return abs(self.quotient - self.check.gradient) / larger if larger else 0.0


@kept  # the pane is drawn again for the same element when anything else on the screen changes
def measure(
    recording: Recording, node: Node, index: tuple[int, ...], *, hunted: bool = False
) -> MeasuredGradient | str:
    """Measure one element at the values of an iteration's forward pass; return the sentence that says why not.

    `index` has one number for each dimension of the node's value. Where a mistake in the engine is `hunted`, the
    gradient that it found is checked, and nobody says which function is to blame.
    """
    loss = recording.graph.loss
    try:
        with quiet():
            evaluation = recording.graph.plan.run(recording.start.feeds, recording.start.variables)
        theirs = None
        if hunted:
            event = recording.events[recording.completed[node]]
            assert isinstance(event, GradientCompleted), "it was noted as one"
            theirs = event.gradient
        [check] = check_evaluation(evaluation, loss, node, [index], theirs)
    except MinidlError as error:
        return str(error)
    value = np.asarray(evaluation[node])
    loss_at = evaluation.what_if(node, loss)

    def moved(change: float) -> float:
        changed = value.copy()
        changed[index] += change
        with quiet():
            return float(loss_at(changed))

    unit = 10.0 ** floor(log10(size_of_entry(value, index)))
    here, nudged = moved(0.0), moved(NUDGE)
    tried = []
    for step in (unit * part for part in _STEPS):
        found = MeasuredGradient(step, moved(step), moved(-step), here, nudged, check)
        tried.append(found)
        if abs(found.quotient - check.measured) <= _NEAR * abs(check.measured) + check.uncertainty:
            return found
    finite = [found for found in tried if isfinite(found.quotient)] or tried
    return min(finite, key=lambda found: abs(found.quotient - check.measured))
