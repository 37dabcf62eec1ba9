"""A session's file played: what was done in it is done again, from the very start, without a person.

Where a question was answered, an edit made, or the session left, it goes on step by step; else an iteration at a time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..debugger.followed import Followed
from ..debugger.message import Message
from ..debugger.steps import Place
from ..quiz.arithmetic import LONGEST_ANSWER
from .debug_session import DebugSession
from .session_file import SessionFile

STEP, ITERATION, KEY, READ = 1.0, 0.25, 0.2, 3.0
"""For how many seconds a step, an iteration and a typed character are seen, and what is to be read."""
MOST = 100
"""Of so many iterations in a row each is shown; of more, so many of them."""

_Asked = Mapping[tuple[int, int | None], Sequence[Mapping[str, Any]]]


def replay(session: DebugSession, file: SessionFile) -> Iterator[float]:
    """Do again what a file says of a session that was taken up from it; after each move yield how long it is seen.

    Who asks for the moves ticks on a run. The moves of a learner who drove, and guesses, are left out. Raises KeyError,
    IndexError, TypeError or ValueError where the file's answers are damaged.
    """
    timeline = session.timeline
    branch, last = timeline.branch, timeline.place
    session.end_driving()
    session.asking.stop()
    for number, each in enumerate(timeline.branches):
        begins = each.made[-1][0] + 1 if each.made else 1
        end = max(last[:2], each.furthest[:2]) if each is branch else each.furthest[:2]
        timeline.open_branch(each, Place(begins, 0))
        session.go(Place(begins, 0))
        if each.made:
            edited = {"edit": each.made[-1][1], "iteration": begins, "again": False, "forgotten": None}
            session.message = Message("forked", edited)
        yield READ
        asked: defaultdict[tuple[int, int | None], list[Mapping[str, Any]]] = defaultdict(list)
        for answer in file.says["answers"]:
            if answer["branch"] == number:
                iteration, cursor = answer["place"]
                asked[int(iteration), int(cursor)].append(answer)
        for iteration in sorted({begins, end[0], *(iteration for iteration, _ in asked)}):
            yield from _skip_to(session, iteration)
            yield from _step_through(session, iteration, end, asked)
    timeline.open_branch(branch, last)
    session.go(last)
    yield READ


def _skip_to(session: DebugSession, iteration: int) -> Iterator[float]:
    """Go to the end of the iteration before this one."""
    here = session.timeline.place.iteration
    for number in [*range(here + 1, iteration - 1, max((iteration - here) // MOST, 1)), iteration - 1]:
        if number > here:
            session.go(Place(number))
            yield ITERATION


def _step_through(session: DebugSession, iteration: int, end: tuple[int, int | None], asked: _Asked) -> Iterator[float]:
    """Go through an iteration, or to where it was left in the end, and answer what was asked in it."""
    timeline = session.timeline
    timeline.begin_next()
    while timeline.place.iteration == iteration and timeline.place[:2] < end and not timeline.at_end_of_iteration:
        here = timeline.place
        for answer in asked.get(here[:2], ()):
            yield from _answer(session, here, answer)
        if timeline.place[:2] == here[:2] and not session.step():
            return
        yield STEP


def _answer(session: DebugSession, place: Place, says: Mapping[str, Any]) -> Iterator[float]:
    """Have a question asked at a place, and answered as it was."""
    point, entry = says["followed"]
    followed, given, quiz = Followed(int(point), tuple(map(int, entry))), says["given"], session.asking
    session.go(place)
    quiz.mode = "me"
    if quiz.ask(session.timeline, followed) and quiz.question is not None:
        yield READ
        choices = quiz.question.choices
        if given in choices:
            quiz.choose(choices.index(given))
        elif given is not None and not choices:
            for character in str(given)[:LONGEST_ANSWER]:
                quiz.type(character)
                yield KEY
            quiz.submit()
        if not quiz.answered:
            quiz.skip()
        session.take_answer(followed)
        yield READ
    quiz.mode = "off"
