"""Ask me first: whether questions are asked and who answers, the question that stands, what came of the others."""

from __future__ import annotations

from collections import Counter
from typing import Literal

from minidl_core import IterationFinished

from ..debugger.moment import Moment
from ..debugger.recording import Recording
from ..debugger.steps import after_step
from ..debugger.timeline import Timeline
from ..drawing.palette import Line
from ..inspector import Followed
from . import Question, judge, question_about, read_number

Mode = Literal["off", "me", "room"]
NEXT_MODE: dict[Mode, Mode] = {"off": "me", "me": "room", "room": "off"}
LONGEST_ANSWER = 20


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

    def __str__(self) -> str:
        return _score(self.right.total(), self.answered.total(), self.skipped.total())

    def of(self, kind: str) -> str:
        """Say how the questions of a kind were answered."""
        return _score(self.right[kind], self.answered[kind], self.skipped[kind])


def _score(right: int, answered: int, skipped: int) -> str:
    return ", ".join([f"{right} of {answered} right"] * (answered > 0) + [f"{skipped} skipped"] * (skipped > 0))


class Asking:
    """The state of asking: in `mode` me the learner answers, in room nobody types and the next press reveals.

    `notes` are ever shorter ways to say beside the step what came of its question, and `reason` is why it is so, where
    the learner did not say it and the step does not. While `summing_up` holds, the score is shown in full.
    """

    def __init__(self) -> None:
        self.mode: Mode = "off"
        self.question: Question | None = None
        self.typed = ""
        self.complaint = ""
        self.notes: list[Line] = []
        self.reason = ""
        self.score = Score()
        self.summing_up = False
        self._verdict: list[Line] = []
        self._why = ""
        self._place: tuple[Recording, int] | None = None

    def change_mode(self) -> None:
        """Ask me, then the room, then nobody; a question that stands is withdrawn."""
        self.mode = NEXT_MODE[self.mode]
        self.question, self._verdict, self._why = None, [], ""
        self.summing_up = self.mode == "room" and self.score.asked.total() > 0
        said = {
            "me": "space asks before it shows a step; m: ask the room",
            "room": "space asks, the next space reveals; m: stop asking",
            "off": "no more questions",
        }
        self.notes, self.reason = [[(said[self.mode], "key")]], ""
        if self.mode == "me":
            self.score = Score()

    def ask(self, timeline: Timeline, followed: Followed) -> bool:
        """Put the question about the next step, and return whether there is one."""
        if timeline.at_end_of_iteration:
            timeline.begin_next()
        after = timeline.peek(after_step)
        self.question = question_about(timeline.moment, after, followed) if after is not None else None
        self._place = timeline.recording, timeline.cursor
        self.typed = self.complaint = ""
        self.notes, self.reason, self.summing_up = [], "", False
        return self.question is not None

    def keep_to(self, timeline: Timeline) -> None:
        """Withdraw the question if time has moved on, or been changed by an edit, without an answer."""
        if self._place != (timeline.recording, timeline.cursor):
            self.question = None

    def press(self, key: str, character: str | None) -> bool:
        """Take a key for the answer, and return whether it was one; `answered` then tells whether it was the last."""
        question = self.question
        if question is None or self.mode != "me":
            return False
        self.complaint = ""
        if key == "escape":
            self.score.skipped[question.kind] += 1
            self.reveal()
        elif question.choices:
            place = "1234".find(character) if character else -1
            if not 0 <= place < len(question.choices):
                return False
            self._answer(question, question.choices[place])
        elif key == "enter":
            if read_number(self.typed) is None:
                said = f"'{self.typed}' is not a number" if self.typed else "nothing is typed"
                self.complaint = f"{said}; type one such as -0.25"
            else:
                self._answer(question, self.typed)
        elif key == "backspace":
            self.typed = self.typed[:-1]
        elif character and character.isprintable() and character != " ":
            self.typed = (self.typed + character)[:LONGEST_ANSWER]
        else:
            return False
        return True

    def say_what_answers(self) -> None:
        """Say to who wants to go on that the question waits, and which keys it takes."""
        if self.question is not None:
            count = len(self.question.choices)
            self.complaint = f"it waits for an answer: {f'1 to {count}' if count else 'Enter'} answers, Esc skips"

    @property
    def answered(self) -> bool:
        """Whether the question is done with, so that its step can be shown."""
        return bool(self._verdict)

    def reveal(self) -> None:
        """Give the answer away."""
        assert self.question is not None
        self._verdict = [[("the answer: ", "dim"), (self.question.answer, "title")]]
        self._why = self.question.reason

    def _answer(self, question: Question, answer: str) -> None:
        if judge(question, answer):
            self.score.right[question.kind] += 1
            self._verdict = [[("✓ right: ", "done"), (question.answer, "title")]]
        else:
            self.score.wrong[question.kind] += 1
            given, right = f"'{answer}'" if " " in answer else answer, (question.answer, "title")
            whole: Line = [("✗ not ", "error"), (given, "text"), (": ", "error"), right]
            self._verdict = [whole, [("✗ the answer: ", "error"), right]]
            self._why = question.reason

    def moved(self, moment: Moment) -> None:
        """Forget the question, and say beside the new moment what came of it; at the end of an iteration sum up."""
        self.question = None
        self.notes, self._verdict = self._verdict, []
        self.reason, self._why = self._why, ""
        finished = isinstance(moment.event, IterationFinished)
        self.summing_up = self.mode == "me" and finished and self.score.asked.total() > 0

    @property
    def states(self) -> list[Line]:
        """Who is asked, and how many answers were right, in ever shorter ways."""
        if self.mode == "me":
            who, score = ("ask me first", "key"), (str(self.score), "text")
            return [[who, ("  ", "text"), score], [score], []] if score[0] else [[who]]
        return [[("ask the room", "key")] if self.mode == "room" else []]
