"""The front end that reads commands from a stream and writes sentences to another, append only.

For screen readers, for slow lines and for scripts: no cursor is moved, nothing is drawn, and nothing needs a colour.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterable, Iterator
from typing import TextIO

from ..complaints import complain
from ..crash import reported
from ..narration.messages import sentences
from ..notation.fitting import printable
from ..quiz.arithmetic import read_number
from ..session import Viewer
from ..session.looks import count_look
from ..session.opening import NOT_OPENED, Asked, open_session, why_not
from ..session.progress import Progress
from ..terminal.hang_up import hang_up_interrupts
from .answers import spoken, write_log, write_place, write_step
from .asking import answer
from .command_error import CommandError
from .commands import COMMANDS, KEYS, REFUSED
from .lesson_commands import takes_answers, write_goal_reached, write_path

PROMPT = "> "
_LETTERS = (
    "s inside, n node, p phase, i iteration, b back, S back event, N back node, P back phase, I back iteration, r run, "
    "G go, c continue, C continue back, x break, X breakpoints, e edit, E branch, m ask, H guess, D drive, T page, "
    "Y page back, t belief, o log, V picture, g check, J forward, L lessons, K keep, w command, = full, ? help"
)
_ON_THE_SCREEN = dict(each.split(" ", 1) for each in _LETTERS.split(", "))
"""What the keys of the screen do, as commands: a letter alone is the key, not a shortened name."""


def run_plain(
    asked: Asked, save: str | None = None, progress: Progress | None = None, *, offers_path: bool = False
) -> int:
    """Open a session, do what is read from the standard input, keep it in a file if one is named, return the status.

    It begins with the path of the lessons where that is to be offered; the `progress` is told where somebody is on it.

    That is 0 at the end of the input, 2 where the program cannot be opened or trained, or there is no such moment, 130
    where a command was interrupted that nobody typed: who sits there is asked for the next one.
    """
    viewer = open_viewer(asked)
    if viewer is None:
        return 2
    viewer.tell(progress)
    program = viewer.session.program
    path = write_path(progress) if offers_path else ()
    pages, left = len(program.lesson.pages), viewer.reading.number
    where = f"page {left + 1}, where you were" if left else "the first"
    where = "the goal, where you were" if left == pages else where
    first = [f"This lesson has {pages} pages: page reads {where}."] if pages and asked.at == "0" else []
    start = [
        *path,
        f"{program.lesson.name}: {program.lesson.summary}",
        "Type help for the commands, or press Enter to step.",
        *first,
    ]
    status = 0
    with reported(viewer.session):
        write([*start, *write_place(viewer), *write_step(viewer)])
        with hang_up_interrupts():
            try:
                for line in _typed(sys.stdin):
                    if line in ("quit", "q"):
                        break
                    here = viewer.session.timeline.branch, viewer.session.timeline.place
                    try:
                        write(do(viewer, line))
                    except KeyboardInterrupt:
                        if not sys.stdin.isatty():  # nobody sits there, or not any more
                            raise
                        viewer.session.pause()
                        viewer.session.timeline.open_branch(*here)  # what was interrupted left it anywhere
                        write(["", "Interrupted.", *write_place(viewer)])
            except KeyboardInterrupt:
                status = 130
        if save is not None:
            write(do(viewer, f"keep {save}"))
    if progress is not None and progress.problem:
        complain(progress.problem)
    return status


def narrate(asked: Asked) -> int:
    """Write a sentence for each event of a program's first iteration, and return the exit status, as `run_plain`."""
    viewer = open_viewer(asked._replace(at="1"))
    if viewer is None:
        return 2
    write(write_log(viewer.moment, KEYS))
    return 0


def open_viewer(asked: Asked, *, has_files: bool = True) -> Viewer | None:
    """Return a viewer of the session that is asked for; None where it cannot be opened, which is then said."""
    try:
        opened = open_session(asked, has_files=has_files)
    except NOT_OPENED as error:
        complain(why_not(asked.name, error))
        return None
    for wrong in (opened.warning, "" if opened.missed is None else sentences(opened.missed, KEYS)[0]):
        if wrong:
            complain(wrong)
    return Viewer(opened.session, KEYS)


def do(viewer: Viewer, line: str) -> Iterator[str]:
    """Do what a line says, and yield what there is to say of it, also where it cannot be done."""
    typed, _, times = line.strip().partition(" ")
    name, _, rest = f"{_ON_THE_SCREEN.get(typed, typed)} {times}".strip().partition(" ")
    try:
        if name and takes_answers(viewer) and _is_answer(viewer, line.strip()):
            yield from answer(viewer, line.strip())
        else:
            yield from COMMANDS[_named(name or "step")].run(viewer, rest.strip())
            count_look(viewer)
        yield from write_goal_reached(viewer)
    except REFUSED as error:
        yield f"{error}"


def _is_answer(viewer: Viewer, line: str) -> bool:
    """Return whether a line answers the question that stands: it is no command, but a node where one is asked."""
    is_node = viewer.session.quiz.picks_node and any(node.name == line for node in viewer.moment.graph.nodes)
    is_typed = is_node or read_number(line) is not None
    is_key = not line[0].isalpha() and line in _ON_THE_SCREEN
    return not is_key and (not line[0].isalpha() or (is_typed and line not in COMMANDS))


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
        except (KeyboardInterrupt, OSError):  # the terminal is gone
            line = ""
        if not line:
            if asks:
                print()
            return
        yield line.strip()


def write(lines: Iterable[str]) -> None:
    """Write lines as they are read aloud."""
    for line in spoken(iter(lines)):
        print(printable(line), flush=True)
