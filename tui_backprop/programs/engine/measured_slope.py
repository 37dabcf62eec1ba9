"""The slope of a function that can only be called, by differences.

Ridders' method (C. J. F. Ridders, "Accurate computation of F'(x) and F'(x)F''(x)", 1982): central differences over
shrinking steps, extrapolated to a step of nothing; what is kept is the estimate that changed least.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from minidl_core.arrays import Array

_SHRINK = 1.6
_STEPS = 12
_FIRST = 0.1


def measured_gradient(function: Callable[..., Array], inputs: list[Array], input_index: int, grad: Array) -> Array:
    """Return the gradient for one input, given the gradient of the output: of its shape."""
    at = np.array(inputs[input_index], dtype=float)
    found = np.empty(at.shape)
    for entry in np.ndindex(at.shape):

        def moved(by: float, entry: tuple[int, ...] = entry) -> float:
            changed = at.copy()
            changed[entry] += by
            given = [changed[()] if n == input_index else each for n, each in enumerate(inputs)]
            return float(np.sum(grad * function(*given)))

        found[entry] = _ridders(moved, _FIRST * max(1.0, abs(float(at[entry]))))
    return found[()]


def _ridders(function: Callable[[float], float], step: float) -> float:
    best, least = np.nan, np.inf
    before: list[float] = []
    with np.errstate(all="ignore"):
        for _ in range(_STEPS):
            try:
                now = [(function(step) - function(-step)) / (2 * step)]
            except (ArithmeticError, ValueError):  # a step out of the function's domain
                step /= _SHRINK
                continue
            factor = _SHRINK**2
            for order, other in enumerate(before):
                now.append((now[order] * factor - other) / (factor - 1))
                factor *= _SHRINK**2
                error = max(abs(now[-1] - now[-2]), abs(now[-1] - other))
                if error <= least:
                    best, least = now[-1], error
            before = now
            step /= _SHRINK
    return best if np.isfinite(best) else (before[0] if before else np.nan)
