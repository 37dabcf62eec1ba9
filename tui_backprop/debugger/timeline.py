"""Time: the events of the current iteration, where each earlier one started, and a cursor that moves both ways.

Going back never inverts anything. It moves the cursor; an earlier iteration is computed again from the state it
started from, and its numbers come out the same to the bit. An edit forks: it begins a branch, and the one before stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from minidl_core import Event, IterationFinished, MinidlError, NodeEvaluated, State, Stepper

from ..programs.program import Program
from .branches import MOST_BRANCHES, Branch
from .course import Course
from .edits import Edit
from .lesson_fit import check_fit
from .loss_graph import LossGraph
from .loss_history import LossHistory
from .message import Message
from .moment import Moment
from .recording import PastIteration, Recording
from .steps import START, Place, Stop, after_event, cursor_before, headline

MILESTONES = (0, 1, 3, 10)
"""After how many iterations the data chart keeps the line."""


class Timeline:
    """A training that can be moved through; a move returns whether it went anywhere.

    `branches` are the courses it took, oldest first, and `branch` is the one that the moves follow. Its edits and the
    current `place` decide on all numbers of the `moment`, however that was reached; beside them it has J of the next
    iteration, if that was ever computed. `leave` takes each recording that it leaves. Raises ProgramError where what a
    lesson says does not fit its graph, and what the engine raises where the program cannot be trained.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.course = Course(program)
        check_fit(program)
        self.branch = Branch()
        self.branches = [self.branch]
        self.leave: Callable[[Recording], None] = lambda _: None
        self._events: Iterator[Event] = iter(())
        self.cursor = 0
        self._fine = False
        self.recording = self._begin(None)
        # where somebody who changes branches would be, had each gone as far, and where they are instead
        self._wanted = (self.branch, self.place), self.place

    @property
    def graph(self) -> LossGraph:
        """The nodes that lead to the loss of the current iteration."""
        return self.recording.graph

    @property
    def stepper(self) -> Stepper:
        """What takes the step of the current iteration."""
        return self.course.stepper

    @property
    def place(self) -> Place:
        """The current place."""
        return Place(self.recording.iteration, self.cursor, self._fine and self.cursor > 0)

    @property
    def moment(self) -> Moment:
        """The moment at the current place."""
        shown = self.cursor - 1 if self._fine or not self.cursor else headline(self.recording, self.cursor)
        return Moment(self.program, tuple(self.branches), self.branch, self.recording, self.cursor, shown)

    @property
    def losses(self) -> LossHistory:
        """The losses of the branch."""
        return self.branch.losses

    @property
    def furthest(self) -> Place:
        """The latest place that was ever reached on the branch."""
        return self.branch.furthest

    @property
    def at_end_of_iteration(self) -> bool:
        """Whether the cursor is behind the last event of a finished iteration."""
        return self.recording.finished and self.cursor == len(self.recording.events)

    def forward(self, stop: Stop) -> bool:
        """Move to the next place where this kind of move stops, into the next iteration if need be."""
        return self._moved(stop, self._forward(stop))

    def peek(self, stop: Stop) -> Moment | None:
        """Return the moment to which this kind of move would go, without going; None at the end of an iteration."""
        if self.at_end_of_iteration:
            return None
        here = self.cursor, self._fine
        self._forward(stop)
        self._fine = stop is after_event and self.cursor > 0
        moment = self.moment
        self.cursor, self._fine = here
        return moment

    def begin_next(self) -> bool:
        """Move from the end of an iteration to the start of the next one, before its first event."""
        if not self.at_end_of_iteration or self.recording.error is not None:
            return False
        self._begin_next()
        return self._moved(None, True)

    def place_before(self, stop: Stop) -> Place:
        """Return the place before, where this kind of move stops; at last the start of the first iteration."""
        iteration, cursor = self.recording.iteration, cursor_before(self.recording, self.cursor, stop)
        to_end = not cursor and iteration > 1
        return Place(iteration - to_end, None if to_end else cursor, stop is after_event)

    def back(self, stop: Stop) -> bool:
        """Move to the place before, where this kind of move stops."""
        return self.go_to(self.place_before(stop))

    def first(self) -> bool:
        """Move to the start of the first iteration."""
        return self.go_to(START)

    def last(self) -> bool:
        """Move to the latest place that was ever reached on this branch."""
        return self.go_to(self.furthest)

    def go_to(self, place: Place) -> bool:
        """Move to a place, training as far as it needs; an error stops earlier. Place(0) is the very start."""
        place, here = place if place.iteration else START, self.place
        if elsewhere := place.iteration != self.recording.iteration:
            self.open(place.iteration)
        self.play(place)
        return elsewhere or self.place != here

    def has(self, place: Place) -> bool:
        """Return whether what happens up to a place is known, so that nothing has to be computed to go there."""
        known = max(self.cursor, len(self.recording.events) - 1)
        recorded = self.recording.finished or (place.cursor is not None and place.cursor <= known)
        return place.iteration == self.recording.iteration and recorded

    def open(self, iteration: int) -> None:
        """Move to the start of an iteration; an error stops earlier."""
        before = self._train_to(iteration - 1)
        if before is None and self.course.finished:  # an error came first, in the iteration from which that began
            before = self._train_to(self.course.finished)
        self._begin_another(before)

    def _train_to(self, finished: int) -> PastIteration | None:
        """Train on until so many iterations are finished, or an error comes; return the last one, if there is one."""
        # from one iteration earlier than needed, for the loss of that one
        self.course.restore(self.branch.states.before(max(finished - 1, 0)), self.branch.edits)
        return self._advance(finished - self.course.finished)

    def play(self, place: Place, is_over: Callable[[], bool] = lambda: False) -> bool:
        """Move on to a place in the current iteration, and return whether it is reached before it is over.

        Where an error keeps training from coming to its iteration, the place is where that happens.
        """
        reached = self._play(place.cursor if place.iteration == self.recording.iteration else None, is_over)
        self._moved(after_event if place.fine else None, True)
        return reached

    def missed(self, asked: Place) -> Message | None:
        """Return the message that a place was not reached; None where it was."""
        here = self.place
        if here[:2] >= (asked.iteration, asked.cursor or 0):
            return None
        return Message("no such moment", {"asked": asked, "here": here})

    def whole_iteration(self) -> Recording:
        """Return all events of the current iteration without moving; where an error ends it, of an earlier one.

        The order of the events is the same in every iteration. Where the first one ends in an error, it is not whole.
        """
        while not self.recording.finished:
            self._record()
        iteration = self.recording.iteration
        if self.recording.error is None or iteration == 1:
            return self.recording
        start = self.branch.edited(self.branch.states.before(iteration - 2))
        # nothing goes on from an error: every way out of it restores the course
        self.course.restore(start, self.branch.edits)
        events = self.course.begin(start, self.branch.edits)
        before = self._recording_of(start, None)
        for event in events:
            before.append(event)
        return before

    def train(self, iterations: int, is_over: Callable[[], bool] = lambda: False) -> bool:
        """Move some iterations on without events, from the start or end of one to the start of one.

        They are fewer where it is over before. One in which something goes wrong is not begun.
        """
        if self.recording.error is not None:
            return False
        at_end = self.at_end_of_iteration
        if not at_end:
            self.course.restore(self.recording.start, self.branch.edits)
        last = self._advance(iterations, is_over)
        if last is not None or not at_end:
            self._begin_another(last or self.recording.previous)
        return self._moved(None, last is not None)

    @property
    def edited_state(self) -> State:
        """The state that an edit made here changes: where this iteration started, or at its end, the next one."""
        if self.at_end_of_iteration and self.recording.error is None:
            return self.branch.edited(self.course.state(self.branch.edits))
        return self.recording.start

    def fork(self, edit: Edit) -> Message:
        """Begin a branch with an edit of `edited_state`; its iteration is computed again up to the same step.

        A number that is not finite stops it before that step. Of too many branches the oldest goes.
        """
        finished = self.edited_state.finished
        again = finished < self.recording.iteration
        forgotten = None
        if len(self.branches) == MOST_BRANCHES:
            forgotten = next(branch for branch in self.branches if branch is not self.branch)
            self.branches.remove(forgotten)
        self.branch = self.branch.fork(finished, edit)
        self.branches.append(self.branch)
        cursor = self.cursor if again else 0
        self.open(finished + 1)
        self._play(cursor)
        self._note_furthest()
        again = again and self.cursor > 0
        return Message("forked", {"edit": edit, "iteration": finished + 1, "again": again, "forgotten": forgotten})

    def take_branches(
        self, edits: Sequence[Sequence[tuple[int, Edit]]], furthest: Sequence[Place], number: int
    ) -> None:
        """Have branches with these edits, each behind so many finished iterations, and move to the start of one.

        A branch that is there already stays what it is; two may have the same edits. `furthest` are the latest places
        that were ever reached on them. Raises IndexError where there is none such.
        """
        there = {branch.made: branch for branch in self.branches}
        branches: list[Branch] = []
        for made, place in zip(map(tuple, edits), furthest, strict=True):
            branch = there.get(made)
            if branch is None or branch in branches:
                known = next((made[:count] for count in reversed(range(len(made))) if made[:count] in there), None)
                branch = Branch() if known is None else there[known]
                if known is None:
                    branch.states, branch.milestones = self.branch.states.until(0), dict(self.branch.milestones)
                for finished, edit in made[len(known or ()) :]:
                    branch = branch.fork(finished, edit)
                there[made] = branch
            branch.furthest = max(branch.furthest, place)
            branches.append(branch)
        self.branches = branches
        self.open_branch(branches[number], START)

    def open_branch(self, branch: Branch, place: Place) -> None:
        """Move to a place on another of the branches; an error stops earlier."""
        self.branch = branch
        iteration, cursor, self._fine = place
        self.open(iteration)
        self._play(cursor)

    def switch(self) -> Message | None:
        """Move to the same place on the branch before this one, of the oldest to the newest, or as far as that went.

        Where there is no other branch, nothing moves, and there is no message.
        """
        count = len(self.branches)
        if count == 1:
            return None
        number = (self.branches.index(self.branch) - 1) % count
        branch = self.branches[number]
        there = self._wanted[1] if self._wanted[0] == (self.branch, self.place) else self.place
        self.open_branch(branch, there if there[:2] <= branch.furthest[:2] else branch.furthest)
        self._wanted = (branch, self.place), there
        same = self.place == there
        return Message("switched", {"branch": self.branch, "number": number + 1, "count": count, "same": same})

    def _moved(self, stop: Stop | None, moved: bool) -> bool:
        if moved:
            self._fine = stop is after_event and self.cursor > 0
            self._note_furthest()
        return moved

    def _note_furthest(self) -> None:
        if self.place[:2] >= self.branch.furthest[:2]:
            self.branch.furthest = self.place
        self._note_loss(self.cursor)

    def _note_loss(self, cursor: int) -> None:
        """Keep the loss if it was measured before the cursor: events are recorded before they are seen."""
        measured = self.recording.evaluated.get(self.graph.loss, cursor)
        if measured < cursor:
            event = self.recording.events[measured]
            assert isinstance(event, NodeEvaluated)
            self.losses.record(self.recording.iteration, float(event.value))

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

    def _play(self, cursor: int | None, is_over: Callable[[], bool] = lambda: False) -> bool:
        """Put the cursor behind so many events of the current iteration, or behind the last; return whether it is."""
        events = self.recording.events
        # one event more than is passed, as in going forward: a mistake shows behind the last one
        while not self.recording.finished and (cursor is None or len(events) <= cursor):
            self._record()
            if is_over():
                self.cursor = len(events) - 1
                return False
        self.cursor = len(events) if cursor is None else min(cursor, len(events))
        return True

    def _advance(self, iterations: int, is_over: Callable[[], bool] = lambda: False) -> PastIteration | None:
        """Train on from the start of an iteration without events, keeping states and losses; return the last one."""
        last = None
        for _ in range(iterations):
            state = self._start()
            self._keep(state)
            try:
                loss = self.course.run()
            except MinidlError:
                # the stepping path comes to the same mistake, and shows how
                self.course.restore(state, self.branch.edits)
                break
            last = PastIteration(state, loss)
            self.losses.record(self.course.finished, loss)
            if is_over():
                break
        return last

    def _start(self) -> State:
        """Return the state that the next iteration starts from, and make the edits of the branch that are due there."""
        state = self.branch.edited(self.course.state(self.branch.edits))
        if self.program.steps or state.finished in self.branch.edits:
            self.course.restore(state, self.branch.edits)
        return state

    def _begin_next(self) -> Recording:
        last = self.recording.events[-1]
        assert isinstance(last, IterationFinished)
        gradients = None if self.program.is_hunted else self.recording.gradients  # a forecast is made with right ones
        self._begin_another(PastIteration(self.recording.start, last.loss, gradients))
        return self.recording

    def _begin_another(self, previous: PastIteration | None) -> None:
        self.leave(self.recording)
        self.recording = self._begin(previous)
        self.cursor = 0

    def _begin(self, previous: PastIteration | None) -> Recording:
        state = self._start()
        self._keep(state)
        self._events = self.course.begin(state, self.branch.edits)
        return self._recording_of(state, previous)

    def _recording_of(self, state: State, previous: PastIteration | None) -> Recording:
        course, edits = self.course, self.branch.edits
        finished, optimizer = state.finished, course.stepper.optimizer
        step, as_recorded = course.step_of(finished), course.as_recorded(finished, edits)
        graph, due = course.graph_of(finished), edits.get(finished, ())
        theirs = None if as_recorded is None else as_recorded.theirs
        if previous is not None and course.graph_of(finished - 1) is not graph:
            previous = previous._replace(loss=None)
        return Recording(graph, optimizer, state, previous, due, step, theirs, course.goes_on)

    def _keep(self, state: State) -> None:
        self.branch.states.keep(state)
        if state.finished in MILESTONES:
            self.branch.milestones.setdefault(state.finished, state)

    def _record(self) -> None:
        recording = self.recording
        try:
            event = next(self._events)
        except MinidlError as error:
            recording.error = error
            return
        recording.append(event)
