"""Entries taken out of an array, and arrays put together: every entry of Y is an entry of an input."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from ..arrays import Array, Shape
from ..errors import GraphError
from ..gradients import EvaluatedOperation, RegisterGradient
from .decorator import operation


def whole_numbers(indices: Array, count: int, what: str) -> Any:
    """Return indices as whole numbers; raises GraphError where one is none, or not one of so many."""
    found = indices.astype(np.intp)
    wrong = indices[(found != indices) | (found < 0) | (found >= count)]
    if wrong.size:
        wanted = f"it must be a whole number from 0 to {count - 1}" if count else "there is none to take"
        raise GraphError(f"{wrong.flat[0]:g} is no {what}: {wanted}.")
    return found


def _selected_shape(a: Shape, key: Any) -> Shape:
    try:
        return np.shape(np.broadcast_to(0.0, a)[key])
    except IndexError as error:
        raise ValueError(str(error)) from error


@operation(
    formula="Y = A[key]",
    copies=True,
    shape=_selected_shape,
    samples=[
        ((3, 2), {"key": 0}),
        ((3, 4), {"key": (slice(None), slice(1, 3))}),
        ((3, 4), {"key": (Ellipsis, -1)}),
        ((3, 2), {"key": (slice(None, None, -2), None)}),
        ((3, 2), {"key": np.array([2, 0, 2])}),
        ((3, 2), {"key": (np.array([0, 1, 0]), np.array([1, 1, 1]))}),
        ((3,), {"key": np.array([True, False, True])}),
    ],
)
def select(a: Array, /, key: Any) -> Array:
    """The entries of A at an index, or slices of it, as in A[0] and A[:, 1:3]."""
    return a[key]  # type: ignore[no-any-return]


@RegisterGradient("select", formulas=("G at the entries that were taken",))
def _select_gradient(op: EvaluatedOperation, grad: Array) -> list[Array]:
    """G comes back to the entries that were taken, once for each time, and the others get 0."""
    gradient = np.zeros(op.inputs[0].shape)
    np.add.at(gradient, op.key, grad)
    return [gradient]


def _gathered_shape(a: Shape, i: Shape, axis: int) -> Shape:
    axis = normalize_axis_index(axis, len(a))
    return a[:axis] + i + a[axis + 1 :]


@operation(
    formula="Y = the rows I of A",
    copies=True,
    shape=_gathered_shape,
    samples=[
        ((3, 2), np.array([2.0, 0.0, 2.0])),
        ((2, 3), np.array([[0.0, 1.0], [1.0, 1.0]])),
        ((2, 3), np.array(2.0), {"axis": 1}),
    ],
    remedy="axis must name a dimension that A has, not {axis}",
)
def gather(a: Array, i: Array, /, axis: int = 0) -> Array:
    """For each number in I, the row of A that it counts: an embedding, where I has words by their numbers.

    With an axis, rows along that axis.
    """
    taken: Array = np.take(a, whole_numbers(i, a.shape[axis], "index"), axis)
    return taken


@RegisterGradient("gather", formulas=("G at the rows that were taken", "0·G"))
def _gather_gradient(op: EvaluatedOperation, grad: Array) -> list[Array]:
    """G comes back to the rows that were taken, once for each time, and the others get 0.

    The number of a row is no amount, and between two whole numbers there is nothing.
    """
    a, i = op.inputs
    gradient = np.zeros(a.shape)
    axis = normalize_axis_index(op.axis, a.ndim)
    key: Any = (slice(None),) * axis + (i.astype(np.intp),)
    np.add.at(gradient, key, grad)
    return [gradient, np.zeros(i.shape)]


def _picked_shape(a: Shape, i: Shape, j: Shape) -> Shape:
    if len(a) < 2:
        raise ValueError("it has no rows and columns")
    return (*np.broadcast_shapes(i, j), *a[2:])


@operation(
    formula="Y = the entries of A in rows I and columns J",
    copies=True,
    shape=_picked_shape,
    samples=[
        ((3, 2), np.array([0.0, 1.0, 1.0]), np.array([1.0, 0.0, 0.0])),
        ((3, 2, 2), np.array(2.0), np.array([0.0, 1.0])),
    ],
    remedy="I and J must have as many numbers, or one of them a single number",
)
def pick(a: Array, i: Array, j: Array, /) -> Array:
    """For each pair of numbers in I and J, the entry of A in that row and column, as in A[[0, 1], classes]."""
    return a[_pairs(a, i, j)]  # type: ignore[no-any-return]


@RegisterGradient("pick", formulas=("G at the entries that were taken", "0·G", "0·G"))
def _pick_gradient(op: EvaluatedOperation, grad: Array) -> list[Array]:
    """G comes back to the entries that were taken, once for each time, and the others get 0.

    The number of a row is no amount, and between two whole numbers there is nothing.

    The number of a column is no amount, and between two whole numbers there is nothing.
    """
    a, i, j = op.inputs
    gradient = np.zeros(a.shape)
    np.add.at(gradient, _pairs(a, i, j), grad)
    return [gradient, np.zeros(i.shape), np.zeros(j.shape)]


def _pairs(a: Array, i: Array, j: Array) -> Any:
    return whole_numbers(i, a.shape[0], "row"), whole_numbers(j, a.shape[1], "column")


def _concatenated_shape(*shapes: Shape, axis: int) -> Shape:
    axis = normalize_axis_index(axis, min(map(len, shapes)))
    others = {shape[:axis] + shape[axis + 1 :] for shape in shapes}
    if len(others) > 1:
        raise ValueError("the other dimensions differ")
    return (*shapes[0][:axis], sum(shape[axis] for shape in shapes), *shapes[0][axis + 1 :])


@operation(
    formula="Y = INPUTS one behind the other",
    copies=True,
    shape=_concatenated_shape,
    samples=[((3, 2), (1, 2)), ((2, 1), (2, 3), (2, 1), {"axis": 1}), ((2, 1, 2), (2, 3, 2), {"axis": -2}), ((2,),)],
    remedy="they must be equal in all dimensions but the axis, {axis}, which all must have",
)
def concatenate(*arrays: Array, axis: int = 0) -> Array:
    """The arrays are put one behind the other along an axis that they have."""
    return np.concatenate(arrays, axis)


@RegisterGradient("concatenate", formulas=("its part of G",))
def _concatenate_gradient(op: EvaluatedOperation, grad: Array) -> list[Array]:
    """Each entry of an input is one entry of Y, and its G comes back from there."""
    ends = np.cumsum([each.shape[op.axis] for each in op.inputs])
    return np.split(grad, ends[:-1], op.axis)


def _stacked_shape(*shapes: Shape, axis: int) -> Shape:
    if len(set(shapes)) > 1:
        raise ValueError("the shapes differ")
    axis = normalize_axis_index(axis, len(shapes[0]) + 1)
    return (*shapes[0][:axis], len(shapes), *shapes[0][axis:])


@operation(
    formula="Y = INPUTS side by side",
    copies=True,
    shape=_stacked_shape,
    samples=[((3, 2), (3, 2)), ((2,), (2,), (2,), {"axis": 1}), ((), (), ()), ((2, 3), (2, 3), {"axis": -1})],
    remedy="they must have the same shape, and {axis} must be a place for a new axis in it",
)
def stack(*arrays: Array, axis: int = 0) -> Array:
    """The arrays, all of one shape, are put side by side along a new axis."""
    return np.stack(arrays, axis)


@RegisterGradient("stack", formulas=("its part of G",))
def _stack_gradient(op: EvaluatedOperation, grad: Array) -> list[Array]:
    """Each entry of an input is one entry of Y, and its G comes back from there."""
    return list(np.moveaxis(grad, op.axis, 0))
