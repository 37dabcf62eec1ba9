"""What one person, or a class, does with an open program: step, go, run, edit, ask, break, save.

A session has no screen. A front end calls it, draws what its viewers look at, and writes its messages as sentences. A
run is driven from outside as well: while there is a `running` speed, `tick` is to be called at that pace.

What few sessions do is imported where they do it: the first paint waits for what is imported here.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from weakref import WeakSet

from minidl_core import Node

from ..debugger.breakpoints import Breakpoint, Breakpoints
from ..debugger.edits import Edit
from ..debugger.followed import Followed
from ..debugger.loss_graph import LossGraph
from ..debugger.message import Message
from ..debugger.moment import Moment
from ..debugger.running import LARGE_GRAPH, Run, Speed
from ..debugger.steps import START, STOPS, Place
from ..debugger.timeline import Timeline
from ..driving import Driving
from ..graph.foldings import Foldings
from ..notation.fitting import printable
from ..notation.moments import command
from ..programs.program import Program
from ..quiz.masked import mask
from ..quiz.quiz import Quiz
from .session_file import save_session

if TYPE_CHECKING:
    from ..hunt.hunt import Guess, Hunt


class Follower(Protocol):
    """Whoever looks at a session, and is to know of its moves."""

    def follow_time(self) -> None:
        """Look at what the moment is about: time has moved."""

    def deselect(self) -> None:
        """Look at what the moment is about, unless something is to stay in view."""


class DebugSession:
    """A program that is open: its `timeline`, its `breakpoints`, and who looks at it, its `viewers`.

    Either it is `asking` questions or the learner is `driving`; the `quiz` is the one of them that is on.

    `message` is about what was done last. A run pauses at the end of every so many iterations (0: never).
    `moves` counts what moved it or changed what it asks. `standing` says how it stands to a class, if it is in one.
    Where it `has_files`, what is kept of it goes into one; else to the terminal of whoever looks at it. `hunt` is the
    hunt for the mistake in what takes the program's steps, if there is one.
    """

    def __init__(
        self, program: Program, pause_every: int = 100, *, has_files: bool = True, hunt: Hunt | None = None
    ) -> None:
        self.program = program
        self.has_files = has_files
        self.hunt = hunt
        self.timeline = timeline = Timeline(program)
        self._foldings: dict[LossGraph, Foldings] = {}
        self.breakpoints = Breakpoints()
        self.asking = Quiz()
        self.driving = Driving()
        self.viewers: WeakSet[Follower] = WeakSet()
        self.message = Message("warned", {"text": program.warning}) if program.warning else None
        self.moves = 0
        self.standing: Message | None = None
        self.look_on()
        self._run = Run(timeline, pause_every)
        self._runs = False

    @property
    def foldings(self) -> Foldings:
        """The ways to fold the graph of the current iteration, which all viewers share."""
        graph = self.timeline.graph
        if graph not in self._foldings:
            self._foldings[graph] = Foldings(graph, self.program.lesson.folds, alone=self.program.engine is not None)
        return self._foldings[graph]

    @property
    def quiz(self) -> Quiz:
        """What asks: the moves of a learner who drives, or questions about the steps."""
        return self.driving if self.driving.is_on else self.asking

    @property
    def moment(self) -> Moment:
        """What may be seen now: while a question stands, without what would answer it."""
        return mask(self.timeline.moment, self.quiz.question)

    # time

    def step(self, stop: str = "step", followed: Followed | None = None, *, in_slices: bool = False) -> bool:
        """Move forward to where this kind of move stops, and return whether that went anywhere.

        In slices, a long way through a large graph is a run. The first step while it runs pauses instead. A single step
        waits until the question about it, which is about the `followed` element, is answered.
        """
        if self._runs and stop == "step":
            self.pause()
            return False
        self.driving.followed = followed or self.driving.followed
        if in_slices and stop not in ("step", "event") and self.is_large:
            self._start(lambda: self._run.move_on(STOPS[stop]))
            return True
        if stop != "step" or not self.quiz.asks:
            return self._move(lambda: self.timeline.forward(STOPS[stop]))
        if self.quiz.question is None:
            self.message = None
            iteration = self.timeline.place.iteration
            asked = self.quiz.ask(self.timeline, followed or Followed())
            if self.timeline.place.iteration != iteration:
                self._have_time_followed()
            if asked:
                return False
        elif self.quiz.mode == "room":
            self.quiz.reveal()
        else:
            self.quiz.wait()
            if not self.quiz.answered:
                return False
        return self._move(lambda: self.quiz.go_on(self.timeline))

    def back(self, stop: str = "step", *, in_slices: bool = False) -> bool:
        """Move back to where this kind of move stops, and return whether that went anywhere; in slices as in `step`."""
        to = STOPS[stop]
        if stop == "step" and self.driving.is_on:
            from ..driving.moves import before_move

            to = before_move
        moved = self._seek(self.timeline.place_before(to), in_slices=in_slices)
        if not moved and self.message is None:
            self.message = Message("at the very start")
        return moved

    def first(self) -> bool:
        """Move to the very start, and return whether that went anywhere."""
        return self._move(self.timeline.first)

    def last(self, *, in_slices: bool = False) -> bool:
        """Move to the latest moment that was ever reached, and return whether that went anywhere."""
        return self._seek(self.timeline.furthest, in_slices=in_slices)

    def _seek(self, place: Place, *, in_slices: bool) -> bool:
        """Move to a place where somebody was before, and return whether that goes anywhere."""
        if in_slices and self.is_large and not self.timeline.has(place):
            self._start(lambda: self._run.start(place))
            return True
        return self._move(lambda: self.timeline.go_to(place))

    @property
    def is_large(self) -> bool:
        """Whether it takes long to go through the graph."""
        return len(self.timeline.graph.nodes) > LARGE_GRAPH

    def go(self, place: Place, *, in_slices: bool = False) -> None:
        """Move to a place, training as far as it needs; if it is far ahead, by a run."""
        place = place if place.iteration else START
        far = in_slices and self.is_large and not self.timeline.has(place)
        if far or place.iteration > self.timeline.furthest.iteration + 1:
            self._start(lambda: self._run.start(place))
        else:
            self._move(lambda: self._run.arrive(place))

    def edit(self, edit: Edit) -> None:
        """Begin a branch with an edit of what the iteration starts from, and stay at the same step."""
        self.pause()
        self.moves += 1
        self.message = self.timeline.fork(edit)
        self.quiz.keep_to(self.timeline)
        self.quiz.outcome = None
        self._put_move()

    def reset(self) -> bool:
        """Start again: forget all branches, and move to the very start."""

        def start_again() -> bool:
            self.timeline.take_branches([()], [Place(1, 0)], 0)
            return True

        return self._move(start_again)

    def switch_branch(self) -> bool:
        """Move to the same step on the next branch, and return whether there is one."""
        if self._move(self.timeline.switch):
            return True
        self.message = self.message or Message("no other branch")
        return False

    def _move(self, move: Callable[[], bool | Message | None]) -> bool:
        self.pause()
        self.moves += 1
        self.message = None
        self._run.message = None
        outcome = move()
        if isinstance(outcome, Message):
            self.message = outcome
        self.quiz.moved(self.timeline.moment)
        if outcome:
            self._have_time_followed()
        elif self.timeline.moment.error is not None:
            self.message = self._run.stopped()
        self.message = self.message or self._run.message
        self._put_move()
        return bool(outcome)

    def _have_time_followed(self) -> None:
        for viewer in self.viewers:
            viewer.follow_time()

    # running

    @property
    def running(self) -> Speed | None:
        """How fast it runs; None where it does not."""
        return self._run.speed if self._runs else None

    @property
    def is_seeking(self) -> bool:
        """Whether it runs to a place or to a breakpoint, at a speed that cannot be changed."""
        return self._runs and self._run.seeks

    def run(self) -> None:
        """Run, or pause; while questions are asked a run would pass them all, so it is refused."""
        if self._runs:
            self.pause()
        elif not self._refuses("run"):
            self._start(self._run.start)

    def resume(self, *, backwards: bool = False) -> None:
        """Go on to the next breakpoint, forwards or back; not while questions are asked."""
        if self._refuses("resume"):
            return
        self.pause()
        if self.breakpoints.on:
            self._start(lambda: self._run.look_for(self.breakpoints, backwards=backwards))
        else:
            self.message = Message("no breakpoint is on", {})

    def _start(self, begin: Callable[[], None]) -> None:
        self.moves += 1
        self.message = None
        for viewer in self.viewers:
            viewer.deselect()
        begin()
        self._runs = True
        self.quiz.keep_to(self.timeline)

    def tick(self, is_awaited: Callable[[], bool] = lambda: False) -> None:
        """Go on by one tick of a run, a short one once its end is awaited; where the run ends there is a message."""
        if self._runs:
            goes_on = self._run.tick(is_awaited)
            self.quiz.keep_to(self.timeline)
            if not goes_on:
                self.pause()
                self.message = self._run.message
                if self.message is not None and self.message.kind == "breakpoint hit":
                    self.look("stop", *self.timeline.place)
                self._put_move()

    def pause(self, why: Message | None = None) -> None:
        """Let time stand still, and say why."""
        if self._runs:
            self._runs = False
            self.message = why

    def change_speed(self, by: int) -> None:
        """Run faster, or more slowly, by so many places in the table of speeds."""
        if not self._runs:
            self._run.choose_pace()
        if not self.is_seeking:
            self._run.change_speed(by)
            self.message = Message("speed", {"speed": self._run.speed})

    def say_where(self) -> str:
        """Return the command that opens the app at the current moment; the message has it, too."""
        self.pause()
        where = printable(command(self.timeline))
        self.message = Message("where", {"command": where})
        return where

    # breakpoints

    def toggle_breakpoint(self, node: Node | None) -> None:
        """Set a breakpoint on a node, or take it away."""
        self.pause()
        if node is None:
            self.message = Message("nothing to break on", {})
            return
        from ..notation.conditions import at_node

        here = at_node(node)
        if self.breakpoints.remove(here):
            self.message = Message("breakpoint removed", {"breakpoint": here})
        else:
            self.breakpoints.add(here)
            self.message = Message("breakpoint set", {"breakpoint": here, "in_view": True})

    def break_at(self, point: Breakpoint) -> None:
        """Set a breakpoint."""
        self.breakpoints.add(point)
        self.message = Message("breakpoint set", {"breakpoint": point, "in_view": False})

    @property
    def stops(self) -> frozenset[Node]:
        """The nodes with a breakpoint that is on."""
        return frozenset(node for point in self.breakpoints.on for node in point.nodes)

    # the quiz

    def ask(self) -> None:
        """Ask the learner before each step, then the room, then nobody; not in a hunt. Whoever drives stops."""
        self.pause()
        if self.refuses_to_end_hunt("questions"):
            return
        self.moves += 1
        self.end_driving()
        self.message = self.quiz.change_mode()

    def drive(self, followed: Followed | None = None) -> None:
        """Have the learner make the engine's moves, about the `followed` element, or no more; not in a hunt."""
        self.pause()
        if self.refuses_to_end_hunt("moves"):
            return
        self.moves += 1
        if self.driving.is_on:
            self.end_driving()
            right, answered = self.driving.score.right, self.driving.score.answered
            self.message = Message("engine drives", {"right": right.total(), "answered": answered.total()})
            return
        self.asking.stop()
        self.driving.begin()
        self.driving.followed = followed or self.driving.followed
        moment = self.timeline.moment
        self.message = Message(
            "learner drives", {"forward": moment.phase == "forward", "measured": moment.loss is not None}
        )
        self._put_move()

    def end_driving(self) -> None:
        """Have the engine make its moves again, if the learner made them."""
        if self.driving.is_on:
            self.driving.end(self.timeline)
            self._have_time_followed()

    def _put_move(self) -> None:
        """Have the learner who drives make the next move; time may go to one that comes again."""
        if not self.driving.is_on or self._runs:
            return
        from ..driving.moves import is_left_to_engine

        here = self.timeline.branch, self.timeline.place
        stands = self.driving.ask(self.timeline, self.driving.followed)
        if (self.timeline.branch, self.timeline.place) != here:
            self._have_time_followed()
            self.message = Message("move comes again", {"moment": self.driving.again})
        elif not stands and is_left_to_engine(self.timeline):
            self.message = Message("engine's move")

    def take_answer(self, followed: Followed | None = None) -> None:
        """Show the step whose question is done with; the next move is about the `followed` element."""
        self.message = None
        self.driving.followed = followed or self.driving.followed
        if self.quiz.answered:
            self._move(lambda: self.quiz.go_on(self.timeline))

    def refuses_to_answer(self, what: str) -> bool:
        """Return whether this, a view, "beliefs" or "log", would answer the question that stands, and then say so."""
        question = self.quiz.question
        reveals = question is not None and question.is_answered_by(what)
        if reveals:
            self.quiz.outcome = None
            self.message = Message("would answer", {"what": what, "mode": self.quiz.mode})
        return reveals

    def _refuses(self, what: str) -> bool:
        if not self.quiz.asks or self._runs:
            return False
        self.quiz.outcome = None
        self.message = Message("no run in a quiz", {"what": what, "mode": self.quiz.mode})
        return True

    # the hunt

    def look(self, *what: object) -> None:
        """Count a look at something in a hunt; the same thing is counted once."""
        if self.hunt is not None:
            self.hunt.look(*what)
            self.look_on()

    def look_on(self) -> None:
        """Say in a hunt how many looks it took so far."""
        if self.hunt is not None:
            self.standing = Message("hunting", {"looks": self.hunt.looks, "over": self.hunt.is_over})

    def has_hunt(self) -> bool:
        """Return whether there is something to guess; the message says where there is not."""
        has = self.hunt is not None and not self.hunt.is_over
        self.message = self.message if has else Message("no hunt", {"over": self.hunt is not None})
        return has

    def guess(self, guess: Guess) -> None:
        """Take a guess in a hunt; the message says whether it is right, and when the hunt is over, what was wrong."""
        from .hunting import take_guess

        assert self.hunt is not None
        self.pause()
        self.moves += 1
        self.message = take_guess(self.hunt, guess, keeps_score=self.has_files)
        self.look_on()

    def refuses_to_end_hunt(self, what: str) -> bool:
        """Return whether this is a hunt, where nothing tells what the right engine computes, and then say so."""
        if self.hunt is not None:
            self.message = Message("would end the hunt", {"what": what})
        return self.hunt is not None

    # saving

    def keep(self, path: Path) -> None:
        """Write the session into a file that opens it again; the message says so, or why it cannot be written."""
        self.pause()
        try:
            save_session(path, self)
        except OSError as error:
            self.message = Message("not kept", {"path": path, "why": error.strerror or str(error)})
        else:
            self.message = Message("kept", {"path": path})
