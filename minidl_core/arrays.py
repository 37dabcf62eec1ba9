"""How numbers enter and leave: copied in as float64, handed out read-only, so that the past cannot be rewritten."""

from __future__ import annotations

import math
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
"""Numbers of float64: an array, or an np.float64 where it is a single number."""

Shape = tuple[int, ...]

_FLOAT64 = np.dtype(np.float64)
_LONG = 2**63


def copy_in(value: Any) -> Array:
    """Return a new read-only float64 array of a (nested) list or an array; of a single number, an np.float64.

    It is row by row, however the given one lies in memory: the bits of a sum depend on that.
    Raises ValueError or TypeError where it is ragged, or masked, or not made of real numbers.
    """
    # most often, in graphs of scalars, and then much faster; of a longer number there is no int64
    if type(value) is float or (type(value) is int and -_LONG <= value < _LONG):
        return np.float64(value)  # type: ignore[return-value]
    # first what a masked array is: numpy.ma is imported when it is named, and few have any
    if isinstance(value, np.ndarray) and type(value) is not np.ndarray and np.ma.is_masked(value):
        raise TypeError("some of its entries are masked; give them a number, as in array.filled(0.0)")
    try:
        given = np.asarray(value)
    except ValueError as error:
        if "inhomogeneous" not in str(error):
            raise
        raise ValueError("its rows differ in length; give each as many numbers") from None
    if given.dtype.kind not in "biuf":
        raise TypeError(f"it holds {_wrong_entry(given)}")
    if given.dtype.itemsize <= 8:
        return frozen(np.array(given, dtype=np.float64, order="C"))
    with quiet():  # a longer number may be too large for float64 and become infinite
        return frozen(given.astype(np.float64, order="C"))


def _wrong_entry(array: Any) -> str:
    """Return what is wrong with an array that is not made of real numbers, and the remedy where there is one."""
    for entry in array.flat if array.dtype == object else ():
        if isinstance(entry, int) and not -_LONG <= entry < 2 * _LONG:
            way = "write it as a float" if abs(entry) < 2**1024 else "numbers end at 1.8e+308"
            return f"a whole number that is too long for 64 bits; {way}"
        if not isinstance(entry, int | float | np.number):
            return f"{type(entry).__name__}, not real numbers"
    if array.dtype.kind in "US":
        return 'text, not real numbers; float("3") is one'
    if array.dtype == object and array.size:
        return "objects, not real numbers; array.astype(float) makes numbers of them"
    return f"{array.dtype}, not real numbers"


def freeze(result: Any) -> Array:
    """Return a computed array as read-only float64, a single number as np.float64.

    Raises ValueError or TypeError where it is not made of real numbers.
    """
    return frozen(result) if is_float64(result) else copy_in(result)


def taken_over(result: Any) -> Array:
    """Return what a function of others made as `copy_in` does, or itself where they cannot write to its numbers.

    They may make their next result in the same memory.
    Raises ValueError or TypeError where it is not made of real numbers.
    """
    if type(result) is np.float64:
        return result  # type: ignore[return-value]
    owner = result
    while type(owner) is np.ndarray and is_float64(owner) and not owner.flags.writeable:
        if owner.base is None:
            return result  # type: ignore[no-any-return]
        owner = owner.base
    return copy_in(result)


def frozen(array: Array) -> Array:
    """Return an array that is of float64 already as `freeze` does."""
    if not array.shape:
        return array[()]  # NumPy calculates with a np.float64 six times as fast as with an array of one number
    array.setflags(False)  # type: ignore[call-arg]  # write=False by its name takes twice as long
    return array


def is_float64(value: Any) -> TypeGuard[Array]:
    """Return whether this is an array, or a single number, of float64."""
    return getattr(value, "dtype", None) is _FLOAT64


def is_frozen(value: Any, shape: Shape) -> TypeGuard[Array]:
    """Return whether this is of this shape and as `copy_in` makes it.

    It owns its numbers: behind a view they may change.
    """
    if not (is_float64(value) and value.shape == shape):
        return False
    flags = value.flags
    return flags.owndata and flags.c_contiguous and not flags.writeable


def quiet() -> np.errstate:
    """Return a context in which NumPy does not warn of overflow or division by zero: the engine finds them itself."""
    return np.errstate(all="ignore")


quietly = quiet()
"""Decorates a function to do the same, which takes half the time."""


def read_only(value: Array) -> Array:
    """Return a view of the array that cannot be written through; a single number is one already."""
    if isinstance(value, np.float64):
        return value
    return frozen(value.view())


def is_finite(value: Array) -> bool:
    """Return whether no entry is NaN or infinite."""
    if value.ndim == 0:
        return math.isfinite(value)
    # one NaN or infinity makes the sum of squares one too; so may large numbers, hence the second look
    return math.isfinite(np.vdot(value, value)) or bool(np.isfinite(value).all())


def as_text(shape: Shape) -> str:
    """Return a shape as text without a space, so that no line break can cut it."""
    return str(shape).replace(" ", "")
