"""A pupil's end of a class: it follows the teacher until the pupil goes on alone, and comes back when asked to."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..debugger.message import Message
from ..debugger.recording import Recording
from ..notation.fitting import printable
from ..notation.moments import name_place
from ..session import DebugSession, Viewer
from .context import DAMAGED, Context, is_about, look_where, take_up, write_context
from .lead import name_of
from .link import LONGEST_OF_PUPIL, LONGEST_OF_TEACHER, VERSION, Link, read, write

AGAIN = 2.0
"""Seconds until a teacher who is not there is looked for again."""
PATIENCE = 5.0
"""Seconds that a class has to say what it is about, when somebody joins."""


class NoClassError(Exception):
    """There is no such class, or it cannot be joined; the message says why and what to do."""


class Pupil:
    """A member of the class whose socket is at `path`; `changed` is called when the teacher has done something.

    `context` is what the teacher does, None before that is known; the pupil's session does it, too, while it `follows`.
    Where the pupil `offers` it, the teacher may look at that session, and point at something in it.
    """

    def __init__(self, path: Path, name: str = "", class_name: str = "") -> None:
        self.changed: Callable[[], None] = lambda: None
        self.context: Context | None = None
        self.follows = True
        self.offers = False
        self._path = path
        self._name = name
        self._class = class_name
        self._link: Link | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._looking: asyncio.Task[None] | None = None  # nothing else would keep it
        self._number = self._drawn = 0
        self._taken: Context | None = None
        self._moves = 0
        self._session: DebugSession | None = None
        self._left: tuple[Recording, int, bool] | None = None
        self._said: tuple[int, str | None] | None = None
        self._looked_at = False
        self._shown: Context | None = None
        self._pointed: list[Any] | None = None
        self._other_program = False
        self._wrong = ""

    # the connection

    async def open(self) -> None:
        """Look for the teacher, now and again and again."""
        self._loop = asyncio.get_running_loop()
        link = Link(self._take, self._lose, longest=LONGEST_OF_TEACHER)
        try:
            await self._loop.create_unix_connection(lambda: link, str(self._path))
        except OSError:
            self._lose(link)
        else:
            self._link = link
            self._number = self._drawn = 0
            self._said = None
            self._looked_at = False
            link.send(_hello(self._name))

    def close(self) -> None:
        """Leave the class."""
        self._loop = None
        if self._link is not None:
            self._link.close()

    def _lose(self, link: Link) -> None:
        was_there, loop = link is self._link, self._loop
        if was_there:
            self._link = None
        if loop is not None:
            if was_there:
                self.changed()
            loop.call_later(AGAIN, self._look_again)

    def _look_again(self) -> None:
        if self._loop is not None:
            self._looking = self._loop.create_task(self.open())

    def _take(self, link: Link, says: Any) -> None:
        match says:
            case {"class": int(version), "name": str(), "number": int(number), "context": dict(context)} if (
                version == VERSION
            ):
                self._number, self.context = number, context
                self.changed()
                if not self.follows:
                    self._say_drawn()
            case {"class": int(), "looks": bool(looks)}:
                self._looked_at, self._shown = looks and self.offers, None
                self.changed()
            case {"class": int(), "points": list(pointed)} if self.offers:
                self._pointed = pointed
                self.changed()
            case {"class": int(), "points": list()}:  # pointed before it was known that no more is offered
                pass
            case _:
                link.close()

    # following

    @property
    def is_there(self) -> bool:
        """Whether the teacher is."""
        return self._link is not None and self.context is not None

    def follow_again(self) -> None:
        """Go to wherever the teacher is, from now on."""
        if self.is_there:
            self.follows, self._taken = True, None
            self._drawn = -1  # so that the teacher is told
            self.changed()

    def offer(self) -> Message:
        """Offer the teacher to look at this session, or no more, and return what there is to say of it."""
        self.offers = not self.offers
        self._looked_at = self._looked_at and self.offers
        self._drawn = -1  # so that the teacher is told
        self._say_drawn()
        return Message("offers session", {"offers": self.offers})

    def take_up(self, session: DebugSession, viewer: Viewer) -> bool:
        """Have the pupil's session do what the teacher has done, as long as they follow.

        Return whether the teacher has pointed at something in a session that is looked at.
        """
        self._follow(session, viewer)
        pointed, self._pointed = self._pointed, None
        if pointed is None:
            return False
        try:
            look_where(pointed, session, viewer)
        except DAMAGED:  # what was pointed at is gone
            return False
        return True

    def _follow(self, session: DebugSession, viewer: Viewer) -> None:
        context = self.context
        if not self.follows or context is None or context is self._taken:
            return
        self._other_program = not is_about(context, session)
        if self._other_program:
            return
        try:
            take_up(context, self._taken if session is self._session else None, session, viewer)
            self._wrong = ""
        except DAMAGED as error:
            self._wrong = printable(str(error))
        self._taken, self._session = context, session
        self._moves = session.moves
        self._left = session.timeline.recording, session.timeline.cursor, session.timeline.place.fine

    def after_drawing(self, session: DebugSession, viewer: Viewer) -> None:
        """Tell the teacher what was drawn and answered."""
        context = self._taken if self.follows and not self._wrong and session is self._session else None
        if context is not None and context["question"]:
            said = context["question"][0], session.asking.given
            if said != self._said and self._link is not None:
                self._said = said
                self._link.send({"answer to": said[0], "answer": said[1]})
            if session.asking.question is None and session.timeline.place == tuple(context["at"]):
                take_up(context, context, session, viewer)  # a run to the teacher's place has arrived there
                self._moves = session.moves
                self.changed()
        self._say_drawn()
        if self._looked_at and self._link is not None:
            shows = write_context(session, viewer, 0)
            if repr(shows) != repr(self._shown):
                self._shown = shows
                message = {"shows": shows}
                self._link.send(message if len(write(message)) <= LONGEST_OF_PUPIL else {"shows": {}})

    def notice(self, session: DebugSession) -> None:
        """Let go of the class if the pupil has moved, and say in the session how one stands to it."""
        if self.follows and session is self._session and session.moves != self._moves:
            self.let_go(session)
        session.standing = self._standing(session)

    def let_go(self, session: DebugSession) -> None:
        """Let the pupil go on alone."""
        if self.follows:
            self.follows, self._taken, self._session = False, None, None
            session.asking.leave_class()
            self._drawn = -1
            self._say_drawn()

    def _standing(self, session: DebugSession) -> Message:
        data: dict[str, Any] = {"name": self._class, "there": self.is_there, "wrong": self._wrong}
        data |= {"offers": self.offers, "looked at": self._looked_at}
        if self._other_program:
            return Message("other program in class", data)
        if self.follows and self.is_there:
            loss = None if self._taken is None else self._taken.get("loss")
            here = session.moment.loss
            same = session.running is not None or None in (loss, here) or repr(loss) == repr(here)
            return Message("follows a class", {**data, "same": same})
        since = "" if self._left is None else name_place(self._left[0], self._left[1], fine=self._left[2])
        return Message("on one's own in a class", {**data, "since": since})

    def _say_drawn(self) -> None:
        if self._link is not None and self._drawn != self._number:
            self._drawn = self._number
            self._link.send({"drawn": self._number, "alone": not self.follows, "offers": self.offers})


def first_context(path: Path, name: str) -> Context:
    """Ask a class what it is about; raises NoClassError."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(PATIENCE)
        try:
            connection.connect(str(path))
            connection.sendall(write(_hello(name)))
            with connection.makefile("rb") as lines:
                says = read(lines.readline(LONGEST_OF_TEACHER))
        except OSError as error:
            raise NoClassError(
                f"the class does not answer: {error.strerror or error}; the teacher may be gone"
            ) from None
    match says:
        case {"class": int(version), "context": dict(context), "name": str()} if version == VERSION:
            return context
        case {"class": int(version)} if version != VERSION:
            raise NoClassError("the class is led by another version of backprop-tui; both must be the same")
        case {"refused": "full"}:
            raise NoClassError("the class is full")
    raise NoClassError("the class does not answer as one; the teacher may be gone")


def _hello(name: str) -> dict[str, Any]:
    return {"class": VERSION, "name": name_of(name)}
