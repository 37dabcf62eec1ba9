"""Reading a lesson: which of its pages is open, what was answered to it, and whether the goal was reached."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from pathlib import Path

from minidl_core import Node

from ..debugger.followed import Followed, is_by_point
from ..debugger.message import Message
from ..debugger.moment import Moment
from ..debugger.pages_fit import read_placeholder
from ..debugger.timeline import Timeline
from ..lessons.lesson import Lesson
from ..lessons.pages import Page, Situation
from ..notation.formats import number
from ..notation.page_text import Numbers, fill, numbers_of
from ..quiz import CLEARS, Question, judge, read_number
from .progress import Progress

_TYPED = "0123456789-−"
_INSIDE = ".,"
"""What belongs to a number that is typed, and what does behind its first sign: alone these are keys."""


def pointed_at(page: Page, moment: Moment, followed: Followed) -> tuple[Node | None, Followed]:
    """Return which node a page is about, None being that of now, and the element that is followed then."""
    nodes = {node.name: node for node in moment.graph.nodes}
    about = read_placeholder(page.node, nodes, moment.graph.loss.name)
    node, followed = None if about is None else nodes[about.node], followed.alone
    shape = None if node is None else moment.shape(node)
    if about is not None and about.element and node is not None and shape is not None:
        followed = followed.at(about.element, is_by_point(moment, node, shape))
    return node, followed


class Reading:
    """Where somebody is in the pages of a lesson; behind its pages comes one about its goal and what is next.

    `number` is that of the page from 0, and `is_open` whether it is shown. `given` is what was answered to it last,
    None where nothing was, `typed` what is typed for it so far, and it is `told` once the reply to a wrong number named
    the right one. `reached` is whether the goal was. The page `names_numbers_of` one iteration. A `progress`, if there
    is one, is told of it.
    """

    def __init__(self, lesson: Lesson, keys: Mapping[str, str]) -> None:
        self.lesson = lesson
        self._keys = keys
        self.number = 0
        self.is_open = False
        self.reached = False
        self.given: str | None = None
        self.typed = ""
        self.told = False
        self.names_numbers_of = 1
        self.progress: Progress | None = None
        self._address = ""
        self._numbers: Numbers | None = None
        self._judges = lesson.goal is not None

    def tell(self, progress: Progress | None, lesson: str) -> None:
        """Tell this progress from now on, and have the lesson open on the page on which it says that it was left."""
        self.progress, self._address = progress, lesson
        if progress is not None and self.count:
            self.number = min(progress.page_of(lesson), self.count - 1)

    def keep(self) -> None:
        """Tell the progress, where there is one, which page it is, and whether the goal is reached."""
        if self.progress is not None:
            self.progress.note(self._address, self.number, reached=self.reached)

    @property
    def count(self) -> int:
        """How many pages there are, with the one about the goal."""
        return len(self.lesson.pages) + (self.lesson.goal is not None or self.lesson.then is not None)

    @property
    def page(self) -> Page | None:
        """The page that is open; None where none is, or the one about the goal."""
        return self.lesson.pages[self.number] if self.is_open and self.number < len(self.lesson.pages) else None

    def turn(self, by: int) -> bool:
        """Turn a page on or back, or open the one where the reading stopped, and return whether there is one to show.

        Behind the last page, and before the first, the lesson is closed.
        """
        if self.is_open:
            self.number += by
        elif by < 0 and self.number == 0:
            self.number = self.count - 1
        self.is_open = 0 <= self.number < self.count
        if not self.is_open:
            self.number = 0
        self.given, self.typed, self.told, self._numbers = None, "", False, None
        return self.is_open

    # its texts

    def take_numbers(self, timeline: Timeline) -> None:
        """Have the page name the numbers of its iteration once time is there, and keep them while it moves on."""
        if self.page is None or self._numbers is not None or timeline.place.iteration != self.names_numbers_of:
            return
        whole = timeline.whole_iteration()
        same = whole.iteration == self.names_numbers_of
        self._numbers = numbers_of(self.page, whole if same else timeline.recording)

    @property
    def text(self) -> str:
        """The text of the page that is open."""
        if self.page is not None:
            return self._fill(self.page.text)
        return self.then if self.then and (self.reached or not self.goal) else self.goal

    @property
    def goal(self) -> str:
        """The sentence of the goal; empty where there is none."""
        return "" if self.lesson.goal is None else self._fill(self.lesson.goal.text)

    @property
    def then(self) -> str:
        """The sentence about what comes next; empty where there is none."""
        return "" if self.lesson.then is None else self._fill(self.lesson.then.text)

    @property
    def question(self) -> Question | None:
        """What the page asks; None where it asks nothing, or for a number that is not there."""
        page = self.page
        if page is None or not page.answer:
            return None
        if page.choices:
            return Question("lesson", (self.text,), self._fill(page.answer), tuple(map(self._fill, page.choices)))
        answer = read_number(page.answer)
        if answer is None:
            answer = (self._numbers or {}).get(page.answer[1:-1])
        if answer is None:
            return None
        return Question("lesson", (self.text,), number(answer), number=answer)

    @property
    def right(self) -> bool | None:
        """Whether the last answer was right; None where there is none."""
        question = self.question
        return None if question is None or self.given is None else judge(question, self.given)

    @property
    def reply(self) -> str:
        """What is said to the last answer; empty where there is none."""
        page, question = self.page, self.question
        if page is None or question is None or self.given is None:
            return ""
        replies = {self._fill(choice): said for choice, said in page.choices.items()}
        return self._fill(replies.get(self.given, page.why)) or f"It is {question.answer}."

    def _fill(self, text: str) -> str:
        return fill(text, self._numbers or {}, self._keys)

    # answering

    def take(self, key: str, character: str | None) -> bool:
        """Take a key for the answer to the page that is open, and return whether it was one."""
        question = self.question
        if question is None or self.right:
            return False
        if question.choices:
            chosen = "1234".find(character) if character else -1
            return self.answer(str(chosen + 1)) if 0 <= chosen < len(question.choices) else False
        if key == "enter" and self.typed:
            return self.answer(self.typed)
        if key in ("backspace", "escape", CLEARS) and self.typed:
            self.typed = self.typed[:-1] if key == "backspace" else ""
            return True
        if character and character in (_TYPED + _INSIDE if self.typed else _TYPED):
            self.typed += character
            self.given = None
            return True
        return False

    def answer(self, text: str) -> bool:
        """Answer the page with the number of a choice, or with a number; return whether that is an answer to it."""
        question = self.question
        if question is None:
            return False
        if question.choices:
            if not (text.isdecimal() and 1 <= int(text) <= len(question.choices)):
                return False
            self.given = question.choices[int(text) - 1]
        else:
            self.typed = ""
            if read_number(text) is None:
                return False
            self.given = text
            self.told = self.told or not self.right
        return True

    # the goal

    def judge(self, situation: Situation) -> Message | None:
        """Return the message that the goal is reached, once, or that it cannot be judged; None else."""
        goal = self.lesson.goal
        if goal is None or not self._judges:
            return None
        try:
            self.reached = bool(goal.is_reached(situation))
        except Exception as error:
            self._judges = False
            where = traceback.extract_tb(error.__traceback__)[-1]
            location = f"{Path(where.filename).name}:{where.lineno}"
            return Message("goal not judged", {"error": error, "location": location})
        if not self.reached:
            return None
        self._judges = False
        then = self.lesson.then
        return Message("goal reached", {"lesson": "" if then is None else then.lesson})
