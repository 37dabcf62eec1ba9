"""A class followed line by line: what the teacher does is written as it comes, and what is typed is done in between."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain

from ..classroom.context import is_about, open_lesson_of
from ..classroom.pupil import Pupil
from ..crash import reported
from ..debugger.followed import is_by_point
from ..debugger.steps import Place
from ..narration.messages import sentences
from ..notation.formats import element_text
from ..notation.names import called
from ..quiz import belief_behind
from ..quiz.question import Question
from ..quiz.quiz import Outcome
from ..session import Viewer
from ..session.opening import Asked
from ..terminal.hang_up import hang_up_interrupts
from .answers import write_question, write_view
from .asking import write_arrival
from .commands import KEYS
from .front_end import do, open_viewer, write

PAUSE = 0.3
"""Seconds in which the teacher's moves are gathered before they are told, so that a run is no flood."""
_HELP = (
    "follow: go to wherever the teacher is, and follow again.",
    "offer: let the teacher look at your session, and point into it; again: no more.",
)


def run_plain_in_class(asked: Asked, save: str | None, pupil: Pupil, *, has_files: bool = True) -> int:
    """Open what a class is about, follow its teacher, do what is read, and return the exit status, as `run_plain`."""
    viewer = open_viewer(asked, has_files=has_files)
    if viewer is None:
        return 2
    lesson = viewer.session.program.lesson
    write([f"{lesson.name}: {lesson.summary}", "Type help for the commands."])
    status = 0
    with reported(viewer.session):
        with hang_up_interrupts():
            try:
                asyncio.run(Following(viewer, pupil).go_on())
            except KeyboardInterrupt:
                status = 130
        if save is not None:
            write(do(viewer, f"keep {save}"))
    return status


class Following:
    """What was told last of a class, and what there is to tell now."""

    def __init__(self, viewer: Viewer, pupil: Pupil) -> None:
        self._viewer = viewer
        self._pupil = pupil
        self._viewers = {viewer.session.program.address: viewer}
        self._told: tuple[str, Place | None, Question | None, tuple[str, ...]] = "", None, None, ("",) * 3
        self._due = False

    async def go_on(self) -> None:
        """Tell and do until the input ends."""
        typed: asyncio.Queue[str] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def read() -> None:
            with suppress(RuntimeError):  # where there is no loop any more
                for line in chain(sys.stdin, ["quit"]):
                    loop.call_soon_threadsafe(typed.put_nowait, line.strip())

        self._pupil.changed = self._tell_soon
        await self._pupil.open()
        threading.Thread(target=read, daemon=True).start()  # one that waits for a line holds up no end
        while (line := await typed.get()) not in ("quit", "q"):
            if line == "follow":
                self._pupil.follow_again()
            elif line == "offer":
                write(sentences(self._pupil.offer(), KEYS)[:1])
                self._tell()
            else:
                write(chain(do(self._viewer, line), _HELP if line == "help" else ()))
                session = self._viewer.session
                self._told = self._told[0], session.timeline.place, session.quiz.question, self._shown()
                self._tell()
        self._pupil.close()

    def _tell_soon(self) -> None:
        if not self._due:
            self._due = True
            asyncio.get_running_loop().call_later(PAUSE, self._tell)

    def _tell(self) -> None:
        """Follow, and write what is new."""
        self._due = False
        self._open_what_is_followed()
        session, viewer = self._viewer.session, self._viewer
        points = self._pupil.take_up(session, viewer)
        while session.running is not None:
            session.tick()
        self._pupil.notice(session)
        write(self._news())
        if points:
            write(chain(["The teacher points at this."], write_view(viewer, viewer.shown_view)))
        self._pupil.after_drawing(session, viewer)

    def _open_what_is_followed(self) -> None:
        """Open the lesson that the teacher has opened; a file is opened only by who joins."""
        context = self._pupil.context
        if not self._pupil.follows or context is None or is_about(context, self._viewer.session):
            return
        address = str(context.get("program"))
        viewer = self._viewers.get(address)
        if viewer is None:
            session = open_lesson_of(context, has_files=self._viewer.session.has_files)
            viewer = None if session is None else Viewer(session, KEYS)
        if viewer is not None and is_about(context, viewer.session):
            self._viewers[address] = self._viewer = viewer
            self._told = self._told[0], None, None, ("",) * 3
            lesson = viewer.session.program.lesson
            write([f"The teacher opens {lesson.name}: {lesson.summary}"])

    def _news(self) -> Iterator[str]:
        session = self._viewer.session
        (standing, place, question, shown), now = self._told, session.quiz.question
        self._told = self._standing(), session.timeline.place, now, self._shown()
        if self._told[0] != standing:
            yield self._told[0]
        if now is not None:
            if now is not question:
                yield from write_question(now, for_the_room=False)
        elif self._told[1] != place:
            yield from write_arrival(self._viewer)
            if session.quiz.outcome is not None:
                yield from write_class_answers(session.quiz.outcome)
        if place == session.timeline.place and self._pupil.follows:
            yield from (said for said, before in zip(self._told[3], shown, strict=True) if said != before)

    def _shown(self) -> tuple[str, ...]:
        """Say what a teacher points at, which picture they show and which belief, as long as they are followed."""
        viewer = self._viewer
        node, picture = viewer.look.node, viewer.picture
        shape = None if node is None else viewer.moment.shape(node)
        pointed = ""
        if node is not None and shape is not None:
            index = viewer.followed.index(shape, is_by_point(viewer.moment, node, shape))
            pointed = f"The teacher points at {element_text(called(node), index)}, in the view {viewer.shown_view}."
        shows = f"the picture {picture}; picture reads it" if picture else "no picture"
        belief = viewer.belief
        compared = f"belief {belief} beside the truth; belief {belief} reads it" if belief else "no belief any more"
        return pointed, f"The teacher shows {shows}.", f"The teacher shows {compared}."

    def _standing(self) -> str:
        standing = self._viewer.session.standing
        return "" if standing is None else sentences(standing, KEYS)[0]


def write_class_answers(outcome: Outcome) -> Iterator[str]:
    """Yield how often a class gave each answer, the most frequent first."""
    for given, count in Counter(outcome.answers).most_common():
        yield f"{count} of {len(outcome.answers)} answered {given}."
        behind = belief_behind(outcome.question, given)
        if behind:
            yield behind
