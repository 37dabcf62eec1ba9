"""J over two weights as a map: nine levels of equal area with their borders, and the path that the training took."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from minidl_core.arrays import Array

from ..debugger.moment import Moment
from ..drawing.palette import ACTION, LEVELS, Line
from ..notation.fitting import first_that_fits, prose, width_of
from ..notation.formats import number
from ..notation.names import called
from .axes import axis_below, axis_beside, with_axes
from .course_of_weights import NUMBERED, Step, numbers_before, numbers_now, others_stay, ranges_of, steps_of, told
from .figures import CURSOR, GHOST, MEASURED, small
from .picture import Focus, Picture, finite_number, is_hidden, what_it_shows
from .sampling import Grid, grid_of, why_not_sampled
from .weights import Weight, count_of_weights, next_weight

POINTS = 25
NOT_FINITE = "!"


class MapPicture(Picture):
    """J over two weights, with the path of this branch and those of the others."""

    name = "map"
    along_weights = True

    def applies(self, moment: Moment) -> bool:
        """Return whether there are two numbers that are trained."""
        return count_of_weights(moment.graph) > 1

    def work(self, moment: Moment, focus: Focus) -> Grid | None:
        """Return J over the two weights, to be computed."""
        if is_hidden(moment) or why_not_sampled(moment):
            return None
        weights = _weights(moment, focus)
        return grid_of(moment, weights, ranges_of(moment, weights), POINTS)

    def depends_on(self, moment: Moment, focus: Focus) -> Hashable:
        """Return the map as far as it is computed, and the path."""
        weights, grid = _weights(moment, focus), self.work(moment, focus)
        if grid is None:
            return is_hidden(moment)
        steps = [(branch, len(branch.losses)) for branch in moment.branches]
        here = moment.iteration, numbers_now(moment, weights)
        return *weights, id(grid), grid.stride, here, moment.branch, tuple(steps)

    def title(self, moment: Moment, focus: Focus, width: int) -> Line:
        """Return which map it is, and what its marks mean."""
        across, up = _weights(moment, focus)
        title: Line = [("Map  ", "title"), (f"{called(moment.graph.loss)}, {across.name} → {up.name} ↑", "text")]
        now: Line = [*title, (f"   {CURSOR} now", "now")]
        sign = f"{small(0)} {small(1)}" if moment.iteration <= NUMBERED else MEASURED
        earlier: Line = [*now, (f"  {sign} earlier", "text")]
        count = len(moment.branches) - 1
        if not count:
            return first_that_fits(width, earlier, now, title)
        others: Line = [*earlier, (f"  {GHOST} other branches", "ghost")]
        counted = (f"  {GHOST} {count} other{'s' * (count > 1)}", "ghost")
        return first_that_fits(width, others, [*now, counted], [*title, counted], title)

    def facts(self, moment: Moment, focus: Focus) -> Iterator[str]:
        """Yield what the picture shows, as sentences."""
        weights, grid = _weights(moment, focus), self.work(moment, focus)
        if grid is None:
            yield _why_none(moment)
            return
        grid.finish()
        loss = called(moment.graph.loss)
        ranges = " and ".join(
            f"{weight.name} from {number(axis[0])} to {number(axis[-1])}"
            for weight, axis in zip(weights, grid.axes, strict=True)
        )
        yield f"{loss} over {ranges}{others_stay(moment, count_of_weights(moment.graph) - 2)}."
        if grid.loss.problem or not np.isfinite(grid.values).any():
            yield grid.loss.problem or f"{loss} is nowhere finite there."
            return
        now = numbers_now(moment, weights)
        here = ", ".join(f"{weight.name} is {number(x)}" for weight, x in zip(weights, now, strict=True))
        yield f"Now {here}; {loss} is {finite_number(grid.loss(*now))} there."
        lowest = np.unravel_index(np.nanargmin(grid.values), grid.values.shape)
        places = " and ".join(
            f"{weight.name} = {number(axis[i])}" for weight, axis, i in zip(weights, grid.axes, lowest, strict=True)
        )
        smallest, largest = number(grid.values[lowest]), number(np.nanmax(grid.values))
        yield f"On this map {loss} is smallest, {smallest}, near {places}, and at most {largest}."
        yield from told(moment, weights)

    def draw(self, moment: Moment, focus: Focus, width: int, height: int) -> list[Line]:
        """Draw one line that says what it shows, the map with the path, and its axes with numbers."""
        grid = self.work(moment, focus)
        if grid is None or grid.loss.problem:
            return prose(_why_none(moment) if grid is None else grid.loss.problem, width, "dim")[:height]
        (across, up), values = grid.coarse()
        rows = height - 2
        if rows < 3 or not grid.stride:
            return []
        beside = axis_beside(up[0], up[-1], rows)
        columns = width - width_of(beside[0])
        if columns < 8:
            return []
        xs, ys = np.linspace(across[0], across[-1], columns), np.linspace(up[-1], up[0], rows)
        cells = _between(across, up, values, xs, ys)
        if not np.isfinite(cells).any():
            return prose(f"{called(moment.graph.loss)} is nowhere finite on this map.", width, "dim")[:height]
        levels, borders = _levels(cells)
        texts = _borders(levels)
        styles = np.array(LEVELS)[levels - 1]
        texts[~np.isfinite(cells)], styles[~np.isfinite(cells)] = NOT_FINITE, "dim"
        for marker, style, steps in _paths(moment, _weights(moment, focus)):
            for step in steps:
                at = _cell(step.numbers, xs, ys)
                if at is not None:
                    texts[at], styles[at] = marker, style
        what = _what(called(moment.graph.loss), borders, is_whole=bool(np.isfinite(cells).all()))
        lines: list[Line] = [[*(shows := what_it_shows(what, width)), *_to_others(moment, width - width_of(shows))]]
        drawing = [list(zip(*row, strict=True)) for row in zip(texts.tolist(), styles.tolist(), strict=True)]
        return [*lines, *with_axes(drawing, beside, axis_below(across[0], across[-1], columns))]


def _weights(moment: Moment, focus: Focus) -> tuple[Weight, Weight]:
    """Return the weight that is followed, and the next one."""
    assert focus.weight is not None, "there is no map where nothing is trained"
    return focus.weight, next_weight(moment.graph, focus.weight)


def _why_none(moment: Moment) -> str:
    return is_hidden(moment) or f"{why_not_sampled(moment)}."


def _to_others(moment: Moment, room: int) -> Line:
    """Name the key that goes to another branch, where there is one and room for it."""
    text = next((text for text in (" goes to another branch", " other branch") if len(text) < room - 3), "")
    return [("   ", "text"), ("branch", ACTION), (text, "dim")] if text and len(moment.branches) > 1 else []


def _what(loss: str, borders: Array, *, is_whole: bool) -> tuple[str, ...]:
    """Return what the picture shows, in one line: the longest wording first."""
    low, high = number(borders[0], 3), number(borders[-1], 3)
    rest = "" if is_whole else f"; {NOT_FINITE} not finite"
    return (
        f"1 is where {loss} is lowest, under {low}; 9 where it is highest, over {high}{rest}",
        f"{loss}: 1 under {low}, 9 over {high}{rest}",
        f"1 < {low}, 9 > {high}{rest}",
    )


def _between(across: Array, up: Array, values: Array, xs: Array, ys: Array) -> Array:
    """Return J at each cell, a row for each y: straight between the points of the grid, whose first axis is x."""
    at_ys = np.array([np.interp(ys, up, column) for column in values])
    return np.array([np.interp(xs, across, row) for row in at_ys.T])


def _levels(cells: Array) -> tuple[NDArray[np.intp], Array]:
    """Return the level of each cell, 1 to 9, and the eight values of J between them; each level has the same area."""
    borders = np.quantile(cells[np.isfinite(cells)], np.arange(1, len(LEVELS)) / len(LEVELS))
    return np.searchsorted(borders, np.nan_to_num(cells, nan=np.inf), side="left") + 1, borders


def _borders(levels: NDArray[np.intp]) -> NDArray[np.str_]:
    """Return the text of each cell: its level where the one to the left or above is another, else a blank."""
    is_border = np.zeros(levels.shape, dtype=bool)
    is_border[:, 1:] |= levels[:, 1:] != levels[:, :-1]
    is_border[1:] |= levels[1:] != levels[:-1]
    return np.where(is_border, levels.astype(str), " ")


def _paths(moment: Moment, weights: Sequence[Weight]) -> Iterator[tuple[str, str, list[Step]]]:
    """Yield marker, style and steps of what is drawn on the map, what is to be on top last."""
    for branch in moment.branches:
        if branch is not moment.branch:
            yield GHOST, "ghost", steps_of(moment, branch, weights)
    steps = steps_of(moment, moment.branch, weights, moment.iteration)
    steps.append(Step(moment.iteration - 1, numbers_before(moment, weights), None))
    if moment.iteration <= NUMBERED:
        yield from ((small(step.finished), "title", [step]) for step in steps)
    else:
        yield MEASURED, "title", steps
    yield CURSOR, "now", [Step(moment.iteration, numbers_now(moment, weights), None)]


def _cell(numbers: tuple[float, ...], xs: Array, ys: Array) -> tuple[int, int] | None:
    """Return the row and column of a place on the map; None where it is not on it."""
    x, y = numbers
    column, row = (x - xs[0]) / (xs[1] - xs[0]), (y - ys[0]) / (ys[1] - ys[0])
    if not (np.isfinite([column, row]).all() and -0.5 <= column < len(xs) - 0.5 and -0.5 <= row < len(ys) - 0.5):
        return None
    return round(row), round(column)
