"""The charts as panes: drawing one costs more than all the rest, so each says what it depends on."""

from __future__ import annotations

from collections.abc import Hashable

from ..debugger.moment import Moment
from ..drawing.palette import Line
from ..notation.edits import branch_label
from ..notation.fitting import name_keys, width_of
from ..notation.losses_beside import label_with_loss
from ..notation.names import called
from ..pictures import picture_named
from ..pictures.loss_chart import draw_loss
from ..pictures.picture import Picture
from ..session import Viewer
from .frame import TITLE_EDGES
from .pane import Pane, Size

SLICE_SECONDS = 0.003
"""How long a key may wait for what a picture needs, each time it is drawn."""


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
        timeline, name = viewer.session.timeline, called(moment.graph.loss)
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
            name=called(moment.graph.loss),
            ghosts=[(label_with_loss(moment, other), other.losses) for other in others],
            cursor=moment.iteration,
            loss=moment.loss,
            until=moment.losses_until,
            logarithmic=viewer.logarithmic,
            width=size.width,
            height=size.height,
        )


class PicturePane(Pane):
    """The picture that the viewer has chosen, if any: its data, J over a weight, and others."""

    name = "picture"

    def prepare(self, moment: Moment, viewer: Viewer) -> bool:
        """Go on with the work for the picture."""
        picture = _shown(moment, viewer)
        work = None if picture is None else picture.work(moment, viewer.focus)
        return work is not None and work.fill(SLICE_SECONDS)

    def depends_on(self, moment: Moment, viewer: Viewer) -> Hashable:
        """Return which picture it is, and what that depends on."""
        picture = _shown(moment, viewer)
        return viewer.picture, picture and picture.depends_on(moment, viewer.focus)

    def title(self, moment: Moment, viewer: Viewer, size: Size) -> tuple[Line, Line]:
        """Return the title of the picture."""
        picture = _shown(moment, viewer)
        return [] if picture is None else picture.title(moment, viewer.focus, size.width - TITLE_EDGES - 1), []

    def draw(self, moment: Moment, viewer: Viewer, size: Size) -> list[Line]:
        """Draw the picture."""
        picture = _shown(moment, viewer)
        lines = [] if picture is None else picture.draw(moment, viewer.focus, *size)
        return [name_keys(line, viewer.keys, size.width) for line in lines]


def _shown(moment: Moment, viewer: Viewer) -> Picture | None:
    """Return the picture that is shown; of several losses one may not have what another has."""
    picture = None if viewer.picture is None else picture_named(viewer.picture)
    return picture if picture is not None and picture.applies(moment) else None
