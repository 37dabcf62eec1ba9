"""One of two numbers, entry by entry: the larger, the smaller, the one within bounds, the one that a condition names.

Where both are equal there is a tie, and more than one slope would be right. Here it is everywhere the flattest one: two
inputs that may both move count half each, and where only one of them can, the other being a constant, it counts as 0.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..arrays import Array
from ..gradients import EvaluatedOperation, RegisterGradient
from ..graph import Constant
from .decorator import operation

_PAIRS = [((3, 2), (3, 2)), ((3, 2), (2,)), ((3, 1), (1, 2)), ((), (2, 3)), ((), ())]
_ONE = [((3, 2),), ((),)]

Mask = NDArray[np.bool]


@operation(formula="Y = max(A, B)", samples=_PAIRS, elementwise=True)
def maximum(a: Array, b: Array, /) -> Array:
    """Each entry of Y is the larger of an entry of A and an entry of B."""
    return np.maximum(a, b)


@RegisterGradient("maximum", formulas=("G⊙(A > B)", "G⊙(B > A)"))
def _maximum_gradient(op: EvaluatedOperation, grad: Array) -> list[Array | None]:
    """Where A is the larger, Y is A; at a tie it counts half, and 0 if the other is a constant.

    Where B is the larger, Y is B; at a tie it counts half, and 0 if the other is a constant.
    """
    a, b = op.inputs
    return _shared(op, grad, a > b, b > a)


@operation(formula="Y = min(A, B)", samples=_PAIRS, elementwise=True)
def minimum(a: Array, b: Array, /) -> Array:
    """Each entry of Y is the smaller of an entry of A and an entry of B."""
    return np.minimum(a, b)


@RegisterGradient("minimum", formulas=("G⊙(A < B)", "G⊙(B < A)"))
def _minimum_gradient(op: EvaluatedOperation, grad: Array) -> list[Array | None]:
    """Where A is the smaller, Y is A; at a tie it counts half, and 0 if the other is a constant.

    Where B is the smaller, Y is B; at a tie it counts half, and 0 if the other is a constant.
    """
    a, b = op.inputs
    return _shared(op, grad, a < b, b < a)


def _shared(op: EvaluatedOperation, grad: Array, first: Mask, second: Mask) -> list[Array | None]:
    """Give the gradient to the input that Y is, where `first` or `second` says so; elsewhere there is a tie."""
    tie = ~(first | second)
    gradients: list[Array | None] = []
    inputs = op.operation.inputs
    for wins, own, other, needed in zip((first, second), inputs, inputs[::-1], op.needs, strict=True):
        share = 0.0 if isinstance(other, Constant) and not isinstance(own, Constant) else 0.5
        gradients.append(grad * (wins + share * tie) if needed else None)
    return gradients


@operation(formula="Y = abs A", samples=_ONE, elementwise=True)
def abs(a: Array, /) -> Array:  # noqa: A001 (the field's word)
    """Each entry of Y is an entry of A without its sign."""
    return np.abs(a)


@RegisterGradient("abs", formulas=("G⊙sign A",))
def _abs_gradient(op: EvaluatedOperation, grad: Array) -> list[Array]:
    """The slope of a magnitude is the sign of A: 1 above 0, -1 below, and 0 at 0, where it could be either."""
    return [grad * np.sign(op.inputs[0])]


@operation(
    formula="Y = min(max(A, low), high)",
    samples=[((3, 2), {"low": -1.0, "high": 0.5}), ((4,), {"high": 1.0}), ((),)],
    elementwise=True,
)
def clip(a: Array, /, low: float = -np.inf, high: float = np.inf) -> Array:
    """Each entry of A, but no less than low and no more than high."""
    return np.clip(a, low, high)


@RegisterGradient("clip", formulas=("G⊙(A > low)⊙(A < high)",))
def _clip_gradient(op: EvaluatedOperation, grad: Array) -> list[Array]:
    """Between the bounds Y is A; outside of them, and at them, a little more of A changes nothing."""
    a = op.inputs[0]
    return [grad * ((a > op.low) & (a < op.high))]


@operation(
    formula="Y = where(C, A, B)",
    samples=[
        (np.array([[1.0, 0.0], [0.0, 0.0], [1.0, 1.0]]), (3, 2), (2,)),
        (np.array([1.0, 0.0]), (), (3, 2)),
        (np.array(1.0), (2,), (2,)),
    ],
    elementwise=True,
)
def where(c: Array, a: Array, b: Array, /) -> Array:
    """Each entry of Y is the entry of A where C is true, which is not 0, and the entry of B where it is 0."""
    return np.where(c != 0, a, b)


@RegisterGradient("where", formulas=("0·G", "G⊙where(C, 1, 0)", "G⊙where(C, 0, 1)"))
def _where_gradient(op: EvaluatedOperation, grad: Array) -> list[Array]:
    """The condition chooses and is not a part of what it chooses, so a little more of C changes nothing.

    Where C is true, Y is A; elsewhere A does not count.

    Where C is 0, Y is B; elsewhere B does not count.
    """
    chosen = op.inputs[0] != 0
    return [np.zeros_like(grad), np.where(chosen, grad, 0.0), np.where(chosen, 0.0, grad)]
