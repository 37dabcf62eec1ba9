"""What a class follows: which program, which edits, which place, what is asked, what the teacher looks at and how.

A context holds no computed number but the loss, which is compared: each end computes its own, to the same bits.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from minidl_core import MinidlError

from ..debugger.followed import Followed
from ..debugger.kept import kept
from ..debugger.steps import Place
from ..lessons import lesson_names
from ..notation.moments import MOST
from ..programs.program import ProgramError
from ..session import DebugSession, Viewer
from ..session.opening import begin
from ..session.session_file import node_called, read_branches, write_branches, write_program

Context = Mapping[str, Any]

DAMAGED = (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError, MinidlError)
"""What is raised where a context does not fit the program."""


def write_context(session: DebugSession, viewer: Viewer, asked: int) -> Context:
    """Return what a class follows of a session and its teacher's viewer; `asked` is the number of the question."""
    quiz, outcome = session.asking, session.asking.outcome
    return {
        **program_of(session),
        **write_branches(session.timeline),
        "at": session.timeline.place,
        "loss": session.moment.loss,
        "question": None if quiz.question is None else [asked, *_followed(viewer.followed)],
        "answers": None if outcome is None else outcome.answers,
        "points at": points_at(viewer),
        "picture": viewer.picture,
        "looks": [viewer.belief, viewer.in_full, None if viewer.look.closed is None else sorted(viewer.look.closed)],
    }


def points_at(viewer: Viewer) -> list[Any]:
    """Return what a viewer looks at: the selected node, the view that was asked for, the followed element.

    A pane without a place is such a view; where it has its place, there is nothing to look at elsewhere.
    """
    node = viewer.look.node
    return [None if node is None else node.name, viewer.view, *_followed(viewer.followed)]


def look_where(pointed: Sequence[Any], session: DebugSession, viewer: Viewer) -> None:
    """Have a viewer look at what somebody points at; raises DAMAGED where that is not there."""
    name, view, *followed = pointed
    node = None if name is None else node_called(name, session.timeline)
    viewer.look_at(node, None if view is None else str(view), _read_followed(followed))


def _look_like(looks: Sequence[Any], session: DebugSession, viewer: Viewer) -> None:
    """Have a viewer compare the same belief, show as many digits and fold the same as somebody else."""
    from ..beliefs.beliefs import WRONG_MACHINES  # not before the first paint, which shows none of them

    belief, in_full, folded = looks
    if belief is not None and not 1 <= int(belief) <= len(WRONG_MACHINES):
        raise ValueError(f"there is no belief {belief}")
    closed = None if folded is None else session.foldings.scopes.intersection(map(str, folded))
    viewer.belief, viewer.in_full = belief, bool(in_full)
    viewer.look = viewer.look._replace(closed=closed)


def take_up(context: Context, before: Context | None, session: DebugSession, viewer: Viewer) -> None:
    """Bring a pupil's session and viewer to a context, from the one `before`, None where they were somewhere else.

    Raises DAMAGED where it does not fit the program.
    """
    session.end_driving()
    timeline, quiz = session.timeline, session.quiz
    place = Place(int(context["at"][0]), int(context["at"][1]), bool(context["at"][2]))
    if not (1 <= place.iteration <= MOST and place.cursor is not None and place.cursor >= 0):
        raise ValueError(f"there is no place {place}")
    if before is None or _branches(before) != _branches(context):
        edits, _ = read_branches(timeline, context)
        timeline.take_branches(edits, [Place(1, 0)] * len(edits), int(context["branch"]))
    question = context["question"]
    if quiz.question is not None and question is None and context["answers"] is not None:
        quiz.reveal_to_class(tuple(map(str, context["answers"])))
    if before is None or timeline.place != place or quiz.answered:
        session.go(place)
    quiz.mode = "class"
    if question is None:
        quiz.question = None
    elif quiz.question is None and session.running is None:
        _, *followed = question
        quiz.ask(timeline, _read_followed(followed))
    if before is None or before["picture"] != context["picture"]:
        viewer.show_picture(context["picture"])
    if before is None or before["looks"] != context["looks"]:
        _look_like(context["looks"], session, viewer)
    if before is None or before["at"] != context["at"] or before["points at"] != context["points at"]:
        look_where(context["points at"], session, viewer)


def is_about(context: Context, session: DebugSession) -> bool:
    """Return whether a context is about the program of a session."""
    return all(context.get(key) == value for key, value in program_of(session).items())


def open_lesson_of(context: Context, steps: int = 100, *, has_files: bool = True) -> DebugSession | None:
    """Open the lesson that a context is about; None where that is no lesson: a file is opened only by who agrees."""
    match context:
        case {"program": str(program), "seed": int() | None as seed, "learning rate": float() | int() | None as rate}:
            if program in lesson_names():
                with suppress(*DAMAGED, ProgramError):
                    session = begin(program, seed, rate, steps, has_files=has_files)
                    return session if is_about(context, session) else None
    return None


def _branches(context: Context) -> tuple[list[Any], Any]:
    """Return the edits of all branches, and which one is moved on; how far each went is of no matter to a pupil."""
    return [branch["edits"] for branch in context["branches"]], context["branch"]


@kept
def program_of(session: DebugSession) -> Mapping[str, Any]:
    """Return what opens a session's program again, from any directory, as it was when this was asked first."""
    program = write_program(session.program)
    return {**program, "program": os.path.abspath(program["program"])} if "sha256" in program else program


def _followed(followed: Followed) -> tuple[int, tuple[int, ...]]:
    return followed.point, followed.entry


def _read_followed(written: Any) -> Followed:
    point, entry = int(written[0]), tuple(map(int, written[1]))
    if min((point, *entry)) < 0:
        raise ValueError(f"there is no element {entry} of point {point}")
    return Followed(point, entry)
