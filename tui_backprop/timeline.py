"""Time: the events of the current iteration, where each earlier one started, and a cursor that moves both ways.

Going back never inverts anything. It moves the cursor; an earlier iteration is computed again from the state it
started from, and its numbers come out the same to the bit.
"""

from __future__ import annotations

from collections.abc import Iterator

from minidl_core import Event, IterationFinished, MinidlError, NodeEvaluated, State, Stepper
from minidl_core.train import GradientDescentOptimizer

from .lessons.lesson import Lesson
from .loss_graph import LossGraph
from .loss_history import LossHistory
from .moment import Moment
from .recording import Recording
from .steps import Stop, after_event, headline

MILESTONES = (0, 1, 3, 10)
"""After how many iterations the data chart keeps the line."""


class States:
    """The states from which iterations started: every one at first, then ever more thinly, in bounded memory."""

    def __init__(self, most: int = 1024, most_bytes: int = 16 << 20) -> None:
        self._states: dict[int, State] = {}
        self._stride = 1
        self._most = most
        self._most_bytes = most_bytes

    def keep(self, state: State) -> None:
        """Keep a state, or not, by the stride that the memory allows."""
        if state.finished % self._stride or state.finished in self._states:
            return
        self._states[state.finished] = state
        size = sum(array.nbytes for array in state.variables.values())
        while len(self._states) > self._most or (len(self._states) > 2 and len(self._states) * size > self._most_bytes):
            self._stride *= 2
            self._states = {number: kept for number, kept in self._states.items() if number % self._stride == 0}

    def before(self, finished: int) -> State:
        """Return the latest kept state after at most so many iterations."""
        number = finished - finished % self._stride
        while number not in self._states:
            number -= self._stride
        return self._states[number]


class Timeline:
    """A training that can be moved through; every move returns whether it went anywhere.

    `furthest` is the latest place that was ever reached, as (iteration, cursor). While the timeline is `fine`, its
    moment is about the last event before the cursor, else about the step that ends there.
    """

    def __init__(self, lesson: Lesson, seed: int | None = None, learning_rate: float | None = None) -> None:
        self.lesson = lesson
        self.seed = lesson.seed if seed is None else seed
        self.learning_rate = lesson.learning_rate if learning_rate is None else learning_rate
        self.example = lesson.build(self.seed)
        optimizer = GradientDescentOptimizer(self.learning_rate)
        self.stepper = Stepper(optimizer.minimize(self.example.loss), self.example.feeds)
        self.graph = LossGraph(self.stepper.nodes)
        self.losses = LossHistory()
        self._states = States()
        self._milestones: dict[int, State] = {}
        self._events: Iterator[Event] = iter(())
        self.cursor = 0
        self.fine = False
        self.recording = self._begin(None)
        self.furthest = (1, 0)

    @property
    def moment(self) -> Moment:
        """What is true at the cursor."""
        shown = self.cursor - 1 if self.fine or not self.cursor else headline(self.recording, self.cursor)
        passed = tuple((n, state) for n, state in self._milestones.items() if n < self.recording.iteration)
        return Moment(self.lesson, self.example, self.recording, self.cursor, shown, passed)

    @property
    def at_end_of_iteration(self) -> bool:
        """Whether the cursor is behind the last event of a finished iteration."""
        return self.recording.finished and self.cursor == len(self.recording.events)

    def forward(self, stop: Stop) -> bool:
        """Move to the next place where this kind of move stops, into the next iteration if need be."""
        return self._moved(stop, self._forward(stop))

    def back(self, stop: Stop) -> bool:
        """Move to the place before, where this kind of move stops; at last to the start of the first iteration."""
        return self._moved(stop, self._back(stop))

    def first(self) -> bool:
        """Move to the start of the first iteration."""
        return self._moved(None, self._go_to(1, 0))

    def last(self) -> bool:
        """Move to the latest place that was ever reached."""
        return self._moved(None, self._go_to(*self.furthest))

    def finish(self, iteration: int) -> bool:
        """Move to the end of an iteration, training as far as it needs; 0 is the start of the first."""
        if iteration == 0:
            return self.first()
        return self._moved(None, self._go_to(iteration, None))

    def go_to(self, iteration: int, cursor: int, *, fine: bool) -> bool:
        """Move behind so many events of an iteration, training as far as it needs; a mistake stops earlier."""
        moved = self._go_to(iteration, cursor) or fine != self.fine
        return self._moved(after_event if fine else None, moved)

    def train(self, iterations: int) -> bool:
        """Move some iterations on, as fast as the engine trains, to the end of the last; a mistake stops earlier."""
        while not self.recording.finished:
            self._record()
        if self.recording.error is None and iterations > 0:
            previous = self._advance(iterations - 1)
            self._begin_next(previous)
            while not self.recording.finished:
                self._record()
        return self._moved(None, self._set_cursor(len(self.recording.events)))

    def _moved(self, stop: Stop | None, moved: bool) -> bool:
        if moved:
            self.fine = stop is after_event
            self.furthest = max(self.furthest, (self.recording.iteration, self.cursor))
        return moved

    def _set_cursor(self, cursor: int) -> bool:
        moved = cursor != self.cursor
        self.cursor = cursor
        return moved

    def _forward(self, stop: Stop) -> bool:
        recording = self.recording
        cursor = self.cursor
        if self.at_end_of_iteration:
            if recording.error is not None:
                return False
            recording = self._begin_next()
            cursor = 0
        while cursor < len(recording.events) or not recording.finished:
            # one event more than is passed: where a node's work ends shows in the event behind it
            while len(recording.events) < cursor + 2 and not recording.finished:
                self._record()
            if cursor == len(recording.events):
                break
            cursor += 1
            if stop(recording, cursor - 1):
                break
        self.cursor = cursor
        return True

    def _back(self, stop: Stop) -> bool:
        for cursor in range(self.cursor - 1, 0, -1):
            if stop(self.recording, cursor - 1):
                return self._set_cursor(cursor)
        if self.recording.iteration == 1:
            return self._set_cursor(0)
        return self._go_to(self.recording.iteration - 1, None)

    def _go_to(self, iteration: int, cursor: int | None) -> bool:
        if (iteration, cursor) == (self.recording.iteration, self.cursor):
            return False
        if iteration != self.recording.iteration:
            self._open(iteration)
        # one event more than is passed, as in going forward: a mistake shows behind the last one
        while not self.recording.finished and (cursor is None or len(self.recording.events) <= cursor):
            self._record()
        events = len(self.recording.events)
        self.cursor = events if cursor is None else min(cursor, events)
        return True

    def _open(self, iteration: int) -> None:
        """Make an iteration the current one, from the latest state before it."""
        # one iteration earlier than needed, for the loss before this one
        self.stepper.restore(self._states.before(max(iteration - 2, 0)))
        self.recording = self._begin(self._advance(iteration - 1 - self.stepper.finished))

    def _advance(self, iterations: int) -> float | None:
        """Train on from the end of an iteration without events, keeping states and losses; return the last loss."""
        loss = None
        for _ in range(iterations):
            state = self.stepper.state()
            try:
                [loss] = self.stepper.run(1)
            except MinidlError:
                # the stepping path comes to the same mistake, and shows how
                self.stepper.restore(state)
                break
            self.losses.record(self.stepper.finished, loss)
            self._keep(self.stepper.state())
        return loss

    def _begin_next(self, previous_loss: float | None = None) -> Recording:
        last = self.recording.events[-1]
        if previous_loss is None and isinstance(last, IterationFinished):
            previous_loss = last.loss
        self.recording = self._begin(previous_loss)
        self.cursor = 0
        return self.recording

    def _begin(self, previous_loss: float | None) -> Recording:
        state = self.stepper.state()
        self._keep(state)
        self._events = self.stepper.iteration()
        return Recording(self.graph, state, previous_loss)

    def _keep(self, state: State) -> None:
        self._states.keep(state)
        if state.finished in MILESTONES:
            self._milestones.setdefault(state.finished, state)

    def _record(self) -> None:
        recording = self.recording
        try:
            event = next(self._events)
        except MinidlError as error:
            recording.error = error
            return
        recording.append(event)
        if isinstance(event, NodeEvaluated) and event.node is self.graph.loss:
            self.losses.record(recording.iteration, float(event.value))
