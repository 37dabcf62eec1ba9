"""The graph: a diagram or a tape, and in its title what is selected, or a notice about that."""

from __future__ import annotations

from collections.abc import Sequence

from ..debugger.moment import Moment
from ..drawing.glyphs import ARROWS
from ..drawing.palette import Line
from ..graph.drawing import draw_graph
from ..graph.look import Room
from ..graph.shown import ShownGraph, show
from ..narration.messages import remedies
from ..notation.fitting import first_that_fits, fit_name, printable, width_of
from ..session import Viewer
from .frame import TITLE_EDGES
from .pane import Pane, Size


class GraphPane(Pane):
    """The graph that leads to the loss, as the viewer looks at it."""

    name = "graph"

    def draw(self, moment: Moment, viewer: Viewer, size: Size) -> list[Line]:
        """Draw boxes or rows."""
        return draw_graph(_shown(moment, viewer, size), viewer.session.stops)

    def title(self, moment: Moment, viewer: Viewer, size: Size) -> tuple[Line, Line]:
        """Return the title, and a notice about the selection, as far as it fits."""
        shown = _shown(moment, viewer, size)
        left: Line = [*arrows(here=viewer.in_graph), ("Graph" if viewer.room.diagram else "Graph (tape)", "title")]
        choices = _notices(viewer)
        width = size.width - TITLE_EDGES
        if more := shown.more:
            needed = width_of(left) + len(f"  {more} more  ") + max(map(width_of, choices), default=0)
            left.append((f"  {more} more" if needed <= width else f" {more}", "dim"))
        room = width - 2 - width_of(left)
        if not choices or room < 1:
            return left, []
        text = first_that_fits(room, *choices)
        return left, [(fit_name(text, min(width_of(text), room)), "key")]


def _shown(moment: Moment, viewer: Viewer, size: Size) -> ShownGraph:
    return show(viewer.session.foldings, viewer.look, moment, Room(*size, viewer.room.diagram))


def _notices(viewer: Viewer) -> Sequence[str]:
    """Return wordings of a notice: what is selected, or why there are no boxes."""
    look, foldings = viewer.look, viewer.session.foldings
    if look.selected is None:
        folded = foldings.folded(look)
        if look.closed is None and folded.has_folds:
            opens = remedies(viewer.keys, ("fold", "opens"), between="")
            return f"{len(foldings.nodes):,} nodes, folded automatically; {opens} one", f"folded; {opens}", opens
        count = len(folded.rows.items)
        many = f"{count:,} nodes, too many for boxes"
        return () if foldings.is_drawable(look) else (many, "too many for boxes", "no boxes")
    scope = viewer.scope
    name = printable(look.selected.name if scope is None else scope.name)
    return (f"stays at {name}" if viewer.stays else f"selected {name}"), name


def arrows(*, here: bool) -> Line:
    """Return the mark of the pane in which the arrow keys move."""
    return [(ARROWS, "key"), (" ", "text")] if here else []
