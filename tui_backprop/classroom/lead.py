"""The teacher's end of a class: who is in it, what they are sent, and what they answer.

A pupil is sent a context, and the next one when they have drawn it: who is slow sees less of a run, and nobody waits.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..debugger.message import Message
from ..notation.fitting import cut
from ..quiz import Question, read_number
from ..quiz.arithmetic import LONGEST_ANSWER
from ..session import DebugSession, Viewer
from .context import Context, write_context
from .link import VERSION, Link, write

SLOW = 2.0
"""A pupil who needs more seconds than this to draw what the teacher did is called slow."""
MOST = 200
"""No more pupils than this are let in."""
MOST_OF_ONE = 4
"""No more than this come from one account."""
LONGEST_NAME = 24


@dataclass
class Member:
    """A pupil: their account, and their name if they gave one; whether they follow; what was sent last, and drawn.

    Who `offers` a look at their own session `shows` it while the teacher looks; None before that is known.
    """

    link: Link
    account: int | None = None
    name: str = ""
    alone: bool = False
    sent: int = 0
    drawn: int = 0
    since: float = 0.0
    answer: tuple[int, str] | None = None
    offers: bool = False
    shows: Context | None = None

    @property
    def is_slow(self) -> bool:
        """Whether they have not drawn what they were sent, and should have."""
        return self.drawn < self.sent and asyncio.get_running_loop().time() - self.since > SLOW


class Lead:
    """A class of this name, led by one session; `changed` is called when there is something new about its members.

    Pupils come to the `listening` socket; the `invitation` says how.
    """

    def __init__(self, name: str, listening: socket.socket, invitation: str) -> None:
        self.name = name
        self.invitation = invitation
        self.changed: Callable[[], None] = lambda: None
        self.looked_at: Member | None = None
        self.members: dict[Link, Member] = {}
        self._listening = listening
        self._server: asyncio.Server | None = None
        self._context: Context | None = None
        self._message = b""
        self._number = 0
        self._question: Question | None = None
        self._asked = 0
        self._noticed: tuple[int, int, int, tuple[str, ...]] | None = None

    async def open(self) -> None:
        """Let pupils in."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_unix_server(self._enter, sock=self._listening)

    def close(self) -> None:
        """Let everybody go."""
        self.changed = lambda: None  # nobody is there any more to whom it could be of interest
        if self._server is not None:
            self._server.close()
        for link in list(self.members):
            link.close()

    def _enter(self) -> Link:
        return Link(self._take, self._forget, self._admit)

    def _admit(self, link: Link) -> None:
        """Let somebody in, unless there are too many, or too many of one account that is not the teacher's."""
        account = link.account
        same = sum(member.account == account for member in self.members.values())
        if len(self.members) >= MOST or (account not in (None, os.getuid()) and same >= MOST_OF_ONE):
            link.send({"class": VERSION, "refused": "full"})
            link.close_when_sent()
        else:
            self.members[link] = Member(link, account)

    def _forget(self, link: Link) -> None:
        if self.members.pop(link, None) is not None:
            self.changed()

    def _take(self, link: Link, says: Any) -> None:
        """Take what a pupil says: who they are, what they have drawn, whether they follow, what they answer."""
        member = self.members.get(link)
        match says:
            case {"class": int(version), "name": str(name)} if member is not None and version == VERSION:
                member.name = name_of(name)
                self._send(member)
            case {"drawn": int(number), "alone": bool(alone), "offers": bool(offers)} if member is not None:
                is_new, member.offers = member.offers != offers, offers
                member.drawn, member.alone = min(number, member.sent), alone
                self._send(member)
                if is_new:
                    self.changed()
            case {"shows": dict(context)} if member is not None:
                if member is self.looked_at:
                    member.shows = context
                    self.changed()
            case {"answer to": int(number), "answer": str(answer)} if member is not None and self._fits(answer):
                member.answer = number, answer
            case {"answer to": int(), "answer": None} if member is not None:
                member.answer = None
            case _:
                link.send({"class": VERSION, "refused": "not understood"})
                link.close_when_sent()
                return
        if self._counted() != self._noticed:  # a screen that was drawn is no news
            self.changed()

    def _fits(self, answer: str) -> bool:
        """Return whether this can be an answer to the question that stands; one to no question is of no matter."""
        question = self._question
        if question is None or not question.choices:
            return len(answer) <= LONGEST_ANSWER and (question is None or read_number(answer) is not None)
        return answer in question.choices

    def look_at(self, member: Member | None) -> None:
        """Have a pupil who offers it show their session from now on, and nobody else."""
        for each, looks in ((self.looked_at, False), (member, True)):
            if each is not None:
                each.shows = None
                each.link.send({"class": VERSION, "looks": looks})
        self.looked_at = member

    def point(self, points_at: Sequence[Any]) -> None:
        """Point at something in the session of the pupil who is looked at, as a context says it."""
        if self.looked_at is not None:
            self.looked_at.link.send({"class": VERSION, "points": points_at})

    def _send(self, member: Member) -> None:
        if member.drawn >= member.sent < self._number:
            member.sent, member.since = self._number, asyncio.get_running_loop().time()
            member.link.send_line(self._message)

    def after_drawing(self, session: DebugSession, viewer: Viewer) -> None:
        """Send the class what the teacher sees now, if that is not what they were sent."""
        context = write_context(session, viewer, self._asked)
        if repr(context) != repr(self._context):  # NaN is not equal to itself
            self._context = context
            self._number += 1
            message = {"class": VERSION, "name": self.name, "number": self._number, "context": context}
            self._message = write(message)
            for member in self.members.values():
                self._send(member)

    def notice(self, session: DebugSession) -> None:
        """Say in the session who is there, and what they have answered."""
        quiz = session.asking
        if quiz.question is not self._question:
            self._question = quiz.question
            self._asked += quiz.question is not None
        self._noticed = follow, alone, slow, given = self._counted()
        data = {"name": self.name, "follow": follow, "alone": alone, "slow": slow}
        session.standing = Message("leads a class", data)
        quiz.answers_of_class, quiz.class_size = given, len(self.members)

    def _counted(self) -> tuple[int, int, int, tuple[str, ...]]:
        """Return how many follow, are alone and are slow, and what was answered to the question that stands."""
        members = self.members.values()
        alone = sum(member.alone for member in members)
        given = [member.answer[1] for member in members if member.answer and member.answer[0] == self._asked]
        return len(members) - alone, alone, sum(member.is_slow for member in members), tuple(given)


def name_of(text: str) -> str:
    """Return the name that somebody gave, cut to a length."""
    return cut(text[:100].strip(), LONGEST_NAME)
