"""Running by itself: how fast, and where it pauses. Time is the screen's business; this says what one tick does."""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import perf_counter
from typing import Literal, NamedTuple

from .breakpoints import Breakpoints
from .message import Message
from .recording import Recording
from .steps import Place, Stop, after_iteration, after_step
from .timeline import Timeline

TRAINING_SECONDS = 0.02
"""How long one tick at full speed may train, if nothing waits for its end."""
SHOWING_SECONDS = 0.006
"""How long one tick at full speed may then take events of the iteration that it shows."""
MOST_SHOWN = 500
"""At full speed the events of a tick's last iteration are shown, unless the graph has more nodes than this."""

LARGE_GRAPH = 2000
"""In a graph of more nodes than this, a move through many of them goes in slices where somebody waits at a screen."""


class Speed(NamedTuple):
    """How far one tick goes (None: as far as it trains in a tick), and the seconds between two ticks."""

    label: str
    stop: Stop | None
    seconds: float


SPEEDS = (
    Speed("1 step a second", after_step, 1),
    Speed("3 steps a second", after_step, 1 / 3),
    Speed("10 steps a second", after_step, 1 / 10),
    Speed("1 iteration a second", after_iteration, 1),
    Speed("5 iterations a second", after_iteration, 1 / 5),
    Speed("20 iterations a second", after_iteration, 1 / 20),
    Speed("as fast as it trains", None, 0.001),
)
_BY_STEPS, _BY_ITERATIONS = 1, 5
"""The speeds of which one is taken where nobody chose any: inside an iteration, and between two."""
TO_A_STOP = Speed("to where this move ends", None, SPEEDS[-1].seconds)
TO_A_BREAKPOINT = Speed("to the next breakpoint", None, SPEEDS[-1].seconds)


class Run:
    """A run of a timeline that pauses at the end of every so many iterations (0: never).

    `message` is about where it ended, None where there is nothing to report.
    """

    def __init__(self, timeline: Timeline, pause_every: int) -> None:
        self._timeline = timeline
        self._pause_every = pause_every
        self._chosen: int | None = None
        self._pace = _BY_STEPS
        self.goal: int | None = None
        self.destination: Place | None = None
        self._way: Place | None = None  # what leads to the destination, or back to a breakpoint, in this iteration
        self._breakpoints: Breakpoints | None = None
        self._backwards = False
        self._stop: Stop | None = None
        self.message: Message | None = None

    @property
    def speed(self) -> Speed:
        """The speed of the run; on the way to a given place, the end of a move or a breakpoint it is the highest."""
        if self._stop is not None:
            return TO_A_STOP
        if self._breakpoints is not None:
            return TO_A_BREAKPOINT
        chosen = self._pace if self._chosen is None else self._chosen
        return SPEEDS[chosen if self.destination is None else -1]

    @property
    def seeks(self) -> bool:
        """Whether it is on its way to a place, the end of a move or a breakpoint: its speed cannot be changed."""
        return self._breakpoints is not None or self.destination is not None or self._stop is not None

    def change_speed(self, by: int) -> None:
        """Make it faster or slower by so many places in the table of speeds."""
        chosen = self._pace if self._chosen is None else self._chosen
        if by:
            self._chosen = min(max(chosen + by, 0), len(SPEEDS) - 1)

    def choose_pace(self) -> None:
        """Go by iterations from between two, where there is little to see but the loss; else by steps.

        It counts until somebody chooses a speed.
        """
        timeline = self._timeline
        between = timeline.at_end_of_iteration or (timeline.cursor == 0 and timeline.recording.iteration > 1)
        self._pace = _BY_ITERATIONS if between else _BY_STEPS

    def start(self, destination: Place | None = None) -> None:
        """Choose where to pause: at the given place, at full speed till then, or at the end of some iteration."""
        self.choose_pace()
        self.destination = destination
        self._breakpoints = self._stop = None
        self.message = None
        self.goal = self._next_pause() if destination is None else None
        self._way = None

    def look_for(self, breakpoints: Breakpoints, *, backwards: bool) -> None:
        """Choose to stop at the next of these breakpoints, of which one is on; or else where a run pauses."""
        self.start()
        self._breakpoints = breakpoints
        self._backwards = backwards

    def move_on(self, stop: Stop) -> None:
        """Choose to pause where this kind of move stops."""
        self.start()
        self._stop = stop

    def _next_pause(self) -> int | None:
        finished = self._timeline.recording.iteration - (0 if self._timeline.at_end_of_iteration else 1)
        return (finished // self._pause_every + 1) * self._pause_every if self._pause_every else None

    def tick(self, is_awaited: Callable[[], bool] = lambda: False) -> bool:
        """Go on by one tick, a short one once its end is awaited, and return whether the run goes on after it."""
        timeline, end = self._timeline, perf_counter() + TRAINING_SECONDS

        def is_over() -> bool:
            return is_awaited() or perf_counter() >= end

        if self._stop is not None:
            return self._move_on(self._stop, is_over)
        if self._breakpoints is not None:
            return self._look_on(self._breakpoints, is_over)
        if self.destination is not None:
            return self._seek(self.destination, is_over)
        moved = timeline.forward(self.speed.stop) if self.speed.stop is not None else self._train(is_over)
        going_on = moved and not self._at_goal and timeline.recording.error is None
        if self._at_goal:
            self.message = Message("paused at goal")
        elif not moved:
            self.message = self.stopped()
        return going_on

    def _train(self, is_over: Callable[[], bool]) -> bool:
        """Train until a tick is over and return whether that went anywhere.

        Events cost far more than training does. Of a large graph only those of the goal are shown, over several ticks.
        """
        timeline = self._timeline
        following = timeline.recording.iteration + timeline.at_end_of_iteration
        ahead = sys.maxsize if self.goal is None else self.goal - following
        inside = timeline.cursor > 0 and not timeline.at_end_of_iteration
        trained = ahead > 0 and not inside and timeline.train(ahead, is_over)
        if not trained or len(timeline.graph.nodes) <= MOST_SHOWN:
            end = perf_counter() + SHOWING_SECONDS
            moved = timeline.forward(lambda *at: after_iteration(*at) or perf_counter() >= end)
            trained = trained or moved
        return trained

    def _seek(self, destination: Place, is_over: Callable[[], bool]) -> bool:
        """Train to the iteration of a place, then take its events, until a tick is over; return whether it goes on."""
        timeline = self._timeline
        following = timeline.recording.iteration + timeline.at_end_of_iteration
        if self._way is not None:
            if not timeline.play(self._way, is_over):
                return True
            self.message = timeline.missed(destination)
            return False
        if following >= destination.iteration or not timeline.train(destination.iteration - following, is_over):
            self._enter(destination)
        return timeline.place != destination

    def _enter(self, place: Place) -> None:
        """Open the iteration of a place, to which events then lead."""
        if not self._timeline.has(place) and self._timeline.recording.iteration != place.iteration:
            self._timeline.open(place.iteration)
        self._way = place

    def arrive(self, destination: Place) -> bool:
        """Move to a place and return whether that went anywhere; where an error comes before it, `message` says so."""
        moved = self._timeline.go_to(destination)
        self.message = self._timeline.missed(destination)
        return moved or self.message is not None

    @property
    def _at_goal(self) -> bool:
        timeline = self._timeline
        return self.goal is not None and timeline.recording.iteration >= self.goal and timeline.at_end_of_iteration

    def _move_on(self, wanted: Stop, is_over: Callable[[], bool]) -> bool:
        """Move until a tick is over and return whether the move goes on."""
        reached = False

        def stop(recording: Recording, index: int) -> bool:
            nonlocal reached
            reached = wanted(recording, index)
            return reached or is_over()

        moved = self._timeline.forward(stop)
        if not moved or self._timeline.recording.error is not None:
            self.message = self.stopped()
            return False
        return not reached

    def _look_on(self, breakpoints: Breakpoints, is_over: Callable[[], bool]) -> bool:
        """Look for a breakpoint until a tick is over; what ends the search is in `message`."""
        timeline = self._timeline

        def stop(recording: Recording, index: int) -> bool:
            return breakpoints.hit(recording, index) is not None or is_over()

        def move() -> bool:
            if not self._backwards:
                return timeline.forward(stop)
            if self._way is None and not timeline.has(before := timeline.place_before(stop)):
                self._enter(before)
            if self._way is None:
                return timeline.go_to(before)
            if timeline.play(self._way, is_over):
                self._way = None
            return True

        while move():
            found = breakpoints.hit(timeline.recording, timeline.cursor - 1) if timeline.cursor else None
            if found is not None and self._way is None:
                self.message = Message("breakpoint hit", {"breakpoint": found})
                return False
            if not self._backwards and self._at_goal:
                self.message = Message("no breakpoint up to goal", {"goal": self.goal})
                return False
            if is_over():
                return True
        self.message = Message("no breakpoint before here") if self._backwards else self.stopped("no further stop")
        return False

    def stopped(self, kind: Literal["stopped by an error", "no further stop"] = "stopped by an error") -> Message:
        """Return the message that an error ended the iteration, or that a search for a stop ended there."""
        error = self._timeline.recording.error
        node = None if error is None else error.node
        return Message(kind, {"node": node, "branches": len(self._timeline.branches)})
