"""The built-in examples: every module of this package that has a `lesson` is one, under its own file's name."""

from __future__ import annotations

import os
import pkgutil
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .lesson import Lesson


class LessonError(Exception):
    """A lesson or a person's own file cannot be opened; the message is a sentence that says why."""


def lesson_names() -> list[str]:
    """Return the names of the lessons, without importing any of them."""
    return [module.name.replace("_", "-") for module in pkgutil.iter_modules(__path__) if module.name != "lesson"]


def is_path(name: str) -> bool:
    """Return whether somebody who types this means a file and not a built-in lesson."""
    return name.endswith(".py") or os.sep in name


def load_lesson(name: str, seed: int | None = None) -> Lesson:
    """Return the lesson of this name, or what the file of this path builds.

    Raises KeyError where there is no such lesson, LessonError where the file cannot be opened, or draws nothing from
    the seed that it is given.
    """
    if is_path(name):
        from ..programs.script import open_script

        return open_script(name, seed)
    if name not in lesson_names():
        raise KeyError(name)
    lesson: Lesson = import_module(f".{name.replace('-', '_')}", __name__).lesson
    return lesson
