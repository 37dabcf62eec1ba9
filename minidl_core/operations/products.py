"""Products of matrices."""

from __future__ import annotations

import numpy as np

from ..arrays import Array, Shape
from ..gradients import EvaluatedOperation, RegisterGradient
from ..sums import sum_to_shape
from .decorator import operation


def _product_shape(a: Shape, b: Shape) -> Shape:
    if not a or not b or a[-1] != b[-2:][0]:
        raise ValueError("the inner dimensions differ")
    stacked = np.broadcast_shapes(a[:-2], b[:-2])
    return (*stacked, *a[-2:-1], *(b[-1:] if len(b) > 1 else ()))


@operation(
    formula="Y = A·B",
    element="Y[i,j] = Σ A[i,k]·B[k,j]",
    unchecked=True,
    shape=_product_shape,
    samples=[
        ((3, 4), (4, 2)),
        ((1, 3), (3, 1)),
        ((3, 4), (4,)),
        ((4,), (4, 2)),
        ((4,), (4,)),
        ((5, 3, 4), (4, 2)),
        ((2, 1, 3, 4), (5, 4, 2)),
    ],
    remedy="the columns of A must equal the rows of B",
)
def matmul(a: Array, b: Array, /) -> Array:
    """Each row of Y mixes the rows of B, weighted by a row of A."""
    product: Array = a.dot(b) if a.ndim == b.ndim == 2 else np.matmul(a, b)
    return product


@RegisterGradient("matmul", formulas=("G·Bᵀ", "Aᵀ·G"))
def _matmul_gradient(op: EvaluatedOperation, grad: Array) -> list[Array | None]:
    """A[i,k] reaches the loss only through row i of Y, by way of row k of B.

    B[k,j] reaches the loss through column j of Y, weighted by column k of A.
    """
    a, b = op.inputs
    if a.ndim == b.ndim == 2:
        return [grad.dot(b.T) if op.needs[0] else None, a.T.dot(grad) if op.needs[1] else None]
    # a vector counts as a matrix of one row (A) or one column (B); stacks of matrices are broadcast
    rows = a if a.ndim > 1 else a[None, :]
    columns = b if b.ndim > 1 else b[:, None]
    matrix = grad.reshape(np.matmul(rows, columns).shape)
    a_gradient = sum_to_shape(matrix @ columns.swapaxes(-1, -2), rows.shape).reshape(a.shape)
    b_gradient = sum_to_shape(rows.swapaxes(-1, -2) @ matrix, columns.shape).reshape(b.shape)
    return [a_gradient, b_gradient]
