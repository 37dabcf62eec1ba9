"""A lesson as lines: its pages, the question that one of them asks, its goal, and the path of all lessons."""

from __future__ import annotations

from collections.abc import Iterator

from ..lessons import PATH, lesson_names, title_of
from ..narration.messages import sentences
from ..session import Viewer
from ..session.progress import Progress
from .command_error import CommandError

Lines = Iterator[str]


def turn_page(viewer: Viewer, rest: str) -> Lines:
    """Turn a page on, or back, and yield it, with what it points at."""
    if rest not in ("", "back"):
        raise CommandError(f"page reads on, page back the one before; there is no page {rest}.")
    if viewer.session.quiz.question is not None and viewer.session.driving.is_on:
        raise CommandError("You drive, and a page may answer what is asked of you; drive ends that.")
    if viewer.session.quiz.question is not None:
        raise CommandError("A question stands, which a page may answer: answer it first, or skip it.")
    viewer.turn_page(-1 if rest else 1)
    while viewer.session.running is not None:  # to the moment of the page
        viewer.session.tick()
    viewer.follow_lesson()
    if viewer.message is not None:
        yield f"{sentences(viewer.message, viewer.keys)[0]}."
    reading = viewer.reading
    if not reading.is_open:
        if reading.count:
            yield "The pages are closed; page opens them again."
        return
    page = reading.page
    if page is None:
        yield from write_goal(viewer, "")
        return
    yield f"Page {reading.number + 1} of {len(reading.lesson.pages)}: {reading.text}"
    yield from write_page_question(viewer)
    looks = [page.node] * bool(page.node) + [f"the {page.shows}"] * bool(page.shows)
    if looks:
        yield f"It is about {', '.join(looks)}."


def write_page_question(viewer: Viewer) -> Lines:
    """Yield what there is to answer to the page that is open."""
    question = viewer.reading.question
    if question is not None:
        yield from (f"{number}. {choice}" for number, choice in enumerate(question.choices, 1))
        yield "Answer with the number of a choice." if question.choices else "Answer with a number."


def takes_answers(viewer: Viewer) -> bool:
    """Return whether a question stands, or the open page asks one."""
    quiz, reading = viewer.session.quiz, viewer.reading
    return quiz.takes_answers or (quiz.question is None and reading.question is not None and not reading.right)


def answer_page(viewer: Viewer, rest: str) -> Lines:
    """Answer the page that asks, and yield what is said to it."""
    reading = viewer.reading
    question = reading.question
    if not reading.answer(rest):
        known = f"There are {len(question.choices)} choices" if question and question.choices else "Type a number"
        raise CommandError(f"{known}; {rest or 'nothing'} is no answer.")
    right = "As told" if reading.told else "Right"
    yield f"{right if reading.right else f'Not {reading.given}'}. {reading.reply}"
    if not reading.right:
        yield "Answer again, or page goes on."


def write_goal(viewer: Viewer, rest: str) -> Lines:  # noqa: ARG001 (as all commands)
    """Yield the goal of the lesson, and whether it is reached, and then what is next."""
    reading = viewer.reading
    if reading.goal:
        yield f"The goal{', which is reached' if reading.reached else ''}: {reading.goal}"
    else:
        yield "This lesson has no goal."
    if reading.reached or not reading.goal:
        yield from _next(viewer)


def write_goal_reached(viewer: Viewer) -> Lines:
    """Yield that the goal is reached, once, and what is next; or that it cannot be told."""
    before = viewer.message
    viewer.follow_lesson()
    message = viewer.message
    if message is not None and message is not before and message.kind in ("goal reached", "goal not judged"):
        yield f"{sentences(message, viewer.keys)[-1]}."
        if viewer.reading.reached:
            yield from _next(viewer)


def _next(viewer: Viewer) -> Lines:
    then = viewer.session.program.lesson.then
    if then is not None:
        yield f"{viewer.reading.then}{f' backprop-tui --plain {then.lesson} opens it.' if then.lesson else ''}"


def write_path(progress: Progress | None) -> Lines:
    """Yield the lessons in their order, with what each is about, and which goals were reached."""
    for number, name in enumerate(lesson_names(), 1):
        beside = "" if name in PATH else " (beside the path)"
        reached = " Its goal is reached." if progress is not None and progress.is_reached(name) else ""
        yield f"{number}. {name}{beside}: {title_of(name)}{reached}"
    if progress is not None:
        yield f"Next is {progress.next_lesson}."
    yield "backprop-tui --plain with the name of a lesson opens it."
