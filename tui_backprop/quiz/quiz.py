"""The quiz: whether questions are asked and who answers, the question that stands, what came of the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from minidl_core import IterationFinished, Node

from ..debugger.branches import Branch
from ..debugger.followed import Followed
from ..debugger.message import Message
from ..debugger.moment import Moment
from ..debugger.recording import Recording
from ..debugger.steps import after_step
from ..debugger.timeline import Timeline
from .answered import Answered, Where, read_answered
from .arithmetic import CLEARS, LONGEST_ANSWER, can_be_typed, is_typed, read_number
from .question import Question, belief_behind, judge

Mode = Literal["off", "me", "room", "class", "drive"]
NEXT_MODE: dict[Mode, Mode] = {"off": "me", "me": "room", "room": "off", "class": "me"}
_CHOICES = "1234"


class Score:
    """How many questions of each kind were answered right, wrong, and not at all."""

    def __init__(self) -> None:
        self.right: Counter[str] = Counter()
        self.wrong: Counter[str] = Counter()
        self.skipped: Counter[str] = Counter()

    @property
    def answered(self) -> Counter[str]:
        """How many questions of each kind were answered, right or wrong."""
        return self.right + self.wrong

    @property
    def asked(self) -> Counter[str]:
        """How many questions of each kind there were."""
        return self.answered + self.skipped

    def written(self) -> dict[str, list[int]]:
        """Return what a session's file has of it: by kind how many were right, wrong and not answered."""
        return {kind: [self.right[kind], self.wrong[kind], self.skipped[kind]] for kind in self.asked}

    def take_up(self, says: Mapping[str, Any]) -> None:
        """Go on from what was written; raises TypeError or ValueError where that is damaged."""
        for kind, counts in says.items():
            self.right[kind], self.wrong[kind], self.skipped[kind] = map(int, counts)


class Outcome(NamedTuple):
    """What came of a question: the answer that was given, None where it was given away, and whether it was right.

    `answers` are those of a class.
    """

    question: Question
    given: str | None
    right: bool = False
    answers: tuple[str, ...] = ()

    @property
    def reason(self) -> str:
        """Which belief is behind a wrong answer, and why the right one is right, if the step's sentence says it not."""
        behind = "" if self.given is None else belief_behind(self.question, self.given)
        return "" if self.right else " ".join(filter(None, (behind, self.question.reason)))


class Quiz:
    """The state of a quiz: in `mode` me the learner answers, in room nobody types and the next step reveals.

    In mode class a teacher asks: an answer is `given`, and may be changed, until the teacher reveals. Who leads a class
    has `answers_of_class`, those that were given so far, else None, and `class_size`, how many can answer.
    `question` is the one that stands, `typed` what is typed so far as its answer, `complaint` why that is none yet.
    `outcome` is what came of the question about the step that led here. While `summing_up` holds, the score is due.
    `answers` are all that were given, or given away.
    """

    def __init__(self) -> None:
        self.mode: Mode = "off"
        self.question: Question | None = None
        self.typed = ""
        self.complaint: Message | None = None
        self.outcome: Outcome | None = None
        self.score = Score()
        self.summing_up = False
        self.answers: list[Answered] = []
        self.given: str | None = None
        self.answers_of_class: tuple[str, ...] | None = None
        self.class_size = 0
        self._answer: Outcome | None = None
        self._place: tuple[Recording, int] | None = None
        self._asked: Where | None = None

    def written(self, branches: Sequence[Branch]) -> dict[str, Any]:
        """Return what a session's file has of it."""
        answers = [answer.written(branches) for answer in self.answers]
        return {"asks": self.mode, "answers": answers, "score": self.score.written()}

    def take_up(self, says: Mapping[str, Any], timeline: Timeline) -> None:
        """Go on from what was written, at the moment at which it was.

        Raises KeyError, IndexError, TypeError or ValueError where that is damaged.
        """
        while self.mode != says["asks"]:
            self.change_mode()
            if self.mode == "off":
                break
        self.answers = [read_answered(each, timeline.branches) for each in says["answers"]]
        self.score.take_up(says.get("score", {}))
        self.moved(timeline.moment)

    def change_mode(self) -> Message:
        """Ask me, then the room, then nobody; a question that stands is withdrawn."""
        self.mode = NEXT_MODE[self.mode]
        self.question = self.outcome = self._answer = None
        self.summing_up = self.mode == "room" and self.score.asked.total() > 0
        if self.mode == "me":
            self.score = Score()
        return Message("quiz mode", {"mode": self.mode})

    def ask(self, timeline: Timeline, followed: Followed) -> bool:
        """Put the question about the next step, and return whether there is one."""
        if timeline.at_end_of_iteration:
            timeline.begin_next()
        from .questions import question_about  # which nobody may ever ask for

        after = timeline.peek(after_step)
        self.question = question_about(timeline.moment, after, followed) if after is not None else None
        self._place = timeline.recording, timeline.cursor
        self._asked = Where(timeline.branch, timeline.place, followed.alone)
        self.typed, self.complaint, self.outcome, self.summing_up = "", None, None, False
        self.given = None
        return self.question is not None

    def keep_to(self, timeline: Timeline) -> None:
        """Withdraw the question if time has moved on, or been changed by an edit, without an answer."""
        if self._place != (timeline.recording, timeline.cursor):
            self.question = None

    @property
    def takes_answers(self) -> bool:
        """Whether a question stands that the learner is to answer."""
        return self.question is not None and self.mode in ("me", "class")

    @property
    def asks(self) -> bool:
        """Whether a step may wait for an answer."""
        return self.mode in ("me", "room") or self.question is not None

    @property
    def answered(self) -> bool:
        """Whether the question is done with, so that its step can be shown."""
        return self._answer is not None

    @property
    def picks_node(self) -> bool:
        """Whether the answer is a node that is chosen in the graph."""
        return False

    def go_on(self, timeline: Timeline) -> bool:
        """Move to the end of the step that the question was about, and return whether that went anywhere."""
        return timeline.forward(after_step)

    def press(self, key: str, character: str | None, node: Node | None) -> bool:  # noqa: ARG002 (a node may be chosen)
        """Take a key for the answer, and return whether it was one; `node` is the one in view."""
        if key == "escape":
            self.skip()
        elif self.question is not None and self.question.choices:
            return character is not None and self.choose(_CHOICES.find(character))
        elif key == "enter":
            self.submit()
        elif key == "backspace":
            self.erase()
        elif key == CLEARS:
            self.typed, self.complaint = "", None
        elif character == "q" and not self.typed:
            return False  # with which no number begins: it quits, as anywhere
        elif character and is_typed(character):
            self.type(character)
        else:
            return False
        return True

    def choose(self, position: int) -> bool:
        """Answer with one of the choices, counted from 0, and return whether there is such a choice."""
        question = self.question
        if question is None or not 0 <= position < len(question.choices):
            return False
        self._give(question, question.choices[position])
        return True

    def type(self, character: str) -> None:
        """Add a character to what is typed as the answer, unless it is a letter that is in no number."""
        if not can_be_typed(self.typed + character):
            self.complaint = Message("no number typed", {"typed": character})
            return
        self.typed, self.complaint = (self.typed + character)[:LONGEST_ANSWER], None

    def erase(self) -> None:
        """Take the last character of what is typed away."""
        self.typed, self.complaint = self.typed[:-1], None

    def submit(self) -> None:
        """Answer with what is typed; where that is no number, say so and keep it."""
        if self.question is None:
            return
        if read_number(self.typed) is None:
            self.complaint = Message("no number typed", {"typed": self.typed})
        else:
            self._give(self.question, self.typed)

    def skip(self) -> None:
        """Give the answer away, unanswered; where a teacher asks, take it back."""
        if self.mode == "class":
            self.given, self.typed = None, ""
        elif self.question is not None:
            self.score.skipped[self.question.kind] += 1
            self.reveal()

    def wait(self) -> None:
        """Say that the question waits for its answer."""
        if self.question is not None:
            self.complaint = Message("question waits", {"choices": len(self.question.choices)})

    def reveal(self) -> None:
        """Give the answer away."""
        assert self.question is not None
        self._note(Outcome(self.question, None, answers=self.answers_of_class or ()))

    def reveal_to_class(self, answers: tuple[str, ...]) -> None:
        """Judge what was given, because the teacher reveals, with what all of the class have answered."""
        assert self.question is not None
        if self.given is None:
            self._note(Outcome(self.question, None, answers=answers))
        else:
            self._note(Outcome(self.question, self.given, judge(self.question, self.given), answers))

    def stop(self) -> None:
        """Ask nothing any more."""
        self.mode, self.question, self.outcome, self._answer, self.given = "off", None, None, None, None
        self.summing_up = False

    def leave_class(self) -> None:
        """Drop the question of a teacher, and ask nothing."""
        if self.mode == "class":
            self.mode, self.question, self.given = "off", None, None

    def _give(self, question: Question, given: str) -> None:
        if self.mode == "class":
            self.given, self.complaint = given, None
            return
        right = judge(question, given)
        (self.score.right if right else self.score.wrong)[question.kind] += 1
        self._note(Outcome(question, given, right))

    def _note(self, outcome: Outcome) -> None:
        assert self._asked is not None, "a question was put before it is answered"
        self._answer = outcome
        question = outcome.question
        self.answers.append(Answered(self._asked, question.kind, question.text, outcome.given, outcome.right))

    def moved(self, moment: Moment) -> None:
        """Forget the question and keep what came of it beside the new moment; at the end of an iteration sum up."""
        self.question = None
        self.outcome, self._answer = self._answer, None
        finished = isinstance(moment.event, IterationFinished)
        self.summing_up = self.mode == "me" and finished and self.score.asked.total() > 0
