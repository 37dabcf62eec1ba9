"""The lessons: every module of this package that has a `lesson` is one, under its own file's name."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .lesson import Lesson

PATH = (
    *("descent", "chain", "two-paths", "two-edges", "skip", "off-path", "broadcast", "softmax", "perceptron", "xor"),
    *("vanishing", "rates", "engine", "attention"),
)
"""The lessons in the order in which they are learned; a lesson that is not among them stands beside the path."""
_NO_LESSONS = ("lesson", "pages")


def lesson_names() -> list[str]:
    """Return the names of the lessons, those on the path first, without importing any of them."""
    modules = [module.name for module in pkgutil.iter_modules(__path__) if module.name not in _NO_LESSONS]
    names = sorted(name.replace("_", "-") for name in modules)
    return sorted(names, key=lambda name: PATH.index(name) if name in PATH else len(PATH))


def title_of(name: str) -> str:
    """Return what a lesson is about: the first line of its file's docstring, without importing it."""
    with Path(__path__[0], f"{name.replace('-', '_')}.py").open(encoding="utf-8") as file:
        return file.readline().strip().strip('"')


def load_lesson(name: str) -> Lesson:
    """Return the lesson of this name; raises KeyError where there is none."""
    if name not in lesson_names():
        raise KeyError(name)
    lesson: Lesson = import_module(f".{name.replace('-', '_')}", __name__).lesson
    return lesson
