"""The two charts as lines of styled text: J over the iterations, and the data with the separating line.

plotext puts curve, points and ticks into cells. It is imported with the first chart, so that the first screen
need not wait for it. Axes do not move from point to point: a chart that jumps cannot be watched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count, product
from math import ceil, floor, isfinite, log10
from sys import float_info
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from minidl_core.arrays import Array

from ..debugger.loss_history import LossHistory
from ..drawing.palette import Line, Span
from ..notation.fitting import first_that_fits, joined
from ..notation.formats import number

CURSOR, MEASURED, GHOST = "●", "o", "·"
BLUE, RED, FOLLOWED, NOW, NOW_STEEP = "o", "x", "◆", "━", "┃"
RED_REGION = "·"
_DATA_STYLES = {
    RED_REGION: "red",
    BLUE: "blue",
    RED: "red",
    FOLLOWED: "followed",
    NOW: "now",
    NOW_STEEP: "now",
    " ": "text",
}

_SMALL_DIGITS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")

# (u, v, w) stands for the line where u*x + v*y + w = 0.
Separator = tuple[float, float, float]


class _Axis(NamedTuple):
    """A vertical axis: its ends, its ticks, and where on it a loss stands."""

    low: float
    high: float
    ticks: list[tuple[float, str]]
    position: Callable[[float], float]


def draw_loss(
    history: LossHistory,
    *,
    cursor: int,
    loss: float | None,
    logarithmic: bool,
    width: int,
    height: int,
    ghosts: Sequence[tuple[str, LossHistory]] = (),
    until: int | None = None,
    name: str = "J",
) -> list[Line]:
    """Draw J of all iterations so far, with a mark where the cursor is, in `height` lines of `width` cells.

    cursor: the iteration that is shown, from 1. loss: its J, or None while its forward pass has not measured
    it; the mark then stands on the axis. The curve beyond the cursor is kept, dim. Losses <= 0 have no position
    on a logarithmic axis, NaN and infinity have none at all: a note in the corner says so. ghosts: what else J has
    been, each with its label; they are dotted, lie behind the curve, and count for the axes. until: the last
    iteration of which J is drawn, None for all; the axes stay what they are. name: what J is called in the graph.
    """
    window = _window(max(cursor, len(history), *(len(ghost) for _, ghost in ghosts)))
    known = list(history.points(window, max(width, 1)))
    at_cursor = [(float(cursor), loss)] if loss is not None and isfinite(loss) else []
    others = [list(ghost.points(window, max(width, 1))) for _, ghost in ghosts]
    curve, mark, *others = (
        [(x, y) for x, y in points if y > 0 or not logarithmic] for points in (known, at_cursor, *others)
    )
    left_out = len(curve) < len(known) or len(mark) < len(at_cursor)
    rows = height - 1
    shown = [y for points in (curve, mark, *others) for _, y in points]
    axis = (_decades if logarithmic else _round_bounds)(shown, rows)
    if until is not None:
        curve, *others = ([(x, y) for x, y in points if x <= until] for points in (curve, *others))
    labels = [f" {label}" for _, label in axis.ticks]
    margin = max(map(len, labels), default=0)
    columns = width - margin - 1
    if columns < 4 or rows < 1:
        return blank(width, height)

    plt = figure(width, rows)
    plt.yaxes(True, False)
    plt.yticks([position for position, _ in axis.ticks], [label.rjust(margin) for label in labels])
    plt.xlim(1, window)
    plt.ylim(axis.low, axis.high)
    # A braille cell is 2 by 4 dots, none of them in its middle, where a mark stands. So the curve is drawn narrower, by
    # a part of a cell: its dots then fall into the cells of the marks of the same points.
    aside, above = (window - 1) / (columns - 1) / 4, (axis.high - axis.low) / max(rows - 1, 1) * 3 / 8
    xs, ys = [x for x, _ in curve], [axis.position(y) for _, y in curve]
    plt.scatter([1], [axis.low], marker=" ")  # an axis on which nothing lies would be left out
    if curve:
        across = np.interp(xs, (1 - aside, window + aside), (1, window))
        up = np.interp(ys, (axis.low - above, axis.high + above), (axis.low, axis.high))
        plt.plot(across.tolist(), up.tolist(), marker="braille")
    if curve and 2 * window <= columns:
        plt.scatter(xs, ys, marker=MEASURED)
    if mark:
        plt.scatter([cursor], [axis.position(mark[0][1])], marker=CURSOR)
    reached = floor(0.5 + (columns - 1) * (cursor - 1) / (window - 1))
    dotted = [_dots(points, axis, window, columns, rows) for points in others]
    haunted, ghostly = _haunted(rows_of(plt), [label for label, _ in ghosts], dotted, margin + 1)
    texts = [*haunted, "└".rjust(margin + 1) + _iterations(window, columns, None if mark else reached)]

    def style(row: int, column: int, cell: str) -> str:
        if (row, column) in ghostly:
            return "ghost"
        if cell == CURSOR:
            return "now"
        if row == rows or column <= margin:
            return "frame" if cell in "┤│└─" else "dim"
        return "text" if column - margin - 1 < reached + bool(mark) else "dim"

    note = ("", "dim")
    if until is None and history.latest is not None and not isfinite(history.latest):
        note = (f" {name} is {number(history.latest)} at {len(history)}", "error")
    elif left_out:
        note = (f" {name} <= 0 is not drawn", "dim")
    elif not known and not at_cursor:
        note = (f" the forward pass measures {name}", "dim")
    return styled(texts, style, note if len(note[0]) <= columns else ("", "dim"))


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
    """Draw points of two classes and the lines that separate them, in `height` lines of `width` cells.

    points: (n, 2). classes: (n,), 0 is blue and 1 is red. now: the line of now. before: iteration -> its
    line, drawn by the number of the iteration. followed: the row of the point that is followed. The points
    alone decide on the axes, which fill the pane: with equal scales half of a wide pane would be empty. is_red: tells
    of places (m,2) which of them are taken for red; those are dotted.
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
    xs, ys = np.linspace(low[0], high[0], width), np.linspace(low[1], high[1], height)

    plt = figure(width, height)
    plt.xlim(xs[0], xs[-1])
    plt.ylim(ys[0], ys[-1])
    cells = np.floor((positions[drawable] - low) / (high - low) * (width - 1, height - 1) + 0.5).astype(int)
    taken = {(column, row) for column, row in cells.tolist()}
    room = sum(len(str(iteration)) + 1 for iteration in before)  # of the numbers of lines that coincide
    for iteration, line in before.items():
        steep, columns, rows = _cells(line, xs, ys)
        text = small(iteration)
        apart = max(3, len(before)) if steep else max(6, room)
        free = _spread(columns.tolist(), rows.tolist(), apart, len(text), width, taken)
        for position, digit in enumerate(text):
            scatter(plt, xs[columns[free] + position], ys[rows[free]], digit)
    if now is not None:
        steep, columns, rows = _cells(now, xs, ys)
        scatter(plt, xs[columns], ys[rows], NOW_STEEP if steep else NOW)
    for kind, marker in ((0, BLUE), (1, RED)):
        of_kind = positions[drawable & (kinds == kind)]
        scatter(plt, of_kind[:, 0], of_kind[:, 1], marker)
    if followed is not None and drawable[followed]:
        scatter(plt, positions[[followed], 0], positions[[followed], 1], FOLLOWED)
    texts = rows_of(plt)
    if is_red is not None:
        dotted = is_red(np.dstack(np.meshgrid(xs, ys[::-1])).reshape(-1, 2)).reshape(height, width)
        texts = [
            "".join(RED_REGION if cell == " " and red else cell for cell, red in zip(text, row, strict=True))
            for text, row in zip(texts, dotted, strict=True)
        ]
    return styled(texts, lambda _row, _column, cell: _DATA_STYLES.get(cell, "dim"))


def count_right(points: ArrayLike, classes: ArrayLike, line: Separator) -> int:
    """Return how many points lie on the side of the line that is their class's: 0 where its left side is positive."""
    u, v, w = line
    side = np.asarray(points, dtype=float) @ (u, v) + w
    return int(np.sum(np.where(np.asarray(classes) == 0, side > 0, side < 0)))


def data_legend(before: Iterable[int], followed: int | None, width: int, right: str = "") -> Line:
    """Return the legend of the data chart as one line of at most `width` cells, shorter where it must be.

    `right` says how many points are right.
    """
    numbers = " ".join(map(small, before))
    kinds = [(f"{RED} red", "red"), (f"{BLUE} blue", "blue")]
    points = [] if followed is None else [f"{FOLLOWED} point {followed}", f"{FOLLOWED} {followed}"]
    earlier = [f"{numbers} after so many updates", f"{numbers} earlier", numbers] if numbers else [""]
    wordings: list[Line] = []
    for point, before_now in product([*points, ""], earlier):
        now = f"{NOW} now{f': {right}' if right else ''}"
        parts = [*kinds, (point, "followed"), (now, "now"), (before_now, "dim")]
        wordings.append([span for part in parts if part[0] for span in (("  ", "text"), part)][1:])
    shorter = data_legend(before, followed, width) if right else []
    return first_that_fits(width, *wordings, shorter)


def small(iteration: int) -> str:
    """Return the number of an iteration as it marks a line: a 0 of full size would look like a blue point."""
    return str(iteration).translate(_SMALL_DIGITS)


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


def _dots(
    points: list[tuple[float, float]], axis: _Axis, window: int, columns: int, rows: int
) -> list[tuple[int, int]]:
    """Return the cells of a curve, as (row, column): one in each column that it passes."""
    if not points:
        return []
    xs, ys = zip(*points, strict=True)
    first, last = (floor(0.5 + (columns - 1) * (x - 1) / (window - 1)) for x in (xs[0], xs[-1]))
    across = np.arange(first, last + 1)
    heights = np.interp(1 + across * (window - 1) / (columns - 1), xs, [axis.position(y) for y in ys])
    down = np.floor(0.5 + (rows - 1) * (axis.high - heights) / (axis.high - axis.low))
    return list(zip(down.astype(int).tolist(), across.tolist(), strict=True))


def _haunted(
    texts: list[str], labels: list[str], dotted: list[list[tuple[int, int]]], left: int
) -> tuple[list[str], set[tuple[int, int]]]:
    """Put ghosts behind a curve, and near each its label where there is room; return also which cells are theirs."""
    cells = [list(text) for text in texts]
    ghostly = {(row, left + column) for dots in dotted for row, column in dots if cells[row][left + column] == " "}
    for row, column in ghostly:
        cells[row][column] = GHOST
    for label, dots in zip(labels, dotted, strict=True):
        seen = [(row, left + column) for row, column in dots if (row, left + column) in ghostly]
        if seen:
            middle = seen[len(seen) // 2]
            ghostly |= _label(cells, label, *middle, left) or _label(cells, label.partition(":")[0], *middle, left)
    return ["".join(row) for row in cells], ghostly


def _label(cells: list[list[str]], text: str, row: int, column: int, left: int) -> set[tuple[int, int]]:
    """Write a text into the free cells nearest to another, and return them; none where there is no room."""
    starts = [(y, x) for y in range(len(cells)) for x in range(left, len(cells[y]) - len(text) + 1)]
    starts.sort(key=lambda start: 3 * abs(start[0] - row) + abs(start[1] + len(text) // 2 - column))
    for y, x in starts:
        around = cells[y][max(x - 1, left) : x + len(text) + 1]
        if all(cell == " " for cell in around):
            cells[y][x : x + len(text)] = text
            return {(y, x + position) for position in range(len(text))}
    return set()


def _window(iterations: int) -> int:
    """Return how many iterations the axis shows: 12, 15, 20 ... 100, 120 ...: it changes seldom, and then by little."""
    unit: int = 10 ** max(len(str(iterations - 1)) - 2, 0)
    return next(step * unit for step in (12, 15, 20, 25, 30, 40, 50, 60, 80, 100) if iterations <= step * unit)


def _iterations(window: int, columns: int, mark: int | None) -> str:
    """Return the axis of the iterations 1 to `window`: the mark, and the labels for which there is room."""
    axis = ["─"] * columns

    def put(column: int, text: str) -> None:
        start = max(min(column, columns - len(text)), 0)
        if set(axis[max(start - 1, 0) : start + len(text) + 1]) == {"─"} and len(text) <= columns:
            axis[start : start + len(text)] = text

    if mark is not None:
        put(mark, CURSOR)
    room = columns // (len(_short(window)) + 2)
    steps = (step * 10**power for power in count() for step in (1, 2, 5))
    step = next(step for step in steps if window // step <= room or step >= window)
    for iteration in (1, window, *range(step, window, step)):
        put(floor(0.5 + (columns - 1) * (iteration - 1) / (window - 1)), _short(iteration))
    return "".join(axis)


def _short(iteration: int) -> str:
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if iteration >= 10_000 and iteration % size == 0:
            return f"{iteration // size}{letter}"
    return str(iteration)


def _round_bounds(losses: list[float], rows: int) -> _Axis:
    """Return a linear axis from 0 to the largest loss, rounded up to 1, 2 or 5 times a power of ten."""
    low, high = -_rounded_up(-min(losses, default=0)), _rounded_up(max(losses, default=0))
    if low == high:
        high = 1.0
    unit = max(high, -low)  # positions are in this unit: the difference of two huge losses would overflow
    if not losses:
        shares = []
    elif low < 0:
        shares = sorted({low / unit, 0.0, high / unit})
    else:
        parts = 1 if rows < 3 else 2 if rows < 12 else 4 if f"{unit:e}".startswith("2") else 5
        shares = [part / parts for part in range(parts + 1)]
    ticks = [(share, number(share * unit)) for share in shares]
    return _Axis(low / unit, high / unit, ticks, lambda loss: loss / unit)


def _decades(losses: list[float], rows: int) -> _Axis:
    """Return a logarithmic axis over two or more whole decades, with labels where there is room for them."""
    if not losses:
        return _Axis(0, 1, [], log10)
    low, high = floor(log10(min(losses))), ceil(log10(max(losses)))
    low = min(low, high - 2)
    step = ceil((high - low) / max(rows * 2 // 3 - 1, 1))
    powers = range(high, low - 1, -step)
    ticks = [(float(p), number(10.0**p) if -4 <= p < 6 else f"1e{p}") for p in powers]
    return _Axis(low, high, ticks, log10)


def _rounded_up(x: float) -> float:
    """Return the smallest 1, 2 or 5 times a power of ten that is at least x, or 0 if x is not positive."""
    if x <= 0:
        return 0.0
    power = floor(log10(x))
    candidates = (float(f"{step}e{power}") for step in (1, 2, 5, 10))
    return min(next(y for y in candidates if y >= x), float_info.max)


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
