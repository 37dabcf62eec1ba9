"""The built-in examples: every module of this package that has a `lesson` is one, under its own file's name."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .lesson import Lesson


def lesson_names() -> list[str]:
    """Return the names of the lessons, without importing any of them."""
    return [module.name.replace("_", "-") for module in pkgutil.iter_modules(__path__) if module.name != "lesson"]


def load_lesson(name: str) -> Lesson:
    """Return the lesson of this name; raises KeyError where there is none."""
    if name not in lesson_names():
        raise KeyError(name)
    lesson: Lesson = import_module(f".{name.replace('-', '_')}", __name__).lesson
    return lesson
