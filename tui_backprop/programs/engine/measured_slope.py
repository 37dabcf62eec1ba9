"""The slope of a function that can only be called, by differences.

Ridders' method (C. J. F. Ridders, "Accurate computation of F'(x) and F'(x)F''(x)", 1982): central differences over
shrinking steps, extrapolated to a step of nothing; what is kept is the estimate that changed least.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minidl_core.arrays import Array

_SHRINK = 1.6
_STEPS = 12
_FEWEST = 3
_FIRST = 0.1
_SETTLED = 1e-14
_MOST_SLOPES = 50_000
_MOST_KEPT = 64

MeasuredGradient = Callable[[list[Array], int, Array], Array]
"""Of the inputs, the index of one, and the gradient of the output: the gradient for that input, of its shape."""


def measuring(function: Callable[..., Array]) -> MeasuredGradient:
    """Return what passes a gradient on through a function; slopes at the same inputs are measured once for all."""
    kept: dict[tuple[Any, ...], Array] = {}

    def gradient(inputs: list[Array], input_index: int, grad: Array) -> Array:
        if np.size(inputs[input_index]) * np.size(grad) > _MOST_SLOPES:
            return measured_slopes(lambda *given: np.asarray(np.sum(grad * function(*given))), inputs, input_index)
        key = (input_index, *[(np.shape(each), np.asarray(each).tobytes()) for each in inputs])
        if key not in kept:
            if len(kept) >= _MOST_KEPT:
                del kept[next(iter(kept))]
            kept[key] = measured_slopes(function, inputs, input_index)
        return np.tensordot(kept[key], grad, np.ndim(grad))[()]

    return gradient


def measured_slopes(function: Callable[..., Array], inputs: list[Array], input_index: int) -> Array:
    """Return the slopes of a function for each entry of one input: of that input's shape, then the output's."""
    at = np.array(inputs[input_index], dtype=float)
    found: list[Array] = []
    for entry in np.ndindex(at.shape):

        def moved(by: float, entry: tuple[int, ...] = entry) -> Array:
            changed = at.copy()
            changed[entry] += by
            return function(*[changed[()] if n == input_index else each for n, each in enumerate(inputs)])

        found.append(_ridders(moved, _FIRST * max(1.0, abs(float(at[entry])))))
    return np.reshape(found, at.shape + np.shape(found[0])) if found else at


def _ridders(function: Callable[[float], Array], step: float) -> Array:
    """Return the slope of each entry of the output; no shorter steps are tried once all have settled."""
    best: Array = np.array(np.nan)
    least: Array = np.array(np.inf)
    before: list[Array] = []
    with np.errstate(all="ignore"):
        for tried in range(1, _STEPS + 1):
            try:
                now = [(function(step) - function(-step)) / (2 * step)]
            except (ArithmeticError, ValueError):  # a step out of the function's domain
                step /= _SHRINK
                continue
            factor = _SHRINK**2
            for order, other in enumerate(before):
                now.append((now[order] * factor - other) / (factor - 1))
                factor *= _SHRINK**2
                error = np.maximum(np.abs(now[-1] - now[-2]), np.abs(now[-1] - other))
                best = np.where(error <= least, now[-1], best)
                least = np.fmin(error, least)
            before = now
            if tried >= _FEWEST and np.all(least <= _SETTLED * np.abs(best)):
                break
            step /= _SHRINK
    return np.where(np.isfinite(best), best, before[0] if before else np.nan)
