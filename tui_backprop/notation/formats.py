"""How numbers and shapes are written: the one place that decides how many digits a reader sees.

Trailing zeros are shown where rounding made them and left out where the number ends there: 97.00 is near 97,
and 97 is 97. A number that is not zero does not look like zero. Zero has no sign.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from minidl_core.arrays import Array, Shape, as_text

DIGITS = 4
_HUGE = 1e6
_ERROR = 1e-12
_FEW = 8
"""So many numbers are sooner gone through one by one than as an array."""
_MORE_OF_TWO, _MORE = 6, 1
"""So many digits more two terms, and others, may get so that they and their sum add up as they are shown."""
MOST_DIGITS = 17
"""No two numbers that differ look the same in so many digits."""


class Notation(NamedTuple):
    """How the numbers of a group are written, so that they can be compared and added by eye.

    They share their number of decimals and, if they are very large or very small, their power of ten.
    """

    decimals: int
    exponent: int = 0

    def fixed(self, x: float) -> str:
        """Write one number of the group, even if nothing but zeros is left of it."""
        if not isfinite(x):
            return str(float(x))
        if not self.exponent:
            return f"{x:z.{self.decimals}f}"
        if x == 0:
            return "0"
        return f"{Decimal(float(x)).scaleb(-self.exponent):z.{self.decimals}f}e{self.exponent:+03d}"

    def text(self, x: float) -> str:
        """Write one number of the group; what would look like zero, or is a mask, gets a power of ten of its own."""
        if not self.exponent and isfinite(x) and abs(x) >= _HUGE:
            return f"{x:.0e}"
        text = self.fixed(x)
        return f"{x:.1e}" if isfinite(x) and x != 0 == Decimal(text) else text


def notation(values: ArrayLike, digits: int = DIGITS) -> Notation:
    """Choose one notation for a group of numbers: the largest gets `digits` digits.

    The zero of a number below 1 counts as a digit, so that a column of numbers of about 1 stays as it is when
    the largest of them passes 1.
    """
    finite = finite_part(np.asarray(values, dtype=float))
    few: list[float] = finite[:_FEW].tolist()
    are_all = len(few) == finite.size
    largest = max(map(abs, few), default=0.0) if are_all else float(max(finite.max(), -finite.min()))
    if largest >= _HUGE and (rest := _without_mask(finite)).size:
        return notation(rest, digits)
    magnitude = _magnitude(largest, digits)
    if not -4 <= magnitude < 6:
        return Notation(max(digits - 2, 0), magnitude)
    most = max(digits - 1 - magnitude - (magnitude < 0), 0)
    for decimals in range(most):
        # of most arrays a few numbers show that their digits do not end there
        if all(_ends_there(x, decimals) for x in few) and (are_all or _end_there(finite, decimals)):
            return Notation(decimals)
    return Notation(most)


def _without_mask(finite: Array) -> Array:
    """Return the numbers without the one, such as -1e9, that stands where attention is not to look; else none."""
    huge = np.abs(finite) >= _HUGE
    mask = float(finite[huge][0])
    is_mask = bool((finite[huge] == mask).all()) and float(f"{mask:.0e}") == mask
    return finite[~huge] if is_mask else finite[:0]


def digits_of_change(old: ArrayLike, new: ArrayLike, least: int = DIGITS, among: ArrayLike = ()) -> int:
    """Return how many digits, at least so many, make every number that changed look different from what it was.

    `among` are more numbers that are written in the same notation.
    """
    before, after = (np.ravel(np.asarray(values, dtype=float)) for values in (old, new))
    numbers = np.concatenate([before, after, np.ravel(np.asarray(among, dtype=float))])
    changed = [(x, y) for x, y in zip(before, after, strict=True) if x != y]
    for digits in range(least, MOST_DIGITS):
        same = notation(numbers, digits)
        if all(same.fixed(x) != same.fixed(y) for x, y in changed):
            return digits
    return MOST_DIGITS


def finite_part(numbers: np.ndarray) -> np.ndarray:
    """Return the finite ones of some numbers, in one dimension."""
    numbers = numbers.reshape(-1)
    ends = numbers.tolist() if numbers.size <= _FEW else (numbers.min(), numbers.max())
    if all(map(isfinite, ends)):
        return numbers
    finite: np.ndarray = numbers[np.isfinite(numbers)]
    return finite


def _end_there(numbers: np.ndarray, decimals: int) -> bool:
    """Return whether the numbers end after so many decimals, but for the error of floating-point arithmetic."""
    return bool((np.abs(np.round(numbers, decimals) - numbers) <= _ERROR * np.abs(numbers)).all())


def _ends_there(x: float, decimals: int) -> bool:
    """Return the same of one number."""
    return abs(round(x, decimals) - x) <= _ERROR * abs(x)


def number(x: float, digits: int = DIGITS) -> str:
    """Write a single number: 195.4, 96.95, -28.07, 0.2229, 1.2e-05, 7, inf, nan."""
    if not isfinite(x):
        return str(float(x))
    magnitude = _magnitude(x, digits)
    if not -4 <= magnitude < 6:
        return f"{x:.{digits}g}"
    most = max(digits - 1 - magnitude, 0)
    ends = (decimals for decimals in range(most) if _ends_there(x, decimals))
    return f"{x:z.{next(ends, most)}f}"


def in_full(x: float) -> str:
    """Write a number with as many digits as tell it from every other, up to 17: what Python's repr writes."""
    return repr(float(x))


def element_text(name: str, index: tuple[int | str, ...]) -> str:
    """Write an element of an array: X[3,0]; a single number is written as its name alone."""
    return f"{name}[{','.join(map(str, index))}]" if index else name


def shape_text(shape: Shape | None) -> str:
    """Write a shape without a space, so that no line break can cut it: (100,2), (100,), (); ? if unknown."""
    return "?" if shape is None else as_text(shape)


def vector(values: ArrayLike, digits: int = DIGITS) -> str:
    """Write a small vector with the same number of decimals in every entry: [-28.07, 28.07]."""
    numbers = np.ravel(np.asarray(values, dtype=float))
    same = notation(numbers, digits)
    return f"[{', '.join(same.text(x) for x in numbers)}]"


def column(values: ArrayLike, shown: slice = slice(None), digits: int = DIGITS) -> list[str]:
    """Write a column of numbers, decimal points under each other, every text as wide as the widest.

    Only the entries values[shown] are returned, but all decide on the decimals and the width: a window that
    moves over a long array shows the same number in the same way.
    """
    numbers = np.ravel(np.asarray(values, dtype=float))
    same = notation(numbers, digits)
    width = max((len(same.text(x)) for x in _longest(numbers, same)), default=0)
    return [same.text(x).rjust(width) for x in numbers[shown]]


def addition(terms: ArrayLike, total: ArrayLike, digits: int = DIGITS) -> tuple[Notation, Notation]:
    """Choose how to write terms and their sum so that what is shown adds up.

    Both are written with `digits` digits, or with a few more, where the terms that a reader sees then give the sum
    that the reader sees. Where rounding spoils that in so many digits, as in a sum of many terms, the sum has fewer
    than its terms: these, added and rounded to the digits of the sum, give it. Sums that cannot add up (infinity, or
    1e16 + 1 - 1e16) get one digit less than their terms.

    terms: (n,) and total: (), or terms: (n, m) and total: (m,) for m sums that share their notation.
    """
    addends = np.atleast_2d(np.asarray(terms, dtype=float).T).T
    totals = np.atleast_1d(np.asarray(total, dtype=float))
    numbers = np.concatenate([np.ravel(addends), totals])
    base = notation(numbers, digits)
    one_more = base._replace(decimals=base.decimals + 1)
    if not np.isfinite(numbers).all():
        return one_more, base
    for more in range(1 + (_MORE_OF_TWO if len(addends) <= 2 and len(totals) == 1 else _MORE)):
        both = base._replace(decimals=base.decimals + more)
        if _adds_up(addends, totals, both, both):
            return both, both
    for more in range(1, 13):
        fine = base._replace(decimals=base.decimals + more)
        for less in range(1, more + 1):
            coarse = base._replace(decimals=fine.decimals - less)
            if _adds_up(addends, totals, fine, coarse):
                return fine, coarse
    return one_more, base


def worked_sum(terms: Sequence[float], total: float, digits: int = DIGITS) -> str:
    """Write a sum out: 0.2054 - 1.9863 = -1.781."""
    fine, coarse = addition(terms, total, digits)
    first, *others = [fine.text(x) for x in terms]
    signed = (f" - {text[1:]}" if text.startswith("-") else f" + {text}" for text in others)
    return f"{first}{''.join(signed)} = {coarse.fixed(total)}"


def _magnitude(x: float, digits: int) -> int:
    """Return the power of ten of the first digit that is shown: 9.9999 is shown as 10.00, so it has 1."""
    return int(f"{x:.{digits - 1}e}".partition("e")[2])


def _longest(numbers: np.ndarray, same: Notation) -> list[float]:
    """Return the numbers of a group among which is the one with the longest text."""
    finite = numbers[np.isfinite(numbers)]
    longest = [*np.unique(numbers[~np.isfinite(numbers)])]
    if finite.size:
        longest += [finite.min(), finite.max()]
    tiny = finite[(finite != 0) & (np.abs(finite) < 10.0 ** (same.exponent - same.decimals))]
    if tiny.size:
        longest.append(np.copysign(np.abs(tiny).min(), tiny.min()))
    return longest


def _adds_up(terms: np.ndarray, totals: np.ndarray, fine: Notation, coarse: Notation) -> bool:
    """Return whether the terms as shown give the totals as shown, none of which hides behind zeros."""
    unit = Decimal(1).scaleb(coarse.exponent - coarse.decimals)
    for addends, total in zip(terms.T, totals, strict=True):
        shown = Decimal(coarse.fixed(total))
        hidden = shown == 0 and abs(total) > 1e-9 * np.abs(addends).max(initial=0.0)
        added = sum((Decimal(fine.text(x)) for x in addends), Decimal())
        try:
            rounded = added.quantize(unit)
        except InvalidOperation:  # they have more digits than decimal arithmetic
            return False
        if hidden or (added if fine == coarse else rounded) != shown:
            return False
    return True
