"""Curves and marks in cells. plotext draws the curves; it is imported with the first: who draws none need not wait."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any

import numpy as np

from minidl_core.arrays import Array

from ..drawing.palette import Line, Span
from .axes import cells_of

CURSOR, MEASURED, GHOST = "●", "o", "·"

_NO_DOTS = ord("\u2800")
_PIECE = 32  # points; of a curve that goes on, or moves in a part, the other pieces need not be drawn again

_SMALL_DIGITS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def small(iteration: int) -> str:
    """Return the number of an iteration as it marks a line: a 0 of full size would look like a blue point."""
    return str(iteration).translate(_SMALL_DIGITS)


class Figure:
    """Cells between the ends of two axes: curves in braille, which plotext draws, and marks upon them.

    ends and heights: what the first and the last column, the lowest and the highest row stand for.
    """

    def __init__(self, width: int, height: int, ends: tuple[float, float], heights: tuple[float, float]) -> None:
        self._size = width, height
        self._ends, self._heights = ends, heights
        self._curves: list[list[tuple[int, int]]] = []
        self._marks: dict[tuple[int, int], str] = {}

    def curve(self, xs: Array | Sequence[float], ys: Array | Sequence[float]) -> None:
        """Draw a curve through points whose marks lie on it.

        A braille cell is 2 by 4 dots, none of them in its middle, where a mark stands. So the curve is drawn narrower
        by a part of a cell: its dots then fall into the cells of the marks.
        """
        (left, right), (low, high) = self._ends, self._heights
        width, height = self._size
        aside, above = (right - left) / max(width - 1, 1) / 4, (high - low) / max(height - 1, 1) * 3 / 8
        across = cells_of(np.clip(xs, left, right), left - aside, right + aside, 2 * width)
        up = cells_of(np.clip(ys, low, high), low - above, high + above, 4 * height)
        self._curves.append(list(zip(across, up, strict=True)))

    def mark(self, xs: Array | Sequence[float], ys: Array | Sequence[float], mark: str) -> None:
        """Put a mark at each of the points that lie between the ends of the axes."""
        columns, rows = (
            cells_of(places, *ends, size)
            for places, ends, size in zip((xs, ys), (self._ends, self._heights), self._size, strict=True)
        )
        for column, row in zip(columns, rows, strict=True):
            if 0 <= column < self._size[0] and 0 <= row < self._size[1]:
                self._marks[self._size[1] - 1 - row, column] = mark

    def rows(self) -> list[list[str]]:
        """Return the rows of cells, the highest first."""
        rows = self._braille() if self._curves else [[" "] * self._size[0] for _ in range(self._size[1])]
        for (row, column), mark in self._marks.items():
            rows[row][column] = mark
        return rows

    def _braille(self) -> list[list[str]]:
        width, height = self._size
        dots = np.full((height, width), _NO_DOTS)
        for curve in self._curves:
            for start in range(0, max(len(curve) - 1, 1), _PIECE):
                piece = curve[start : start + _PIECE + 1]
                column, row = min(x for x, _ in piece) // 2, min(y for _, y in piece) // 4
                drawn = _drawn(tuple((x - 2 * column, y - 4 * row) for x, y in piece))
                dots[row : row + len(drawn), column : column + len(drawn[0])] |= drawn
        return [[" " if cell == _NO_DOTS else chr(cell) for cell in row] for row in dots[::-1].tolist()]


_NO_DOTS = ord("\u2800")
_PIECE = 48  # of a curve that grows, or of which a part moves, the other pieces need not be drawn again


@lru_cache(maxsize=256)
def _drawn(dots: tuple[tuple[int, int], ...]) -> Array:
    """Return a line from dot to dot in cells of 2 by 4 of them, the lowest row first, each by its code point."""
    plt = _plotext()
    xs, ys = zip(*dots, strict=True)
    width, height = max(xs) // 2 + 1, max(ys) // 4 + 1
    plt.clear_data()
    plt.plot_size(width, height)
    plt.xlim(0, 2 * width - 1)
    plt.ylim(0, 4 * height - 1)
    plt.plot(xs, ys, marker="braille")
    rows = plt.uncolorize(plt.build()).splitlines()
    return np.array([[_NO_DOTS if cell == " " else ord(cell) for cell in row] for row in reversed(rows)])


@cache
def _plotext() -> Any:
    """Return plotext with a figure of curves alone; to make one takes a seventh of the time of a drawing."""
    import plotext as plt

    plt.clear_figure()
    plt.theme("clear")
    plt.limit_size(False, False)
    plt.frame(False)
    plt.xticks([])
    plt.yticks([])
    return plt


def blank(width: int, height: int) -> list[Line]:
    """Return lines with nothing on them."""
    return [[(" " * max(width, 0), "text")] for _ in range(height)]


def styled(
    texts: Sequence[Sequence[str]], style: Callable[[int, int, str], str], note: Span = ("", "text")
) -> list[Line]:
    """Turn rows of text into lines; row, column and text of a cell give its style. The note ends row 0."""
    lines: list[Line] = []
    for row, text in enumerate(texts):
        shown = text[: len(text) - len(note[0])] if row == 0 else text
        styles = [style(row, column, cell) for column, cell in enumerate(shown)]
        borders = [0, *(column for column in range(1, len(shown)) if styles[column] != styles[column - 1]), len(shown)]
        lines.append([("".join(shown[start:stop]), styles[start]) for start, stop in pairwise(borders) if start < stop])
    if note[0]:
        lines[0].append(note)
    return lines
