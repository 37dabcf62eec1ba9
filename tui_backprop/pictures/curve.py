"""J along one weight: a curve, the tangent whose slope is the gradient, and the steps that the training took on it."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from math import isfinite

import numpy as np

from minidl_core.arrays import Array

from ..debugger.moment import Moment
from ..drawing.palette import Line
from ..notation.fitting import first_that_fits, prose, width_of
from ..notation.formats import number
from ..notation.names import called
from .axes import LARGEST, axis_below, axis_beside, rounded_outwards, with_axes
from .course_of_weights import NUMBERED, Step, numbers_before, numbers_now, others_stay, ranges_of, steps_of, told
from .figures import CURSOR, GHOST, MEASURED, Figure, blank, small, styled
from .picture import Focus, Picture, finite_number, is_hidden, what_it_shows
from .sampling import Grid, grid_of, why_not_sampled
from .weights import Weight, count_of_weights

POINTS = 97
TANGENT = "•"


class CurvePicture(Picture):
    """J along one weight, with the tangent where it is, and the steps so far."""

    name = "curve"
    along_weights = True

    def applies(self, moment: Moment) -> bool:
        """Return whether there is a number that is trained."""
        return count_of_weights(moment.graph) > 0

    def work(self, moment: Moment, focus: Focus) -> Grid | None:
        """Return J along the weight, to be computed."""
        if focus.weight is None or is_hidden(moment) or why_not_sampled(moment):
            return None
        weights = [focus.weight]
        return grid_of(moment, weights, ranges_of(moment, weights), POINTS)

    def depends_on(self, moment: Moment, focus: Focus) -> Hashable:
        """Return the curve as far as it is computed, the tangent, and the steps."""
        weight, grid = focus.weight, self.work(moment, focus)
        if weight is None or grid is None:
            return weight, is_hidden(moment)
        steps = [(branch, len(branch.losses)) for branch in moment.branches]
        here = moment.iteration, numbers_now(moment, [weight]), _slope(moment, weight)
        return weight, id(grid), grid.stride, here, moment.branch, tuple(steps)

    def title(self, moment: Moment, focus: Focus, width: int) -> Line:
        """Return which curve it is, and what its marks mean."""
        name = "" if focus.weight is None else f"{called(moment.graph.loss)} along {focus.weight.name}"
        title: Line = [("Curve  ", "title"), (name, "text")]
        now: Line = [*title, (f"   {CURSOR} now", "now")]
        sign = f"{small(0)} {small(1)}" if moment.iteration <= NUMBERED else MEASURED
        earlier: Line = [*now, (f"  {sign} earlier", "text")]
        beside = ", beside it: the other numbers moved too" if count_of_weights(moment.graph) > 1 else ""
        return first_that_fits(width, [*earlier, (beside, "dim")], earlier, now, title)

    def facts(self, moment: Moment, focus: Focus) -> Iterator[str]:
        """Yield what the picture shows, as sentences."""
        weight, grid = focus.weight, self.work(moment, focus)
        if weight is None or grid is None:
            yield _why_none(moment, focus)
            return
        grid.finish()
        loss, (axis,) = called(moment.graph.loss), grid.axes
        along = f"{loss} along {weight.name}, from {number(axis[0])} to {number(axis[-1])}"
        yield f"{along}{others_stay(moment, count_of_weights(moment.graph) - 1)}."
        if grid.loss.problem:
            yield grid.loss.problem
            return
        [now] = numbers_now(moment, [weight])
        yield f"{weight.name} is {number(now)}; {loss} is {finite_number(grid.loss(now))} there."
        what = _what(moment, weight)[0].replace(f"at {CURSOR}", "there").replace(f" {TANGENT}", "")
        yield f"{what[0].upper()}{what[1:]}."
        lowest = _lowest(grid)
        if lowest is not None:
            x, y = number(axis[lowest]), number(grid.values[lowest])
            yield f"Along this line {loss} is smallest near {weight.name} = {x}: {y} there."
        yield from told(moment, [weight])

    def draw(self, moment: Moment, focus: Focus, width: int, height: int) -> list[Line]:
        """Draw one line that says what it shows, the curve, and its axes with numbers."""
        weight, grid = focus.weight, self.work(moment, focus)
        if weight is None or grid is None or grid.loss.problem:
            return prose(_why_none(moment, focus) if grid is None else grid.loss.problem, width, "dim")[:height]
        loss, is_finite = called(moment.graph.loss), np.isfinite(grid.coarse()[1])
        wordings = list(_what(moment, weight))
        if grid.stride and not is_finite.all():
            gap = f"no curve: {loss} is not finite"
            wordings = [*(f"{wording}; {gap}" for wording in wordings), gap]
        what = what_it_shows(wordings, width)
        return [what, *_draw_curve(moment, weight, grid, width, height - 1)][:height]


def _why_none(moment: Moment, focus: Focus) -> str:
    if focus.weight is None:
        return "No number is trained here."
    return is_hidden(moment) or f"{why_not_sampled(moment)}."


def _slope(moment: Moment, weight: Weight) -> float | None:
    """Return the gradient of the weight, once it is complete."""
    gradient = moment.gradient(weight.node)
    return None if gradient is None else float(gradient[weight.index])


def _what(moment: Moment, weight: Weight) -> tuple[str, ...]:
    """Return what the picture shows, in one line: the longest wording first."""
    slope = _slope(moment, weight)
    if slope is None:
        return (
            f"how steep it is at {CURSOR} is the gradient of {weight.name}; the backward pass finds it",
            f"the slope at {CURSOR} is the gradient of {weight.name}",
            f"the slope at {CURSOR} is the gradient",
        )
    update = moment.update(weight.node)
    if update is not None:
        old, new = (number(float(array[weight.index])) for array in (update.old, update.new))
        too = "; the other numbers moved too" if count_of_weights(moment.graph) > 1 else ""
        return (
            f"the slope was {number(slope)}, its gradient; the step went from {old} to {new}{too}",
            f"the slope was {number(slope)}, its gradient; the step went from {old} to {new}",
            f"slope {number(slope)}: from {old} to {new}",
        )
    return (
        f"the tangent {TANGENT} has the slope {number(slope)}: that is the gradient of {weight.name}",
        f"slope of {TANGENT} = gradient = {number(slope)}",
    )


def _lowest(grid: Grid) -> int | None:
    """Return the index of the lowest point of the curve, None where it lies at an end."""
    finite = np.isfinite(grid.values)
    if not finite.any():
        return None
    lowest = int(np.nanargmin(np.where(finite, grid.values, np.nan)))
    return lowest if 0 < lowest < len(grid.values) - 1 else None


def _draw_curve(moment: Moment, weight: Weight, grid: Grid, width: int, height: int) -> list[Line]:
    (axis,), values = grid.coarse()
    finite = np.isfinite(values)
    steps = steps_of(moment, moment.branch, [weight], moment.iteration)
    [start], [now] = numbers_before(moment, [weight]), numbers_now(moment, [weight])
    at_start, at_now = grid.loss(start), grid.loss(now)
    measured = [y for y in (*(step.loss for step in steps), at_start, at_now) if y is not None and abs(y) <= LARGEST]
    rows = height - 1
    low, high = _bounds(values[finite], measured)
    beside = axis_beside(low, high, rows)
    columns = width - (width_of(beside[0]) if beside else 0)
    if columns < 8 or rows < 3 or not finite.any():
        return blank(width, height)

    ends = float(axis[0]), float(axis[-1])
    figure = Figure(columns, rows, ends, (low, high))
    shown = finite & (values <= high)
    for piece in np.split(np.arange(len(axis)), np.flatnonzero(np.diff(shown)) + 1):
        if shown[piece[0]]:
            figure.curve(axis[piece], values[piece])
    slope = _slope(moment, weight)
    if slope is not None and isfinite(at_start):
        across = np.linspace(axis[0], axis[-1], columns)
        along = at_start + slope * (across - start)
        near = (np.abs(across - start) <= (axis[-1] - axis[0]) / 5) & (along >= low) & (along <= high)
        figure.mark(across[near], along[near], TANGENT)
    for branch in moment.branches:
        if branch is not moment.branch:
            _mark(figure, steps_of(moment, branch, [weight]), GHOST)
    if moment.update(weight.node) is not None:
        steps = [*steps, Step(moment.iteration - 1, (start,), at_start)]
    if moment.iteration <= NUMBERED:
        for step in steps:
            _mark(figure, [step], small(step.finished))
    else:
        _mark(figure, steps, MEASURED)
    _mark(figure, [Step(0, (now,), at_now)], CURSOR)
    lines = styled(figure.rows(), _style)
    return with_axes(lines, beside, axis_below(*ends, columns))


def _style(_row: int, _column: int, cell: str) -> str:
    return {CURSOR: "now", TANGENT: "now", GHOST: "ghost"}.get(cell, "text" if cell < "⠀" else "variable")


def _bounds(values: Array, measured: list[float]) -> tuple[float, float]:
    """Return the ends of the vertical axis: where the steps are is seen, and of steep walls no more than that needs."""
    low = min([*values, *measured], default=0.0)
    reached = max(measured, default=low)
    highest = max(values, default=reached)
    wall = low + 3 * (reached - low) if reached > low else highest
    return rounded_outwards(low, max(reached, min(highest, wall)))


def _mark(figure: Figure, steps: list[Step], mark: str) -> None:
    """Put a mark at each step whose place is on the axes."""
    there = [(step.numbers[0], step.loss) for step in steps if step.loss is not None and isfinite(step.loss)]
    figure.mark([x for x, _ in there], [y for _, y in there], mark)
