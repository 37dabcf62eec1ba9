"""J over the iterations as lines of styled text.

Axes do not move from point to point: a chart that jumps cannot be watched.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from math import ceil, floor, isfinite, log10
from sys import float_info
from typing import NamedTuple

import numpy as np

from ..debugger.loss_history import LossHistory
from ..drawing.palette import Line
from ..notation.fitting import width_of
from ..notation.formats import number
from .axes import axis_with, cells_of, with_axes
from .figures import CURSOR, GHOST, MEASURED, Figure, blank, styled


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
    beside = axis_with(axis.ticks, axis.low, axis.high, rows)
    columns = width - (width_of(beside[0]) if beside else 0)
    if columns < 4 or rows < 1:
        return blank(width, height)

    figure = Figure(columns, rows, (1, window), (axis.low, axis.high))
    xs, ys = [x for x, _ in curve], [axis.position(y) for _, y in curve]
    if curve:
        figure.curve(xs, ys)
    if curve and 2 * window <= columns:
        figure.mark(xs, ys, MEASURED)
    if mark:
        figure.mark([cursor], [axis.position(mark[0][1])], CURSOR)
    [reached] = cells_of([cursor], 1, window, columns)
    cells = figure.rows()
    dotted = [_dots(points, axis, window, columns, rows) for points in others]
    ghostly = _haunt(cells, [label for label, _ in ghosts], dotted)

    def style(row: int, column: int, cell: str) -> str:
        if (row, column) in ghostly:
            return "ghost"
        if cell == CURSOR:
            return "now"
        return "text" if column < reached + bool(mark) else "dim"

    note = ("", "dim")
    if until is None and history.latest is not None and not isfinite(history.latest):
        note = (f" {name} is {number(history.latest)} at {len(history)}", "error")
    elif left_out:
        note = (f" {name} <= 0 is not drawn", "dim")
    elif not known and not at_cursor:
        note = (f" the forward pass measures {name}", "dim")
    lines = styled(cells, style, note if len(note[0]) <= columns else ("", "dim"))
    [below] = styled([_iterations(window, columns, None if mark else reached)], _of_axis)
    return with_axes(lines, beside, below)


def _of_axis(_row: int, _column: int, cell: str) -> str:
    return {CURSOR: "now", "─": "frame"}.get(cell, "dim")


def _dots(
    points: list[tuple[float, float]], axis: _Axis, window: int, columns: int, rows: int
) -> list[tuple[int, int]]:
    """Return the cells of a curve, as (row, column): one in each column that it passes."""
    if not points:
        return []
    xs, ys = zip(*points, strict=True)
    first, last = cells_of([xs[0], xs[-1]], 1, window, columns)
    across = np.arange(first, last + 1)
    heights = np.interp(1 + across * (window - 1) / (columns - 1), xs, [axis.position(y) for y in ys])
    down = np.floor(0.5 + (rows - 1) * (axis.high - heights) / (axis.high - axis.low))
    return list(zip(down.astype(int).tolist(), across.tolist(), strict=True))


def _haunt(cells: list[list[str]], labels: list[str], dotted: list[list[tuple[int, int]]]) -> set[tuple[int, int]]:
    """Put ghosts behind a curve, and near each its label where there is room; return which cells are theirs."""
    ghostly = {(row, column) for dots in dotted for row, column in dots if cells[row][column] == " "}
    for row, column in ghostly:
        cells[row][column] = GHOST
    for label, dots in zip(labels, dotted, strict=True):
        seen = [cell for cell in dots if cell in ghostly]
        if seen:
            middle = seen[len(seen) // 2]
            ghostly |= _label(cells, label, *middle) or _label(cells, label.partition(":")[0], *middle)
    return ghostly


def _label(cells: list[list[str]], text: str, row: int, column: int) -> set[tuple[int, int]]:
    """Write a text into the free cells nearest to another, and return them; none where there is no room."""
    starts = [(y, x) for y in range(len(cells)) for x in range(len(cells[y]) - len(text) + 1)]
    starts.sort(key=lambda start: 3 * abs(start[0] - row) + abs(start[1] + len(text) // 2 - column))
    for y, x in starts:
        around = cells[y][max(x - 1, 0) : x + len(text) + 1]
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
        put(cells_of([iteration], 1, window, columns)[0], _short(iteration))
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
