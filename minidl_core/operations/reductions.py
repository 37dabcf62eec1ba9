"""Operations that make fewer numbers of many."""

from __future__ import annotations

import math

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from ..arrays import Array, Shape
from ..definition import definitions
from ..gradients import EvaluatedOperation, RegisterGradient
from ..sums import row_sums
from .decorator import operation

Axis = int | tuple[int, ...] | None

SAMPLES = [
    ((3, 2),),
    ((3, 2), {"axis": 0}),
    ((3, 2), {"axis": -1}),
    ((3, 2), {"axis": 1, "keepdims": True}),
    ((2, 3, 4), {"axis": (0, -1)}),
    ((2, 3, 4), {"axis": (0, 2), "keepdims": True}),
    ((),),
]
REMEDY = "axis must name dimensions that A has, each once, not {axis}"


def reduced_shape(a: Shape, axis: Axis, keepdims: bool) -> Shape:
    """Return the shape of A with its reduced dimensions left out, or of size 1; raises ValueError."""
    gone = range(len(a)) if axis is None else normalize_axis_tuple(axis, len(a))
    return tuple([1 if n in gone else size for n, size in enumerate(a) if keepdims or n not in gone])


@operation(formula="Y = Σ A", unchecked=True, shape=reduced_shape, samples=SAMPLES, remedy=REMEDY)
def reduce_sum(a: Array, /, axis: Axis = None, keepdims: bool = False) -> Array:
    """The entries of A along the axis are added up.

    Without an axis, all entries are.
    """
    if not keepdims and (axis in (-1, a.ndim - 1) or (axis is None and a.ndim == 1)):
        return row_sums(a)
    return np.add.reduce(a, axis, keepdims=keepdims)  # type: ignore[call-overload, no-any-return]


@RegisterGradient("reduce_sum", formulas=("G",))
def _reduce_sum_gradient(op: EvaluatedOperation, grad: Array) -> list[Array]:
    """1 more in any entry of A is 1 more in its sum."""
    return [spread(op, grad)]


@operation(formula="Y = Σ A / n", unchecked=True, shape=reduced_shape, samples=SAMPLES, remedy=REMEDY)
def reduce_mean(a: Array, /, axis: Axis = None, keepdims: bool = False) -> Array:
    """The entries of A along the axis are averaged.

    Without an axis, all entries are.
    """
    total = definitions["reduce_sum"].compute(a, axis, keepdims)
    return total / count(a, total)


@RegisterGradient("reduce_mean", formulas=("G/n",))
def _reduce_mean_gradient(op: EvaluatedOperation, grad: Array) -> list[Array]:
    """An average over n entries has a slope of 1/n for each of them."""
    return [spread(op, grad / count(op.inputs[0], grad))]


def count(a: Array, reduced: Array) -> int:
    """Return of how many entries of A each entry of a reduction is made."""
    return a.size // max(reduced.size, 1)  # where there is no entry, of none


def spread(op: EvaluatedOperation, grad: Array) -> Array:
    """Repeat the gradient of a reduction over the entries of its input that were reduced together."""
    shape, axes = op.inputs[0].shape, op.axis
    if axes is not None and not op.keepdims:
        kept = list(shape)
        for axis in axes if isinstance(axes, tuple) else (axes,):
            kept[axis] = 1
        grad = grad.reshape(kept)
    return np.positive(grad, out=np.empty(shape))


def _cumulative_shape(a: Shape, axis: int | None) -> Shape:
    if axis is None:
        return (math.prod(a),)
    normalize_axis_index(axis, len(a))
    return a


def _cumulative_element(a: Shape, axis: int | None) -> str:
    if axis is None and len(a) != 1:
        return ""
    letters = list("ijklmnop"[: len(a)])
    last, axis = ",".join(letters), 0 if axis is None else normalize_axis_index(axis, len(a))
    end, letters[axis] = letters[axis], "s"
    return f"Y[{last}] = Σ A[{','.join(letters)}] for s<{end}+1"


@operation(
    formula="Y = Σ A so far",
    element=_cumulative_element,
    shape=_cumulative_shape,
    samples=[((3, 2),), ((3, 2), {"axis": 0}), ((2, 3, 2), {"axis": -2})],
    remedy="axis must name a dimension that A has, not {axis}",
)
def cumsum(a: Array, /, axis: int | None = None) -> Array:
    """Each entry of Y is the sum of the entries of A along the axis up to there.

    Without an axis, the entries are taken row by row.
    """
    return np.cumsum(a, axis)


@RegisterGradient("cumsum", formulas=("Σ G from there on",))
def _cumsum_gradient(op: EvaluatedOperation, grad: Array) -> list[Array]:
    """An entry is in its own sum and in all that follow, so their G are added up."""
    axis = 0 if op.axis is None else op.axis
    return [np.flip(np.cumsum(np.flip(grad, axis), axis), axis).reshape(op.inputs[0].shape)]
