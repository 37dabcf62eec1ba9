"""Opening a program by its address, which is what somebody typed: a lesson, a file, or a formula."""

from __future__ import annotations

from ..lessons import lesson_names, load_lesson
from . import FORMULA, is_path, words_of
from .program import Program, ProgramError, program_of
from .script import open_script


def open_program(address: str, seed: int | None = None, learning_rate: float | None = None) -> Program:
    """Return the lesson of this name, the formula, or what the file of this path builds.

    Raises KeyError where there is no such lesson, ProgramError where the file cannot be opened, or draws nothing from
    the seed that it is given, GraphError where the learning rate is no number above 0.
    """
    if is_path(address):
        return open_script(address, seed, learning_rate)
    name, *others = words_of(address)
    if name == FORMULA:
        # most programs are none, and need neither files nor a parser
        from .formula import open_formula

        if seed is not None:
            raise ProgramError("--seed is for lessons: a formula draws no numbers")
        return open_formula([name, *others], learning_rate)
    lesson = load_lesson(name)
    if others:
        from .tables import read_points

        if lesson.on_points is None:
            able = [each for each in lesson_names() if load_lesson(each).on_points is not None]
            raise ProgramError(f"--data is for lessons on points, {' and '.join(able)}; {name} has none")
        lesson = lesson.on_points(read_points(others[-1]))
    return program_of(lesson, seed, learning_rate, address)
