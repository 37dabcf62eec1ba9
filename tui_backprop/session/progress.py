"""What somebody has learned so far: which lessons' goals were reached, and the page on which each lesson was left.

It is kept in a file of JSON that a person can read, for the built-in lessons only. A file that is damaged is kept aside
and begun anew, and where nothing can be written it is known until the app ends; `problem` says both.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from platformdirs import user_data_path

from ..lessons import PATH, lesson_names
from .kept_json import read_json, write_json

FILE = "progress.json"
VERSION = 1
_FORMAT = "backprop-tui progress"


def progress_path() -> Path:
    """Return where the file is, whether or not it is there."""
    return user_data_path("backprop-tui", appauthor=False) / FILE


class OfAnotherVersionError(Exception):
    """A file was written by another version, and is left as it is."""


class Progress:
    """The progress that is kept in a file; `problem` is what is wrong with that, in a sentence, empty where nothing is.

    It is read again before it is written, so that two terminals do not lose each other's.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = progress_path() if path is None else path
        self.problem = ""
        self._keeps = True
        self._lessons: dict[str, dict[str, Any]] = {}
        self._read()

    def page_of(self, lesson: str) -> int:
        """Return the number of the page, from 0, on which a lesson was left."""
        return int(self._lessons.get(lesson, {}).get("page", 1)) - 1

    def is_reached(self, lesson: str) -> bool:
        """Return whether the goal of a lesson was reached."""
        return "reached" in self._lessons.get(lesson, {})

    def is_begun(self, lesson: str) -> bool:
        """Return whether a lesson was ever opened."""
        return lesson in self._lessons

    @property
    def next_lesson(self) -> str:
        """The first lesson on the path whose goal was not reached; the first of all where every one was."""
        path = [name for name in lesson_names() if name in PATH]
        return next((name for name in path if not self.is_reached(name)), path[0])

    def note(self, lesson: str, page: int, *, reached: bool) -> None:
        """Keep the page, from 0, on which a lesson is left, and whether its goal is reached, which it then stays."""
        if lesson not in lesson_names():
            return
        self._read()
        said = {**self._lessons.get(lesson, {}), "page": page + 1}
        if reached:
            said.setdefault("reached", date.today().isoformat())
        if said != self._lessons.get(lesson):
            self._lessons[lesson] = said
            self._write()

    def forget(self) -> None:
        """Forget all of it; raises OSError where the file cannot be taken away."""
        self.path.unlink(missing_ok=True)
        self._lessons = {}

    def _read(self) -> None:
        if not self._keeps:
            return
        try:
            found, warning = read_json(self.path, _lessons_in)
        except OSError as error:
            self._do_without("read", error.strerror)
        except OfAnotherVersionError as error:
            self._do_without("read", str(error))
        else:
            self.problem = warning or self.problem
            self._lessons = self._lessons if found is None else found

    def _write(self) -> None:
        if not self._keeps:
            return
        try:
            write_json(self.path, {_FORMAT: VERSION, "lessons": self._lessons})
        except OSError as error:
            self._do_without("written", error.strerror)

    def _do_without(self, what: str, why: str | None) -> None:
        self._keeps = False
        self.problem = f"{self.path} cannot be {what}, so your progress is not kept: {why}"


def _lessons_in(says: Any) -> dict[str, dict[str, Any]]:
    """Return what a file says of each lesson; raises OfAnotherVersionError, or anything else if it is damaged."""
    if says[_FORMAT] != VERSION:
        raise OfAnotherVersionError(f"it is of version {says[_FORMAT]}, this backprop-tui writes {VERSION}")
    lessons: dict[str, dict[str, Any]] = says["lessons"]
    for said in lessons.values():
        if not (isinstance(said["page"], int) and said["page"] >= 1):
            raise ValueError
    return lessons
