"""A session's file played: what was done in it is done again, from the very start, without a person.

Where a question was answered, a move made by a learner who drove, an edit made, or the session left, it goes on step by
step; else an iteration at a time. Guesses come in the end: no file says when they were made.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

from ..debugger.message import Message
from ..debugger.steps import Place
from ..driving import Driving
from ..hunt.hunt import read_guesses
from ..notation.names import called
from ..quiz.answered import Answered, read_answered
from ..quiz.arithmetic import LONGEST_ANSWER
from ..quiz.quiz import Quiz
from .debug_session import DebugSession
from .session_file import SessionFile

STEP, ITERATION, KEY, READ = 1.0, 0.25, 0.2, 3.0
"""For how many seconds a step, an iteration and a typed character are seen, and what is to be read."""
MOST = 100
"""Of so many iterations in a row each is shown; of more, so many of them."""

_Way = Callable[[DebugSession, Place, Answered], Iterator[float]]
_Asked = Mapping[tuple[int, int | None], Sequence[tuple[_Way, Answered]]]


def replay(session: DebugSession, file: SessionFile) -> Iterator[float]:
    """Do again what a file says of a session that was taken up from it; after each move yield how long it is seen.

    Who asks for the moves ticks on a run. Raises KeyError, IndexError, TypeError or ValueError where the file's answers
    are damaged.
    """
    timeline = session.timeline
    branch, last = timeline.branch, timeline.place
    session.end_driving()
    session.asking, session.driving = Quiz(), Driving()
    if session.hunt is not None:
        session.hunt.begin_again()
        session.look_on()
    for each in timeline.branches:
        begins = each.made[-1][0] + 1 if each.made else 1
        end = max(last[:2], each.furthest[:2]) if each is branch else each.furthest[:2]
        timeline.open_branch(each, Place(begins, 0))
        session.go(Place(begins, 0))
        if each.made:
            edited = {"edit": each.made[-1][1], "iteration": begins, "again": False, "forgotten": None}
            session.message = Message("forked", edited)
        yield READ
        asked: defaultdict[tuple[int, int | None], list[tuple[_Way, Answered]]] = defaultdict(list)
        for way, answers in ((_answer, file.says["answers"]), (_move, file.says.get("driving", ()))):
            for says in answers:
                answer = read_answered(says, timeline.branches)
                if answer.where.branch is each:
                    asked[answer.where.place[:2]].append((way, answer))
        for iteration in sorted({begins, end[0], *(iteration for iteration, _ in asked)}):
            yield from _skip_to(session, iteration)
            yield from _step_through(session, iteration, end, asked)
    timeline.open_branch(branch, last)
    session.go(last)
    yield READ
    if session.hunt is not None:
        for guess in read_guesses(file.says["hunt"]):
            session.guess(guess)
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
        for way, answer in asked.get(here[:2], ()):
            yield from way(session, here, answer)
        if timeline.place[:2] == here[:2] and not session.step():
            return
        passed = [place for place in asked if here[:2] < place < timeline.place[:2]]
        if passed:  # a move stands within a step
            session.go(Place(*min(passed), fine=True))
        yield STEP


def _answer(session: DebugSession, place: Place, answer: Answered) -> Iterator[float]:
    """Have a question asked at a place, and answered as it was."""
    followed, given, quiz = answer.where.followed, answer.given, session.asking
    session.go(place)
    quiz.mode = "me"
    if quiz.ask(session.timeline, followed) and quiz.question is not None:
        yield READ
        choices = quiz.question.choices
        if given in choices:
            quiz.choose(choices.index(given))
        elif given is not None and not choices:
            yield from _type(quiz, given)
        if not quiz.answered:
            quiz.skip()
        session.take_answer(followed)
        yield READ
    quiz.mode = "off"


def _move(session: DebugSession, place: Place, answer: Answered) -> Iterator[float]:
    """Have the move made that a learner who drove made, as it was at first; where that was wrong, it is told then."""
    session.go(place)
    driving = session.driving
    if driving.put(session.timeline, answer.where.followed, answer.question):
        yield READ
        if driving.move is not None and driving.move.node is not None:
            nodes = [node for node in session.moment.graph.nodes if called(node) == answer.given]
            for node in nodes[:1]:
                driving.choose_node(node)
        elif answer.given is not None:
            yield from _type(driving, answer.given)
        if not driving.answered:
            yield READ
            driving.skip()
            yield READ
            driving.skip()
        session.take_answer(answer.where.followed)
        yield READ
    session.end_driving()


def _type(quiz: Quiz, given: str) -> Iterator[float]:
    for character in given[:LONGEST_ANSWER]:
        quiz.type(character)
        yield KEY
    quiz.submit()
