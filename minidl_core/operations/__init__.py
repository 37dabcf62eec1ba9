"""The operations, by family; each stands with its formula, reason and gradient in one place."""

from .arithmetic import add, multiply, negative, square, subtract
from .definition import operation
from .nonlinear import log, sigmoid, softmax
from .products import matmul
from .reductions import reduce_sum

__all__ = [
    "add",
    "log",
    "matmul",
    "multiply",
    "negative",
    "operation",
    "reduce_sum",
    "sigmoid",
    "softmax",
    "square",
    "subtract",
]
