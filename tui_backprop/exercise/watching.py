"""The command `backprop-tui exercise FILE.py`: write an engine with gaps, and check it each time it is saved."""

from __future__ import annotations

import shutil
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from minidl_core import MinidlError

from ..complaints import complain, say_where_interrupted
from ..drawing.glyphs import DONE, PARTS
from ..notation.fitting import printable
from ..programs.opening import open_program
from ..programs.program import ProgramError
from ..session.saving import save_lines
from ..verdict import WRONG as STATUS_WRONG
from ..verdict import judge
from .gaps import OPEN, RIGHT, RUNAWAY, WRONG, ExerciseError, exercise, gaps_of, judge_gaps

_SIGNS = {OPEN: "·", RIGHT: DONE, WRONG: PARTS, RUNAWAY: PARTS}
_EVERY = 0.25
_INDENT = 6 * " "


def run_exercise(path: str, *, once: bool = False, wait: Callable[[float], None] = time.sleep) -> int:
    """Write the exercise where there is no such file yet, then check it whenever it was saved, until all is right.

    Returns the exit status: 0 where all gaps are right, 2 where the file cannot be an exercise, 3 where it is checked
    only `once` and is not right, 130 where it was interrupted. `wait` is called with seconds.
    """
    file = Path(path)
    try:
        if not path.endswith(".py"):
            complain(f"{path}: the exercise is a Python file; give it a name that ends with .py")
            return 2
        if not file.exists():
            for _ in save_lines(file, exercise().splitlines()):
                pass
            _say(f"{path} has five gaps. Fill them in an editor; they are checked here at each save.")
            _say("How it works as a whole: backprop-tui engine. Ctrl+C ends this; the file stays.")
        status, was_exercise = STATUS_WRONG, False
        for data in _versions(file, wait):
            try:
                status = _check(path, data.decode("utf-8").replace("\r\n", "\n"))
                was_exercise = True
            except (ExerciseError, UnicodeDecodeError) as error:
                complain(f"{path} is no exercise{' as it is now' if was_exercise else ''}: {error}")
                if not was_exercise:
                    return 2
                # an editor may save in two steps, and what was taken out can be put back
                status = STATUS_WRONG
            sys.stdout.flush()
            if once or status == 0:
                break
        return status
    except OSError as error:
        complain(f"{path} cannot be read or written: {error.strerror or error}")
        return 2
    except KeyboardInterrupt as error:
        return say_where_interrupted(error)


def _versions(file: Path, wait: Callable[[float], None]) -> Iterator[bytes]:
    """Yield what is in a file, and again each time it has changed; while an editor replaces it, it may be missing."""
    before = None
    while True:
        try:
            stamp = _stamp(file)  # before it is read, so that a save in between is seen the next time
            data = file.read_bytes() if stamp != before else None
            before = stamp
        except FileNotFoundError:
            if before is None:
                raise
            data = None
        if data is not None:
            yield data
        wait(_EVERY)


def _stamp(file: Path) -> tuple[int, int]:
    status = file.stat()
    return status.st_mtime_ns, status.st_size


def _check(path: str, text: str) -> int:
    """Print what is right and what is not, the gaps last, and return the exit status."""
    gaps_of(text)  # before anything is said
    print()
    _say(f"{path}, saved {time.strftime('%H:%M:%S')}; checking ...")
    sys.stdout.flush()
    judgements = list(judge_gaps(text))
    states = {each.state for each in judgements}
    as_a_whole = states <= {RIGHT, WRONG} and _is_right(path)  # of a file with gaps there is nothing to say
    for number, task, state, why in judgements:
        _say(f"  {_SIGNS[state]} gap {number}: {task}")
        if why:
            _say(f"      {why}")
    if as_a_whole and states == {RIGHT}:
        _say(f"All of it is right. Step through your own engine: backprop-tui {path}")
        return 0
    _say(f"{sum(each.state == RIGHT for each in judgements)} of {len(judgements)} gaps are right.")
    return STATUS_WRONG


def _is_right(path: str) -> bool:
    """Print the verdict on the file as a whole, which may be long, and return whether it is right."""
    try:
        verdict = judge(open_program(path))
    except (ProgramError, MinidlError) as error:
        _say(f"The file as a whole: {error}")
        return False
    for line in () if verdict is None else verdict.lines():
        _say(line)
    return verdict is not None and verdict.status == 0


def _say(text: str) -> None:
    """Print a line, on a terminal in lines that end between words."""
    text = printable(text)
    if sys.stdout.isatty():
        text = textwrap.fill(text, shutil.get_terminal_size().columns, subsequent_indent=_INDENT)
    print(text)
