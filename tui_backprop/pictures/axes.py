"""Axes with round numbers."""

from __future__ import annotations

from math import ceil, floor, log10

from ..drawing.palette import Line
from ..notation.formats import DIGITS, MOST_DIGITS, number

LARGEST = 1e300
"""What is larger has no place on an axis: the difference of two such numbers would overflow."""


def tick_unit(low: float, high: float, parts: float) -> float:
    """Return 1, 2 or 5 times a power of ten, of which at most so many lie between the two."""
    span = (high - low) / parts
    if not span > 0:
        span = max(abs(high), 1.0) / parts
    power = floor(log10(span))
    return next(x for step in (1, 2, 5, 10, 20) if (x := float(f"{step}e{power}")) >= span * (1 - 1e-9))


def rounded_outwards(low: float, high: float) -> tuple[float, float]:
    """Return a range around this one whose ends are round numbers."""
    unit = tick_unit(low, high, 4)
    first, last = floor(low / unit + 1e-9), ceil(high / unit - 1e-9)
    return _round(first, unit), _round(max(last, first + 1), unit)


def ticks(low: float, high: float, most: int) -> list[float]:
    """Return round numbers from low to high, at least two where there are; at most so many where that leaves two."""
    options = [_multiples(low, high, tick_unit(low, high, most * 2 / part)) for part in (1, 1.5, 2, 3, 4, 6)]
    several = [places for places in options if len(places) > 1] or options
    return next((places for places in several if len(places) <= most), several[-1])


def _multiples(low: float, high: float, unit: float) -> list[float]:
    return [_round(count, unit) for count in range(ceil(low / unit - 1e-9), floor(high / unit + 1e-9) + 1)]


def labels(places: list[float]) -> list[str]:
    """Return what stands at ticks: with as many digits as tell them from each other."""
    texts = [[number(x, digits) for x in places] for digits in range(DIGITS, MOST_DIGITS)]
    return next((found for found in texts if len(set(found)) == len(places)), texts[-1])


def axis_beside(low: float, high: float, rows: int) -> list[Line]:
    """Return a vertical axis from low to high, a line of text for each row from above, with round numbers."""
    places = ticks(low, high, max(rows // 2, 2))
    at_rows = [round((rows - 1) * (high - x) / (high - low)) for x in places]
    texts = dict(zip(at_rows, labels(places), strict=True))
    margin = max(map(len, texts.values()), default=0) + 1
    return [[(texts.get(row, "").rjust(margin), "dim"), ("┤" if row in texts else "│", "frame")] for row in range(rows)]


def axis_below(low: float, high: float, columns: int) -> str:
    """Return a horizontal axis from low to high in so many cells, with the round numbers for which there is room."""
    axis = ["─"] * columns
    places = ticks(low, high, max(columns // 8, 2))
    for x, text in zip(places, labels(places), strict=True):
        middle = floor(0.5 + (columns - 1) * (x - low) / (high - low))
        start = max(min(middle - len(text) // 2, columns - len(text)), 0)
        if set(axis[max(start - 1, 0) : start + len(text) + 1]) == {"─"}:
            axis[start : start + len(text)] = text
    return "".join(axis)


def _round(count: int, unit: float) -> float:
    return float(f"{count * unit:.12g}")
