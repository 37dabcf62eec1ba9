"""Opening a program by what somebody typed: the name of a lesson, or the path of a file."""

from __future__ import annotations

from ..lessons import load_lesson
from . import is_path
from .program import Program, program_of
from .script import open_script


def open_program(name: str, seed: int | None = None, learning_rate: float | None = None) -> Program:
    """Return the lesson of this name, or what the file of this path builds.

    Raises KeyError where there is no such lesson, ProgramError where the file cannot be opened, or draws nothing from
    the seed that it is given, GraphError where the learning rate is no number above 0.
    """
    if is_path(name):
        return open_script(name, seed, learning_rate)
    return program_of(load_lesson(name), seed, learning_rate)
