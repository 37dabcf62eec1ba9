"""Arithmetic, element by element; inputs of different shapes are broadcast."""

from __future__ import annotations

from ..arrays import Array
from ..gradients import Evaluated, RegisterGradient
from .definition import operation

_PAIRS = [((3, 2), (3, 2)), ((3, 2), (2,)), ((3, 1), (1, 2)), ((), (2, 3)), ((), ())]


@operation(formula="Y = A + B", samples=_PAIRS, elementwise=True, trusted=True)
def add(a: Array, b: Array, /) -> Array:
    """Each entry of Y is the sum of an entry of A and an entry of B."""
    return a + b


@RegisterGradient("add", formulas=("G", "G"))
def _add_gradient(op: Evaluated, grad: Array) -> list[Array]:
    """1 more in an entry of A is 1 more in Y.

    1 more in an entry of B is 1 more in Y.
    """
    return [grad, grad]


@operation(formula="Y = A - B", samples=_PAIRS, elementwise=True, trusted=True)
def subtract(a: Array, b: Array, /) -> Array:
    """Each entry of Y is an entry of A less an entry of B."""
    return a - b


@RegisterGradient("subtract", formulas=("G", "-G"))
def _subtract_gradient(op: Evaluated, grad: Array) -> list[Array | None]:
    """1 more in an entry of A is 1 more in Y.

    1 more in an entry of B is 1 less in Y.
    """
    return [grad, -grad if op.needs[1] else None]


@operation(formula="Y = A⊙B", samples=_PAIRS, elementwise=True, trusted=True)
def multiply(a: Array, b: Array, /) -> Array:
    """Each entry of Y is an entry of A times an entry of B."""
    return a * b


@RegisterGradient("multiply", formulas=("G⊙B", "G⊙A"))
def _multiply_gradient(op: Evaluated, grad: Array) -> list[Array | None]:
    """In a product, each factor's slope is the other factor."""
    a, b = op.inputs
    return [grad * b if op.needs[0] else None, grad * a if op.needs[1] else None]


@operation(formula="Y = -A", samples=[((3, 2),), ((),)], elementwise=True, trusted=True)
def negative(a: Array, /) -> Array:
    """Each entry of Y is an entry of A with its sign flipped."""
    return -a


@RegisterGradient("negative", formulas=("-G",))
def _negative_gradient(op: Evaluated, grad: Array) -> list[Array]:
    """The sign is flipped, so 1 more in A is 1 less in Y."""
    return [-grad]


@operation(formula="Y = A²", samples=[((3, 2),), ((),)], elementwise=True)
def square(a: Array, /) -> Array:
    """Each entry of Y is an entry of A times itself."""
    return a * a


@RegisterGradient("square", formulas=("2·G⊙A",))
def _square_gradient(op: Evaluated, grad: Array) -> list[Array]:
    """The slope of a square is twice the number that is squared."""
    return [2.0 * grad * op.inputs[0]]
