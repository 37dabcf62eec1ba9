"""An independent opinion: every operation once more, in the words of HIPS autograd, and numerical derivatives."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd.tracer import getval

import minidl_core as dl
from minidl_core.definition import OperationDefinition

Arrays = Sequence[np.ndarray]
FLAT = ("greater", "greater_equal", "less", "less_equal", "equal", "not_equal", "argmax")
LISTS = ("concatenate", "stack")


def _softmax(a, axis=-1):
    raised = anp.exp(a - anp.max(a, axis=axis, keepdims=True))
    return raised / anp.sum(raised, axis=axis, keepdims=True)


def _pooled(reduce):
    def pooled(a, size=2, stride=None):
        step = stride or size
        rows, columns = ((n - size) // step + 1 for n in a.shape[2:])
        return anp.array(
            [
                [
                    [
                        [reduce(image[i * step : i * step + size, j * step : j * step + size]) for j in range(columns)]
                        for i in range(rows)
                    ]
                    for image in channels
                ]
                for channels in a
            ]
        )

    return pooled


def _conv2d(a, k, stride=1, padding=0):
    a = anp.pad(a, ((0, 0), (0, 0), (padding, padding), (padding, padding)), mode="constant")
    height, width = k.shape[2:]
    rows, columns = (a.shape[2] - height) // stride + 1, (a.shape[3] - width) // stride + 1
    made = [
        anp.einsum("nchw,kchw->nk", a[:, :, i : i + height, j : j + width], k)
        for i in range(0, rows * stride, stride)
        for j in range(0, columns * stride, stride)
    ]
    return anp.reshape(anp.transpose(anp.array(made), (1, 2, 0)), (len(a), len(k), rows, columns))


def _cross_entropy(a, c):
    raised = anp.exp(a)
    logs = anp.log(raised / anp.sum(raised, axis=-1, keepdims=True))
    if np.ndim(c) < np.ndim(a):
        c = np.eye(a.shape[-1])[np.asarray(c, int)]
    return -anp.sum(c * logs, axis=-1)


def _gelu(a):
    return 0.5 * a * (1 + anp.tanh(np.sqrt(2 / np.pi) * (a + 0.044715 * a**3)))


def _erf(a):
    terms = [(-1) ** n * a ** (2 * n + 1) / (math.factorial(n) * (2 * n + 1)) for n in range(60)]
    return 2 / np.sqrt(np.pi) * sum(terms)


def _along(function):
    return lambda a, axis=None, keepdims=False: function(a, axis=axis, keepdims=keepdims)


def _compared(function):
    """A comparison whose numbers autograd cannot follow, made of such that it can, with a slope of 0."""
    return lambda a, b: 0.0 * a + 0.0 * b + (function(getval(a), getval(b)) * 1.0)


def _argmax(a, axis=None):
    return 0.0 * anp.sum(a, axis=axis) + np.argmax(getval(a), axis=axis)


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
    "minimum": anp.minimum,
    "abs": anp.abs,
    "clip": lambda a, low=-np.inf, high=np.inf: anp.clip(a, low, high),
    "where": lambda c, a, b: c * a + (1 - c) * b,
    "greater": _compared(np.greater),
    "greater_equal": _compared(np.greater_equal),
    "less": _compared(np.less),
    "less_equal": _compared(np.less_equal),
    "equal": _compared(np.equal),
    "not_equal": _compared(np.not_equal),
    "argmax": _argmax,
    "sqrt": anp.sqrt,
    "sin": anp.sin,
    "cos": anp.cos,
    "softplus": lambda a: anp.log(1 + anp.exp(a)),
    "gelu": _gelu,
    "erf": _erf,
    "leaky_relu": lambda a, slope=0.01: anp.where(a > 0, a, slope * a),
    "reduce_max": _along(anp.max),
    "reduce_min": _along(anp.min),
    "reduce_variance": _along(anp.var),
    "reduce_std": _along(anp.std),
    "norm": lambda a, axis=None, keepdims=False: anp.sqrt(anp.sum(a * a, axis=axis, keepdims=keepdims)),
    "cumsum": lambda a, axis=None: anp.cumsum(a, axis=axis),
    "log_softmax": lambda a, axis=-1: anp.log(_softmax(a, axis)),
    "cross_entropy": _cross_entropy,
    "outer": anp.outer,
    "einsum": lambda a, b, subscripts: anp.einsum(subscripts, a, b),
    "select": lambda a, key: a[key],
    "gather": lambda a, i, axis=0: a[(slice(None),) * axis + (np.asarray(i, int),)],
    "pick": lambda a, i, j: a[np.asarray(i, int), np.asarray(j, int)],
    "concatenate": lambda *arrays, axis=0: anp.concatenate(arrays, axis),
    "stack": lambda *arrays, axis=0: anp.stack(arrays, axis),
    "broadcast_to": lambda a, shape: a + np.zeros(shape),
    "expand_dims": lambda a, axis: anp.reshape(a, np.expand_dims(np.ones(a.shape), axis).shape),
    "squeeze": lambda a, axis=None: anp.reshape(a, np.squeeze(np.ones(a.shape), axis).shape),
    "pad": lambda a, width: anp.pad(a, np.broadcast_to(width, (a.ndim, 2)).tolist(), mode="constant"),
    "conv2d": _conv2d,
    "max_pool": _pooled(anp.max),
    "average_pool": _pooled(anp.mean),
}


def central_differences(
    function: Callable[..., float], arrays: Arrays, wanted: Sequence[int] | None = None, step: float = 1e-5
) -> list[np.ndarray]:
    """The derivative of a function of some arrays with respect to every element of the wanted ones, measured."""
    gradients = []
    for position in range(len(arrays)) if wanted is None else wanted:
        array = arrays[position]
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


def build(name: str, inputs: Sequence[Any], attributes: dict[str, Any]) -> Any:
    """Call an operation of the engine, with a list where it takes one."""
    return getattr(dl, name)(*([list(inputs)] if name in LISTS else inputs), **attributes)


def sample_arrays(
    made: OperationDefinition, sample: Sequence[Any], seed: int
) -> tuple[Arrays, list[bool], dict[str, Any]]:
    """The arrays of a sample, whether each was drawn (or is one that not any numbers will do for), its attributes."""
    attributes = sample[-1] if isinstance(sample[-1], dict) else {}
    rng = np.random.default_rng(seed)
    given = [each for each in sample if not isinstance(each, dict)]
    drawn = [not isinstance(each, np.ndarray) for each in given]
    numbers = (rng.uniform(*made.domain, size=each) if not isinstance(each, np.ndarray) else each for each in given)
    return [np.array(each, dtype=float) for each in numbers], drawn, attributes
