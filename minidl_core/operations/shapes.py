"""The same numbers in another order or shape."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from ..arrays import Array, Shape
from ..gradients import EvaluatedOperation, RegisterGradient
from ..sums import sum_to_shape
from .decorator import operation


def _transposed_shape(a: Shape, axes: int | tuple[int, ...] | None) -> Shape:
    order = range(len(a))[::-1] if axes is None else normalize_axis_tuple(axes, len(a))
    if len(order) != len(a):
        raise ValueError("axes must name every dimension")
    return tuple([a[axis] for axis in order])


@operation(
    formula="Y = Aᵀ",
    copies=True,
    unchecked=True,
    shape=_transposed_shape,
    samples=[((3, 2),), ((2, 3, 4), {"axes": (1, -1, 0)}), ((3,),)],
    remedy="axes must name every dimension of A once, not {axes}",
)
def transpose(a: Array, /, axes: int | tuple[int, ...] | None = None) -> Array:
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
    copies=True,
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


def _broadcast_shape(a: Shape, shape: int | tuple[int, ...]) -> Shape:
    return np.broadcast_to(np.broadcast_to(0.0, a), shape).shape


@operation(
    formula="Y = A, repeated",
    copies=True,
    shape=_broadcast_shape,
    samples=[((3, 1), {"shape": (3, 2)}), ((2,), {"shape": (3, 2)}), ((), {"shape": (2,)})],
    remedy="counted from the right, each dimension of A must be that of {shape}, or 1",
)
def broadcast_to(a: Array, /, shape: int | tuple[int, ...]) -> Array:
    """A is repeated along the dimensions that it lacks, or along which its size is 1."""
    return np.broadcast_to(a, shape).copy()


@RegisterGradient("broadcast_to", formulas=("Σ G over the copies",))
def _broadcast_to_gradient(op: EvaluatedOperation, grad: Array) -> list[Array]:
    """An entry reaches the loss through each of its copies, so their G are added up."""
    return [sum_to_shape(grad, op.inputs[0].shape)]


def _expanded_shape(a: Shape, axis: int | tuple[int, ...]) -> Shape:
    return np.expand_dims(np.broadcast_to(0.0, a), axis).shape


@operation(
    formula="Y = A, with an axis of 1",
    copies=True,
    shape=_expanded_shape,
    samples=[((3, 2), {"axis": 0}), ((3, 2), {"axis": -1}), ((2,), {"axis": (0, 2)})],
    remedy="{axis} must be a place for a new axis in A",
)
def expand_dims(a: Array, /, axis: int | tuple[int, ...]) -> Array:
    """The same entries with one more dimension, of size 1, at the axis."""
    return np.expand_dims(a, axis)


def _squeezed_shape(a: Shape, axis: int | tuple[int, ...] | None) -> Shape:
    return np.squeeze(np.broadcast_to(0.0, a), axis).shape


@operation(
    formula="Y = A, without axes of 1",
    copies=True,
    shape=_squeezed_shape,
    samples=[((3, 1),), ((1, 2, 1), {"axis": 0}), ((1, 1),)],
    remedy="{axis} must name dimensions of size 1 of A",
)
def squeeze(a: Array, /, axis: int | tuple[int, ...] | None = None) -> Array:
    """The same entries without the dimensions of size 1.

    With an axis, only without that one.
    """
    return np.squeeze(a, axis)


for _name in ("expand_dims", "squeeze"):
    RegisterGradient(_name, formulas=("G, reshaped back",))(_reshape_gradient)


def _padded_shape(a: Shape, width: Any) -> Shape:
    return tuple([before + size + after for size, (before, after) in zip(a, _widths(a, width), strict=True)])


def _widths(a: Shape, width: Any) -> list[tuple[int, int]]:
    """Return how many zeros come before and behind, for each dimension; raises ValueError."""
    given = np.asarray(width)
    if given.dtype.kind not in "iu" or (given < 0).any():
        raise ValueError("the width must be whole numbers")
    return [(int(before), int(after)) for before, after in np.broadcast_to(given, (len(a), 2))]


@operation(
    formula="Y = A, with zeros around it",
    copies=True,
    shape=_padded_shape,
    samples=[((3, 2), {"width": 1}), ((3,), {"width": (2, 0)}), ((2, 2), {"width": ((0, 1), (2, 0))})],
    remedy="{width} must be how many zeros to put around A: 1, (before, after), or such a pair for each dimension",
)
def pad(a: Array, /, width: int | tuple[int, ...] | tuple[tuple[int, ...], ...]) -> Array:
    """Zeros are put around A, so many before and behind each dimension."""
    return np.pad(a, width)


@RegisterGradient("pad", formulas=("G without the border",))
def _pad_gradient(op: EvaluatedOperation, grad: Array) -> list[Array]:
    """Each entry of A is one entry of Y, and what comes to the zeros is nobody's."""
    shape = op.inputs[0].shape
    return [grad[tuple([slice(b, b + size) for size, (b, _) in zip(shape, _widths(shape, op.width), strict=True)])]]
