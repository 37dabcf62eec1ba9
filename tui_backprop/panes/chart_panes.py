"""The charts as panes: drawing one costs more than all the rest, so each says what it depends on."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np

from minidl_core.arrays import Array

from ..debugger.moment import Moment
from ..drawing.palette import Line
from ..lessons.lesson import Plane
from ..notation.edits import branch_label, seen_from
from ..notation.fitting import width_of
from ..session import Viewer
from .charts import Separator, count_right, data_legend, draw_data, draw_loss, separator
from .frame import TITLE_EDGES
from .pane import Pane, Size


class LossPane(Pane):
    """J over the iterations, on a linear or a logarithmic axis; of the other branches as ghosts."""

    name = "loss"

    def depends_on(self, moment: Moment, viewer: Viewer) -> Hashable:
        """Return the branches, how far this one went, and the current place on it."""
        timeline = viewer.session.timeline
        here = moment.iteration, moment.loss, moment.losses_until
        return timeline.branch, tuple(timeline.branches), len(timeline.branch.losses), here, viewer.logarithmic

    def title(self, moment: Moment, viewer: Viewer, size: Size) -> tuple[Line, Line]:
        """Return which branch it is, where there are several, and which axis, where there is room for both."""
        timeline, name = viewer.session.timeline, moment.graph.loss.name
        title: Line = [("Loss" if name == "loss" else f"Loss {name}", "title")]
        if len(timeline.branches) > 1:
            title.append((f"   {branch_label(timeline.branch)}", "text"))
        axis = "   logarithmic" if viewer.logarithmic else "   linear"
        fits = width_of(title) + len(axis) <= size.width - TITLE_EDGES
        return [*title, (axis, "dim")] if fits else title, []

    def draw(self, moment: Moment, viewer: Viewer, size: Size) -> list[Line]:
        """Draw the curve, with a mark where the cursor is."""
        timeline = viewer.session.timeline
        branch = timeline.branch
        others = [other for other in timeline.branches if other is not branch]
        return draw_loss(
            branch.losses,
            name=moment.graph.loss.name,
            ghosts=[(seen_from(other, branch), other.losses) for other in others],
            cursor=moment.iteration,
            loss=moment.loss,
            until=moment.losses_until,
            logarithmic=viewer.logarithmic,
            width=size.width,
            height=size.height,
        )


class DataPane(Pane):
    """The points, the line that separates them now, and the lines of a few iterations before."""

    name = "data"

    def applies(self, moment: Moment) -> bool:
        """Return whether the data are points in the plane."""
        return moment.program.example.plane is not None

    def depends_on(self, moment: Moment, viewer: Viewer) -> Hashable:
        """Return the lines, the point that is followed, and the data."""
        plane = _plane(moment)
        data = (moment.feeds[plane.points].tobytes(), moment.feeds[plane.classes].tobytes())
        return _line(moment), tuple(_before(moment)), viewer.followed.point, data

    def title(self, moment: Moment, viewer: Viewer, size: Size) -> tuple[Line, Line]:
        """Return the legend."""
        width = size.width - TITLE_EDGES - len("Data  ")
        points, classes = _points(moment)
        right = f"{count_right(points, classes, _line(moment))} of {len(points)} right"
        return [("Data  ", "title"), *data_legend(_before(moment), viewer.followed.point, width, right)], []

    def draw(self, moment: Moment, viewer: Viewer, size: Size) -> list[Line]:
        """Draw points and lines."""
        return draw_data(
            *_points(moment),
            now=_line(moment),
            before=_before(moment),
            followed=viewer.followed.point,
            width=size.width,
            height=size.height,
        )


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
