"""What is asked in a session as lines, and how it is answered: questions, moves of a learner, what came of them."""

from __future__ import annotations

from collections.abc import Iterator

from ..driving import Driving
from ..driving.moves import Move
from ..narration.messages import Keys, sentences
from ..panes.driving_pane import write_help
from ..panes.question_pane import draw_outcome, write_score
from ..quiz.quiz import Outcome
from ..session import Viewer
from .answers import write_question, write_step
from .command_error import CommandError
from .lesson_commands import answer_page
from .nodes import read_node

Lines = Iterator[str]


def write_arrival(viewer: Viewer) -> Lines:
    """Yield what came of the last question, the step that led here, and the score where it is due."""
    quiz = viewer.session.quiz
    if quiz.outcome is not None:
        yield _outcome(quiz.outcome)
        if quiz.outcome.reason:
            yield quiz.outcome.reason
    yield from write_step(viewer)
    if viewer.sees_score:
        yield f"{write_score(quiz.score)}."
    if viewer.session.driving.move is not None:
        yield from write_asked(viewer)


def _outcome(outcome: Outcome) -> str:
    """Say what came of a question; a sign in front would be read as a word that is there already."""
    return "".join(text for text, _ in draw_outcome(outcome)[0]).lstrip("✓✗ ")


def write_asked(viewer: Viewer) -> Lines:
    """Yield the question or the move that stands, if one does."""
    session = viewer.session
    move, question = session.driving.move, session.quiz.question
    if move is not None:
        yield from _write_move(session.driving, move, viewer.keys)
    elif question is not None:
        yield from write_question(question, for_the_room=session.quiz.mode == "room")


def write_complaint(viewer: Viewer) -> Lines:
    """Yield what is the matter with a move that was not made."""
    complaint = viewer.session.driving.complaint
    if viewer.session.driving.is_on and complaint is not None:
        yield f"{sentences(complaint, viewer.keys)[0]}."


def _write_move(driving: Driving, move: Move, keys: Keys) -> Iterator[str]:
    """Yield a move that the learner is to make, the numbers that it needs, and what is given of it."""
    yield f"Your move, {move.question.kind}: {move.question.text}"
    yield from (f"Given: {fact}" for fact in move.question.given)
    yield from (f"{label.capitalize()}: {text}" for label, text in write_help(driving, move))
    if move.rest:
        yield f"It is {move.rest}."
    if driving.told:
        yield f"{keys['step'].capitalize()} goes on; or answer it all the same."
    elif driving.picks_node:
        yield "Answer with the name or number of a node, or skip, which shows it."
    else:
        yield "Answer with a number, or a computation such as -0.5*2, or skip, which shows it."


def answer(viewer: Viewer, rest: str) -> Lines:
    """Answer the question that stands, or the page, by the number of a choice or a number; yield what came of it."""
    quiz = viewer.session.quiz
    if quiz.question is None and viewer.reading.question is not None:
        yield from answer_page(viewer, rest)
        return
    question = quiz.question
    if question is None or not quiz.takes_answers:
        raise CommandError("No question waits for an answer; ask, and then step, puts one.")
    if viewer.session.driving.is_on:
        yield from _make_move(viewer, rest)
        return
    if question.choices:
        if not (rest.isdecimal() and quiz.choose(int(rest) - 1)):
            raise CommandError(f"The answer is a number from 1 to {len(question.choices)}, or skip.")
    else:
        quiz.typed = rest
        quiz.submit()
        if quiz.complaint is not None:
            raise CommandError(f"{sentences(quiz.complaint, viewer.keys)[0]}.")
    if quiz.given is not None:
        yield f"Your answer is {quiz.given}; until the teacher reveals it, another one takes its place."
        return
    viewer.session.take_answer()
    yield from write_arrival(viewer)


def _make_move(viewer: Viewer, rest: str) -> Lines:
    driving = viewer.session.driving
    before = driving.move
    if driving.picks_node:
        driving.choose_node(read_node(viewer, rest))
    else:
        driving.typed = rest
        driving.submit()
    yield from _made(viewer, before)


def _made(viewer: Viewer, before: Move | None) -> Lines:
    """Yield what came of a move: where it led, the next one, or how it is worked."""
    driving = viewer.session.driving
    yield from write_complaint(viewer)
    if driving.answered:
        viewer.session.take_answer(viewer.followed)
        yield from write_arrival(viewer)
    elif driving.move is not before:
        if driving.outcome is not None:
            yield _outcome(driving.outcome)
        yield from write_asked(viewer)


def drive(viewer: Viewer, rest: str) -> Lines:  # noqa: ARG001 (as all of them)
    """Have the learner make the engine's moves, or no more; yield the first one."""
    viewer.session.drive(viewer.followed)
    yield from write_said(viewer)
    yield from write_asked(viewer)


def skip(viewer: Viewer, rest: str) -> Lines:  # noqa: ARG001 (as all of them)
    """Give the answer to the question away, or show how the move is worked; yield it, or what came of it."""
    if not viewer.session.quiz.takes_answers:
        raise CommandError("No question waits for an answer.")
    if viewer.session.driving.is_on:
        driving = viewer.session.driving
        before = driving.move
        driving.skip()
        if driving.told and driving.move is before and not driving.answered:
            yield from write_asked(viewer)
        else:
            yield from _made(viewer, before)
        return
    viewer.session.quiz.skip()
    if not viewer.session.quiz.answered:
        yield "You have not answered; the teacher reveals it."
        return
    viewer.session.take_answer()
    yield from write_arrival(viewer)


def write_said(viewer: Viewer) -> Lines:
    """Yield what there is to say of what was done last."""
    if viewer.message is not None:
        yield sentences(viewer.message, viewer.keys)[0]
