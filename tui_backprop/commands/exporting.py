"""Writing a program as a script: onto the standard output, or into a file, with its large arrays beside it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from tempfile import NamedTemporaryFile

import numpy as np

from minidl_core.arrays import Array

from ..complaints import complain
from ..export import script_of
from ..notation.fitting import printable
from ..programs.opening import open_program
from ..session.opening import NOT_OPENED, Asked, why_not
from ..session.saving import save_lines
from ..session.session_file import is_session
from .headless import DEFAULT_STEPS

MOST_INSIDE, MOST_PRINTED = 60, 1_000
"""An array of more numbers than this goes beside the script, or where that is printed, is too large for it."""


def run_export(asked: Asked, kind: str, file: str | None, steps: int | None, command: str) -> int:
    """Write a program as a script of a kind that trains for some steps, and return the exit status.

    That is 2 where it cannot be opened or written. A file that is there is never replaced.
    """
    if is_session(asked.name):
        complain(f"{asked.name} is a session: export the program that it is about")
        return 2
    try:
        program = open_program(asked.name, asked.seed, asked.learning_rate)
        if program.warning:
            complain(program.warning)
        count = (len(program.steps) or DEFAULT_STEPS) if steps is None else steps
        script = script_of(program, kind, count, command, MOST_PRINTED if file is None else MOST_INSIDE)
    except NOT_OPENED as error:
        complain(why_not(asked.name, error))
        return 2
    if script.warning:
        complain(script.warning)
    if file is None:
        if script.beside:
            complain(f"its data are large and go beside the script; name it: --export {kind} FILE.py")
            return 2
        for line in script.lines:
            print(printable(line.expandtabs()))  # a function of somebody's may hold anything
        return 0
    path = Path(file)
    if path.stem in ("numpy", "torch", "minidl_core"):
        complain(f"{file} would be imported in place of the library of that name; name it otherwise")
        return 2
    try:
        for each in [path, *([path.with_suffix(".npz")] if script.beside else [])]:
            if each.exists():
                complain(f"{each} is there already; name another file")
                return 2
        if script.beside:
            _save_arrays(path.with_suffix(".npz"), script.beside)
        for _ in save_lines(path, script.lines):
            pass
    except OSError as error:
        complain(f"{file} cannot be written: {error.strerror or error}")
        return 2
    beside = f", and its data in {path.with_suffix('.npz')}" if script.beside else ""
    print(printable(f"{path} has {len(script.lines)} lines{beside}"))
    return 0


def _save_arrays(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write arrays into a file, which has its name only once it is whole."""
    with NamedTemporaryFile(dir=path.parent, suffix=path.suffix, delete=False) as file:
        beside = Path(file.name)
    try:
        np.savez(beside, **arrays)  # type: ignore[arg-type]
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
