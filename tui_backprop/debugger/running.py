"""Running by itself: how fast, and where it pauses. Time is the screen's business; this says what one tick does."""

from __future__ import annotations

from time import perf_counter
from typing import NamedTuple

from ..notation.fitting import cut
from .breakpoints import Breakpoints
from .named_moments import NoMomentError, go
from .recording import Recording
from .steps import Place, Stop, after_iteration, after_step
from .timeline import Timeline

TRAINING_SECONDS = 0.04
"""How long one tick at full speed may train: short enough that a key is answered at once."""
MOST_SHOWN = 500
"""At full speed the events of a tick's last iteration are shown, unless the graph has more nodes than this."""


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
    Speed("as fast as it trains", None, 0.005),
)
TO_A_BREAKPOINT = Speed("to the next breakpoint", None, SPEEDS[-1].seconds)


class Run:
    """A run of a timeline that pauses at the end of every so many iterations (0: never).

    `said` is what there is to say about where it ended, if anything.
    """

    def __init__(self, timeline: Timeline, pause_every: int) -> None:
        self._timeline = timeline
        self._pause_every = pause_every
        self._chosen = 1
        self._at_once = 1
        self.goal: int | None = None
        self.destination: Place | None = None
        self._breakpoints: Breakpoints | None = None
        self._backwards = False
        self.said = ""

    @property
    def speed(self) -> Speed:
        """The speed of the run; on the way to a given place or a breakpoint it is the highest."""
        if self._breakpoints is not None:
            return TO_A_BREAKPOINT
        return SPEEDS[self._chosen if self.destination is None else -1]

    @property
    def seeks(self) -> bool:
        """Whether it is on its way to a place or a breakpoint, at a speed that cannot be changed."""
        return self._breakpoints is not None or self.destination is not None

    @property
    def message(self):
        """PROVISIONAL."""
        from .message import Message

        return Message("paused at goal", {"ways": (self.said,)}) if self.said else None

    def change_speed(self, by: int) -> None:
        """Make it faster or slower by so many places in the table of speeds."""
        self._chosen = min(max(self._chosen + by, 0), len(SPEEDS) - 1)

    def start(self, destination: Place | None = None) -> None:
        """Choose where to pause: at the given place, at full speed till then, or at the end of some iteration."""
        self.destination = destination
        self._breakpoints = None
        self.said = ""
        self.goal = self._next_pause() if destination is None else destination.iteration - 1

    def look_for(self, breakpoints: Breakpoints, *, backwards: bool) -> None:
        """Choose to stop at the next of these breakpoints, of which one is on; or else where a run pauses."""
        self.start()
        self._breakpoints = breakpoints
        self._backwards = backwards

    def _next_pause(self) -> int | None:
        finished = self._timeline.recording.iteration - (0 if self._timeline.at_end_of_iteration else 1)
        return (finished // self._pause_every + 1) * self._pause_every if self._pause_every else None

    def tick(self) -> bool:
        """Go on by one tick and return whether the run goes on after it."""
        timeline = self._timeline
        if self._breakpoints is not None:
            return self._look_on(self._breakpoints)
        moved = timeline.forward(self.speed.stop) if self.speed.stop is not None else self._train()
        going_on = moved and not self._at_goal and timeline.recording.error is None
        if self.destination is not None and not going_on:
            self.arrive(self.destination)
        elif self._at_goal:
            self.said = "paused: r runs on"
        elif not moved:
            self.say_it_is_stopped()
        return going_on

    def _train(self) -> bool:
        """Train for one tick and return whether that went anywhere.

        Events cost far more than training does. Of a large graph only those of the goal are shown, over several ticks.
        """
        timeline, started = self._timeline, perf_counter()
        following = timeline.recording.iteration + timeline.at_end_of_iteration
        ahead = self._at_once if self.goal is None else min(self._at_once, self.goal - following)
        inside = timeline.cursor > 0 and not timeline.at_end_of_iteration
        trained = ahead > 0 and not inside and timeline.train(ahead)
        if not trained or len(timeline.graph.nodes) <= MOST_SHOWN:
            end = perf_counter() + TRAINING_SECONDS
            moved = timeline.forward(lambda *at: after_iteration(*at) or perf_counter() >= end)
            trained = trained or moved
        needed = perf_counter() - started
        self._at_once = max(1, min(2 * self._at_once, int(self._at_once * TRAINING_SECONDS / max(needed, 1e-6))))
        return trained

    def arrive(self, destination: Place) -> bool:
        """Move to a place and return whether that went anywhere; where a mistake comes before it, `said` says so."""
        try:
            return go(self._timeline, destination)
        except NoMomentError as error:
            self.said = str(error)
            return True

    @property
    def _at_goal(self) -> bool:
        timeline = self._timeline
        return self.goal is not None and timeline.recording.iteration >= self.goal and timeline.at_end_of_iteration

    def _look_on(self, breakpoints: Breakpoints) -> bool:
        """Look for a breakpoint for one tick; what ends the search is said."""
        timeline, end = self._timeline, perf_counter() + TRAINING_SECONDS

        def stop(recording: Recording, index: int) -> bool:
            return perf_counter() >= end or breakpoints.hit(recording, index) is not None

        move = timeline.back if self._backwards else timeline.forward
        while move(stop):
            found = breakpoints.hit(timeline.recording, timeline.cursor - 1) if timeline.cursor else None
            if found is not None:
                self.said = f"breakpoint: {found.text}"
                return False
            if not self._backwards and self._at_goal:
                self.said = f"no breakpoint up to iteration {self.goal}, where a run pauses"
                return False
            if perf_counter() >= end:
                return True
        if self._backwards:
            self.said = "no breakpoint before here: this is the start"
        else:
            self.say_it_is_stopped("no further stop")
        return False

    def say_it_is_stopped(self, what: str = "") -> None:
        """Say what can be done where a mistake ended the iteration."""
        error = self._timeline.recording.error
        node = f" at {cut(error.node.name, 10)}" if error is not None and error.node is not None else ""
        returns = ", E returns" if len(self._timeline.branches) > 1 else ""
        said = what or f"stopped{node}"
        self.said = f"{said}: b steps back, e edits a number or the learning rate{returns}"
