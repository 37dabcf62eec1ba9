"""A screen with a graph in it: the keys and the mouse that select, find, fold and move what the graph shows.

None of them moves time.
"""

from __future__ import annotations

from rich.cells import cell_len
from textual import events
from textual.screen import Screen

from minidl_core import Node

from ..debugger.moment import Moment
from ..debugger.timeline import Timeline
from ..drawing.glyphs import ARROWS
from ..drawing.palette import Line
from ..graph.pane import GraphPane
from ..notation.fitting import fit_name, width_of
from ..panes.arrangement import Pane, prefers_diagram
from ..widgets.graph_canvas import GraphCanvas

DIRECTIONS = {"up": (0, -1), "down": (0, 1), "left": (-1, 0), "right": (1, 0)}
_COLUMNS, _ROWS = 8, 3
"""How far a key moves what the graph shows."""


class GraphScreen(Screen[None]):
    """Has a graph pane and changes what it shows; a subclass draws, and says which panes there are."""

    def __init__(self, timeline: Timeline) -> None:
        super().__init__()
        self.timeline = timeline
        self._graph = GraphPane(timeline.graph, timeline.program.lesson.folds)
        self._said = ""
        self._on_graph = True
        self._panes: dict[str, Pane] = {}
        self._prefers_diagram: bool | None = None

    def _arrange(self) -> None:
        """Arrange the panes anew, and draw them."""
        raise NotImplementedError

    def _draw(self, said: str = "") -> None:
        """Draw the panes, and what the last key has to say."""
        raise NotImplementedError

    def _pause(self, why: str = "") -> None:
        """Let time stand still, and say why."""
        raise NotImplementedError

    @property
    def _shown(self) -> Moment:
        """The moment as the panes show it."""
        return self.timeline.moment

    @property
    def _shows_diagram(self) -> bool:
        if self._prefers_diagram is not None:
            return self._prefers_diagram and self._graph.sheets.drawable
        return prefers_diagram(*self.app.size) and self._graph.sheets.fits(self.app.size.width - 2)

    def action_view(self) -> None:
        """Change between diagram and tape."""
        self._prefers_diagram = not self._shows_diagram
        self._arrange()

    def action_find(self) -> None:
        """Ask for a node and select it."""
        from .find import FindScreen

        def select(node: Node | None) -> None:
            if node is not None:
                self._graph.select(node)
                self._on_graph = True
                self._draw()

        self._pause()
        sheets = self._graph.sheets
        self.app.push_screen(FindScreen(sheets.nodes, sheets.scope_of, self._shown), select)

    def action_follow(self) -> None:
        """Stay with the node in view, or follow the action again."""
        self._graph.follow_or_stay(self.timeline.moment)
        self._draw()

    def action_detail(self, change: str) -> None:
        """Show less or more of each node."""
        self._graph.sheets.change_detail(1 if change == "more" else -1)
        self._arrange_as_it_is()

    def action_fold(self) -> None:
        """Fold the scope of the node in view, or open it."""
        self._said = self._graph.toggle_fold(self.timeline.moment)
        self._arrange_as_it_is()

    def action_fold_all(self) -> None:
        """Open every folded scope, or fold them all."""
        self._said = self._graph.toggle_all()
        self._arrange_as_it_is()

    def action_open(self) -> None:
        """Open the folded scope in view."""
        self._said = self._graph.open(self.timeline.moment)
        self._arrange_as_it_is()

    def _arrange_as_it_is(self) -> None:
        """Arrange the panes for another picture, but do not change between diagram and tape because of its size."""
        self._prefers_diagram = "graph" in self._panes and self._graph.shows_boxes
        self._arrange()

    def action_pan(self, direction: str) -> None:
        """Show what is further on in a direction."""
        columns, rows = DIRECTIONS[direction]
        self._graph.pan(_COLUMNS * columns, _ROWS * rows)
        self._draw()

    def on_graph_canvas_picked(self, event: GraphCanvas.Picked) -> None:
        """Select what was clicked on."""
        self._on_graph = True
        self._graph.select_at(event.x, event.y)
        self._draw()

    def on_click(self, event: events.Click) -> None:
        """Give the arrow keys to the inspector where it was clicked on."""
        if event.widget is not None and event.widget.id == "inspector":
            self._on_graph = False
            self._draw()

    def on_graph_canvas_panned(self, event: GraphCanvas.Panned) -> None:
        """Show the part of the graph that was dragged or wheeled into view."""
        self._graph.pan(event.columns, event.rows)
        self._draw()

    def graph_title(self, width: int) -> tuple[Line, Line]:
        """Return the graph's title, and what there is to say about the last key or the selection, as far as it fits."""
        kind = "Graph" if self._shows_diagram else "Graph (tape)"
        left: Line = [*arrows(here=self._on_graph), (kind, "title")]
        choices = [self._said] if self._said else self._graph.state
        self._said = ""
        if more := self._graph.more:
            needed = width_of(left) + len(f"  {more} more  ") + max(map(cell_len, choices), default=0)
            left.append((f"  {more} more" if needed <= width else f" {more}", "dim"))
        room = width - 2 - width_of(left)
        if not choices or room < 1:
            return left, []
        said = next((text for text in choices if cell_len(text) <= room), choices[-1])
        return left, [(fit_name(said, min(cell_len(said), room)), "key")]


def arrows(*, here: bool) -> Line:
    """Return the mark of the pane in which the arrow keys move."""
    return [(ARROWS, "key"), (" ", "text")] if here else []
