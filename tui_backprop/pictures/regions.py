"""What a network takes points in the plane for: a region of each class, and where each hidden unit has its own line."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from minidl_core import MinidlError, NonFiniteError
from minidl_core.arrays import Array, freeze, quiet
from minidl_core.plan import Plan

from ..debugger.moment import Moment
from ..drawing.palette import Line
from ..lessons.lesson import Regions
from ..notation.fitting import first_that_fits, prose
from .figures import small
from .points import BLUE, LEAST_HEIGHT, RED, RED_REGION, Separator, draw_data, equation_of

_TITLE = len("─ ←↑↓→ Data  ─")
MOST_LINES = 9
"""The lines of more hidden units than this would be a tangle."""


def draw(moment: Moment, width: int, height: int) -> list[Line]:
    """Draw the points, the region that is taken for the second class, and the lines of the first hidden units."""
    regions = _regions(moment)
    said = _legend_below(moment, width) if height >= LEAST_HEIGHT else []
    points, classes = moment.feeds[regions.points], moment.feeds[regions.classes][:, 0] > regions.border
    try:
        drawing = draw_data(
            points,
            classes,
            now=None,
            before=_lines(moment),
            followed=None,
            width=width,
            height=height - len(said),
            is_red=lambda places: _is_second(moment, places),
        )
    except NonFiniteError:
        return prose("Somewhere on this picture what the network says is not finite.", width, "dim")[:height]
    except MinidlError as error:
        return prose(f"The regions cannot be drawn: {error}", width, "dim")[:height]
    return [*said, *drawing]


def legend(moment: Moment, width: int) -> Line:
    """Return what the marks mean in one line of at most `width` cells, shorter where it must be."""
    kinds: Line = [(f"{RED} red  ", "red"), (f"{BLUE} blue  ", "blue")]
    taken, right = (f"{RED_REGION} taken for red  ", "red"), (_how_many_right(moment), "now")
    numbers = " ".join(map(small, _lines(moment)))
    units, short = (f"  {numbers} a hidden unit is 0", "dim"), (f"  {numbers} units", "dim")
    wordings: list[Line] = [[*kinds, taken, right, units], [*kinds, taken, right, short], [*kinds, taken, right]]
    return first_that_fits(width, *wordings, [*kinds, right], [right])


def _legend_below(moment: Moment, width: int) -> list[Line]:
    """Return a row with what the title of a pane so wide has no room for: what the dots and the small numbers are."""
    title = "".join(text for text, _ in legend(moment, width - _TITLE))
    numbers = " ".join(map(small, _lines(moment)))
    taken, units = f"{RED_REGION} taken for red", f"{numbers} a hidden unit is 0" if numbers else ""
    missing = [text for text in (taken, units) if text and text not in title]
    return [[(first_that_fits(width, "   ".join(missing), *missing), "dim")]] if missing else []


def facts(moment: Moment) -> Iterator[str]:
    """Yield how many points are right, and where the lines of the hidden units are."""
    yield f"{_how_many_right(moment)}."
    for unit, line in _lines(moment).items():
        yield f"Hidden unit {unit} is 0 where {equation_of(line)}."
    left_out = moment.variable(_regions(moment).bias).size - MOST_LINES
    if left_out > 0:
        yield f"{left_out} more hidden units have lines, which are not told."


def _regions(moment: Moment) -> Regions:
    regions = moment.program.example.regions
    assert regions is not None, "a program without a network on points has no such picture"
    return regions


def _lines(moment: Moment) -> dict[int, Separator]:
    """Return the lines of the hidden units by their numbers, from 1."""
    regions = _regions(moment)
    weights, bias = moment.variable(regions.weights), moment.variable(regions.bias)
    rows = zip(*weights.tolist(), bias.tolist(), strict=True)
    return {unit: (u, v, w) for unit, (u, v, w) in enumerate(rows, 1) if unit <= MOST_LINES}


def _is_second(moment: Moment, places: Array) -> NDArray[np.bool_]:
    """Return which places (m,2) the network, as it is now, takes for the second class."""
    regions = _regions(moment)
    variables = {node: moment.variable(node) for node in moment.graph.variables}
    feeds = {**moment.feeds, regions.points: freeze(places)}
    with quiet():
        score = Plan([regions.score]).run(feeds, variables)[regions.score]
    return np.ravel(score) > regions.border


def _how_many_right(moment: Moment) -> str:
    regions = _regions(moment)
    points, classes = moment.feeds[regions.points], moment.feeds[regions.classes][:, 0] > regions.border
    try:
        right = int(np.sum(_is_second(moment, points) == classes))
    except MinidlError:
        return "what the network says is not known"
    return f"{right} of {len(points)} right"
