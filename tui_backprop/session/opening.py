"""Opening a session by what somebody typed: a program with edits and a moment to begin at, or a session's file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from minidl_core import MinidlError

from ..debugger.message import Message
from ..debugger.steps import Place
from ..notation.edits import LEARNING_RATE, EditError, read_any_edit
from ..notation.moments import NoMomentError, read_moment
from ..programs import is_hunt
from ..programs.collecting import collecting_rarely
from ..programs.opening import open_program
from ..programs.program import ProgramError
from .debug_session import DebugSession
from .session_file import is_session, read_session, take_up

NOT_OPENED = (ProgramError, NoMomentError, EditError, MinidlError)
"""What is raised where something cannot be opened as it is asked for."""


def why_not(name: str, error: Exception) -> object:
    """Return what there is to say where one of these errors was raised: the engine's own do not name the program."""
    return f"{name} cannot be trained: {error}" if isinstance(error, MinidlError) else error


class Asked(NamedTuple):
    """What somebody asks to be opened: see the options of the command line."""

    name: str
    seed: int | None = None
    learning_rate: float | None = None
    steps: int = 100
    at: str = "0"
    edits: Sequence[str] = ()


class Opened(NamedTuple):
    """A session that is open, what was wrong when it was opened, and the message that the moment was not reached."""

    session: DebugSession
    warning: str
    missed: Message | None


@collecting_rarely()
def open_session(asked: Asked, *, has_files: bool = True) -> Opened:
    """Open a session at the moment that is asked for; it may have no files (see DebugSession).

    Raises ProgramError, NoMomentError, EditError, and what the engine raises where the program cannot be trained.
    """
    if is_session(asked.name):
        file = read_session(asked.name)
        seed, rate = file.says.get("seed"), file.says.get("learning rate")
        try:
            session = begin(file.address, seed, rate, asked.steps, has_files=has_files)
        except KeyError:
            raise ProgramError(f"{file.path} is about {file.address}, and there is no such lesson here") from None
        return Opened(session, take_up(session, file) or session.program.warning, None)
    session = begin(asked.name, asked.seed, asked.learning_rate, asked.steps, has_files=has_files)
    for edit in asked.edits:
        _edit(session, edit)
    timeline = session.timeline
    place = read_moment(asked.at, timeline)
    timeline.go_to(place)
    return Opened(session, session.program.warning, timeline.missed(place))


def begin(
    address: str, seed: int | None = None, rate: float | None = None, steps: int = 100, *, has_files: bool = True
) -> DebugSession:
    """Return a session with the program at an address, or with the hunt there; raises what opening it raises."""
    if is_hunt(address):
        # most sessions are none
        from ..hunt.hunt import Hunt
        from ..hunt.planting import plant

        planted = plant(address)
        return DebugSession(planted.program, steps, has_files=has_files, hunt=Hunt(planted.mutant))
    return DebugSession(open_program(address, seed, rate), steps, has_files=has_files)


def _edit(session: DebugSession, text: str) -> None:
    """Begin a branch with an edit that was written as `4: W[0,0] = 1`: iteration 4 starts with it."""
    timeline = session.timeline
    iteration, colon, edit = text.partition(":")
    if not (colon and iteration.strip().isdecimal() and int(iteration)):
        raise EditError(f"'{text}' does not say which iteration starts with it; write it as 4: W[0,0] = 1.")
    timeline.go_to(Place(int(iteration) - 1))
    if timeline.edited_state.finished != int(iteration) - 1:
        raise EditError(f"'{text}': training stops before iteration {int(iteration)}.")
    timeline.fork(read_any_edit(edit, timeline, LEARNING_RATE))
    timeline.branches[:] = [timeline.branches[0], timeline.branch]
