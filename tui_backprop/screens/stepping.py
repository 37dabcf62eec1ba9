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

from ..debugger.edits import Edit
from ..debugger.moment import Moment
from ..debugger.steps import STOPS
from ..debugger.timeline import Timeline
from ..drawing.palette import Line
from ..inspector import draw_inspector, inspector_title, views
from ..inspector.folded_view import draw_folded
from ..keys import SECTIONS
from ..panes.arrangement import LEAST_HEIGHT, LEAST_WIDTH, Pane, arrange
from ..panes.chart_panes import DataPane, LossPane
from ..panes.frame import TITLE_EDGES, draw_frame, draw_title
from ..panes.header import draw_header
from ..panes.key_bar import SEEKING, Keys, draw_keys
from ..panes.step_pane import draw_step
from ..widgets.canvas import Canvas
from ..widgets.graph_canvas import GraphCanvas
from .graph_screen import arrows
from .running import RunningScreen

PANES = ("header", "graph", "step", "inspector", "loss", "data", "keys")
TITLED = ("graph", "step", "inspector", "loss", "data")


class SteppingScreen(RunningScreen):
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
        super().__init__(timeline, pause_every)
        self._painted = False
        self._due = False
        self._to_say = ""
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

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Let no key but those of the program do anything while the terminal is too small to show what it does."""
        if not self._panes and action != "help":
            return False
        return super().check_action(action, parameters)

    # moving in time

    def action_forward(self, stop: str) -> None:
        """Move forward to where this kind of move stops; the first press while it runs pauses instead."""
        if self.running is not None and stop == "step":
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

    def action_edit(self, what: str = "element") -> None:
        """Ask for an edit, of the followed element of the node in view or of the learning rate, and fork with it."""
        from .edit import EditScreen

        self._pause()
        node = self.node_in_view if what == "element" else None

        def fork(edit: Edit | None) -> None:
            if edit is not None:
                self.timeline.fork(edit)
                self._draw()

        self.app.push_screen(EditScreen(self.timeline, node, self.followed), fork)

    def action_branch(self) -> None:
        """Move to the same step on the next branch."""
        self._move(self.timeline.switch)

    def _move(self, move: Callable[[], bool]) -> None:
        self._pause()
        self._run.said = ""
        if move():
            self.follow_time()
        elif self.timeline.moment.error is not None:
            self._run.say_it_is_stopped()
        self._draw(self._run.said)

    # looking

    def action_searches(self) -> None:
        """Show plain search and the right one beside each other."""
        from .searches import SearchesScreen

        self._pause()
        self.app.push_screen(SearchesScreen(self.timeline, self.followed))

    async def action_lessons(self) -> None:
        """Ask for another lesson."""
        self._pause()
        await self.run_action("app.lessons")

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

    def on_mount(self) -> None:
        """Arrange the panes before the first paint, so that there is no empty one."""
        self._arrange()

    def on_resize(self) -> None:
        """Arrange the panes anew."""
        self._arrange()
        if not self._painted:
            # the charts' library is not imported before the learner has something to read
            self._painted = True
            self.call_after_refresh(lambda: self._draw_charts(self.timeline.moment))

    def _arrange(self) -> None:
        width, height = self.app.size  # the screen's own size is not known before the first layout
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
            self._pause("paused, because nothing could be seen; r runs on")
            self._panes = {}
            self._place("frame", Pane(0, 0, width, height), lines)
        else:
            self._panes = dict(arrangement.panes)
            self._place("frame", Pane(0, 0, width, height), draw_frame(arrangement, width, height))
        if self._view in self._charts and self._view in self._panes:
            self._view = None
        for name in PANES:
            self._place(name, self._panes.get(name))
        for name in TITLED:
            pane = self._panes.get(name)
            self._place(f"{name}-title", pane and pane._replace(y=pane.y - 1, height=1))
        self._charted.clear()
        self._draw_now()

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
        """Draw when all keys that have come so far are done: a held key is never ahead of the screen, none is lost."""
        self._to_say = said
        if not self._due:
            self._due = True
            self.call_later(self._draw_now)

    def _draw_now(self) -> None:
        self._due = False
        if not self._panes:
            return
        moment = self._shown
        self._data_pane.followed = self.followed.point
        self._graph.stops = frozenset(node for point in self.breakpoints.on for node in point.nodes)
        self._show("header", lambda width, _: [draw_header(moment, width)])
        self._show("graph", lambda w, h: self._graph.draw(moment, w, h, diagram=self._shows_diagram))
        self._show("keys", lambda width, _: [draw_keys(width, self.running, self._to_say, self._standing_keys)])
        if "graph" in self._panes:
            self._title("graph", *self.graph_title(self._panes["graph"].width - TITLE_EDGES))
        self._draw_step(moment)
        self._draw_inspector(moment)
        if self._painted:
            self._draw_charts(moment)

    @property
    def _standing_keys(self) -> Keys:
        """The keys that the key bar names instead of the usual ones, if there are any."""
        return SEEKING if self.running is not None and self._run.seeks else ()

    def _draw_step(self, moment: Moment) -> None:
        self._show("step", lambda w, h: draw_step(moment, w, h))
        self._title("step", [("Step", "title")])

    def _draw_charts(self, moment: Moment) -> None:
        for name, chart in self._charts.items():
            self._draw_chart(name, chart, moment)

    def _draw_inspector(self, moment: Moment) -> None:
        node, folded = self.node_in_view, self._graph.folded
        if folded is not None:
            self._charted.pop("inspector", None)
            self._title("inspector", [*arrows(here=not self._on_graph), (f"{folded.scope}/", "title")])
            self._show("inspector", lambda w, h: indented(draw_folded(folded, moment, w - 1, h)))
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
        followed, charts = self.followed, self.charts_in_inspector
        self._show("inspector", lambda w, h: indented(draw_inspector(moment, view, followed, w - 1, h, node, charts)))

    def _draw_chart(self, place: str, chart: LossPane | DataPane, moment: Moment) -> None:
        """Draw a chart into a pane, unless it stands there already: drawing one costs more than all the rest."""
        depends_on = (chart, chart.depends_on(moment))
        if place in self._panes and self._charted.get(place) != depends_on:
            self._charted[place] = depends_on
            self._title(place, chart.title(moment, self._panes[place].width - TITLE_EDGES))
            self._show(place, lambda w, h: chart.draw(moment, w, h))


def indented(lines: list[Line]) -> list[Line]:
    """Return the lines with a margin of one cell."""
    return [[(" ", "text"), *line] for line in lines]
