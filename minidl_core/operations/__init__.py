"""The operations, by family; each stands with its formula, reason and gradient in one place."""

from .arithmetic import add, divide, multiply, negative, subtract
from .choices import (
    abs,  # noqa: A004 (the field's word)
    clip,
    maximum,
    minimum,
    where,
)
from .comparisons import argmax, equal, greater, greater_equal, less, less_equal, not_equal
from .curves import cos, erf, exp, gelu, leaky_relu, log, power, relu, sigmoid, sin, softplus, sqrt, square, tanh
from .decorator import operation
from .extremes import norm, reduce_max, reduce_min, reduce_std, reduce_variance
from .images import average_pool, conv2d, max_pool
from .probabilities import cross_entropy, log_softmax, softmax
from .products import einsum, matmul, outer
from .reductions import cumsum, reduce_mean, reduce_sum
from .selections import concatenate, gather, pick, select, stack
from .shapes import broadcast_to, expand_dims, pad, reshape, squeeze, transpose

__all__ = [
    "abs",
    "add",
    "argmax",
    "average_pool",
    "broadcast_to",
    "clip",
    "concatenate",
    "conv2d",
    "cos",
    "cross_entropy",
    "cumsum",
    "divide",
    "einsum",
    "equal",
    "erf",
    "exp",
    "expand_dims",
    "gather",
    "gelu",
    "greater",
    "greater_equal",
    "leaky_relu",
    "less",
    "less_equal",
    "log",
    "log_softmax",
    "matmul",
    "max_pool",
    "maximum",
    "minimum",
    "multiply",
    "negative",
    "norm",
    "not_equal",
    "operation",
    "outer",
    "pad",
    "pick",
    "power",
    "reduce_max",
    "reduce_mean",
    "reduce_min",
    "reduce_std",
    "reduce_sum",
    "reduce_variance",
    "relu",
    "reshape",
    "select",
    "sigmoid",
    "sin",
    "softmax",
    "softplus",
    "sqrt",
    "square",
    "squeeze",
    "stack",
    "subtract",
    "tanh",
    "transpose",
    "where",
]
