"""The teacher's eyes on the session of a pupil who offers it: it can be looked at and pointed into, not moved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..debugger.message import Message
from ..notation.fitting import printable
from ..session import DebugSession, Viewer
from .context import DAMAGED, Context, is_about, points_at, take_up
from .lead import Lead, Member


class Look:
    """A look at a member of a class, by a session of the same program; `changed` is called when they did something.

    Where they have another program open, `elsewhere` is what they show of it.
    """

    def __init__(self, lead: Lead, member: Member) -> None:
        self.changed: Callable[[], None] = lambda: None
        self.is_over = False
        self.elsewhere: Context | None = None
        self._lead = lead
        self._member = member
        self._taken: Context | None = None
        self._moves = 0
        self._undoes = False
        self._points: list[Any] = []
        self._wrong = ""
        lead.look_at(member)

    def close(self) -> None:
        """Look no more."""
        if self._lead.looked_at is self._member:
            self._lead.look_at(None)

    def take_up(self, session: DebugSession, viewer: Viewer) -> None:
        """Have the session do what the pupil has done."""
        context, before = self._member.shows, self._taken
        self.is_over = self.is_over or not self._member.offers or not self._member.link.is_open
        if context is None or context is before:
            return
        self._taken = context
        if not is_about(context, session):
            self._wrong = "has another program open" if context else "has too many edits to be shown"
            self.elsewhere = context or None
            return
        try:
            take_up(context, before, session, viewer)
            self._wrong = ""
        except DAMAGED as error:
            self._wrong = f"cannot be shown: {printable(str(error))}"
        self._moves, self._points = session.moves, points_at(viewer)
        if self._undoes:
            self._undoes = False
            session.message = Message("theirs to move")

    def notice(self, session: DebugSession) -> None:
        """Say whose session it is, and undo what the teacher has moved in it."""
        data = {"name": self._member.name, "over": self.is_over, "wrong": self._wrong}
        session.standing = Message("looks at a pupil", data)
        if self._taken is not None and session.moves != self._moves:
            self._taken, self._undoes = None, True
            session.pause()
            self.changed()

    def after_drawing(self, session: DebugSession, viewer: Viewer) -> None:  # noqa: ARG002 (as of every company)
        """Point where the teacher looks."""
        points = points_at(viewer)
        if self._taken is not None and not self._wrong and points != self._points:
            self._points = points
            self._lead.point(points)
