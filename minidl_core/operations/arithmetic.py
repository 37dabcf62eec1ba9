"""Arithmetic, element by element; inputs of different shapes are broadcast."""

from __future__ import annotations

from ..arrays import Array
from ..gradients import EvaluatedOperation, RegisterGradient
from .decorator import operation

_PAIRS = [((3, 2), (3, 2)), ((3, 2), (2,)), ((3, 1), (1, 2)), ((), (2, 3)), ((2, 1, 3), (4, 1)), ((), ())]


@operation(formula="Y = A + B", samples=_PAIRS, elementwise=True, unchecked=True)
def add(a: Array, b: Array, /) -> Array:
    """Each entry of Y is the sum of an entry of A and an entry of B."""
    return a + b


@RegisterGradient("add", formulas=("G", "G"))
def _add_gradient(op: EvaluatedOperation, grad: Array) -> list[Array]:
    """1 more in an entry of A is 1 more in Y.

    1 more in an entry of B is 1 more in Y.
    """
    return [grad, grad]


@operation(formula="Y = A - B", samples=_PAIRS, elementwise=True, unchecked=True)
def subtract(a: Array, b: Array, /) -> Array:
    """Each entry of Y is an entry of A minus an entry of B."""
    return a - b


@RegisterGradient("subtract", formulas=("G", "-G"))
def _subtract_gradient(op: EvaluatedOperation, grad: Array) -> list[Array | None]:
    """1 more in an entry of A is 1 more in Y.

    1 more in an entry of B is 1 less in Y.
    """
    return [grad, -grad if op.needs[1] else None]


@operation(formula="Y = A⊙B", samples=_PAIRS, elementwise=True, unchecked=True)
def multiply(a: Array, b: Array, /) -> Array:
    """Each entry of Y is an entry of A times an entry of B."""
    return a * b


@RegisterGradient("multiply", formulas=("G⊙B", "G⊙A"))
def _multiply_gradient(op: EvaluatedOperation, grad: Array) -> list[Array | None]:
    """In a product, each factor's slope is the other factor."""
    a, b = op.inputs
    return [grad * b if op.needs[0] else None, grad * a if op.needs[1] else None]


@operation(formula="Y = A/B", samples=_PAIRS, elementwise=True, domain=(0.5, 2.0))
def divide(a: Array, b: Array, /) -> Array:
    """Each entry of Y is an entry of A divided by an entry of B."""
    return a / b


@RegisterGradient("divide", formulas=("G/B", "-G⊙Y/B"))
def _divide_gradient(op: EvaluatedOperation, grad: Array) -> list[Array | None]:
    """1 more in an entry of A is 1/B more in Y.

    The larger an entry of B, the smaller Y: 1 more in B is Y/B less.
    """
    b = op.inputs[1]
    return [grad / b if op.needs[0] else None, -grad * op.output / b if op.needs[1] else None]


@operation(formula="Y = -A", samples=[((3, 2),), ((),)], elementwise=True, unchecked=True)
def negative(a: Array, /) -> Array:
    """Each entry of Y is an entry of A with its sign flipped."""
    return -a


@RegisterGradient("negative", formulas=("-G",))
def _negative_gradient(op: EvaluatedOperation, grad: Array) -> list[Array]:
    """The sign is flipped, so 1 more in A is 1 less in Y."""
    return [-grad]
