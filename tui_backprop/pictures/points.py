"""Points of two classes in the plane, with the line that separates them now and earlier lines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product

import numpy as np
from numpy.typing import ArrayLike, NDArray

from minidl_core.arrays import Array

from ..drawing.palette import Line
from ..notation.fitting import first_that_fits, width_of
from ..notation.formats import number
from .axes import LARGEST, axis_below, axis_beside, with_axes
from .figures import Figure, blank, small, styled

BLUE, RED, FOLLOWED, NOW, NOW_STEEP = "o", "x", "◆", "━", "┃"
RED_REGION = "·"
LEAST_WIDTH, LEAST_HEIGHT = 30, 6
"""A smaller picture has no axes: the points need the room."""
_DATA_STYLES = {
    RED_REGION: "red",
    BLUE: "blue",
    RED: "red",
    FOLLOWED: "followed",
    NOW: "now",
    NOW_STEEP: "now",
    " ": "text",
}

# (u, v, w) stands for the line where u*x + v*y + w = 0.
Separator = tuple[float, float, float]


def draw_data(
    points: ArrayLike,
    classes: ArrayLike,
    *,
    now: Separator | None,
    before: Mapping[int, Separator],
    followed: int | None,
    width: int,
    height: int,
    is_red: Callable[[Array], NDArray[np.bool_]] | None = None,
) -> list[Line]:
    """Draw points of two classes and the lines that separate them, in `height` lines of `width` cells, with axes.

    points: (n, 2). classes: (n,), 0 is blue and 1 is red. now: the line of now. before: iteration -> its
    line, drawn by the number of the iteration. followed: the row of the point that is followed. The points
    alone decide on the axes, which fill the pane: with equal scales half of a wide pane would be empty. The axes have
    numbers where there is room for them. is_red: tells of places (m,2) which of them are taken for red; those are
    dotted.
    """
    positions, kinds = np.asarray(points, dtype=float), np.asarray(classes)
    drawable = np.isfinite(positions).all(axis=1)
    if width < 2 or height < 2 or not drawable.any():
        return blank(width, height)
    low, high = positions[drawable].min(axis=0), positions[drawable].max(axis=0)
    gap = np.where(low == high, np.maximum(np.abs(low), 1.0), 0.0)
    if is_red is not None:
        gap = np.maximum(gap, (high - low) / 4)  # what is beyond the points is of interest, too
    low, high = low - gap, high + gap
    beside: list[Line] = []
    if width >= LEAST_WIDTH and height >= LEAST_HEIGHT and max(abs(low).max(), abs(high).max()) <= LARGEST:
        height -= 1
        beside = axis_beside(low[1], high[1], height)
        width -= width_of(beside[0])
    xs, ys = np.linspace(low[0], high[0], width), np.linspace(low[1], high[1], height)

    figure = Figure(width, height, (xs[0], xs[-1]), (ys[0], ys[-1]))
    cells = np.floor((positions[drawable] - low) / (high - low) * (width - 1, height - 1) + 0.5).astype(int)
    taken = {(column, row) for column, row in cells.tolist()}
    room = sum(len(str(iteration)) + 1 for iteration in before)  # of the numbers of lines that coincide
    for iteration, line in before.items():
        steep, columns, rows = _cells(line, xs, ys)
        text = small(iteration)
        apart = max(3, len(before)) if steep else max(6, room)
        free = _spread(columns.tolist(), rows.tolist(), apart, len(text), width, taken)
        for position, digit in enumerate(text):
            figure.mark(xs[columns[free] + position], ys[rows[free]], digit)
    if now is not None:
        steep, columns, rows = _cells(now, xs, ys)
        figure.mark(xs[columns], ys[rows], NOW_STEEP if steep else NOW)
    for kind, marker in ((0, BLUE), (1, RED)):
        of_kind = positions[drawable & (kinds == kind)]
        figure.mark(of_kind[:, 0], of_kind[:, 1], marker)
    if followed is not None and followed < len(positions) and drawable[followed]:
        figure.mark(positions[[followed], 0], positions[[followed], 1], FOLLOWED)
    texts = figure.rows()
    if is_red is not None:
        dotted = is_red(np.dstack(np.meshgrid(xs, ys[::-1])).reshape(-1, 2)).reshape(height, width)
        for row, reds in zip(texts, dotted, strict=True):
            row[:] = (RED_REGION if cell == " " and red else cell for cell, red in zip(row, reds, strict=True))
    lines = styled(texts, lambda _row, _column, cell: _DATA_STYLES.get(cell, "dim"))
    return with_axes(lines, beside, axis_below(low[0], high[0], width)) if beside else lines


def count_right(points: ArrayLike, classes: ArrayLike, line: Separator) -> int:
    """Return how many points lie on the side of the line that is their class's: 0 where its left side is positive."""
    u, v, w = line
    side = np.asarray(points, dtype=float) @ (u, v) + w
    return int(np.sum(np.where(np.asarray(classes) == 0, side > 0, side < 0)))


def data_legend(followed: int | None, width: int, right: str = "") -> Line:
    """Return the legend of the data chart as one line of at most `width` cells, shorter where it must be.

    `right` says how many points are right.
    """
    kinds = [(f"{RED} red", "red"), (f"{BLUE} blue", "blue")]
    points = [] if followed is None else [f"{FOLLOWED} point {followed}", f"{FOLLOWED} {followed}"]
    wordings: list[Line] = []
    with_right = [f"{NOW} now: {right}", f"{NOW} {right}"] if right else [f"{NOW} now"]
    for point, now in product([*points, ""], with_right):
        parts = [*kinds, (point, "followed"), (now, "now")]
        wordings.append([span for part in parts if part[0] for span in (("  ", "text"), part)][1:])
    short: Line = [kinds[0], ("  ", "text"), kinds[1], ("  ", "text"), (f"{NOW} {right.replace(' of ', '/')}", "now")]
    shorter = data_legend(followed, width) if right else []
    return first_that_fits(width, *wordings, *([short] if right else []), shorter)


def separator(weights: ArrayLike, bias: ArrayLike) -> Separator:
    """Return the line where the two scores of a point are equal.

    weights: (2, 2), a column per class. bias: (2,).
    """
    w, b = np.asarray(weights, dtype=float), np.asarray(bias, dtype=float)
    return float(w[0, 0] - w[0, 1]), float(w[1, 0] - w[1, 1]), float(b[0] - b[1])


def equation_of(line: Separator) -> str:
    """Write where a line is: 2·x - 3·y + 0.5 = 0."""
    u, v, w = line
    signed = "".join(f" {'-' if x < 0 else '+'} {number(abs(x))}{name}" for x, name in ((v, "·y"), (w, "")))
    return f"{number(u)}·x{signed} = 0"


def _cells(
    line: Separator, xs: NDArray[np.float64], ys: NDArray[np.float64]
) -> tuple[bool, NDArray[np.intp], NDArray[np.intp]]:
    """Return whether the line is steep, and its cells: one in every column, or in every row if it is steep.

    xs and ys are the centres of the columns and rows; the cells are returned as columns and rows.
    """
    u, v, w = line
    across, up = xs[1] - xs[0], ys[1] - ys[0]
    with np.errstate(all="ignore"):  # a line of nowhere (0, 0, w) gives NaN, which is not inside
        steep = bool(abs(u) * across > abs(v) * up)
        x, y = (-(v * ys + w) / u, ys) if steep else (xs, -(u * xs + w) / v)
        columns, rows = np.rint((x - xs[0]) / across), np.rint((y - ys[0]) / up)
    inside = (columns >= 0) & (columns < len(xs)) & (rows >= 0) & (rows < len(ys))
    return steep, columns[inside].astype(np.intp), rows[inside].astype(np.intp)


def _spread(
    columns: list[int], rows: list[int], apart: int, length: int, width: int, taken: set[tuple[int, int]]
) -> list[int]:
    """Return which cells of a line get its number: free ones, some cells apart. They are taken from then on.

    So a number hides no point, and of two lines that coincide both are seen.
    """
    chosen: list[int] = []
    for index, (column, row) in enumerate(zip(columns, rows, strict=True)):
        cells = [(column + position, row) for position in range(length)]
        far = not chosen or index - chosen[-1] >= apart
        if far and column + length <= width and taken.isdisjoint(cells):
            chosen.append(index)
            taken.update(cells, [(column - 1, row), (column + length, row)])
    return chosen
