"""Functions that bend: logarithm, sigmoid, softmax."""

from __future__ import annotations

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from ..arrays import Array, Shape
from ..gradients import Evaluated, RegisterGradient
from ..sums import largest_along, sum_along
from .definition import operation


@operation(formula="Y = log A", samples=[((3, 2),), ((),)], elementwise=True, trusted=True, domain=(0.1, 3.0))
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
    return 1.0 / (1.0 + np.exp(-a))  # where exp overflows, the quotient is 0, as it should be


@RegisterGradient("sigmoid", formulas=("G⊙Y⊙(1 - Y)",))
def _sigmoid_gradient(op: Evaluated, grad: Array) -> list[Array]:
    """The slope of sigmoid is Y·(1 - Y): steepest in the middle, flat at both ends."""
    y = op.output
    return [grad * y * (1.0 - y)]


def _softmax_shape(a: Shape, axis: int) -> Shape:
    normalize_axis_index(axis, len(a))  # raises where A has no such axis
    return a


@operation(
    formula="Y = exp A / Σ exp A",
    shape=_softmax_shape,
    samples=[((3, 2),), ((3, 2), {"axis": 0}), ((4,),), ((2, 3, 2), {"axis": 1})],
    mend="axis must name a dimension that A has, not {axis}",
)
def softmax(a: Array, /, axis: int = -1) -> Array:
    """The entries of A along the axis become positive numbers that add up to 1."""
    # subtracting the maximum changes nothing but keeps exp from overflowing
    raised = np.exp(a - largest_along(a, axis))
    return raised / sum_along(raised, axis)


@RegisterGradient("softmax", formulas=("Y⊙(G - Σ G⊙Y)",))
def _softmax_gradient(op: Evaluated, grad: Array) -> list[Array]:
    """More of one entry is less of the others, so it counts by how far its G is above the average of its line."""
    y = op.output
    return [y * (grad - sum_along(grad * y, op.axis))]
