"""A screen that goes further than a step: it runs by itself, or to a moment that has a name or stands in the log."""

from __future__ import annotations

from collections.abc import Callable

from textual.timer import Timer

from tui_backprop.inspector import Pinned
from tui_backprop.named_moments import Place, command
from tui_backprop.running import Run
from tui_backprop.timeline import Timeline

from .graph_screen import GraphScreen


class RunningScreen(GraphScreen):
    """Runs its timeline; a subclass draws."""

    def __init__(self, timeline: Timeline, pause_every: int) -> None:
        super().__init__(timeline)
        self._run = Run(timeline, pause_every)
        self._timer: Timer | None = None
        self._pinned = Pinned()

    def _draw(self, said: str = "") -> None:
        """Draw the moment, and what there is to say about the last key."""
        raise NotImplementedError

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
        self.app.push_screen(LogScreen(self.timeline, self._pinned), self.go)

    def action_where(self) -> None:
        """Copy the command that opens the app where one is, and say so."""
        self._pause()
        where = command(self.timeline)
        self.app.copy_to_clipboard(where)
        edited = " (without the edits)" if self.timeline.branch.edits else ""
        self._draw(f"copied: {where}{edited}")

    def go(self, place: Place | None) -> None:
        """Move to a place, if there is one; if it is far ahead, by a run."""
        if place is not None and place.iteration > self.timeline.furthest[0] + 1:
            self._start(place)
        elif place is not None:
            self._move(lambda: self._run.arrive(place))
