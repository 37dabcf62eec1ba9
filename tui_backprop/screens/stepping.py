"""The screen: it moves the timeline by keys and shows the moment in its panes.

Data flows one way. A key moves the timeline; the timeline says what the moment is; drawing functions turn the moment
into lines; canvases send the terminal what changed of them.
"""

from __future__ import annotations

from collections.abc import Callable
from textwrap import wrap
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.timer import Timer

from tui_backprop.arrangement import LEAST_HEIGHT, LEAST_WIDTH, Pane, arrange
from tui_backprop.chart_panes import DataPane, LossPane
from tui_backprop.edits import Edit
from tui_backprop.folded_view import draw_folded
from tui_backprop.frame import TITLE_EDGES, draw_frame, draw_title
from tui_backprop.header import draw_header
from tui_backprop.inspector import draw_inspector, inspector_title, views
from tui_backprop.key_bar import draw_keys
from tui_backprop.keys import SECTIONS
from tui_backprop.moment import Moment
from tui_backprop.named_moments import Place, command
from tui_backprop.palette import Line
from tui_backprop.running import Run
from tui_backprop.step_pane import draw_step
from tui_backprop.steps import STOPS
from tui_backprop.timeline import Timeline
from tui_backprop.widgets.canvas import Canvas
from tui_backprop.widgets.graph_canvas import GraphCanvas

from .graph_screen import arrows
from .inspector_screen import InspectorScreen

PANES = ("header", "graph", "step", "inspector", "loss", "data", "keys")
TITLED = ("graph", "step", "inspector", "loss", "data")


class SteppingScreen(InspectorScreen):
    """A timeline, shown and moved."""

    DEFAULT_CSS = """
    SteppingScreen {
        layers: frame panes;
        overflow: hidden;
    }
    SteppingScreen > Canvas {
        layer: panes;
        position: absolute;
    }
    SteppingScreen > #frame {
        layer: frame;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [binding for section in SECTIONS.values() for binding in section]

    def __init__(self, timeline: Timeline, pause_every: int) -> None:
        super().__init__(timeline)
        self._run = Run(timeline, pause_every)
        self._timer: Timer | None = None
        self._painted = False
        self._loss_pane = LossPane(timeline)
        self._data_pane = DataPane()
        self._charts: dict[str, LossPane | DataPane] = {"loss": self._loss_pane}
        if timeline.example.plane is not None:
            self._charts["data"] = self._data_pane
        self._charted: dict[str, object] = {}

    def compose(self) -> ComposeResult:
        """Yield the canvases; where they stand is the arrangement's business."""
        yield Canvas(id="frame")
        for name in PANES:
            yield GraphCanvas(id=name) if name == "graph" else Canvas(id=name)
        for name in TITLED:
            yield Canvas(id=f"{name}-title")

    # moving in time

    def action_forward(self, stop: str) -> None:
        """Move forward to where this kind of move stops; the first press while it runs pauses instead."""
        if self._timer is not None and stop == "step":
            self._pause()
        else:
            self._move(lambda: self.timeline.forward(STOPS[stop]))

    def action_back(self, stop: str) -> None:
        """Move back to where this kind of move stops."""
        self._move(lambda: self.timeline.back(STOPS[stop]))

    def action_first(self) -> None:
        """Move to the very start."""
        self._move(self.timeline.first)

    def action_last(self) -> None:
        """Move to the latest moment that was ever reached."""
        self._move(self.timeline.last)

    def action_go_to(self) -> None:
        """Ask for a moment and move to it, training as far as it needs."""
        from .go_to import GoToScreen  # not before the first paint: widgets take their time to import

        self._pause()
        self.app.push_screen(GoToScreen(self.timeline), self.go)

    def go(self, place: Place | None) -> None:
        """Move to a place, if there is one; if it is far ahead, by a run."""
        if place is not None and place.iteration > self.timeline.furthest[0] + 1:
            self._start(place)
        elif place is not None:
            self._move(lambda: self._run.arrive(place))

    def action_where(self) -> None:
        """Copy the command that opens the app where one is, and say so."""
        self._pause()
        where = command(self.timeline)
        self.app.copy_to_clipboard(where)
        self._draw(f"copied: {where}")

    def action_edit(self, what: str = "element") -> None:
        """Ask for an edit, of the pinned element of the node in view or of the learning rate, and fork with it."""
        from .edit import EditScreen

        self._pause()
        node = self.node_in_view if what == "element" else None

        def fork(edit: Edit | None) -> None:
            if edit is not None:
                self.timeline.fork(edit)
                self._draw()

        self.app.push_screen(EditScreen(self.timeline, node, self.pinned), fork)

    def action_branch(self) -> None:
        """Move to the same step on the next branch."""
        self._move(self.timeline.switch)

    def action_run(self) -> None:
        """Run, or pause."""
        if self._timer is None:
            self._start()
        else:
            self._pause()

    def action_slower(self) -> None:
        """Run more slowly."""
        self._change_speed(-1)

    def action_faster(self) -> None:
        """Run faster."""
        self._change_speed(1)

    def _move(self, move: Callable[[], bool]) -> None:
        self._pause()
        self._run.said = ""
        if move():
            self.follow_time()
        self._draw(self._run.said)

    def _start(self, destination: Place | None = None) -> None:
        self._run.start(destination)
        self._set_timer()
        self._draw()

    def _pause(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
            self._draw(self._run.said)

    def _change_speed(self, by: int) -> None:
        self._run.change_speed(by)
        if self._timer is not None:
            self._set_timer()
        self._draw()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_interval(self._run.speed.seconds, self._tick)

    def _tick(self) -> None:
        if self._run.tick():
            self._draw()
        else:
            self._pause()

    # looking

    def action_searches(self) -> None:
        """Show plain search and the right one beside each other."""
        from .searches import SearchesScreen

        self._pause()
        self.app.push_screen(SearchesScreen(self.timeline, self.pinned))

    def action_scale(self) -> None:
        """Change the loss chart between a linear and a logarithmic axis."""
        self._loss_pane.logarithmic = not self._loss_pane.logarithmic
        self._draw()

    def action_help(self) -> None:
        """Explain the screen and the keys."""
        from .help import HelpScreen

        self._pause()
        self.app.push_screen(HelpScreen())

    @property
    def charts_in_inspector(self) -> list[str]:
        """The charts that have no pane of their own."""
        return [name for name in self._charts if name not in self._panes]

    # drawing

    def on_resize(self) -> None:
        """Arrange the panes anew."""
        self._arrange()
        if not self._painted:
            # the charts' library is not imported before the learner has something to read
            self._painted = True
            self.call_after_refresh(self._draw)

    def _arrange(self) -> None:
        width, height = self.size
        diagram = self._shows_diagram
        arrangement = arrange(
            width,
            height,
            diagram=diagram,
            graph_height=self._graph.height(width - 2, diagram=diagram),
            data="data" in self._charts,
        )
        if arrangement is None:
            said = f"backprop-tui needs {LEAST_WIDTH}x{LEAST_HEIGHT} cells; this terminal has {width}x{height}."
            lines: list[Line] = [[(row, "text")] for row in wrap(said, max(width, 1))]
            self._panes = {}
            self._place("frame", Pane(0, 0, width, height), lines)
        else:
            self._panes = dict(arrangement.panes)
            self._place("frame", Pane(0, 0, width, height), draw_frame(arrangement, width, height))
        for name in PANES:
            self._place(name, self._panes.get(name))
        for name in TITLED:
            pane = self._panes.get(name)
            self._place(f"{name}-title", pane and pane._replace(y=pane.y - 1, height=1))
        self._charted.clear()
        self._draw()

    def _place(self, name: str, pane: Pane | None, lines: list[Line] | None = None) -> None:
        canvas = self.query_one(f"#{name}", Canvas)
        canvas.display = pane is not None
        if pane is not None:
            canvas.styles.offset = (pane.x, pane.y)
            canvas.styles.width, canvas.styles.height = pane.width, pane.height
            if lines is not None:
                canvas.show(lines)

    def _show(self, name: str, draw: Callable[[int, int], list[Line]]) -> None:
        pane = self._panes.get(name)
        if pane is not None:
            self.query_one(f"#{name}", Canvas).show(draw(pane.width, pane.height))

    def _title(self, name: str, left: Line, right: Line | None = None) -> None:
        pane = self._panes.get(name)
        if pane is not None:
            self.query_one(f"#{name}-title", Canvas).show([draw_title(left, right or [], pane.width)])

    def _draw(self, said: str = "") -> None:
        if not self._panes:
            return
        moment = self.timeline.moment
        self._data_pane.pinned = self.pinned.point
        running = self._run.speed.label if self._timer is not None else None
        self._show("header", lambda width, _: [draw_header(moment, width)])
        self._show("graph", lambda w, h: self._graph.draw(moment, w, h, diagram=self._shows_diagram))
        self._show("step", lambda w, h: draw_step(moment, w, h))
        self._show("keys", lambda width, _: [draw_keys(width, running, said)])
        if "graph" in self._panes:
            self._title("graph", *self.graph_title(self._panes["graph"].width - TITLE_EDGES))
        self._title("step", [("Step", "title")])
        self._draw_inspector(moment)
        if self._painted:
            self._draw_charts(moment)

    def _draw_charts(self, moment: Moment) -> None:
        for name, chart in self._charts.items():
            self._draw_chart(name, chart, moment)

    def _draw_inspector(self, moment: Moment) -> None:
        node, folded = self.node_in_view, self._graph.folded
        if folded is not None:
            self._charted.pop("inspector", None)
            self._title("inspector", [*arrows(here=not self._on_graph), (f"{folded.scope}/", "title")])
            self._show("inspector", lambda w, h: _indented(draw_folded(folded, moment, w - 1, h)))
            return
        view = self.shown_view
        if view in self._charts:
            self._draw_chart("inspector", self._charts[view], moment)
            return
        self._charted.pop("inspector", None)
        tabs: Line = []
        for name in (*views(moment, node), *(["check"] if view == "check" else [])):
            tabs += [(f"[{name}]", "title") if name == view else (name, "dim"), (" ", "dim")]
        left = [*arrows(here=not self._on_graph), (inspector_title(moment, view, node), "title")]
        self._title("inspector", left, tabs[:-1])
        pinned = self.pinned
        self._show("inspector", lambda w, h: _indented(draw_inspector(moment, view, pinned, w - 1, h, node)))

    def _draw_chart(self, place: str, chart: LossPane | DataPane, moment: Moment) -> None:
        """Draw a chart into a pane, unless it stands there already: drawing one costs more than all the rest."""
        depends_on = (chart, chart.depends_on(moment))
        if place in self._panes and self._charted.get(place) != depends_on:
            self._charted[place] = depends_on
            self._title(place, chart.title(moment, self._panes[place].width - TITLE_EDGES))
            self._show(place, lambda w, h: chart.draw(moment, w, h))


def _indented(lines: list[Line]) -> list[Line]:
    return [[(" ", "text"), *line] for line in lines]
