"""What a question is, how an answer to it is judged, and the step that it is about."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from minidl_core import ContributionAdded, Event, Node, Operation
from minidl_core.arrays import Array

from ..debugger.edges import operands
from ..debugger.followed import Followed
from ..debugger.moment import Moment
from ..inspector import inspector_title
from ..narration.wording import NAME_LENGTHS, Name, naming, unmark
from ..notation.formats import number
from ..notation.names import slope_name
from .arithmetic import read_number

MOST_CHOICES = 4
ANSWERS = ("beliefs", "check", "ledger", "update", "forward mode")
"""What would answer any question about the step that comes."""


class Mistake(NamedTuple):
    """A wrong answer, as it is written, with a sentence: which belief makes it, or what it gives; perhaps a number."""

    answer: str
    sentence: str
    number: float | None = None


@dataclass(frozen=True)
class Question:
    """A question in ever shorter `wordings`, which are marked (see wording.py).

    It has `choices`, of which one is the `answer`; or none, and what is typed is compared with the `number`, from which
    it may differ by the `tolerance`, or, where there is none, by 1 %. `given` are the numbers that are needed, `why`
    explains the answer where the step's own sentence does not. `mistakes` are wrong answers of which it is known what
    is wrong.
    """

    kind: str
    wordings: tuple[str, ...]
    answer: str
    choices: tuple[str, ...] = ()
    number: float | None = None
    given: tuple[str, ...] = ()
    why: str = ""
    hides_queue: bool = False
    hides_shape_of: Node | None = None
    tolerance: float | None = None
    mistakes: tuple[Mistake, ...] = ()

    @property
    def text(self) -> str:
        """The question in its longest wording, without marks."""
        return unmark(self.wordings[0])

    @property
    def reason(self) -> str:
        """The answer and why it is so; empty where the step's own sentence says it."""
        return f"{self.answer}: {self.why}" if self.why else ""

    def is_answered_by(self, what: str) -> bool:
        """Return whether this, a view, "beliefs" or "log", would answer it."""
        return what in ANSWERS or self.hides_queue or self.hides_shape_of is not None

    @property
    def gives_answer_away(self) -> bool:
        """Whether its text has the answer in it, because a node has that name."""
        return self.answer in {word.strip(".,;?") for word in self.text.split()}


def judge(question: Question, answer: str) -> bool:
    """Return whether an answer is right: the right choice, or a number that is near enough, or with the digits shown.

    A number within 1 % is near enough, unless the question says how near it must be.
    """
    if answer == question.answer:  # also where it is rounded by more than the tolerance
        return True
    if question.number is None:
        return False
    if question.tolerance is not None:
        typed = read_number(answer)
        return typed is not None and abs(typed - question.number) <= question.tolerance
    return _is_near(answer, question.number)


def belief_behind(question: Question, answer: str) -> str:
    """Return which belief makes a wrong answer, or what it gives, as a sentence; nothing where that is not known."""
    for mistake in question.mistakes:
        typed = not question.choices and mistake.number is not None and _is_near(answer, mistake.number)
        if typed or mistake.answer == answer:
            return f"{answer}: {mistake.sentence}."
    return ""


def _is_near(answer: str, wanted: float) -> bool:
    typed = read_number(answer)
    return typed is not None and (abs(typed - wanted) <= 0.01 * abs(wanted) or number(typed) == number(wanted))


class Step:
    """A step: the moments before and after it, and of its events those that are not shown yet.

    `event` is the one that it is about, None if that one is shown already, and `node` the node that it is about.
    """

    def __init__(self, before: Moment, after: Moment, followed: Followed) -> None:
        self.before, self.after, self.followed = before, after, followed
        self.events = before.recording.events[before.cursor : after.cursor]
        self.event = after.event if after.shown >= before.cursor else None
        self.node = after.now

    def happens(self, kind: type[Event]) -> bool:
        """Return whether an event of this kind happens to the step's node."""
        return any(isinstance(event, kind) and event.node is self.node for event in self.events)

    def inputs(self, op: Operation) -> list[Array]:
        """Return the arrays that an operation of the step was computed from."""
        return operands(self.after, op)[0]

    @property
    def equations(self) -> list[str]:
        """What the operation of the step computes, of a contribution also what G is."""
        event = self.event
        match event.consumer if isinstance(event, ContributionAdded) else self.node:
            case Operation() as op:
                lines = [inspector_title(self.before, "value", op)]
                if isinstance(event, ContributionAdded):
                    lines.append(f"G = {slope_name(self.before, op)}")
                return lines
        return []

    def asks(
        self,
        kind: str,
        ask: str | Callable[[Name], str],
        answer: str,
        choices: Iterable[str] = (),
        typed: float | None = None,
        given: Iterable[str] = (),
        why: str = "",
        hides_queue: bool = False,
        hides_shape_of: Node | None = None,
    ) -> Question:
        """Return a question about the step, worded with ever shorter names."""
        names = [naming(length, self.node) for length in NAME_LENGTHS]
        wordings = (ask,) if isinstance(ask, str) else tuple(map(ask, names))
        return Question(kind, wordings, answer, tuple(choices), typed, tuple(given), why, hides_queue, hides_shape_of)
