"""Leading and joining a class on a machine with accounts."""

from __future__ import annotations

import sys

from ..classroom.context import Context
from ..classroom.lead import Lead
from ..classroom.meeting import find, meet, part
from ..classroom.pupil import NoClassError, Pupil, first_context
from ..complaints import complain
from ..lessons import lesson_names
from ..notation.fitting import printable
from ..plain.following import run_plain_in_class
from ..programs import is_path
from ..session.opening import Asked
from ..session.session_file import hash_of, is_session
from ..settings import Settings
from .in_terminal import run_app


def lead_class(
    name: str, group: str | None, asked: Asked, save: str | None, record: str | None, settings: Settings
) -> int:
    """Open a session that a class follows, and return the exit status, 2 where the class cannot meet."""
    try:
        listening, group = meet(name, group)
    except NoClassError as error:
        complain(error)
        return 2
    try:
        invitation = f"members of the group {group} join by: backprop-tui --join {name}"
        return run_app(asked, save, settings, Lead(name, listening, invitation), record=record)
    finally:
        listening.close()
        part(name)


def join_class(name: str, own_name: str, save: str | None, record: str | None, settings: Settings) -> int:
    """Open what a class is about, follow its teacher, and return the exit status, 2 where that cannot be.

    A file of the teacher's runs as whoever joins, so they are asked before.
    """
    try:
        path, teacher = find(name)
        context = first_context(path, own_name)
        asked = _asked(context)
        if is_path(asked.name) and not _agrees(f"{name} is led by {teacher}, and opens", asked.name, context):
            return 2
    except NoClassError as error:
        complain(f"--join {name}: {error}")
        return 2
    except KeyboardInterrupt:
        return 130
    pupil = Pupil(path, own_name, name)
    if settings.plain:
        return run_plain_in_class(asked, save, pupil)
    return run_app(asked, save, settings, pupil, record=record)


def _asked(context: Context) -> Asked:
    """Return what opens the program of a class; raises NoClassError where that does not say."""
    match context:
        case {"program": str(program), "seed": int() | None as seed, "learning rate": float() | int() | None as rate}:
            if program in lesson_names() or (is_path(program) and not is_session(program)):
                return Asked(program, seed, rate)
    raise NoClassError("the class does not say what it is about")


def _agrees(what: str, file: str, context: Context) -> bool:
    if hash_of(file) != context.get("sha256"):
        raise NoClassError(f"you cannot read {printable(file)}, or it has changed since the class began")
    question = f"backprop-tui: {what} {printable(file)}, which then runs here as you. Go on? [y/N] "
    print(question, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")
