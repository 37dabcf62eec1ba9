"""Checking a gradient by measuring it: nudge one number, run forward again, and see how the loss answers.

The slope is measured by central differences for a row of ever smaller steps, each extrapolated from the one before
(Richardson 1911). Too large a step feels the curve, too small a one only rounding; the step where both together do
least is taken, and what they do there is the uncertainty. How much rounding there is in the loss is known from the
gradients themselves: each value's rounding reaches the loss through its gradient (Linnainmaa 1976).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import isnan
from operator import index
from typing import NamedTuple

import numpy as np

from .arrays import Array, as_text, quiet
from .errors import GraphError
from .gradients import EvaluatedOperation, gradient_rule, input_gradients
from .graph import Node, Operation, post_order
from .plan import Evaluation
from .session import Session, last_evaluation

_STEPS: Array = 0.03 * 0.25 ** np.arange(13.0)  # of the size of what is nudged: from 3 % down to 2e-9
_EPSILON = float(np.finfo(np.float64).eps)
_SMALLEST = float(np.finfo(np.float64).smallest_subnormal)  # what is smaller than this is rounded to 0
_TOLERANCE = 1e-4  # a relative error that no right gradient has, and that an error of 0.1 % exceeds


@dataclass(frozen=True)
class GradientCheck:
    """One element's gradient beside the measured slope.

    `verdict` is "agrees"; "differs"; "kink" where the loss has two slopes, one on each side, and the gradient is one of
    them or between them; or "too small" where the gradient disappears in the rounding of the loss.
    """

    node: Node
    entry: tuple[int, ...]
    gradient: float
    measured: float
    uncertainty: float
    verdict: str
    reason: str

    @property
    def agrees(self) -> bool:
        """Whether nothing speaks against the gradient."""
        return self.verdict != "differs"

    @property
    def absolute_error(self) -> float:
        """How far the gradient is from the measured slope."""
        return abs(self.gradient - self.measured)

    @property
    def relative_error(self) -> float:
        """The absolute error as a part of the larger of the two."""
        larger = max(abs(self.gradient), abs(self.measured))
        return self.absolute_error / larger if larger else 0.0

    def __str__(self) -> str:
        place = f"[{', '.join(map(str, self.entry))}]" if self.entry else ""
        if isnan(self.measured):
            return f"{self.node.name}{place}: gradient {self.gradient:.7g}, which cannot be measured: {self.reason}"
        return (
            f"{self.node.name}{place}: gradient {self.gradient:.7g}, measured {self.measured:.7g}, "
            f"off by {self.absolute_error:.1e} ({self.relative_error:.2%}): {self.reason}"
        )


class _Comparison(NamedTuple):
    """A measured slope, how far it may be off, and what that says about a gradient."""

    measured: float
    uncertainty: float
    verdict: str
    reason: str


def check_gradient(
    loss: Node, node: Node, entries: Iterable[tuple[int, ...]] | None = None, session: Session | None = None
) -> list[GradientCheck]:
    """Measure the gradient of the loss with respect to a node, at the values of its last evaluation.

    `entries` are the indices of the elements to check; without them, all are. Every node that leads to the loss can be
    checked, not only variables. The session may be left out where it is the only one that has run the loss. Raises
    GraphError where none has, or several have, where the node does not lead to the loss or has no such entry.
    """
    return check_evaluation(last_evaluation(loss, session), loss, node, entries)


def check_evaluation(
    evaluation: Evaluation,
    loss: Node,
    node: Node,
    entries: Iterable[tuple[int, ...]] | None = None,
    found: Array | None = None,
) -> list[GradientCheck]:
    """Measure the gradient as `check_gradient` does, at the values of this evaluation.

    `found` is the gradient that another engine found there, to be checked in place of ours.
    """
    if not isinstance(node, Node):
        raise GraphError(f"{node!r} is not a node; check the gradient of a node that leads to {loss.name}.")
    with quiet():
        gradients = evaluation.gradients(loss)
        if node not in gradients:
            raise GraphError(f"it does not lead to {loss.name}, so there is no gradient to check.", node)
        value = np.asarray(evaluation[node])
        downstream = [each for each in evaluation.downstream(node) if each in gradients]
        loss_at = evaluation.what_if(node, loss)
        rounding = _rounding(evaluation, gradients, downstream)

        try:
            asked = [tuple(map(index, entry)) for entry in (np.ndindex(value.shape) if entries is None else entries)]
        except TypeError:
            raise GraphError(f"entries must be a list of indices, such as [(0, 1)], not {entries!r}.", node) from None

        def check(entry: tuple[int, ...]) -> GradientCheck:
            if len(entry) != value.ndim or not all(0 <= i < size for i, size in zip(entry, value.shape, strict=True)):
                raise GraphError(f"it is {as_text(value.shape)} and has no entry {list(entry)}.", node)

            def nudged(change: float) -> float:
                moved = value.copy()
                moved[entry] += change
                return float(loss_at(moved))

            size = size_of_entry(value, entry)
            gradient = float(np.asarray(gradients[node] if found is None else found)[entry])
            measured, uncertainty, verdict, reason = _compare(gradient, nudged, size, rounding)
            if verdict == "differs" and found is None:
                reason += _culprit(evaluation, gradients, downstream)
            return GradientCheck(node, entry, gradient, measured, uncertainty, verdict, reason)

        return [check(entry) for entry in asked]


def _rounding(evaluation: Evaluation, gradients: dict[Node, Array], operations: Iterable[Operation]) -> float:
    """Return how much of the loss may be rounding made by these operations."""
    return sum(_rounding_of(evaluation[operation], gradients[operation]) for operation in operations)


def _rounding_of(value: Array, gradient: Array) -> float:
    """Return how much of the loss may be rounding of this value, with this gradient."""
    return float(np.sum(np.abs(gradient) * (_EPSILON * np.abs(value) + _SMALLEST)))


def size_of_entry(value: Array, entry: tuple[int, ...]) -> float:
    """Return the size of an entry, or of a tenth of the typical one if that is larger; 1 where all are 0."""
    largest = float(np.max(np.abs(value)))
    if not largest:
        return 1.0
    # the squares of the entries themselves may be too large or too small for a number
    typical = largest * float(np.sqrt(np.mean(np.square(value / largest))))
    return max(abs(float(value[entry])), 0.1 * typical)


def _compare(gradient: float, nudged: Callable[[float], float], size: float, rounding: float) -> _Comparison:
    """Compare a gradient with the slope at 0 of `nudged`, for steps in proportion to `size`."""
    steps = _STEPS * size
    here = nudged(0.0)
    above, below = (np.array([nudged(sign * step) for step in steps]) for sign in (1.0, -1.0))
    central = (above - below) / (2.0 * steps)
    # with a quarter of the step, the error that goes with its square is a sixteenth; what is left of it is taken out
    extrapolated = central[1:] + (central[1:] - central[:-1]) / 15.0
    uncertainties = np.abs(np.diff(extrapolated)) + rounding / steps[2:]
    best = int(np.argmin(np.where(np.isfinite(uncertainties), uncertainties, np.inf)))
    measured, uncertainty = float(extrapolated[best + 1]), float(uncertainties[best])
    if isnan(measured):
        reason = "any step from this number is too small or too large for a number."
        return _Comparison(measured, uncertainty, "too small", reason)

    error, larger = abs(gradient - measured), max(abs(gradient), abs(measured))
    if error <= _TOLERANCE * larger:
        return _Comparison(measured, uncertainty, "agrees", "they agree.")
    right, left = (above - here) / steps, (here - below) / steps
    kink = _kink(gradient, right, left, rounding / steps)
    if kink is not None:
        low, high = kink
        reason = f"the loss has a kink here: its slope is {low:.4g} on one side and {high:.4g} on the other."
        return _Comparison(measured, uncertainty, "kink", reason)
    if not error > uncertainty:
        reason = "the difference is less than what rounding does to the loss, so it cannot be told from none."
        return _Comparison(measured, uncertainty, "too small", reason)
    return _Comparison(measured, uncertainty, "differs", "they differ.")


def _kink(gradient: float, right: Array, left: Array, rounding: Array) -> tuple[float, float] | None:
    """Return the slopes on both sides where they stay apart however small the step, and the gradient is within."""
    larger = np.maximum(np.abs(right), np.abs(left))
    clear = np.flatnonzero(rounding < 0.01 * _TOLERANCE * larger)
    if len(clear) < 3:
        return None
    before, last = clear[-3], clear[-1]
    jump = abs(right[last] - left[last])
    low, high = sorted((float(right[last]), float(left[last])))
    slack = 10.0 * _TOLERANCE * float(larger[last])
    # the two slopes of a smooth curve come 16 times closer while the step becomes 16 times smaller
    if jump > slack and jump > 0.5 * abs(right[before] - left[before]) and low - slack <= gradient <= high + slack:
        return low, high
    return None


def _culprit(evaluation: Evaluation, gradients: dict[Node, Array], operations: list[Operation]) -> str:
    """Name the gradient function that is wrong by itself, the one nearest to the loss."""
    for node in reversed(operations):
        op, rule = evaluation.operation(node), gradient_rule(node)
        for input_index, contribution in enumerate(input_gradients(rule, op, gradients[node])):
            if _compare_input(op, input_index, gradients[node], contribution).verdict == "differs":
                wrong = f"is wrong for its input {input_index}, {node.inputs[input_index].name}."
                return f" The gradient function of {node.describe()}, at {rule.location}, {wrong}"
    return " Each gradient function by itself is right."


def wrong_rules(evaluation: Evaluation, loss: Node) -> dict[Operation, str]:
    """Return what is wrong with the gradient functions that are none of ours, each measured once by itself.

    Raises GradientError where one is missing, raises, or returns what no gradient can be.
    """
    own = [
        node
        for node in post_order([loss])
        if isinstance(node, Operation)
        and node.definition.rule is None
        and not str(gradient_rule(node).function.__module__).startswith(f"{__package__}.")
    ]
    found: dict[Operation, str] = {}
    measured: set[str] = set()
    with quiet():
        gradients = evaluation.gradients(loss) if own else {}
        for node in own:
            if node.kind in measured or not np.any(gradients[node]):
                continue
            measured.add(node.kind)
            if (input_index := _wrong_input(evaluation.operation(node), gradients[node])) is not None:
                what = f"is wrong for its input {input_index}, {node.inputs[input_index].name}"
                found[node] = (
                    f"its gradient function, at {gradient_rule(node).location}, {what}: g measures each number."
                )
    return found


def _wrong_input(op: EvaluatedOperation, grad: Array) -> int | None:
    """Return for which input a gradient function is wrong by itself; None where it is right, or cannot be measured."""
    node = op.operation
    contributions = input_gradients(gradient_rule(node), op, grad)
    try:
        again = node.definition.compute(*op.inputs, **node.attributes)
        if not np.array_equal(again, op.output):  # it draws numbers
            return None
        wrong = (i for i, each in enumerate(contributions) if _compare_input(op, i, grad, each).verdict == "differs")
        return next(wrong, None)
    except Exception:  # a stranger's operation may want whole numbers, which are no longer that when they are nudged
        return None


def _compare_input(op: EvaluatedOperation, input_index: int, grad: Array, contribution: Array) -> _Comparison:
    """Compare what one gradient function gives for one input with what its operation does, all elements at once."""
    # each element is nudged the way it contributes, so that no two of them cancel, and by an amount of its own, because
    # an operation may not feel that all of them move together
    amounts = 0.5 + np.arange(contribution.size) * 0.618 % 1.0
    direction = np.where(contribution < 0, -1.0, 1.0) * amounts.reshape(contribution.shape)
    definition, attributes = op.operation.definition, op.operation.attributes

    def nudged(change: float) -> float:
        inputs = [*op.inputs]
        inputs[input_index] = inputs[input_index] + change * direction
        return float(np.sum(grad * definition.compute(*inputs, **attributes)))

    size = float(np.max(np.abs(op.inputs[input_index]), initial=0.0)) or 1.0
    rounding = _rounding_of(op.output, grad)
    return _compare(float(np.sum(contribution * direction)), nudged, size, rounding)
