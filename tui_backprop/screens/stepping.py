"""The screen: it moves the timeline by keys and shows the moment in its panes.

Data flows one way. A key moves the timeline; the timeline says what the moment is; drawing functions turn the moment
into lines; canvases send the terminal what changed of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen
from textual.timer import Timer

from minidl_core import Node
from tui_backprop.arrangement import LEAST_HEIGHT, LEAST_WIDTH, Pane, arrange, prefers_diagram
from tui_backprop.chart_panes import DataPane, LossPane
from tui_backprop.frame import TITLE_EDGES, draw_frame, draw_title
from tui_backprop.graph_pane import GraphPane
from tui_backprop.header import draw_header
from tui_backprop.inspector import Pinned, automatic_view, draw_inspector, inspector_title, move_pinned, views
from tui_backprop.inspector.walk import choose_edge, choose_term, follow
from tui_backprop.key_bar import draw_keys
from tui_backprop.keys import SECTIONS
from tui_backprop.moment import Moment
from tui_backprop.palette import Line
from tui_backprop.running import Run
from tui_backprop.step_pane import draw_step
from tui_backprop.steps import STOPS
from tui_backprop.timeline import Timeline
from tui_backprop.widgets.canvas import Canvas

PANES = ("header", "graph", "step", "inspector", "loss", "data", "keys")
DIRECTIONS = {"up": (0, -1), "down": (0, 1), "left": (-1, 0), "right": (1, 0)}
TITLED = ("graph", "step", "inspector", "loss", "data")


class SteppingScreen(Screen[None]):
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
        super().__init__()
        self.timeline = timeline
        self._run = Run(timeline, pause_every)
        self._timer: Timer | None = None
        self._painted = False
        self._graph = GraphPane(timeline.graph)
        self._panes: dict[str, Pane] = {}
        self._prefers_diagram: bool | None = None
        self._view: str | None = None
        self._pinned = Pinned()
        self._selected: Node | None = None
        self._trail: list[tuple[Node | None, str | None, Pinned]] = []
        self._loss_pane = LossPane(timeline.losses)
        self._data_pane = DataPane()
        self._data_pane.pinned = self._pinned.point
        self._charts: dict[str, LossPane | DataPane] = {"loss": self._loss_pane}
        if timeline.example.plane is not None:
            self._charts["data"] = self._data_pane
        self._charted: dict[str, object] = {}

    def compose(self) -> ComposeResult:
        """Yield the canvases; where they stand is the arrangement's business."""
        yield Canvas(id="frame")
        for name in PANES:
            yield Canvas(id=name)
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
        """Ask for an iteration and move to its end, training as far as it needs."""
        from .go_to import GoToScreen  # not before the first paint: widgets take their time to import

        self._pause()

        def go(iteration: int | None) -> None:
            if iteration is None:
                return
            if iteration <= self.timeline.furthest[0]:
                self._move(lambda: self.timeline.finish(iteration))
            else:
                self._start(goal=iteration)

        self.app.push_screen(GoToScreen(self.timeline.recording.iteration), go)

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
        if move():
            # the node's view follows the pass again; a chart stays
            self._view = self._view if self._view in self._charts else None
            self._selected, self._pinned = None, self._pinned.alone
            self._trail.clear()
        self._draw()

    def _start(self, goal: int | None = None) -> None:
        self._run.start(goal)
        self._set_timer()
        self._draw()

    def _pause(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
            self._draw()

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

    @property
    def node_in_view(self) -> Node | None:
        """The node that the inspector shows, and that keys about a node are about."""
        return self._selected or self.timeline.moment.now

    @property
    def _shown_view(self) -> str:
        return self._view or automatic_view(self.timeline.moment, self.node_in_view)

    def action_view(self) -> None:
        """Change between diagram and tape."""
        self._prefers_diagram = not self._shows_diagram
        self._arrange()

    def action_scale(self) -> None:
        """Change the loss chart between a linear and a logarithmic axis."""
        self._loss_pane.logarithmic = not self._loss_pane.logarithmic
        self._draw()

    def action_help(self) -> None:
        """Explain the screen and the keys."""
        from .help import HelpScreen

        self._pause()
        self.app.push_screen(HelpScreen())

    def action_next_pane(self) -> None:
        """Show the next view in the inspector's place; charts that have no pane of their own are among them."""
        there = [*views(self.timeline.moment, self.node_in_view)]
        there += [name for name in self._charts if name not in self._panes]
        shown = self._shown_view
        self._view = there[(there.index(shown) + 1) % len(there)] if shown in there else there[0]
        self._draw()

    def action_pin(self, direction: str) -> None:
        """Follow the next element of the array in view in this direction."""
        moved = move_pinned(
            self.timeline.moment, self._shown_view, self._pinned, *DIRECTIONS[direction], self.node_in_view
        )
        self._look_at(self._selected, self._view, moved)

    def action_origin(self) -> None:
        """Go to where the pinned number came from: in a consumer's gradient, in an operand's value."""
        node = self.node_in_view
        there = node and follow(self.timeline.moment, self._shown_view, self._pinned, node)
        if there:
            self._trail.append((self._selected, self._view, self._pinned))
            self._look_at(*there)

    def action_return(self) -> None:
        """Return to the number from which the last one was reached."""
        if self._trail:
            self._look_at(*self._trail.pop())

    def action_choose(self, what: str, which: str) -> None:
        """Choose over which edge, or by which term, the way to the pinned number's origin goes."""
        node = self.node_in_view
        if node is not None:
            choose = choose_edge if what == "edge" else choose_term
            chosen = choose(self.timeline.moment, self._shown_view, self._pinned, node, 1 if which == "next" else -1)
            self._look_at(self._selected, self._view, chosen)

    def _look_at(self, selected: Node | None, view: str | None, pinned: Pinned) -> None:
        self._selected, self._view, self._pinned = selected, view, pinned
        self._data_pane.pinned = pinned.point
        self._draw()

    # drawing

    def on_resize(self) -> None:
        """Arrange the panes anew."""
        self._arrange()
        if not self._painted:
            # the charts' library is not imported before the learner has something to read
            self._painted = True
            self.call_after_refresh(self._draw)

    @property
    def _shows_diagram(self) -> bool:
        if self._prefers_diagram is not None:
            return self._prefers_diagram
        return prefers_diagram(*self.size) and self._graph.fits(self.size.width - 2)

    def _arrange(self) -> None:
        width, height = self.size
        diagram = self._shows_diagram
        arrangement = arrange(
            width,
            height,
            diagram=diagram,
            graph_height=self._graph.height(diagram=diagram),
            data="data" in self._charts,
        )
        if arrangement is None:
            said = f"backprop-tui needs {LEAST_WIDTH}x{LEAST_HEIGHT} cells; this terminal has {width}x{height}."
            self._panes = {}
            self._place("frame", Pane(0, 0, width, height), [[(said, "text")]])
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

    def _draw(self) -> None:
        if not self._panes:
            return
        moment = self.timeline.moment
        running = self._run.speed.label if self._timer is not None else None
        self._show("header", lambda width, _: [draw_header(moment, width)])
        self._show("graph", lambda w, h: self._graph.draw(moment, w, h, diagram=self._shows_diagram))
        self._show("step", lambda w, h: draw_step(moment, w, h))
        self._show("keys", lambda width, _: [draw_keys(width, running)])
        self._title("graph", [("Graph" if self._shows_diagram else "Graph (tape)", "title")])
        self._title("step", [("Step", "title")])
        self._draw_inspector(moment)
        if self._painted:
            self._draw_charts(moment)

    def _draw_charts(self, moment: Moment) -> None:
        for name, chart in self._charts.items():
            self._draw_chart(name, chart, moment)

    def _draw_inspector(self, moment: Moment) -> None:
        view, node = self._shown_view, self.node_in_view
        if view in self._charts:
            self._draw_chart("inspector", self._charts[view], moment)
            return
        self._charted.pop("inspector", None)
        tabs: Line = []
        for name in views(moment, node):
            tabs += [(f"[{name}]", "title") if name == view else (name, "dim"), (" ", "dim")]
        self._title("inspector", [(inspector_title(moment, view, node), "title")], tabs[:-1])
        self._show(
            "inspector",
            lambda w, h: [
                [(" ", "text"), *line] for line in draw_inspector(moment, view, self._pinned, w - 1, h, node)
            ],
        )

    def _draw_chart(self, place: str, chart: LossPane | DataPane, moment: Moment) -> None:
        """Draw a chart into a pane, unless it stands there already: drawing one costs more than all the rest."""
        depends_on = (chart, chart.depends_on(moment))
        if place in self._panes and self._charted.get(place) != depends_on:
            self._charted[place] = depends_on
            self._title(place, chart.title(moment, self._panes[place].width - TITLE_EDGES))
            self._show(place, lambda w, h: chart.draw(moment, w, h))
