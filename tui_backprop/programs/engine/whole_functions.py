"""Functions that learners' engines have as one operation and that ours has in several: a layer, a loss of a batch.

Each is written as people write it, with its gradients, so that those of large arrays need no measuring. Which of the
ways of writing it is theirs, the numbers tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minidl_core.arrays import Array
from minidl_core.sums import sum_to_shape


@dataclass(frozen=True, eq=False)
class WholeFunction:
    """What a function computes of its operands, and the gradients for them: 0 for classes, which nothing moves."""

    compute: Callable[..., Any]
    gradients: Callable[..., Sequence[Array]]


def whole_functions(word: str, count: int) -> Iterator[WholeFunction]:
    """Return what an operation of this name and so many operands may mean."""
    plain = word.replace("_", "").lower()
    if plain in ("linear", "affine", "dense", "fullyconnected") and count == 3:
        yield WholeFunction(lambda x, w, b: x @ w + b, _linear_gradients)
    elif plain in ("mse", "meansquarederror", "mseloss", "squarederror") and count == 2:
        for share in _SHARES:
            yield _squared_error(share, 1.0)
            yield _squared_error(share, 0.5)
    elif plain in ("softmaxcrossentropy", "softmaxwithloss", "crossentropy", "crossentropyloss") and count == 2:
        for share in _SHARES:
            yield _softmax_cross_entropy(share)


def _linear_gradients(grad: Array, x: Array, w: Array, b: Array) -> Sequence[Array]:
    rows, downs = np.reshape(x, (-1, np.shape(x)[-1])), np.reshape(grad, (-1, np.shape(grad)[-1]))
    return grad @ w.T, rows.T @ downs, sum_to_shape(grad, np.shape(b))


def _each(_: Array) -> float:
    return 1.0


def _of_rows(x: Array) -> float:
    return 1 / np.shape(x)[0] if np.ndim(x) else 1.0


def _of_entries(x: Array) -> float:
    return 1 / np.size(x)


_SHARES: tuple[Callable[[Array], float], ...] = (_of_rows, _of_entries, _each)
"""By what a sum over a batch may be multiplied."""


def _squared_error(share: Callable[[Array], float], half: float) -> WholeFunction:
    def gradients(grad: Array, a: Array, b: Array) -> Sequence[Array]:
        moved: Any = grad * 2 * half * share(a - b) * (a - b)
        return sum_to_shape(moved, np.shape(a)), sum_to_shape(-moved, np.shape(b))

    return WholeFunction(lambda a, b: half * share(a - b) * np.sum((a - b) ** 2), gradients)


def _softmax_cross_entropy(share: Callable[[Array], float]) -> WholeFunction:
    def log_softmax(x: Array) -> Array:
        shifted: Array = x - np.max(x, axis=-1, keepdims=True)
        logs: Array = shifted - np.log(np.sum(np.exp(shifted), axis=-1, keepdims=True))
        return logs

    def wanted(x: Array, t: Array) -> Array:
        if np.shape(t) == np.shape(x):
            return t
        return np.asarray(np.arange(np.shape(x)[-1]) == np.reshape(t, np.shape(x)[:-1])[..., None], dtype=float)

    def gradients(grad: Array, x: Array, t: Array) -> Sequence[Array]:
        weights = wanted(x, t)
        down = grad * share(x) * (np.exp(log_softmax(x)) * weights.sum(axis=-1, keepdims=True) - weights)
        of_shares = -grad * share(x) * log_softmax(x)
        return down, of_shares if np.shape(t) == np.shape(x) else np.zeros(np.shape(t))

    return WholeFunction(lambda x, t: -share(x) * np.sum(wanted(x, t) * log_softmax(x)), gradients)
