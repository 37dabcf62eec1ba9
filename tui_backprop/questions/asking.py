"""Ask me first: whether questions are asked and who answers, the question that stands, what came of the others."""

from __future__ import annotations

from collections import Counter
from typing import Literal

from minidl_core import IterationFinished

from ..debugger.moment import Moment
from ..debugger.recording import Recording
from ..debugger.steps import after_step
from ..debugger.timeline import Timeline
from ..drawing.palette import Line, Span
from ..inspector import Pinned
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
    def asked(self) -> Counter[str]:
        """How many questions of each kind there were."""
        return self.right + self.wrong + self.skipped


class Asking:
    """The state of asking: in `mode` me the learner answers, in room nobody types and the next press reveals.

    `notes` are ever shorter ways to say beside the step what came of its question. While `summing_up` holds, the score
    is shown in full.
    """

    def __init__(self) -> None:
        self.mode: Mode = "off"
        self.question: Question | None = None
        self.typed = ""
        self.complaint = ""
        self.notes: list[Line] = []
        self.score = Score()
        self.summing_up = False
        self._verdict: list[Line] = []
        self._place: tuple[Recording, int] | None = None

    def change_mode(self) -> None:
        """Ask me, then the room, then nobody; a question that stands is withdrawn."""
        self.mode = NEXT_MODE[self.mode]
        self.question, self._verdict = None, []
        self.summing_up = self.mode == "room" and self.score.asked.total() > 0
        said = {
            "me": "space asks before it shows a step; m: ask the room",
            "room": "space asks, the next space reveals; m: stop asking",
            "off": "no more questions",
        }
        self.notes = [[(said[self.mode], "key")]]
        if self.mode == "me":
            self.score = Score()

    def ask(self, timeline: Timeline, pinned: Pinned) -> bool:
        """Put the question about the next step, and return whether there is one."""
        if timeline.at_end_of_iteration:
            timeline.begin_next()
        after = timeline.peek(after_step)
        self.question = question_about(timeline.moment, after, pinned) if after is not None else None
        self._place = timeline.recording, timeline.cursor
        self.typed = self.complaint = ""
        self.notes, self.summing_up = [], False
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

    @property
    def answered(self) -> bool:
        """Whether the question is done with, so that its step can be shown."""
        return bool(self._verdict)

    def reveal(self) -> None:
        """Give the answer away."""
        assert self.question is not None
        self._verdict = [[(f"it is {self.question.answer}", "title"), *self._why()]]

    def _answer(self, question: Question, answer: str) -> None:
        if judge(question, answer):
            self.score.right[question.kind] += 1
            self._verdict = [[("✓ right: ", "done"), (question.answer, "title")]]
        else:
            self.score.wrong[question.kind] += 1
            right = [(question.answer, "title"), *self._why()]
            whole = [("✗ not ", "error"), (answer, "text"), (": it is ", "error"), *right]
            self._verdict = [whole, [("✗ it is ", "error"), *right]]

    def _why(self) -> Line:
        return [(f": {self.question.why}", "text")] if self.question is not None and self.question.why else []

    def moved(self, moment: Moment) -> None:
        """Forget the question, and say beside the new moment what came of it; at the end of an iteration sum up."""
        self.question = None
        self.notes, self._verdict = self._verdict, []
        finished = isinstance(moment.event, IterationFinished)
        self.summing_up = self.mode == "me" and finished and self.score.asked.total() > 0

    @property
    def states(self) -> list[Line]:
        """Who is asked, and how many answers were right, in ever shorter ways."""
        asked = self.score.asked.total()
        if self.mode == "me":
            score: list[Span] = [(f"{self.score.right.total()} of {asked} right", "text")] if asked else []
            who: Line = [("ask me first", "key")]
            return [[*who, ("  ", "text"), *score], score, []] if asked else [who]
        return [[("ask the room", "key")] if self.mode == "room" else []]
