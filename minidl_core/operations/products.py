"""Products of matrices, of vectors, and of arrays whose dimensions have letters."""

from __future__ import annotations

import re

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


def _product_element(a: Shape, b: Shape) -> str:
    rows, columns = ["i"] * (len(a) > 1), ["j"] * (len(b) > 1)
    count = max(len(a), len(b), 2) - 2
    stacked = list("stuvwxyz"[:count])

    def letters(shape: Shape, *own: str) -> str:
        stack = shape[:-2]
        first = count - len(stack)
        # an array of which a stack has only one is the same in each of its places
        return ",".join(["0" if size == 1 else stacked[first + axis] for axis, size in enumerate(stack)] + [*own])

    result = ",".join([*stacked, *rows, *columns])
    left = f"Y[{result}]" if result else "Y"
    return f"{left} = Σ A[{letters(a, *rows, 'k')}]·B[{letters(b, 'k', *columns)}]"


@operation(
    formula="Y = A·B",
    element=_product_element,
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


def _outer_shape(a: Shape, b: Shape) -> Shape:
    if len(a) != 1 or len(b) != 1:
        raise ValueError("both must be vectors")
    return a + b


@operation(
    formula="Y = A·Bᵀ",
    element="Y[i,j] = A[i]·B[j]",
    shape=_outer_shape,
    samples=[((3,), (2,)), ((1,), (4,))],
    remedy="A and B must have one dimension each; reshape(x, -1) makes one of many",
)
def outer(a: Array, b: Array, /) -> Array:
    """Every entry of A times every entry of B."""
    return np.outer(a, b)


@RegisterGradient("outer", formulas=("G·B", "Gᵀ·A"))
def _outer_gradient(op: EvaluatedOperation, grad: Array) -> list[Array]:
    """A[i] is a factor of row i of Y, with B as the other factor.

    B[j] is a factor of column j of Y, with A as the other factor.
    """
    a, b = op.inputs
    return [grad @ b, a @ grad]


def _split(subscripts: str) -> tuple[str, str, str]:
    """Return the letters of both inputs and of the output; raises ValueError where they are none."""
    found = re.fullmatch(r"([a-zA-Z]*),([a-zA-Z]*)->([a-zA-Z]*)", str(subscripts).replace(" ", ""))
    if found is None:
        raise ValueError("the subscripts must be written as 'ij,jk->ik', for two inputs and with the arrow")
    a, b, y = found.groups()
    if any(len(set(letters)) < len(letters) for letters in (a, b, y)):
        raise ValueError("a letter may stand only once in each part of the subscripts")
    if not set(y) <= set(a + b):
        raise ValueError(f"'{min(set(y) - set(a + b))}' of the output is in none of the inputs")
    return a, b, y


def _einsum_shape(a: Shape, b: Shape, subscripts: str) -> Shape:
    first, second, output = _split(subscripts)
    sizes: dict[str, int] = {}
    for letters, shape in ((first, a), (second, b)):
        if len(letters) != len(shape):
            raise ValueError(f"the subscripts '{letters}' name {len(letters)} dimensions, but there are {len(shape)}")
        for letter, size in zip(letters, shape, strict=True):
            if sizes.setdefault(letter, size) != size:
                raise ValueError(f"'{letter}' is {sizes[letter]} in one input and {size} in the other")
    return tuple([sizes[letter] for letter in output])


def _einsum_element(*_: Shape, subscripts: str) -> str:
    first, second, output = (f"[{','.join(letters)}]" if letters else "" for letters in _split(subscripts))
    return f"Y{output} = Σ A{first}·B{second}"


@operation(
    formula="Y = Σ A·B over the letters that Y lacks",
    element=_einsum_element,
    shape=_einsum_shape,
    samples=[
        ((3, 4), (4, 2), {"subscripts": "ij,jk->ik"}),
        ((2, 3, 4), (2, 5, 4), {"subscripts": "bqd,bkd->bqk"}),
        ((3, 2), (3,), {"subscripts": "ij,k->i"}),
        ((3,), (2,), {"subscripts": "i,j->ji"}),
    ],
)
def einsum(a: Array, b: Array, /, subscripts: str) -> Array:
    """Entries of A times entries of B, multiplied where their letters are equal, and summed over what Y lacks.

    It is called as NumPy's, for two arrays: einsum("ij,jk->ik", a, b). Of one, reduce_sum and transpose do the same.
    """
    return np.einsum(subscripts, a, b)  # type: ignore[no-any-return]


@RegisterGradient("einsum", formulas=("G·B, summed to the letters of A", "G·A, summed to the letters of B"))
def _einsum_gradient(op: EvaluatedOperation, grad: Array) -> list[Array]:
    """In a product, each factor's slope is the other factor, and it counts in every sum that it is in."""
    (a, b), (first, second, output) = op.inputs, _split(op.subscripts)

    def towards(own: str, shape: Shape, other: str, factor: Array) -> Array:
        known = "".join(letter for letter in own if letter in output + other)
        part = np.einsum(f"{output},{other}->{known}", grad, factor)
        # a letter that only this input has was summed alone: each of its entries counts the same
        missing = tuple([axis for axis, letter in enumerate(own) if letter not in known])
        return np.broadcast_to(np.expand_dims(part, missing), shape)

    return [towards(first, a.shape, second, b), towards(second, b.shape, first, a)]
