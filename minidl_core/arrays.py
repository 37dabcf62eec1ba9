"""How numbers enter and leave: copied in as float64, handed out read-only, so that the past cannot be rewritten."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def copy_in(value: Any) -> Array:
    """Return a new read-only float64 array of a number, a (nested) list or an array.

    Raises ValueError or TypeError where it is ragged, or not made of real numbers.
    """
    given = np.asarray(value)
    if given.dtype.kind not in "biuf":
        raise TypeError(f"it holds {given.dtype}, not real numbers")
    array = np.array(given, dtype=np.float64)
    array.flags.writeable = False
    return array


def read_only(value: Array) -> Array:
    """Return a view of the array that cannot be written through."""
    view = np.asarray(value).view()
    view.flags.writeable = False
    return view


def is_finite(value: Array) -> bool:
    """Return whether no entry is NaN or infinite."""
    if value.ndim == 0:
        return math.isfinite(value)
    return bool(np.isfinite(value).all())
