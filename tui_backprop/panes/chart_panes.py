"""The charts as panes: the title, the lines, and what they depend on, so that one is drawn only when that changed."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np

from ..debugger.moment import Moment
from ..debugger.timeline import Timeline
from ..drawing.palette import Line
from ..notation.edits import branch_label, seen_from
from ..notation.fitting import width_of
from .charts import Separator, data_legend, draw_data, draw_loss, separator


class LossPane:
    """J over the iterations, on a linear or a logarithmic axis; of the other branches as ghosts."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self.logarithmic = False

    def depends_on(self, moment: Moment) -> Hashable:
        """Return what the chart is a function of."""
        branch, branches = self._timeline.branch, tuple(self._timeline.branches)
        here = moment.iteration, moment.loss, moment.hides_losses
        return branch, branches, len(branch.losses), here, self.logarithmic

    def title(self, moment: Moment, width: int) -> Line:
        """Return the title: which branch, where there are several, and which axis, where there is room for both."""
        name = moment.graph.loss.name
        title: Line = [("Loss" if name == "loss" else f"Loss {name}", "title")]
        if len(self._timeline.branches) > 1:
            title.append((f"   {branch_label(self._timeline.branch)}", "text"))
        axis = "   logarithmic" if self.logarithmic else "   linear"
        return [*title, (axis, "dim")] if width_of(title) + len(axis) <= width else title

    def draw(self, moment: Moment, width: int, height: int) -> list[Line]:
        """Draw the curve, with a mark where the cursor is."""
        branch = self._timeline.branch
        others = [other for other in self._timeline.branches if other is not branch]
        return draw_loss(
            branch.losses,
            name=moment.graph.loss.name,
            ghosts=[(seen_from(other, branch), other.losses) for other in others],
            cursor=moment.iteration,
            loss=moment.loss,
            until=moment.iteration - 1 if moment.hides_losses else None,
            logarithmic=self.logarithmic,
            width=width,
            height=height,
        )


class DataPane:
    """The points, the line that separates them now, and the lines of a few iterations before."""

    def __init__(self) -> None:
        self.followed: int | None = None

    def depends_on(self, moment: Moment) -> Hashable:
        """Return what the chart is a function of."""
        plane = moment.program.example.plane
        assert plane is not None
        data = (moment.feeds[plane.points].tobytes(), moment.feeds[plane.classes].tobytes())
        return self._line(moment), tuple(self._before(moment)), self.followed, data

    def title(self, moment: Moment, width: int) -> Line:
        """Return the legend, in at most this width."""
        return [("Data  ", "title"), *data_legend(self._before(moment), self.followed, width - len("Data  "))]

    def draw(self, moment: Moment, width: int, height: int) -> list[Line]:
        """Draw points and lines; a lesson without points in the plane has no data chart."""
        plane, feeds = moment.program.example.plane, moment.feeds
        assert plane is not None
        return draw_data(
            feeds[plane.points],
            np.argmax(feeds[plane.classes], axis=1),
            now=self._line(moment),
            before=self._before(moment),
            followed=self.followed,
            width=width,
            height=height,
        )

    def _line(self, moment: Moment) -> Separator:
        plane = moment.program.example.plane
        assert plane is not None
        return separator(moment.variable(plane.weights), moment.variable(plane.bias))

    def _before(self, moment: Moment) -> dict[int, Separator]:
        plane = moment.program.example.plane
        assert plane is not None
        lines = {
            iterations: separator(
                state.variables.get(plane.weights, plane.weights.initial_value),
                state.variables.get(plane.bias, plane.bias.initial_value),
            )
            for iterations, state in moment.milestones
        }
        now = self._line(moment)
        return {iterations: line for iterations, line in lines.items() if line != now}
