"""A screen that goes further than a step: it runs by itself, to a breakpoint, to a moment by its name or in the log."""

from __future__ import annotations

from collections.abc import Callable

from textual import events
from textual.timer import Timer

from ..debugger.breakpoints import Breakpoint, Breakpoints
from ..debugger.message import Message
from ..debugger.running import Run
from ..debugger.steps import Place
from ..debugger.timeline import Timeline
from ..keys import KEY_OF
from ..narration.messages import sentences
from ..notation.conditions import at_node, read_breakpoint
from ..notation.edits import label
from ..notation.moments import command
from .inspector_screen import InspectorScreen


class RunningScreen(InspectorScreen):
    """Runs its timeline; a subclass draws."""

    def __init__(self, timeline: Timeline, pause_every: int) -> None:
        super().__init__(timeline)
        self._run = Run(timeline, pause_every)
        self._timer: Timer | None = None
        self._message: Message | None = None
        self.breakpoints = Breakpoints()

    def _move(self, move: Callable[[], bool]) -> None:
        """Let a run pause, move, and draw."""
        raise NotImplementedError

    # running

    @property
    def running(self) -> str | None:
        """How fast it runs; None where it does not."""
        return None if self._timer is None else self._run.speed.label

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

    def _start(self, destination: Place | None = None) -> None:
        self._graph.deselect()
        self._run.start(destination)
        self._set_timer()
        self._draw()

    def _pause(self, why: str = "") -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
            self._draw(why or in_short(self._run.message))

    def _change_speed(self, by: int) -> None:
        if self._timer is None or not self._run.seeks:
            self._run.change_speed(by)
            if self._timer is not None:
                self._set_timer()
            self._draw(f"{self._run.speed.label}: r runs")

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_interval(self._run.speed.seconds, self._tick)

    def _tick(self) -> None:
        if self._timer is None:
            return  # it was stopped when this tick was on its way already
        self._message = None
        if self._run.tick():
            self._draw()
        else:
            self._pause()

    def action_continue(self, direction: str) -> None:
        """Go on to the next breakpoint, forwards or back."""
        self._pause()
        if self.breakpoints.on:
            self._graph.deselect()
            self._run.look_for(self.breakpoints, backwards=direction == "back")
            self._set_timer()
            self._draw()
        else:
            self._draw("no breakpoint is on: x sets one on the node in view, X shows the list")

    def action_breakpoint(self) -> None:
        """Set a breakpoint on the node in view, or take it away."""
        self._pause()
        node = self.node_in_view
        if node is None:
            self._draw("no node is in view to break on: take a step, or select one")
            return
        here = at_node(node)
        if self.breakpoints.remove(here):
            self._draw(f"no breakpoint on {here.text} any more")
        else:
            self.breakpoints.add(here)
            self._draw(f"breakpoint on {here.text}: c goes on to it")

    # moments: the screens that ask are not imported before the first paint, because widgets take their time to import

    def action_go_to(self) -> None:
        """Ask for a moment and move to it, training as far as it needs."""
        from .go_to import GoToScreen

        self._pause()
        self.app.push_screen(GoToScreen(self.timeline), self.go)

    def action_log(self) -> None:
        """Show the log, and move to the moment that is chosen in it."""
        from .log import LogScreen

        self._pause()
        self.app.push_screen(LogScreen(self.timeline, self.followed), self.go)

    def action_break(self, condition: str) -> None:
        """Set a breakpoint with this condition, or where it is but the beginning of one, ask for the rest."""
        from .breakpoints import ask_for_condition

        def add(point: Breakpoint | None) -> None:
            if point is not None:
                self.breakpoints.add(point)
                self._draw(f"breakpoint: {point.text}; c goes on to it")

        self._pause()
        if condition.endswith(" "):
            self.app.push_screen(ask_for_condition(self.timeline.graph, condition), add)
        else:
            add(read_breakpoint(condition, self.timeline.graph))

    def action_breakpoints(self) -> None:
        """Show the list of breakpoints, to be changed."""
        from .breakpoints import BreakpointsScreen

        self._pause()
        self.app.push_screen(BreakpointsScreen(self.breakpoints, self.timeline.graph), lambda _: self._draw())

    def on_click(self, event: events.Click) -> None:
        """Copy where one is by a click on the header, which says it."""
        super().on_click(event)
        if event.widget is not None and event.widget.id == "header":
            self.action_where()

    def action_where(self) -> None:
        """Copy the command that opens the app where one is, and say so."""
        self._pause()
        where = command(self.timeline)
        self.app.copy_to_clipboard(where)
        edits = self.timeline.edits_so_far
        missing = f" without the edit {label(edits[0], 8)}" if len(edits) == 1 else f" without the {len(edits)} edits"
        self._draw(f"copied{missing if edits else ''}: {where}")

    def go(self, place: Place | None) -> None:
        """Move to a place, if there is one; if it is far ahead, by a run."""
        if place is not None and place.iteration > self.timeline.furthest[0] + 1:
            self._start(place)
        elif place is not None:
            self._move(lambda: self._run.arrive(place))


def in_short(message: Message | None) -> str:
    """Return what the key bar says of a message."""
    return sentences(message, KEY_OF)[0] if message is not None else ""
