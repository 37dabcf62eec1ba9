"""The data as a picture: the points, the line that separates them now, and the lines of a few iterations before."""

from __future__ import annotations

from collections.abc import Hashable, Iterator

import numpy as np

from minidl_core.arrays import Array

from ..debugger.moment import Moment
from ..drawing.palette import Line
from ..lessons.lesson import Plane
from ..notation.fitting import first_that_fits
from . import regions
from .figures import small
from .picture import Focus, Picture
from .points import LEAST_HEIGHT, Separator, count_right, data_legend, draw_data, equation_of, separator


class DataPicture(Picture):
    """The points with the line that separates them, or with the regions of a network."""

    name = "data"

    def applies(self, moment: Moment) -> bool:
        """Return whether the data are points in the plane."""
        example = moment.program.example
        return example.plane is not None or example.regions is not None

    def depends_on(self, moment: Moment, focus: Focus) -> Hashable:
        """Return the lines, the point that is followed, and the data."""
        if moment.program.example.plane is None:
            return id(moment.recording), len(moment.updated)
        plane = _plane(moment)
        data = (moment.feeds[plane.points].tobytes(), moment.feeds[plane.classes].tobytes())
        return _line(moment), tuple(_before(moment)), focus.followed.point, data

    def title(self, moment: Moment, focus: Focus, width: int) -> Line:
        """Return the legend."""
        room = width - len("Data  ")
        if moment.program.example.plane is None:
            return [("Data  ", "title"), *regions.legend(moment, room)]
        legend = data_legend(focus.followed.point, room, _how_many_right(moment))
        return [("Data  ", "title"), *legend]

    def facts(self, moment: Moment, focus: Focus) -> Iterator[str]:
        """Yield how many points are right, and where the line is, and where it was."""
        if moment.program.example.plane is None:
            yield from regions.facts(moment)
            return
        yield f"{_how_many_right(moment)}."
        yield f"The line is where {equation_of(_line(moment))}; blue is where that is positive."
        for updates, line in _before(moment).items():
            yield f"After {updates} update{'s' * (updates != 1)} it was where {equation_of(line)}."

    def draw(self, moment: Moment, focus: Focus, width: int, height: int) -> list[Line]:
        """Draw points and lines, and say which lines are the earlier ones; or draw regions."""
        if moment.program.example.plane is None:
            return regions.draw(moment, width, height)
        before = _before(moment)
        said: list[Line] = []
        if before and height >= LEAST_HEIGHT:
            numbers = " ".join(map(small, before))
            wordings = (f"{numbers} the line after so many updates", f"{numbers} after so many updates", numbers)
            said = [[(first_that_fits(width, *wordings), "dim")]]
        drawing = draw_data(
            *_points(moment),
            now=_line(moment),
            before=before,
            followed=focus.followed.point,
            width=width,
            height=height - len(said),
        )
        return [*said, *drawing]


def _how_many_right(moment: Moment) -> str:
    points, classes = _points(moment)
    return f"{count_right(points, classes, _line(moment))} of {len(points)} right"


def _plane(moment: Moment) -> Plane:
    plane = moment.program.example.plane
    assert plane is not None, "a program without points in the plane has no such pane"
    return plane


def _points(moment: Moment) -> tuple[Array, Array]:
    """Return the points and the class of each."""
    plane, feeds = _plane(moment), moment.feeds
    return feeds[plane.points], np.argmax(feeds[plane.classes], axis=1)


def _line(moment: Moment) -> Separator:
    plane = _plane(moment)
    return separator(moment.variable(plane.weights), moment.variable(plane.bias))


def _before(moment: Moment) -> dict[int, Separator]:
    plane, now = _plane(moment), _line(moment)
    lines = {
        iterations: separator(
            state.variables.get(plane.weights, plane.weights.initial_value),
            state.variables.get(plane.bias, plane.bias.initial_value),
        )
        for iterations, state in moment.milestones
    }
    return {iterations: line for iterations, line in lines.items() if line != now}
