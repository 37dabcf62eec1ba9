"""A gradient that the program's own engine found, beside the right one: where they part, but for rounding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minidl_core.arrays import Array, quiet

_FLOOR = 1e-3
"""What counts as much as this part of the tolerance of a gradient of 1, however small the gradient is."""


def parting(theirs: Array, right: Array, contributions: Sequence[Array]) -> NDArray[Any] | None:
    """Return which entries of two gradients of one shape part; None where their shapes differ.

    An entry parts where the two differ by more than rounding can explain: relative to the largest of it and of its
    contributions, which may have cancelled, 4e-10 in float64 and 7e-5 in float32. NaN agrees with NaN.
    """
    if theirs.shape != right.shape:
        return None
    tolerance = float(np.finfo(np.float32 if theirs.dtype == np.float32 else np.float64).eps) ** 0.6
    with quiet():
        scale = np.abs(right)
        for contribution in contributions:
            scale = np.fmax(scale, np.abs(contribution))
        # as a product: where the scale is infinite, only the same infinity agrees
        near = np.abs(theirs - right) <= tolerance * np.where(np.isfinite(scale), scale + _FLOOR, 0)
        same = near | (theirs == right) | (np.isnan(theirs) & np.isnan(right))
    return np.asarray(~same)
