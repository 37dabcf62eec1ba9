"""The slope of a function that can only be called, by differences; of large arrays only where few calls tell it.

Ridders' method (C. J. F. Ridders, "Accurate computation of F'(x) and F'(x)F''(x)", 1982): central differences over
shrinking steps, extrapolated to a step of nothing; what is kept is the estimate that changed least. Where a bend, as of
relu, lies within these steps, they begin again much shorter; at the bend itself it is the flatter of its two slopes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minidl_core.arrays import Array

_SHRINK = 1.6
_STEPS = 12
_FEWEST = 3
_FIRST = 0.1
_SETTLED = 1e-14
_NEAR = 1e-7
_SHORTER = (1e-3, 1e-5, 1e-7)
_MOST_SLOPES = 50_000
_MOST_KEPT = 64
_FEW = 30
"""Of so many entries each is measured alone."""

MeasuredGradient = Callable[[list[Array], int, Array], Array]
"""Of the inputs, the index of one, and the gradient of the output: the gradient for that input, of its shape."""


def measuring(function: Callable[..., Array]) -> MeasuredGradient:
    """Return what passes a gradient on through a function; slopes at the same inputs are measured once for all."""
    kept: dict[tuple[Any, ...], Array] = {}

    def gradient(inputs: list[Array], input_index: int, grad: Array) -> Array:
        if _is_index(function, inputs, input_index):
            return np.zeros_like(inputs[input_index])
        if np.size(grad) > _FEW and (slopes := _slopes_by_entry(function, inputs, input_index)) is not None:
            return slopes * grad
        if np.size(grad) > _FEW and (taken := _entries_taken(function, inputs, input_index)) is not None:
            sums: Array = np.zeros(np.size(inputs[input_index]))
            np.add.at(sums, taken, np.ravel(grad))
            return sums.reshape(np.shape(inputs[input_index]))
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


def _is_index(function: Callable[..., Array], inputs: list[Array], input_index: int) -> bool:
    """Return whether an input says which entries are taken, so that there is no number a little beside it."""
    at = np.asarray(inputs[input_index])
    if not np.array_equal(at, np.rint(at)):
        return False
    try:
        function(*[at + 0.5 if n == input_index else each for n, each in enumerate(inputs)])
    except (LookupError, TypeError):
        return True
    except (ArithmeticError, ValueError):
        return False
    return False


def _slopes_by_entry(function: Callable[..., Array], inputs: list[Array], input_index: int) -> Array | None:
    """Return the slope of each entry where each entry of the output is made of the same one of the input; else None.

    Then all entries can be moved at once. That no entry moves another one is seen where some of them are moved alone.
    """
    at = np.array(inputs[input_index], dtype=float)

    def moved(by: Array) -> Array:
        return function(*[at + by if n == input_index else each for n, each in enumerate(inputs)])

    with np.errstate(all="ignore"):
        here = moved(np.zeros_like(at))
        if here.shape != at.shape:
            return None
        steps = _FIRST * np.maximum(1.0, np.abs(at))
        together = moved(steps)
        for seed in range(3):
            some = np.random.default_rng(seed).random(at.shape) < 0.5
            if not np.array_equal(moved(np.where(some, steps, 0.0)), np.where(some, together, here), equal_nan=True):
                return None
        slopes: Array = _ridders(lambda by: moved(by * steps / _FIRST), _FIRST) * _FIRST / steps
        return slopes


def _entries_taken(function: Callable[..., Array], inputs: list[Array], input_index: int) -> NDArray[np.int_] | None:
    """Return which entry of one input each entry of the output is, where it is always the same one; else None."""
    given = np.asarray(inputs[input_index], dtype=float)
    numbered = np.arange(float(given.size))

    def made_of(entries: Array) -> Array:
        at = entries.reshape(given.shape)
        return np.ravel(function(*[at if n == input_index else each for n, each in enumerate(inputs)]))

    with np.errstate(all="ignore"):
        made = made_of(numbered)
        if not given.size or not np.isin(made, numbered).all():
            return None
        taken = made.astype(int)
        others = np.random.default_rng(0).permutation(numbered) + 0.5
        # their function may compute in float32
        near = all(np.allclose(made_of(each), each[taken], rtol=1e-6, atol=0) for each in (others, np.ravel(given)))
    return taken if near else None


def _ridders(function: Callable[[float], Array], step: float) -> Array:
    """Return the slope of each entry of the output; what does not settle is measured over shorter steps, too."""
    slopes, error = _over_steps(function, step)
    with np.errstate(all="ignore"):
        here = function(0.0)
        for shorter in _SHORTER:
            if np.all(error <= _NEAR * np.maximum(np.abs(slopes), np.abs(here))):
                break
            others, their_error = _over_steps(function, step * shorter)
            is_better = their_error < error
            slopes, error = np.where(is_better, others, slopes), np.where(is_better, their_error, error)
        return _flatter_at_bends(function, step * _SHORTER[-1], here, slopes)


def _flatter_at_bends(function: Callable[[float], Array], step: float, here: Array, slopes: Array) -> Array:
    """Return the slopes, of which each is the flatter one of two where the function bends just there."""
    try:
        rising, falling = (function(step) - here) / step, (here - function(-step)) / step
    except (ArithmeticError, ValueError):  # at the end of the function's domain
        return slopes
    apart = np.abs(rising - falling)
    # to both sides alike, as at a bend, one measures the mean of its slopes
    is_bend = (apart > 1e-3 * np.fmax(np.abs(rising), np.abs(falling))) & (apart > 1e-3 * np.abs(here))
    is_bend &= np.abs((rising + falling) / 2 - slopes) <= 1e-3 * apart
    flatter: Array = np.where(is_bend, np.where(np.abs(rising) < np.abs(falling), rising, falling), slopes)
    return flatter


def _over_steps(function: Callable[[float], Array], step: float) -> tuple[Array, Array]:
    """Return the slope of each entry and how much it is unsure; no shorter steps are tried once all have settled."""
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
    return np.where(np.isfinite(best), best, before[0] if before else np.nan), least
