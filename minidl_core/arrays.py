"""How numbers enter and leave: copied in as float64, handed out read-only, so that the past cannot be rewritten."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Shape = tuple[int, ...]

_FLOAT64 = np.dtype(np.float64)


def copy_in(value: Any) -> Array:
    """Return a new read-only float64 array of a number, a (nested) list or an array.

    Raises ValueError or TypeError where it is ragged, or not made of real numbers.
    """
    given = np.asarray(value)
    if given.dtype.kind not in "biuf":
        raise TypeError(f"it holds {given.dtype}, not real numbers")
    array = np.array(given, dtype=np.float64)
    array.setflags(write=False)
    return array


def settle(result: Any) -> Array:
    """Return what a function computed as float64 that cannot be written to any more; a single number as np.float64.

    Raises ValueError or TypeError where it is not made of real numbers.
    """
    if getattr(result, "dtype", None) is not _FLOAT64:
        result = copy_in(result)
    if result.ndim == 0:
        return result[()]  # type: ignore[no-any-return]  # NumPy calculates with its scalars six times as fast
    result.setflags(write=False)
    return result  # type: ignore[no-any-return]


def read_only(value: Array) -> Array:
    """Return a view of the array that cannot be written through."""
    view = np.asarray(value).view()
    view.setflags(write=False)
    return view


def is_finite(value: Array) -> bool:
    """Return whether no entry is NaN or infinite."""
    if value.ndim == 0:
        return math.isfinite(value)
    # one NaN or infinity makes the sum of squares one too; so may large numbers, hence the second look
    return math.isfinite(np.vdot(value, value)) or bool(np.isfinite(value).all())


def written(shape: Shape) -> str:
    """Return a shape as text without a space, so that no line break can cut it."""
    return str(shape).replace(" ", "")
