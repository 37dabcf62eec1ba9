"""The front end that reads commands from a stream and writes sentences to another, append only.

For screen readers, for slow lines and for scripts: no cursor is moved, nothing is drawn, and nothing needs a colour.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterator
from typing import TextIO

from minidl_core import MinidlError

from ..complaints import complain
from ..narration.messages import sentences
from ..notation.fitting import printable
from ..notation.moments import NoMomentError, read_moment
from ..programs.opening import open_program
from ..programs.program import ProgramError
from ..session import DebugSession, Viewer
from .answers import spoken, write_log, write_place, write_step
from .commands import COMMANDS, KEYS, REFUSED, CommandError, answer

PROMPT = "> "


def run_plain(name: str, seed: int | None, learning_rate: float | None, steps: int, at: str = "0") -> int:
    """Open a program at a named moment, do what is read from the standard input, and return the exit status.

    That is 0 at the end of the input, 2 where the program cannot be opened or trained, or there is no such moment.
    """
    try:
        viewer = _opened(name, seed, learning_rate, steps, at)
    except (ProgramError, NoMomentError) as error:
        complain(error)
        return 2
    except MinidlError as error:
        complain(f"{name} cannot be trained: {error}")
        return 2
    program = viewer.session.program
    start = [
        f"{program.lesson.name}: {program.lesson.summary}",
        "Type help for the commands, or press Enter to step.",
    ]
    _write([*start, *write_place(viewer), *write_step(viewer)])
    for line in _typed(sys.stdin):
        if line in ("quit", "q"):
            break
        _write(do(viewer, line))
    return 0


def narrate(name: str, seed: int | None, learning_rate: float | None) -> int:
    """Write a sentence for each event of a program's first iteration, and return the exit status, as `run_plain`."""
    try:
        viewer = _opened(name, seed, learning_rate, 0, "1")
    except ProgramError as error:
        complain(error)
        return 2
    except MinidlError as error:
        complain(f"{name} cannot be trained: {error}")
        return 2
    _write(write_log(viewer.moment, KEYS))
    return 0


def _opened(name: str, seed: int | None, learning_rate: float | None, steps: int, at: str) -> Viewer:
    program = open_program(name, seed, learning_rate)
    if program.warning:
        complain(program.warning)
    session = DebugSession(program, steps)
    place = read_moment(at, session.timeline)
    session.timeline.go_to(place)
    missed = session.timeline.missed(place)
    if missed is not None and session.timeline.recording.error is None:
        raise NoMomentError(sentences(missed, KEYS)[0])
    return Viewer(session, KEYS)


def do(viewer: Viewer, line: str) -> Iterator[str]:
    """Do what a line says, and yield what there is to say of it, also where it cannot be done."""
    name, _, rest = line.strip().partition(" ")
    try:
        if name and viewer.session.quiz.takes_answers and not name[0].isalpha():
            yield from answer(viewer, line.strip())
        else:
            yield from COMMANDS[_named(name or "step")].run(viewer, rest.strip())
    except REFUSED as error:
        yield f"{error}"


def _named(typed: str) -> str:
    """Return the command that somebody typed, perhaps shortened; raises CommandError where there is none."""
    meant = typed.lower()
    if meant in COMMANDS:
        return meant
    begin = [name for name in COMMANDS if name.startswith(meant)]
    if len(begin) == 1:
        return begin[0]
    near = begin or difflib.get_close_matches(meant, COMMANDS)
    which = f"do you mean {' or '.join(near)}?" if near else "help lists the commands."
    raise CommandError(f"There is no command {typed}; {which}")


def _typed(lines: TextIO) -> Iterator[str]:
    """Yield the lines that are typed, after a prompt where somebody sits there, and none after an interrupt."""
    asks = lines.isatty()
    while True:
        if asks:
            print(PROMPT, end="", flush=True)
        try:
            line = lines.readline()
        except KeyboardInterrupt:
            line = ""
        if not line:
            if asks:
                print()
            return
        yield line.strip()


def _write(lines: Iterator[str] | list[str]) -> None:
    for line in spoken(iter(lines)):
        print(printable(line), flush=True)
