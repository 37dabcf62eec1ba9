"""An independent opinion: every operation once more, in the words of HIPS autograd, and numerical derivatives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import autograd.numpy as anp
import numpy as np

Arrays = Sequence[np.ndarray]


def _softmax(a, axis=-1):
    raised = anp.exp(a - anp.max(a, axis=axis, keepdims=True))
    return raised / anp.sum(raised, axis=axis, keepdims=True)


OPERATIONS: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "negative": lambda a: -a,
    "log": anp.log,
    "sigmoid": lambda a: 1 / (1 + anp.exp(-a)),
    "softmax": _softmax,
    "matmul": anp.matmul,
    "divide": lambda a, b: a / b,
    "power": lambda a, b: a**b,
    "square": lambda a: a**2,
    "exp": anp.exp,
    "tanh": anp.tanh,
    "relu": lambda a: anp.maximum(a, 0.0),
    "maximum": anp.maximum,
    "reduce_mean": lambda a, axis=None, keepdims=False: anp.mean(a, axis=axis, keepdims=keepdims),
    # autograd's gradient of transpose is wrong for negative axes
    "transpose": lambda a, axes=None: anp.transpose(a, None if axes is None else [axis % a.ndim for axis in axes]),
    "reshape": lambda a, shape: anp.reshape(a, shape),
    "reduce_sum": lambda a, axis=None, keepdims=False: anp.sum(a, axis=axis, keepdims=keepdims),
}


def central_differences(function: Callable[..., float], arrays: Arrays, step: float = 1e-5) -> list[np.ndarray]:
    """The derivative of a function of some arrays with respect to every element of each, measured."""
    gradients = []
    for position, array in enumerate(arrays):
        gradient = np.empty(array.shape)
        for entry in np.ndindex(array.shape):
            sides = []
            for sign in (1, -1):
                moved = [np.array(a, dtype=float) for a in arrays]
                moved[position][entry] += sign * step
                sides.append(function(*moved))
            gradient[entry] = (sides[0] - sides[1]) / (2 * step)
        gradients.append(gradient)
    return gradients
