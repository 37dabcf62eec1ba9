"""Figures: cells in which curves and marks stand where their numbers say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby

import numpy as np
from numpy.typing import ArrayLike, NDArray

from minidl_core.arrays import quiet

from ..drawing.palette import Line, Span

CURSOR, MEASURED, GHOST = "●", "o", "·"

_SMALL_DIGITS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_BRAILLE = np.array([chr(0x2800 + dots) for dots in range(256)])
_DOTS = np.array([[0x40, 0x80], [0x04, 0x20], [0x02, 0x10], [0x01, 0x08]])
"""The dots of a braille cell, its lowest row first."""
_DIGITS = 8
"""So many digits of a place count: half way between two cells, an error of rounding does not decide."""


def small(iteration: int) -> str:
    """Return the number of an iteration as it marks a line: a 0 of full size would look like a blue point."""
    return str(iteration).translate(_SMALL_DIGITS)


class Figure:
    """Columns and rows of cells, whose outermost ones lie at the ends of an axis across and of one upwards."""

    def __init__(self, columns: int, rows: int, across: tuple[float, float], up: tuple[float, float]) -> None:
        self._cells = np.full((rows, columns), " ")  # the lowest row first
        self._across, self._up = across, up

    def mark(self, xs: ArrayLike, ys: ArrayLike, marker: str) -> None:
        """Put a mark at each point that is not beyond an axis."""
        rows, columns = self._cells.shape
        column, row = _nearest(xs, self._across, columns - 1), _nearest(ys, self._up, rows - 1)
        inside = (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
        self._cells[row[inside].astype(int), column[inside].astype(int)] = marker

    def curve(self, xs: ArrayLike, ys: ArrayLike) -> None:
        """Draw a line of braille dots from each point to the next; they are on the axes.

        A cell has 2 by 4 dots, none in its middle, where a mark stands: of a point it is the next one up to the right.
        """
        rows, columns = self._cells.shape
        x = np.clip(_nearest(xs, self._across, 2 * columns - 2, 0.5), 0, 2 * columns - 1).astype(int)
        y = np.clip(_nearest(ys, self._up, 4 * rows - 4, 1.5), 0, 4 * rows - 1).astype(int)
        away = np.diff(x), np.diff(y)
        steps = np.maximum(*map(abs, away))
        step = np.arange(steps.sum()) - np.repeat(np.cumsum(steps) - steps, steps)
        x, y = (
            np.append(np.repeat(at[:-1], steps) + step * np.repeat(by, steps) // np.repeat(steps, steps), at[-1:])
            for at, by in zip((x, y), away, strict=True)
        )
        dots = np.zeros((rows, columns), int)
        np.bitwise_or.at(dots, (y // 4, x // 2), _DOTS[y % 4, x % 2])
        self._cells[dots > 0] = _BRAILLE[dots[dots > 0]]

    def texts(self, ticks: Sequence[tuple[float, str]] | None = None) -> list[str]:
        """Return the rows from above, behind the axis upwards with its ticks, where these are given."""
        rows = ["".join(row) for row in self._cells.tolist()]
        if ticks is not None:
            at = _nearest([place for place, _ in ticks], self._up, len(rows) - 1).tolist()
            labels = {row: text for row, (_, text) in reversed(list(zip(at, ticks, strict=True)))}
            width = max((len(text) for _, text in ticks), default=0)
            axis = [f"{labels.get(row, ''):>{width}}{'┤' if row in labels else '│'}" for row in range(len(rows))]
            rows = [beside + cells for beside, cells in zip(axis, rows, strict=True)]
        return rows[::-1]


def _nearest(at: ArrayLike, ends: tuple[float, float], last: int, first: float = 0.0) -> NDArray[np.float64]:
    """Return the whole number next to each place on an axis that leads from `first` so far as `last` further."""
    low, high = ends
    with quiet():  # what is no number lies nowhere
        return np.floor(np.round(0.5 + first + last * ((np.asarray(at, float) - low) / (high - low)), _DIGITS))


def blank(width: int, height: int) -> list[Line]:
    """Return lines with nothing on them."""
    return [[(" " * max(width, 0), "text")] for _ in range(height)]


def styled(texts: list[str], style: Callable[[int, int, str], str], note: Span = ("", "text")) -> list[Line]:
    """Turn rows of text into lines; row, column and text of a cell give its style. The note ends row 0."""
    lines: list[Line] = []
    for row, text in enumerate(texts):
        shown = text[: len(text) - len(note[0])] if row == 0 else text
        styles = [style(row, column, cell) for column, cell in enumerate(shown)]
        start, line = 0, []
        for name, cells in groupby(styles):
            stop = start + len(list(cells))
            line.append((shown[start:stop], name))
            start = stop
        lines.append(line)
    if note[0]:
        lines[0].append(note)
    return lines
