"""Operations that make fewer numbers of many."""

from __future__ import annotations

import numpy as np

from ..arrays import Array
from ..gradients import Evaluated, RegisterGradient
from .definition import operation

Axis = int | tuple[int, ...] | None


@operation(
    formula="Y = Σ A",
    samples=[
        ((3, 2),),
        ((3, 2), {"axis": 0}),
        ((3, 2), {"axis": -1}),
        ((2, 3, 4), {"axis": (0, 2), "keepdims": True}),
    ],
    mend="axis must name dimensions that A has, not {axis}",
)
def reduce_sum(a: Array, /, axis: Axis = None, keepdims: bool = False) -> Array:
    """The entries of A along the axis are added up.

    Without an axis, all entries are.
    """
    return np.asarray(np.sum(a, axis=axis, keepdims=keepdims))


@RegisterGradient("reduce_sum", formulas=("G",))
def _reduce_sum_gradient(op: Evaluated, grad: Array) -> list[Array]:
    """1 more in any entry of A is 1 more in its sum."""
    return [_spread(op, grad)]


def _spread(op: Evaluated, grad: Array) -> Array:
    """Repeat the gradient of a reduction over the entries of its input that were reduced together."""
    if op.axis is not None and not op.keepdims:
        grad = np.expand_dims(grad, op.axis)
    spread = np.empty(op.inputs[0].shape)
    spread[...] = grad
    return spread
