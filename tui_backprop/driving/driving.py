"""Who drives: which move is to be made, how much of it is given, and which moves come again because they went wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from minidl_core import IterationFinished, Node

from ..debugger.branches import Branch
from ..debugger.followed import Followed
from ..debugger.message import Message
from ..debugger.moment import Moment
from ..debugger.timeline import Timeline
from ..notation.moments import name_moment
from ..notation.names import called
from ..quiz import Question, judge, read_number
from ..quiz.answered import Answered, Where, read_answered, read_where
from ..quiz.quiz import Outcome, Quiz

if TYPE_CHECKING:
    from .moves import Move

SPACING = (3, 7)
"""A move that went wrong comes again after so many moves of its kind; where it is right then, after so many more."""


class Again(NamedTuple):
    """A move that comes again: where it stood, its text, once so many moves of its kind are made, for which time."""

    where: Where
    kind: str
    question: str
    due: int
    time: int = 0

    def written(self, branches: Sequence[Branch]) -> dict[str, Any]:
        """Return what a session's file has of it."""
        about = {"kind": self.kind, "question": self.question, "due": self.due, "time": self.time}
        return {**self.where.written(branches), **about}


def _read_again(says: Mapping[str, Any], branches: Sequence[Branch]) -> Again:
    texts, numbers = (str(says["kind"]), str(says["question"])), (int(says["due"]), int(says["time"]))
    return Again(read_where(says, branches), *texts, *numbers)


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
        self._counted: set[tuple[Branch | None, tuple[int, int | None], Followed, str]] = set()
        self._due: list[Again] = []
        self._reviewed: Again | None = None
        self._home: Where | None = None

    def written(self, branches: Sequence[Branch]) -> dict[str, Any]:
        """Return what a session's file has of it."""
        reviewed, home = self._reviewed, self._home
        stands = None
        if self.question is not None:
            stands = {
                "question": self.question.text,
                "followed": [self.followed.point, self.followed.entry],
                "first": self._first,
                "gave up": self.gave_up,
                "again": None if reviewed is None else reviewed.written(branches),
                "from": None if home is None else home.written(branches),
            }
        drive = {"made": self._made, "again": [each.written(branches) for each in self._due], "stands": stands}
        answers = [answer.written(branches) for answer in self.answers]
        return {"drives": self.is_on, "driving": answers, "driving score": self.score.written(), "drive": drive}

    def take_up(self, says: Mapping[str, Any], timeline: Timeline) -> None:
        """Go on from what was written, at the moment at which it was.

        Raises KeyError, IndexError, TypeError or ValueError where that is damaged.
        """
        branches, drive = timeline.branches, says["drive"]
        self.answers = [read_answered(each, branches) for each in says["driving"]]
        self.score.take_up(says["driving score"])
        self._counted = {_key(each.where, each.question) for each in self.answers}
        self._made = Counter({str(kind): int(count) for kind, count in drive["made"].items()})
        self._due = [_read_again(each, branches) for each in drive["again"]]
        if not says["drives"]:
            return
        self.begin()
        stands = drive["stands"]
        if stands is None:
            self.moved(timeline.moment)
            return
        point, entry = stands["followed"]
        followed = Followed(int(point), tuple(map(int, entry)))
        self._reviewed = None if stands["again"] is None else _read_again(stands["again"], branches)
        about = followed if self._reviewed is None else self._reviewed.where.followed
        moves = list(_moves_at(timeline, about))
        while moves and moves[0].question.text != stands["question"]:
            del moves[0]
        if not moves:  # of a script that has changed, or on a machine where the numbers differ
            self.ask(timeline, followed)
            return
        self._moves, self.followed = moves if self._reviewed is None else moves[:1], followed
        self._place, self._asked = (timeline.recording, timeline.cursor), Where(timeline.branch, timeline.place, about)
        if stands["from"] is not None:
            self._home, self.again = read_where(stands["from"], branches), name_moment(timeline)
        self._put()
        self._first = None if stands["first"] is None else str(stands["first"])
        self.gave_up = bool(stands["gave up"])
        if self.gave_up:
            self._tell()

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
        about = self.followed if self._reviewed is None else self._reviewed.where.followed
        self._asked = Where(timeline.branch, timeline.place, about)
        self._put()
        return True

    def put(self, timeline: Timeline, followed: Followed, text: str) -> bool:
        """Put the move of this text, untold, as if it had never been made; return whether it is one of those here."""
        moves = [move for move in _moves_at(timeline, followed) if move.question.text == text]
        if not moves:
            return False
        self.begin()
        self._counted.clear()
        self._moves, self.followed, self._due, self._reviewed = moves[:1], followed, [], None
        self._made[moves[0].question.kind] = 2
        self._place = timeline.recording, timeline.cursor
        self._asked = Where(timeline.branch, timeline.place, followed)
        self._put()
        return True

    def _review(self, timeline: Timeline, kind: str) -> None:
        """Go to a move of this kind that is due to come again, if there is one."""
        for again in [each for each in self._due if each.kind == kind and each.due <= self._made[kind]]:
            self._due.remove(again)
            if again.where.branch in timeline.branches:
                home = Where(timeline.branch, timeline.place, self.followed)
                _travel(timeline, again.where)
                moves = _moves_at(timeline, again.where.followed)
                there = [move for move in moves if move.question.text == again.question]
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
        return home is not None and home.branch in timeline.branches and _travel(timeline, home)

    def moved(self, moment: Moment) -> None:
        """Forget the move and keep what came of it beside the new moment; at the end of an iteration sum up."""
        super().moved(moment)
        self._home = None  # whoever moves away from a move that came again does not come back
        self.summing_up = isinstance(moment.event, IterationFinished) and self.score.asked.total() > 0

    # making it

    def press(self, key: str, character: str | None, node: Node | None) -> bool:
        """Take a key for the move, and return whether it was one; `node` is the one in view."""
        if key == "escape" or not self.picks_node:
            is_capital = character is not None and character.isupper()  # which is a key, as elsewhere
            return not is_capital and super().press(key, character, node)
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
            return
        self.gave_up = True
        if self._first is None:
            self._count(self.question)
        self._tell()

    def _tell(self) -> None:
        assert self.question is not None
        self.told = True
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
            assert self.question is not None
            again = SPACING[0] if self._counts(self.question) else 0
            self._count(self.question)  # now, because who leaves before it is right has made it, too
        self.typed, self.outcome = "", None
        self.complaint = Message("wrong move", {"given": given, "why": why, "again": again})

    def _finish(self, outcome: Outcome) -> None:
        """Count a move that was right at once, and put the one behind it in the same event, if there is one."""
        question, self.complaint = outcome.question, None
        if self._first is not None and judge(question, self._first):
            self._count(question)
        if self._reviewed is None:
            self._made[question.kind] += 1
        self._moves = self._moves[1:]
        if self._moves:
            self.outcome = outcome
            self._put()
        else:
            self._answer = outcome

    def _counts(self, question: Question) -> bool:
        """Return whether the move was not made before, or comes again."""
        assert self._asked is not None
        return self._reviewed is not None or _key(self._asked, question.text) not in self._counted

    def _count(self, question: Question) -> None:
        """Keep the first answer to a move, unless it was made before; have it come again if that was wrong."""
        first, again = self._first, self._reviewed
        if not self._counts(question):
            return
        assert self._asked is not None
        self._counted.add(_key(self._asked, question.text))
        right = first is not None and judge(question, first)
        counter = self.score.right if right else self.score.skipped if first is None else self.score.wrong
        counter[question.kind] += 1
        self.answers.append(Answered(self._asked, question.kind, question.text, first, right))
        time = 0 if not right else len(SPACING) if again is None else again.time + 1
        if time < len(SPACING):
            due = self._made[question.kind] + (again is None) + SPACING[time]  # this one is not among those made
            self._due.append(Again(self._asked, question.kind, question.text, due, time))


def _key(where: Where, question: str) -> tuple[Branch | None, tuple[int, int | None], Followed, str]:
    return where.branch, where.place[:2], where.followed, question


def _moves_at(timeline: Timeline, followed: Followed) -> Sequence[Move]:
    from .moves import moves_at  # nobody has to drive, and the first paint waits for what is imported above

    return moves_at(timeline, followed)


def _travel(timeline: Timeline, where: Where) -> bool:
    assert where.branch is not None
    if where.branch is timeline.branch:
        return timeline.go_to(where.place)
    timeline.open_branch(where.branch, where.place)
    return True
