"""Probabilities: softmax makes them of scores, cross-entropy says how far they are from the right ones."""

from __future__ import annotations

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from ..arrays import Array, Shape
from ..definition import definitions
from ..gradients import EvaluatedOperation, RegisterGradient
from ..sums import largest_along, sum_along
from .decorator import operation
from .selections import whole_numbers


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


@operation(
    formula="Y = A - log(Σ exp A)",
    shape=_softmax_shape,
    samples=[((3, 2),), ((3, 2), {"axis": 0}), ((4,),), ((2, 3, 2), {"axis": 1})],
    remedy="axis must name a dimension that A has, not {axis}",
)
def log_softmax(a: Array, /, axis: int = -1) -> Array:
    """The logarithms of the probabilities that softmax makes of A, also of those too small for a number."""
    shifted = a - largest_along(a, axis)
    return shifted - np.log(sum_along(np.exp(shifted), axis))


@RegisterGradient("log_softmax", formulas=("G - exp Y⊙Σ G",))
def _log_softmax_gradient(op: EvaluatedOperation, grad: Array) -> list[Array]:
    """More of one entry is more of its own logarithm, and less of all in its line, by its probability."""
    return [grad - np.exp(op.output) * sum_along(grad, op.axis)]


def _cross_entropy_shape(a: Shape, c: Shape) -> Shape:
    if not a or c not in (a, a[:-1]):
        raise ValueError("the classes do not fit the scores")
    return a[:-1]


def _surprise_element(a: Shape, c: Shape) -> str:
    row = "".join(f"{letter}," for letter in "ijklmnop"[: len(a) - 1])
    left = f"Y[{row[:-1]}]" if row else "Y"
    if c == a:
        return f"{left} = Σ -C[{row}c]·log(softmax A[{row}c])"
    return f"{left} = -log(softmax A[{row}C])"


@operation(
    formula="Y = -log(softmax A) of the class C",
    element=_surprise_element,
    shape=_cross_entropy_shape,
    samples=[
        ((3, 2), (3, 2)),
        ((3, 2), np.array([0.0, 1.0, 1.0])),
        ((4,), (4,)),
        ((2, 2, 3), np.array([[0, 1], [2, 1.0]])),
    ],
    domain=(0.1, 2.0),
    remedy="C must have one whole number for each row of A, or a row of probabilities, so the shape of A",
)
def cross_entropy(a: Array, c: Array, /) -> Array:
    """For each row of scores A: how surprising its class C is, minus the logarithm of the probability it was given.

    C is the number of the class, or a row of probabilities, such as one 1 among zeros.
    """
    return -np.add.reduce(_as_probabilities(a, c) * definitions["log_softmax"].compute(a), -1)  # type: ignore[no-any-return]


@RegisterGradient("cross_entropy", formulas=("G⊙(softmax A - onehot C)", "-G⊙log(softmax A)"))
def _cross_entropy_gradient(op: EvaluatedOperation, grad: Array) -> list[Array]:
    """Each score counts by how far its probability is above what the class wants: 1 for the right one, else 0.

    Each wanted probability counts by how surprising it is; the number of a class is no amount, and counts as 0.
    """
    a, c = op.inputs
    wanted, given = _as_probabilities(a, c), definitions["log_softmax"].compute(a)
    of_scores = np.exp(given) * np.add.reduce(wanted, -1, keepdims=True) - wanted
    of_classes = -grad[..., None] * given if c.shape == a.shape else np.zeros(c.shape)
    return [grad[..., None] * of_scores, of_classes]


def _as_probabilities(a: Array, c: Array) -> Array:
    """Return the wanted probabilities: those given, or a 1 at the number of each class."""
    if c.shape == a.shape:
        return c
    wanted: Array = np.eye(a.shape[-1])[whole_numbers(c, a.shape[-1], "class")]
    return wanted
