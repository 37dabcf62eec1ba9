"""Clipping, which is a rule of updates: by the number, each keeps its sign, or to a norm, which somebody chose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minidl_core.arrays import Array

from .multiples import agrees


def keeps_signs(lower: Any, upper: Any) -> bool:
    """Return whether each number keeps its sign between these bounds, of which None is none.

    With others, as in np.maximum(dW, 0), a part of a gradient is lost, which is no clipping.
    """
    return bool((lower is None or np.all(np.less(lower, 0))) and (upper is None or np.all(np.greater(upper, 0))))


def is_clipped(used: Array, gradient: Array) -> bool:
    """Return whether one array is the other clipped by the number, as its values tell: to bounds of few digits."""
    lower, upper = float(used.min()), float(used.max())
    if not agrees(np.clip(gradient, lower, upper), used):
        return False
    is_cut_below = gradient.min() < lower and not np.isclose(gradient.min(), lower, rtol=1e-5)
    is_cut_above = gradient.max() > upper and not np.isclose(gradient.max(), upper, rtol=1e-5)
    return (
        keeps_signs(lower if is_cut_below else None, upper if is_cut_above else None)
        and (not is_cut_below or _has_few_digits(lower))
        and (not is_cut_above or _has_few_digits(upper))
    )


def is_plain_norm(arrays: Sequence[Array]) -> bool:
    """Return whether the norm of some arrays together is a number of few digits, as one that somebody chose is."""
    return _has_few_digits(float(np.sqrt(sum(float(np.vdot(each, each)) for each in arrays))))


def _has_few_digits(number: float) -> bool:
    return abs(number - float(f"{number:.2g}")) <= 1e-5 * abs(number)
