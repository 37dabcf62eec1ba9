"""Probabilities: softmax makes them of scores."""

from __future__ import annotations

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from ..arrays import Array, Shape
from ..gradients import EvaluatedOperation, RegisterGradient
from ..sums import largest_along, sum_along
from .decorator import operation


def _softmax_shape(a: Shape, axis: int) -> Shape:
    normalize_axis_index(axis, len(a))  # raises where A has no such axis
    return a


@operation(
    formula="Y = exp(A - max A) / Σ exp(A - max A)",
    shape=_softmax_shape,
    samples=[((3, 2),), ((3, 2), {"axis": 0}), ((4,),), ((2, 3, 2), {"axis": 1}), ((2, 3, 2), {"axis": -3})],
    remedy="axis must name a dimension that A has, not {axis}",
)
def softmax(a: Array, /, axis: int = -1) -> Array:
    """Positive numbers that add up to 1 along the axis."""
    # subtracting the maximum leaves the quotient as it is, but keeps exp from overflowing
    raised = np.exp(a - largest_along(a, axis))
    return raised / sum_along(raised, axis)


@RegisterGradient("softmax", formulas=("Y⊙(G - Σ G⊙Y)",))
def _softmax_gradient(op: EvaluatedOperation, grad: Array) -> list[Array]:
    """More of one entry is less of the others, so it counts by how far its G is above the average of its line."""
    y = op.output
    return [y * (grad - sum_along(grad * y, op.axis))]
