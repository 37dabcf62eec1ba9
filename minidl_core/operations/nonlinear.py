"""Functions that bend: logarithm, sigmoid, softmax."""

from __future__ import annotations

import numpy as np

from ..arrays import Array
from ..gradients import Evaluated, RegisterGradient
from .definition import operation


@operation(formula="Y = log A", samples=[((3, 2),), ((),)], elementwise=True, domain=(0.1, 3.0))
def log(a: Array, /) -> Array:
    """The natural logarithm of each entry of A: 0 at 1, ever more negative towards 0."""
    return np.log(a)


@RegisterGradient("log", formulas=("G/A",))
def _log_gradient(op: Evaluated, grad: Array) -> list[Array]:
    """The slope of log at A is 1/A, so the smaller A is, the more a little more of it counts."""
    return [grad / op.inputs[0]]


@operation(formula="Y = 1/(1 + exp(-A))", samples=[((3, 2),), ((),)], elementwise=True)
def sigmoid(a: Array, /) -> Array:
    """Each entry of A is squeezed between 0 and 1; 0 becomes one half."""
    # exp of a number that is never positive cannot overflow, however large A is
    decay = np.exp(-np.abs(a))
    return np.where(a >= 0, 1.0, decay) / (1.0 + decay)


@RegisterGradient("sigmoid", formulas=("G⊙Y⊙(1 - Y)",))
def _sigmoid_gradient(op: Evaluated, grad: Array) -> list[Array]:
    """The slope of sigmoid is Y·(1 - Y): steepest in the middle, flat at both ends."""
    y = op.output
    return [grad * y * (1.0 - y)]


@operation(
    formula="Y = exp A / Σ exp A",
    samples=[((3, 2),), ((3, 2), {"axis": 0}), ((4,),)],
)
def softmax(a: Array, /, axis: int = -1) -> Array:
    """The entries of A along the axis become positive numbers that add up to 1."""
    # subtracting the maximum changes nothing but keeps exp from overflowing
    raised = np.exp(a - np.maximum.reduce(a, axis, keepdims=True))
    return raised / np.add.reduce(raised, axis, keepdims=True)


@RegisterGradient("softmax", formulas=("Y⊙(G - Σ G⊙Y)",))
def _softmax_gradient(op: Evaluated, grad: Array) -> list[Array]:
    """More of one entry is less of the others, so it counts by how far its G is above the average of its line."""
    y = op.output
    return [y * (grad - np.add.reduce(grad * y, op.axis, keepdims=True))]
