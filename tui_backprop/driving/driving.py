"""Who drives: which move is to be made, how much of it is given, and which moves come again because they went wrong."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from minidl_core import IterationFinished, Node

from ..debugger.branches import Branch
from ..debugger.followed import Followed
from ..debugger.message import Message
from ..debugger.moment import Moment
from ..debugger.steps import Place
from ..debugger.timeline import Timeline
from ..notation.moments import name_moment
from ..notation.names import called
from ..quiz import Question, judge, read_number
from ..quiz.quiz import Answered, Outcome, Quiz

if TYPE_CHECKING:
    from .moves import Move

SPACING = (3, 7)
"""A move that went wrong comes again after so many moves of its kind; where it is right then, after so many more."""

_IN_A_NUMBER = re.compile(r"[-−+*/·×^().,0-9a-z]")
"""What is typed of a number or a computation; any other key is not the move's."""

Where = tuple[Branch, Place]


class Again(NamedTuple):
    """A move that comes again: where it stood, its text, once so many moves of its kind are made, for which time."""

    where: Where
    followed: Followed
    question: Question
    due: int
    time: int = 0


class Driving(Quiz):
    """A quiz whose questions are the engine's moves, each of which stands until it is made right or given up.

    Its `move` is the one that stands, and while `told`, how it is worked is shown, so that it may be gone on. The first
    move of a kind is told at once, the second has its start given; any is told to whom `gave_up`. `again` says of which
    moment the move is, where it comes again. A move counts by its first answer, and once, however often one goes back.
    """

    def __init__(self) -> None:
        super().__init__()
        self.followed = Followed()
        self.told = False
        self.again = ""
        self._moves: Sequence[Move] = ()
        self._first: str | None = None
        self.gave_up = False
        self._made: Counter[str] = Counter()
        self._counted: set[tuple[Branch, Place, Followed, str]] = set()
        self._due: list[Again] = []
        self._reviewed: Again | None = None
        self._home: Where | None = None

    @property
    def is_on(self) -> bool:
        """Whether the learner drives."""
        return self.mode == "drive"

    @property
    def move(self) -> Move | None:
        """The move that stands."""
        return self._moves[0] if self.question is not None and self._moves else None

    @property
    def takes_answers(self) -> bool:
        """Whether a move stands."""
        return self.question is not None

    @property
    def asks(self) -> bool:
        """Whether a step may wait for a move."""
        return self.is_on

    @property
    def picks_node(self) -> bool:
        """Whether the move is to choose a node in the graph."""
        return self.move is not None and self.move.node is not None

    @property
    def start(self) -> str:
        """How the move begins, where that is given."""
        move = self.move
        given = move is not None and not self.told and not self.again and self._made[move.question.kind] == 1
        return move.start if move is not None and given else ""

    def begin(self) -> None:
        """Have the learner drive."""
        self.mode = "drive"

    def end(self, timeline: Timeline) -> None:
        """Have the engine drive again; from a move that came again, return to where it broke in."""
        self._return(timeline)
        self.stop()

    def ask(self, timeline: Timeline, followed: Followed) -> bool:
        """Put the move that is next here, or one that comes again, to which time moves; return whether there is one."""
        if self.question is not None:
            return True
        self.followed, self._reviewed, self.again = followed.alone, None, ""
        self._moves = () if timeline.at_end_of_iteration else _moves_at(timeline, self.followed)
        if not self._moves:
            return False
        self._review(timeline, self._moves[0].question.kind)
        self._place = timeline.recording, timeline.cursor
        about = self.followed if self._reviewed is None else self._reviewed.followed
        self._asked = timeline.branch, timeline.place, about
        self._put()
        return True

    def _review(self, timeline: Timeline, kind: str) -> None:
        """Go to a move of this kind that is due to come again, if there is one."""
        for again in [each for each in self._due if each.question.kind == kind and each.due <= self._made[kind]]:
            self._due.remove(again)
            if again.where[0] in timeline.branches:
                home = timeline.branch, timeline.place
                _travel(timeline, again.where)
                there = [
                    move for move in _moves_at(timeline, again.followed) if move.question.text == again.question.text
                ]
                if there:
                    self._moves, self._home, self._reviewed = there, home, again
                    self.again = name_moment(timeline)
                    return
                _travel(timeline, home)

    def _put(self) -> None:
        """Have the first of the moves stand, told or with its queue in sight where it is new."""
        question = self._moves[0].question
        made = self._made[question.kind]
        self.told = not made
        self.question = replace(question, hides_queue=question.hides_queue and made > 1)
        self._first, self.gave_up, self.typed, self.complaint = None, False, "", None

    def go_on(self, timeline: Timeline) -> bool:
        """Move to the next move, or from one that came again to where it broke in."""
        from .moves import before_move

        return self._return(timeline) if self._home is not None else timeline.forward(before_move)

    def _return(self, timeline: Timeline) -> bool:
        home, self._home = self._home, None
        return home is not None and home[0] in timeline.branches and _travel(timeline, home)

    def moved(self, moment: Moment) -> None:
        """Forget the move and keep what came of it beside the new moment; at the end of an iteration sum up."""
        super().moved(moment)
        self._home = None  # whoever moves away from a move that came again does not come back
        self.summing_up = isinstance(moment.event, IterationFinished) and self.score.asked.total() > 0

    # making it

    def press(self, key: str, character: str | None, node: Node | None) -> bool:
        """Take a key for the move, and return whether it was one; `node` is the one in view."""
        if key == "escape" or not self.picks_node:
            is_key = character is not None and character.isprintable() and not _IN_A_NUMBER.fullmatch(character)
            return not is_key and super().press(key, character, node)
        if key != "enter" or node is None:
            return False
        self.choose_node(node)
        return True

    def choose_node(self, node: Node) -> None:
        """Make the move with a node."""
        move, question = self.move, self.question
        assert move is not None
        assert question is not None
        if node is move.node:
            self._give(question, question.answer)
        else:
            self._note_wrong(called(node), move.explain(node))

    def submit(self) -> None:
        """Make the move with what is typed; where it is told and nothing is typed, go on."""
        if self.told and not self.typed:
            self.skip()
        else:
            super().submit()

    def wait(self) -> None:
        """Go on where the move is told; else say that it waits."""
        if self.told:
            self.skip()
        else:
            self.complaint = Message("move waits", {"picks": self.picks_node})

    def skip(self) -> None:
        """Tell how the move is worked; where that is told already, have the engine make it."""
        if self.question is None:
            return
        if self.told:
            self._finish(Outcome(self.question, None))
        else:
            self.told = self.gave_up = True
            self.question = replace(self.question, hides_queue=False)
            self.complaint = None

    def _give(self, question: Question, given: str) -> None:
        if judge(question, given):
            if self._first is None and not self.told:
                self._first = given
            self._finish(Outcome(question, given, right=True))
        else:
            value, move = read_number(given), self.move
            assert move is not None
            self._note_wrong(given, "" if value is None else move.explain(value))

    def _note_wrong(self, given: str, why: str) -> None:
        again = 0
        if self._first is None and not self.told:
            self._first = given
            again = SPACING[0] if self.move is not None and self._counts(self.move.question) else 0
        self.typed, self.outcome = "", None
        self.complaint = Message("wrong move", {"given": given, "why": why, "again": again})

    def _finish(self, outcome: Outcome) -> None:
        """Count the move that was made, and put the one behind it in the same event, if there is one."""
        question, self.complaint = outcome.question, None
        if self._reviewed is None:
            self._made[question.kind] += 1
        self._count(question)
        self._moves = self._moves[1:]
        if self._moves:
            self.outcome = outcome
            self._put()
        else:
            self._answer = outcome

    def _counts(self, question: Question) -> bool:
        """Return whether the move was not made before, or comes again."""
        assert self._asked is not None
        return self._reviewed is not None or (*self._asked, question.text) not in self._counted

    def _count(self, question: Question) -> None:
        """Keep what came of a move, unless it was an example or was made before; have it come again if it was wrong."""
        first, again = self._first, self._reviewed
        if (first is None and not self.gave_up) or not self._counts(question):
            return
        assert self._asked is not None
        self._counted.add((*self._asked, question.text))
        right = first is not None and judge(question, first)
        counter = self.score.right if right else self.score.skipped if first is None else self.score.wrong
        counter[question.kind] += 1
        self.answers.append(Answered(*self._asked, question, first, right))
        time = 0 if not right else len(SPACING) if again is None else again.time + 1
        if time < len(SPACING):
            branch, place, followed = self._asked
            due = self._made[question.kind] + SPACING[time]
            self._due.append(Again((branch, place), followed, question, due, time))


def _moves_at(timeline: Timeline, followed: Followed) -> Sequence[Move]:
    from .moves import moves_at  # nobody has to drive, and the first paint waits for what is imported above

    return moves_at(timeline, followed)


def _travel(timeline: Timeline, where: Where) -> bool:
    branch, place = where
    if branch is timeline.branch:
        return timeline.go_to(place)
    timeline.open_branch(branch, place)
    return True
