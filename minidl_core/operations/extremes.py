"""The largest and the smallest along an axis, and how far numbers spread: variance, standard deviation, norm."""

from __future__ import annotations

import numpy as np

from ..arrays import Array
from ..definition import definitions
from ..gradients import EvaluatedOperation, RegisterGradient
from .decorator import operation
from .reductions import REMEDY, SAMPLES, Axis, count, reduced_shape, spread


@operation(formula="Y = max A", shape=reduced_shape, samples=SAMPLES, remedy=REMEDY)
def reduce_max(a: Array, /, axis: Axis = None, keepdims: bool = False) -> Array:
    """The largest of the entries of A along the axis.

    Without an axis, of all entries.
    """
    return np.maximum.reduce(a, axis, keepdims=keepdims)  # type: ignore[call-overload, no-any-return]


@operation(formula="Y = min A", shape=reduced_shape, samples=SAMPLES, remedy=REMEDY)
def reduce_min(a: Array, /, axis: Axis = None, keepdims: bool = False) -> Array:
    """The smallest of the entries of A along the axis.

    Without an axis, of all entries.
    """
    return np.minimum.reduce(a, axis, keepdims=keepdims)  # type: ignore[call-overload, no-any-return]


def _extreme_gradient(op: EvaluatedOperation, grad: Array) -> list[Array]:
    """Only the entry that Y is counts; those that are tied share it equally."""
    is_it = (op.inputs[0] == spread(op, op.output)).astype(float)
    tied = np.add.reduce(is_it, op.axis, keepdims=op.keepdims)
    return [spread(op, grad / tied) * is_it]


for _name in ("reduce_max", "reduce_min"):
    RegisterGradient(_name, formulas=("G⊙(A = Y)",))(_extreme_gradient)


def mean(a: Array, axis: Axis) -> Array:
    """Return the means along the axis, which stays with length 1."""
    total: Array = np.add.reduce(a, axis, keepdims=True)
    return total / count(a, total)


@operation(formula="Y = Σ (A - mean A)² / n", shape=reduced_shape, samples=SAMPLES, remedy=REMEDY)
def reduce_variance(a: Array, /, axis: Axis = None, keepdims: bool = False) -> Array:
    """The squared distances of the entries of A from their mean, averaged along the axis.

    Without an axis, over all entries.
    """
    # as np.var does, which warns where there are no entries
    centred = a - mean(a, axis)
    squares: Array = np.add.reduce(centred * centred, axis, keepdims=keepdims)  # type: ignore[call-overload]
    return squares / count(a, squares)


@RegisterGradient("reduce_variance", formulas=("2·G⊙(A - mean A)/n",))
def _reduce_variance_gradient(op: EvaluatedOperation, grad: Array) -> list[Array]:
    """An entry counts by how far it is from the mean; what it changes of the mean itself cancels."""
    a = op.inputs[0]
    return [spread(op, 2.0 * grad / count(a, grad)) * (a - mean(a, op.axis))]


@operation(formula="Y = sqrt(Σ (A - mean A)² / n)", shape=reduced_shape, samples=SAMPLES[:-1], remedy=REMEDY)
def reduce_std(a: Array, /, axis: Axis = None, keepdims: bool = False) -> Array:
    """The standard deviation of the entries of A along the axis: the square root of their variance.

    Without an axis, of all entries.
    """
    return np.sqrt(definitions["reduce_variance"].compute(a, axis, keepdims))


@RegisterGradient("reduce_std", formulas=("G⊙(A - mean A)/(n·Y)",))
def _reduce_std_gradient(op: EvaluatedOperation, grad: Array) -> list[Array]:
    """An entry counts by how far it is from the mean, in standard deviations; where all are equal, as 0."""
    a = op.inputs[0]
    scale = grad / (np.where(op.output > 0, op.output, 1.0) * count(a, grad))
    return [spread(op, scale) * (a - mean(a, op.axis))]


@operation(formula="Y = sqrt(Σ A²)", shape=reduced_shape, samples=SAMPLES, remedy=REMEDY)
def norm(a: Array, /, axis: Axis = None, keepdims: bool = False) -> Array:
    """The length of A along the axis: the square root of the sum of the squares of its entries.

    Without an axis, of all entries.
    """
    largest = np.maximum.reduce(np.abs(a), axis, keepdims=True, initial=0.0)
    scale = np.where(largest > 0, largest, 1.0)  # the squares themselves may be too large or too small for a number
    length = scale * np.sqrt(np.add.reduce(np.square(a / scale), axis, keepdims=True))
    return length.reshape(reduced_shape(a.shape, axis, keepdims))


@RegisterGradient("norm", formulas=("G⊙A/Y",))
def _norm_gradient(op: EvaluatedOperation, grad: Array) -> list[Array]:
    """An entry counts by its part of the length; at length 0, where every direction is as steep, as 0."""
    return [spread(op, grad) * (op.inputs[0] / spread(op, np.where(op.output > 0, op.output, 1.0)))]
