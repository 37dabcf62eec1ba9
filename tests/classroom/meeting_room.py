"""A class in one process: a teacher and pupils without screens, over a socket."""

from __future__ import annotations

import asyncio
import hashlib
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np

from tui_backprop.classroom.lead import Lead
from tui_backprop.classroom.pupil import Pupil
from tui_backprop.programs.opening import open_program
from tui_backprop.session import DebugSession, Viewer


class End:
    """One end of a class: a session, its viewer, and what a screen does."""

    def __init__(self, company: Lead | Pupil, lesson: str) -> None:
        self.company = company
        self.session = DebugSession(open_program(lesson))
        self.viewer = Viewer(self.session, {"class": "F"})
        company.changed = self.show

    def show(self) -> None:
        if isinstance(self.company, Pupil):
            self.company.take_up(self.session, self.viewer)
        self.company.notice(self.session)
        self.company.after_drawing(self.session, self.viewer)

    @property
    def fingerprint(self) -> str:
        """A hash of the moment: every number that may be seen, the place, the edits, the question."""
        moment, timeline = self.session.moment, self.session.timeline
        found = hashlib.sha256(repr((timeline.place, moment.loss, moment.learning_rate)).encode())
        found.update(repr([[each.new for _, each in branch.made] for branch in timeline.branches]).encode())
        found.update(repr(self.session.quiz.question and self.session.quiz.question.text).encode())
        for node in moment.graph.nodes:
            for array in (moment.value(node), moment.gradient(node)):
                found.update(b"none" if array is None else np.asarray(array).tobytes())
        return found.hexdigest()


class Room:
    """Where a class meets."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "socket"
        self._ends: list[End] = []

    def listen(self) -> socket.socket:
        self.path.unlink(missing_ok=True)
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(str(self.path))
        listening.listen()
        return listening

    async def lead(self, lesson: str = "perceptron") -> End:
        end = End(Lead("monday", self.listen(), "come in"), lesson)
        await end.company.open()
        self._ends.append(end)
        end.show()
        return end

    async def join(self, name: str = "", lesson: str = "perceptron") -> End:
        end = End(Pupil(self.path, name, "monday"), lesson)
        await end.company.open()
        self._ends.append(end)
        return end

    def close(self) -> None:
        for end in reversed(self._ends):
            end.company.close()


@asynccontextmanager
async def room(directory: Path) -> AsyncIterator[Room]:
    made = Room(directory)
    try:
        yield made
    finally:
        made.close()
        await asyncio.sleep(0)
        await asyncio.sleep(0)


async def until(reached: Callable[[], object], seconds: float = 5) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(seconds):
        while not reached():
            await asyncio.sleep(0.001)
