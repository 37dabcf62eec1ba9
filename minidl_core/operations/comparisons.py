"""Comparisons, which are 1 where they hold and 0 elsewhere: steps, whose slope is 0 wherever they have one."""

from __future__ import annotations

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from ..arrays import Array, Shape
from ..gradients import EvaluatedOperation, RegisterGradient
from .decorator import operation

_PAIRS = [((3, 2), (3, 2)), ((3, 2), (2,)), ((), (2, 3))]


@operation(formula="Y = (A > B)", samples=_PAIRS, elementwise=True)
def greater(a: Array, b: Array, /) -> Array:
    """Each entry of Y is 1 where A is greater than B, and 0 elsewhere."""
    return np.greater(a, b)


@operation(formula="Y = (A ≥ B)", samples=_PAIRS, elementwise=True)
def greater_equal(a: Array, b: Array, /) -> Array:
    """Each entry of Y is 1 where A is at least as large as B, and 0 elsewhere."""
    return np.greater_equal(a, b)


@operation(formula="Y = (A < B)", samples=_PAIRS, elementwise=True)
def less(a: Array, b: Array, /) -> Array:
    """Each entry of Y is 1 where A is less than B, and 0 elsewhere."""
    return np.less(a, b)


@operation(formula="Y = (A ≤ B)", samples=_PAIRS, elementwise=True)
def less_equal(a: Array, b: Array, /) -> Array:
    """Each entry of Y is 1 where A is at most as large as B, and 0 elsewhere."""
    return np.less_equal(a, b)


@operation(formula="Y = (A = B)", samples=_PAIRS, elementwise=True)
def equal(a: Array, b: Array, /) -> Array:
    """Each entry of Y is 1 where A is equal to B, and 0 elsewhere."""
    return np.equal(a, b)


@operation(formula="Y = 1 - (A = B)", samples=_PAIRS, elementwise=True)
def not_equal(a: Array, b: Array, /) -> Array:
    """Each entry of Y is 0 where A is equal to B, and 1 elsewhere."""
    return np.not_equal(a, b)


def _of_a_step(op: EvaluatedOperation, grad: Array) -> list[Array]:
    """It jumps from 0 to 1 and is flat elsewhere, so a little more or less changes nothing."""
    return [np.zeros_like(grad), np.zeros_like(grad)]


for _name in ("greater", "greater_equal", "less", "less_equal", "equal", "not_equal"):
    RegisterGradient(_name, formulas=("0·G", "0·G"))(_of_a_step)


def _chosen_shape(a: Shape, axis: int | None) -> Shape:
    if axis is None:
        return ()
    axis = normalize_axis_index(axis, len(a))
    return a[:axis] + a[axis + 1 :]


@operation(
    formula="Y = argmax A",
    shape=_chosen_shape,
    samples=[((3, 2),), ((3, 2), {"axis": 1}), ((2, 3, 2), {"axis": -2})],
    remedy="axis must name a dimension that A has, not {axis}",
)
def argmax(a: Array, /, axis: int | None = None) -> Array:
    """The index of the largest entry of A along the axis, the first of them at a tie.

    Without an axis, all entries are counted, row by row.
    """
    return np.argmax(a, axis)  # type: ignore[return-value]


@RegisterGradient("argmax", formulas=("0·G",))
def _argmax_gradient(op: EvaluatedOperation, grad: Array) -> list[Array]:
    """An index jumps and is flat elsewhere, so a little more or less of A changes nothing."""
    return [np.zeros(op.inputs[0].shape)]
