"""Opening a program by its address, which is what somebody typed: a lesson, a file, or a formula."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches

from ..lessons import lesson_names, load_lesson
from ..lessons.lesson import Lesson
from . import FORMULA, PRESETS, is_path, words_of
from .program import Program, ProgramError, program_of
from .remarking import remarked

MOST_POINTS = 100_000


def open_program(
    address: str, seed: int | None = None, learning_rate: float | None = None, most: float = math.inf
) -> Program:
    """Return the lesson of this name, the formula, or what the file of this path builds, with a warning of what is odd.

    A script is ended when it has taken the `most` steps.
    Raises KeyError where there is no such lesson, ProgramError where the file cannot be opened, or draws nothing from
    the seed that it is given, GraphError where the learning rate is no number above 0.
    """
    return remarked(_open(address, seed, learning_rate, most))


def _open(address: str, seed: int | None, learning_rate: float | None, most: float) -> Program:
    # most programs are lessons, which need nothing of what a file or a formula is opened with
    if is_path(address):
        from .script import open_script

        return open_script(address, seed, learning_rate, most)
    name, *others = words_of(address)
    if name == FORMULA:
        from .formula import open_formula

        if seed is not None:
            raise ProgramError("--seed is for lessons: a formula draws no numbers")
        return open_formula([name, *others], learning_rate)
    lesson = _lesson(load_lesson(name), dict(zip(others[::2], others[1::2], strict=False)), seed)
    if not lesson.script:
        return program_of(lesson, seed, learning_rate, address)
    if seed is not None:
        raise ProgramError(f"--seed is for lessons that draw numbers, and {name} draws none")
    from .script import open_script

    program = open_script(lesson.script, None, learning_rate)
    return replace(program, lesson=replace(lesson, build=program.lesson.build), address=address)


def variants_of(address: str) -> dict[str, str]:
    """Return the addresses of all variants of the lesson at an address, each with what it is about."""
    name = words_of(address)[0]
    variants = load_lesson(name).variants if name in lesson_names() else {}
    return {f"{name} --variant {variant}": lesson.summary for variant, lesson in variants.items()}


def _lesson(lesson: Lesson, options: Mapping[str, str], seed: int | None) -> Lesson:
    """Return a lesson as its options say: a variant of it, or about points from a file or drawn from the seed."""
    variant, data = options.get("--variant"), options.get("--data")
    if variant is not None:
        if variant not in lesson.variants:
            can = f"there are {', '.join(lesson.variants)}" if lesson.variants else "it has none"
            raise ProgramError(f"{lesson.name} has no variant '{variant}'; {can}")
        lesson = lesson.variants[variant]
    if data is None:
        return lesson
    if lesson.on_points is None:
        able = [each for each in lesson_names() if load_lesson(each).on_points is not None]
        raise ProgramError(f"--data is for lessons on points, {' and '.join(able)}; {lesson.name} has none")
    if data not in PRESETS:
        from .tables import read_points

        near = get_close_matches(data, PRESETS, n=1)
        if near and not os.path.exists(data):
            raise ProgramError(f"there is no file {data}; did you mean --data {near[0]}?")
        return lesson.on_points(read_points(data))
    from .presets import draw_points

    points, noise = options.get("--points", "100"), options.get("--noise", str(PRESETS[data]))
    if not points.isdecimal() or not 2 <= int(points) <= MOST_POINTS:
        raise ProgramError(f"--points {points}: there can be 2 to {MOST_POINTS:,} points")
    try:
        return lesson.on_points(draw_points(data, float(noise), int(points), lesson.seed if seed is None else seed))
    except ValueError:
        raise ProgramError(f"--noise {noise}: it is a distance, 0 or above") from None
