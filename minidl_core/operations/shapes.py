"""The same numbers in another order or shape."""

from __future__ import annotations

import math

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from ..arrays import Array, Shape
from ..gradients import EvaluatedOperation, RegisterGradient
from .decorator import operation


def _transposed_shape(a: Shape, axes: tuple[int, ...] | None) -> Shape:
    order = range(len(a))[::-1] if axes is None else normalize_axis_tuple(axes, len(a))
    if len(order) != len(a):
        raise ValueError("axes must name every dimension")
    return tuple([a[axis] for axis in order])


@operation(
    formula="Y = Aᵀ",
    unchecked=True,
    shape=_transposed_shape,
    samples=[((3, 2),), ((2, 3, 4), {"axes": (1, -1, 0)}), ((3,),)],
    remedy="axes must name every dimension of A once, not {axes}",
)
def transpose(a: Array, /, axes: tuple[int, ...] | None = None) -> Array:
    """The rows of A become the columns of Y.

    With axes, the dimensions of A are put in that order.
    """
    return a.transpose(axes)


@RegisterGradient("transpose", formulas=("Gᵀ",))
def _transpose_gradient(op: EvaluatedOperation, grad: Array) -> list[Array]:
    """Each entry of A stands in one place of Y, and its G comes back from there."""
    if op.axes is None:
        return [grad.transpose()]
    return [grad.transpose(np.argsort(normalize_axis_tuple(op.axes, grad.ndim)))]


def _reshaped_shape(a: Shape, shape: int | tuple[int, ...]) -> Shape:
    wanted = [shape] if isinstance(shape, int) else list(shape)
    if wanted.count(-1) == 1:
        known = math.prod(size for size in wanted if size != -1)
        wanted[wanted.index(-1)] = math.prod(a) // known if known else 0
    if min(wanted, default=0) < 0 or math.prod(wanted) != math.prod(a):
        raise ValueError("the number of entries must stay the same")
    return tuple(wanted)


@operation(
    formula="Y = A, reshaped",
    unchecked=True,
    shape=_reshaped_shape,
    samples=[((3, 2), {"shape": (2, 3)}), ((2, 3, 2), {"shape": (-1, 4)}), ((4,), {"shape": (2, 2)})],
    remedy="the shape {shape} must have as many entries as A",
)
def reshape(a: Array, /, shape: int | tuple[int, ...]) -> Array:
    """The entries of A, read row by row, are put into another shape.

    One length of the shape may be -1, which means the rest.
    """
    return a.reshape(shape)


@RegisterGradient("reshape", formulas=("G, reshaped back",))
def _reshape_gradient(op: EvaluatedOperation, grad: Array) -> list[Array]:
    """Each entry of A is one entry of Y, and its G comes back from there."""
    return [grad.reshape(op.inputs[0].shape)]
