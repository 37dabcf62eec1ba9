"""The screen: it moves the timeline by keys and shows the moment in its panes.

Data flows one way. A key moves the timeline; the timeline says what the moment is; drawing functions turn the moment
into lines; canvases send the terminal what changed of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen
from textual.timer import Timer

from tui_backprop.arrangement import LEAST_HEIGHT, LEAST_WIDTH, Pane, arrange, prefers_diagram
from tui_backprop.frame import draw_frame, draw_title
from tui_backprop.header import draw_header
from tui_backprop.key_bar import draw_keys
from tui_backprop.keys import SECTIONS
from tui_backprop.palette import Line
from tui_backprop.running import Run
from tui_backprop.steps import STOPS
from tui_backprop.timeline import Timeline
from tui_backprop.widgets.canvas import Canvas, Cuts

from .go_to import GoToScreen
from .help import HelpScreen

PANES = ("header", "graph", "step", "inspector", "loss", "data", "keys")
TITLED = ("graph", "step", "inspector", "loss", "data")


class SteppingScreen(Screen[None]):
    """A timeline, shown and moved."""

    CSS_PATH = "stepping.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [binding for section in SECTIONS.values() for binding in section]

    def __init__(self, timeline: Timeline, pause_every: int) -> None:
        super().__init__()
        self.timeline = timeline
        self._run = Run(timeline, pause_every)
        self._timer: Timer | None = None
        self._panes: dict[str, Pane] = {}
        self._prefers_diagram: bool | None = None
        self._view: str | None = None
        self._logarithmic = False
        self._pinned = Pinned()
        self._charted: dict[str, object] = {}

    def compose(self) -> ComposeResult:
        """Yield the canvases; where they stand is the arrangement's business."""
        yield Cuts()
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
            self._view = None if self._view in VIEWS_OF_NODES else self._view
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

    def action_view(self) -> None:
        """Change between diagram and tape."""
        self._prefers_diagram = not self._shows_diagram
        self._arrange()

    def action_scale(self) -> None:
        """Change the loss chart between a linear and a logarithmic axis."""
        self._logarithmic = not self._logarithmic
        self._draw()

    def action_help(self) -> None:
        """Explain the screen and the keys."""
        self._pause()
        self.app.push_screen(HelpScreen())

    def action_next_pane(self) -> None:
        """Show the next view in the inspector's place; charts that have no pane of their own are among them."""
        ...
