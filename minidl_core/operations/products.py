"""Products of matrices."""

from __future__ import annotations

from ..arrays import Array, Shape
from ..gradients import Evaluated, RegisterGradient
from .definition import operation


def _product_shape(a: Shape, b: Shape) -> Shape:
    if len(a) != 2 or len(b) != 2 or a[1] != b[0]:
        raise ValueError("matmul takes two matrices")
    return a[0], b[1]


@operation(
    formula="Y = A·B",
    element="Y[i,j] = Σ A[i,k]·B[k,j]",
    trusted=True,
    shape=_product_shape,
    samples=[((3, 4), (4, 2)), ((1, 3), (3, 1))],
    mend="the columns of A must equal the rows of B",
)
def matmul(a: Array, b: Array, /) -> Array:
    """Each row of Y mixes the rows of B, weighted by a row of A."""
    if a.ndim != 2 or b.ndim != 2:
        raise ValueError("matmul takes two matrices")
    product: Array = a.dot(b)
    return product


@RegisterGradient("matmul", formulas=("G·Bᵀ", "Aᵀ·G"))
def _matmul_gradient(op: Evaluated, grad: Array) -> list[Array | None]:
    """A[i,k] reaches J only through row i of Y, by way of row k of B.

    B[k,j] reaches J through column j of Y, weighted by column k of A.
    """
    a, b = op.inputs
    return [grad.dot(b.T) if op.needs[0] else None, a.T.dot(grad) if op.needs[1] else None]
