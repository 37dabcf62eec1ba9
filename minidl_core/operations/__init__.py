"""The operations, by family; each stands with its formula, reason and gradient in one place."""

from .arithmetic import add, divide, maximum, multiply, negative, subtract
from .curves import exp, log, power, relu, sigmoid, square, tanh
from .decorator import operation
from .probabilities import softmax
from .products import matmul
from .reductions import reduce_mean, reduce_sum
from .shapes import reshape, transpose

__all__ = [
    "add",
    "divide",
    "exp",
    "log",
    "matmul",
    "maximum",
    "multiply",
    "negative",
    "operation",
    "power",
    "reduce_mean",
    "reduce_sum",
    "relu",
    "reshape",
    "sigmoid",
    "softmax",
    "square",
    "subtract",
    "tanh",
    "transpose",
]
