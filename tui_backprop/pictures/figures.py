"""Curves, points and marks in cells, put there by plotext.

It is imported with the first figure: who draws none need not wait for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minidl_core.arrays import Array

from ..drawing.palette import Line, Span
from ..notation.fitting import joined

CURSOR, MEASURED, GHOST = "●", "o", "·"

_SMALL_DIGITS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def small(iteration: int) -> str:
    """Return the number of an iteration as it marks a line: a 0 of full size would look like a blue point."""
    return str(iteration).translate(_SMALL_DIGITS)


def figure(width: int, height: int) -> Any:
    """Return plotext with an empty figure: no colours, no frame, no ticks, and a size no terminal limits."""
    import plotext as plt

    plt.clear_figure()
    plt.theme("clear")
    plt.limit_size(False, False)
    plt.plot_size(width, height)
    plt.frame(False)
    plt.xticks([])
    plt.yticks([])
    return plt


def scatter(plt: Any, x: NDArray[np.float64], y: NDArray[np.float64], marker: str) -> None:
    """Put a mark at each point; x and y have the same shape (n,)."""
    if len(x):
        plt.scatter(x.tolist(), y.tolist(), marker=marker)


def draw_curve(
    plt: Any,
    xs: Array | Sequence[float],
    ys: Array | Sequence[float],
    ends: tuple[float, float],
    heights: tuple[float, float],
    columns: int,
    rows: int,
) -> None:
    """Draw a curve in braille through points whose marks, in cells of this many columns and rows, lie on it.

    ends and heights: the limits of the axes. A braille cell is 2 by 4 dots, none of them in its middle, where a mark
    stands. So the curve is drawn narrower by a part of a cell: its dots then fall into the cells of the marks.
    """
    (left, right), (low, high) = ends, heights
    aside, above = (right - left) / (columns - 1) / 4, (high - low) / max(rows - 1, 1) * 3 / 8
    across = np.interp(xs, (left - aside, right + aside), (left, right))
    up = np.interp(ys, (low - above, high + above), (low, high))
    plt.plot(across.tolist(), up.tolist(), marker="braille")


def rows_of(plt: Any) -> list[str]:
    """Return the rows of text of plotext's figure."""
    rows: list[str] = plt.uncolorize(plt.build()).splitlines()
    return rows


def blank(width: int, height: int) -> list[Line]:
    """Return lines with nothing on them."""
    return [[(" " * max(width, 0), "text")] for _ in range(height)]


def styled(texts: list[str], style: Callable[[int, int, str], str], note: Span = ("", "text")) -> list[Line]:
    """Turn rows of text into lines; row, column and text of a cell give its style. The note ends row 0."""
    lines: list[Line] = []
    for row, text in enumerate(texts):
        shown = text[: len(text) - len(note[0])] if row == 0 else text
        lines.append(joined([(cell, style(row, column, cell)) for column, cell in enumerate(shown)]))
    if note[0]:
        lines[0].append(note)
    return lines
