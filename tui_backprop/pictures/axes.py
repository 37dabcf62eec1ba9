"""Axes with round numbers."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, log10

import numpy as np

from minidl_core.arrays import Array

from ..drawing.palette import Line
from ..notation.fitting import joined, width_of
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
    texts: list[str] = []
    for digits in range(DIGITS, MOST_DIGITS):
        texts = [number(x, digits) for x in places]
        if len(set(texts)) == len(places):
            break
    return texts


def axis_beside(low: float, high: float, rows: int) -> list[Line]:
    """Return a vertical axis from low to high, a line of text for each row from above, with round numbers."""
    places = ticks(low, high, max(rows // 2, 2))
    return axis_with(list(zip(places, labels(places), strict=True)), low, high, rows)


def axis_with(marked: Sequence[tuple[float, str]], low: float, high: float, rows: int) -> list[Line]:
    """Return a vertical axis from low to high, a line of text for each row from above, with a text at each place."""
    cells = cells_of([place for place, _ in marked], low, high, rows)
    texts = {rows - 1 - cell: text for cell, (_, text) in zip(cells, marked, strict=True)}
    margin = max((len(text) + 1 for text in texts.values()), default=0)
    return [[(texts.get(row, "").rjust(margin), "dim"), ("┤" if row in texts else "│", "frame")] for row in range(rows)]


def axis_below(low: float, high: float, columns: int) -> Line:
    """Return a horizontal axis from low to high in so many cells, with the round numbers for which there is room."""
    axis = ["─"] * columns
    places = ticks(low, high, max(columns // 8, 2))
    for x, text in zip(places, labels(places), strict=True):
        [middle] = cells_of([x], low, high, columns)
        start = max(min(middle - len(text) // 2, columns - len(text)), 0)
        if set(axis[max(start - 1, 0) : start + len(text) + 1]) == {"─"}:
            axis[start : start + len(text)] = text
    return joined([(cell, "frame" if cell == "─" else "dim") for cell in axis])


def with_axes(lines: list[Line], beside: list[Line], below: Line) -> list[Line]:
    """Return the lines of a picture with a vertical axis at their left and a horizontal one below them."""
    corner = "└".rjust(width_of(beside[0]))
    return [*(joined([*label, *line]) for label, line in zip(beside, lines, strict=True)), [(corner, "frame"), *below]]


def cells_of(places: Array | Sequence[float], first: float, last: float, cells: int) -> list[int]:
    """Return in which of so many cells, from `first` to `last`, each place lies; beyond them where it is outside."""
    # rounded, so that what is computed a little short of the border of a cell lies in it, as plotext has it
    inside = np.round(0.5 + (cells - 1) * (np.asarray(places, dtype=float) - first) / (last - first), 8)
    return list(map(int, np.floor(inside).tolist()))


def _round(count: int, unit: float) -> float:
    return float(f"{count * unit:.12g}")
