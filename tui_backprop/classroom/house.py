"""A class that is served: who may come, and for each a seat, a pseudo-terminal with the app in a process of its own.

Which way they come, by ssh or in a browser, is the business of the servers above it.
"""

from __future__ import annotations

import asyncio
import fcntl
import hmac
import os
import signal
import struct
import termios
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from .lead import name_of

LEAD, ANYBODY = "lead", "join"
"""The user names of the teacher, and of a pupil who gives no name; any other one is a pupil's name."""
WAYS = ("plain", "nocolor")
"""What may stand behind a user name, after a plus: SSH carries no variable in which it could be said."""
PATIENCE = 5.0
"""Seconds that a session has to end when its terminal is gone."""
MOST_HELD = 1 << 16
"""No more bytes than this wait to be typed, or are painted at once."""


@dataclass(frozen=True)
class Rules:
    """Who may come: the words of the teacher and of the class (empty: none is asked), how many, how often.

    `most` connections at once, `tries` of a word in one, `rate` new ones of an address in a minute, `idle` minutes
    without a key.
    """

    lead_word: str
    word: str = ""
    most: int = 60
    tries: int = 3
    rate: int = 30
    idle: float = 60.0


@dataclass(frozen=True)
class User:
    """Who comes: a pupil of this name, empty if they give none, or the teacher, None; which of the WAYS, if any.

    Of a browser each key comes whole, so that Escape need not wait whether it begins another one.
    """

    name: str | None
    way: str = ""
    in_browser: bool = False


def read_user(typed: str) -> User:
    """Return who comes under a user name."""
    name, _, way = typed.partition("+")
    if way not in ("", *WAYS):
        name, way = typed, ""
    return User({LEAD: None, ANYBODY: ""}.get(name, name_of(name)), way)


class Child(Protocol):
    """The process of a session."""

    @property
    def pid(self) -> int | None:
        """Its number."""

    @property
    def sentinel(self) -> int:
        """What can be read from once it has ended."""

    @property
    def exitcode(self) -> int | None:
        """How it ended; None as long as it has not."""

    def join(self, timeout: float | None = None) -> None:
        """Take note of its end."""


class Door(Protocol):
    """A connection."""

    def close(self) -> None:
        """End it."""


Start = Callable[[User, str, int], Child]
"""Begins a session: of whom; TERM; the pseudo-terminal."""


class House:
    """All connections of a server; `say` takes a line for the log, `restore` makes a terminal clean again."""

    def __init__(self, rules: Rules, start: Start, say: Callable[[str], None], restore: bytes) -> None:
        self.rules = rules
        self.start = start
        self.say = say
        self.restore = restore
        self.doors: set[Door] = set()
        self.seats: set[Seat] = set()
        self.lead: Seat | None = None
        self._came: dict[str, deque[float]] = {}

    def lets_in(self, address: str) -> bool:
        """Return whether one more connection of this address may come."""
        now = asyncio.get_running_loop().time()
        for known in [known for known, times in self._came.items() if times[-1] < now - 60]:
            del self._came[known]
        times = self._came.setdefault(address, deque(maxlen=self.rules.rate))
        if len(self.doors) >= self.rules.most or (len(times) == self.rules.rate and times[0] > now - 60):
            self.say(f"refused {address}: too many connections")
            return False
        times.append(now)
        return True

    def asks_word(self, user: User) -> bool:
        """Return whether a word is asked of somebody."""
        return user.name is None or bool(self.rules.word)

    def is_right(self, user: User, word: str, address: str) -> bool:
        """Return whether this is somebody's word; a wrong one is noted."""
        wanted = self.rules.lead_word if user.name is None else self.rules.word
        right = hmac.compare_digest(word.encode(), wanted.encode())
        if not right:
            self.say(f"a wrong word from {address}")
        return right

    async def close(self) -> None:
        """End all sessions, and wait until they have, or have been ended."""
        for seat in self.seats:
            seat.end("the class is over")
        while self.seats:
            await asyncio.sleep(0.01)
        for door in list(self.doors):
            door.close()


class Onlooker(Protocol):
    """Who looks at a seat from elsewhere."""

    def paint(self, painted: bytes) -> None:
        """Take what the app has painted; where it takes no more, it has the seat `hold`."""

    def wait(self, is_full: bool) -> None:
        """Send no more keys while the seat takes none."""

    def ended(self, status: int) -> None:
        """Know that the app has ended, with this exit status."""


class Seat:
    """A pseudo-terminal with the app in it, of a user who came from an address, for an onlooker."""

    def __init__(self, house: House, user: User, address: str, onlooker: Onlooker) -> None:
        self._house = house
        self._user = user
        self._address = address
        self._onlooker = onlooker
        self._master = -1
        self._child: Child | None = None
        self._typed = b""
        self._last_key = 0.0
        self._is_full = False
        self._why = ""

    @property
    def who(self) -> str:
        """What the log calls them."""
        who = "the teacher" if self._user.name is None else self._user.name or "a pupil"
        return f"{who} ({self._address})"

    def begin(self, term: str, width: int, height: int) -> None:
        """Begin the app; where it is the teacher's, the one before ends."""
        loop = asyncio.get_running_loop()
        if self._user.name is None:
            if self._house.lead is not None:
                self._house.lead.end("another terminal leads the class now")
            self._house.lead = self
        self._master, slave = os.openpty()
        os.set_blocking(self._master, False)
        self.resize(width, height)
        try:
            self._child = self._house.start(self._user, term, slave)
        finally:
            os.close(slave)
        loop.add_reader(self._child.sentinel, self._ended)
        self._house.seats.add(self)
        self.hold(is_full=False)
        self._last_key = loop.time()
        self._look_for_keys()
        self._house.say(f"{self.who} came")

    def resize(self, width: int, height: int) -> None:
        """Tell the app how large the terminal is."""
        if self._master >= 0:
            rows, columns = (min(max(length, 1), 500) for length in (height, width))
            fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, data: bytes) -> None:
        """Type what was typed."""
        self._last_key = asyncio.get_running_loop().time()
        self._typed += data
        self._type()

    def _type(self) -> None:
        loop = asyncio.get_running_loop()
        if self._master < 0:
            return
        try:
            self._typed = self._typed[os.write(self._master, self._typed) :]
        except BlockingIOError:
            pass
        except OSError:
            self._typed = b""
        if self._typed:
            loop.add_writer(self._master, self._type)
        else:
            loop.remove_writer(self._master)
        if (len(self._typed) > MOST_HELD) != self._is_full:
            self._is_full = not self._is_full
            self._onlooker.wait(self._is_full)

    def hold(self, *, is_full: bool) -> None:
        """Have the app wait while the line takes no more, or go on."""
        if self._master >= 0 and is_full:
            asyncio.get_running_loop().remove_reader(self._master)
        elif self._master >= 0:
            asyncio.get_running_loop().add_reader(self._master, self._show)

    def _show(self) -> None:
        try:
            painted = os.read(self._master, MOST_HELD)
        except BlockingIOError:
            return
        except OSError:  # the app has closed its end
            painted = b""
        if not painted:
            asyncio.get_running_loop().remove_reader(self._master)
        else:
            self._onlooker.paint(painted)

    def _look_for_keys(self) -> None:
        """End the session where nobody has pressed a key for too long."""
        loop = asyncio.get_running_loop()
        left = self._last_key + self._house.rules.idle * 60 - loop.time()
        if self._master >= 0 and left <= 0:
            self.end(f"no key was pressed for {self._house.rules.idle:g} minutes")
        elif self._master >= 0:
            loop.call_later(left, self._look_for_keys)

    def _ended(self) -> None:
        """Paint what the app has written last, and say why it has ended."""
        child = self._child
        assert child is not None
        asyncio.get_running_loop().remove_reader(child.sentinel)
        child.join()
        while self._master >= 0:
            try:
                self._onlooker.paint(os.read(self._master, MOST_HELD))
            except OSError:
                break
        self._house.seats.discard(self)
        if child.exitcode:
            self._onlooker.paint(self._house.restore)
        if self._why:
            self._onlooker.paint(f"backprop-tui: {self._why}\r\n".encode())
        self._onlooker.ended(abs(child.exitcode or 0))
        self._hang_up()

    def leave(self) -> None:
        """End the app, because nobody looks any more."""
        if self._house.lead is self:
            self._house.lead = None
        if self._child is not None:
            self._house.say(f"{self.who} left")
        self._hang_up()

    def end(self, why: str) -> None:
        """Have the app end and leave the terminal clean, and say why."""
        self._why = why
        self._house.say(f"{self.who}: {why}")
        self._kill(signal.SIGTERM)
        asyncio.get_running_loop().call_later(PATIENCE, self._kill, signal.SIGKILL)

    def _kill(self, number: signal.Signals) -> None:
        if self._child is not None and self._child.exitcode is None and self._child.pid is not None:
            os.kill(self._child.pid, number)

    def _hang_up(self) -> None:
        """Take the terminal away, which ends the app; where it does not, end its process."""
        loop = asyncio.get_running_loop()
        if self._master < 0:
            return
        loop.remove_reader(self._master)
        loop.remove_writer(self._master)
        os.close(self._master)
        self._master = -1
        loop.call_later(PATIENCE, self._kill, signal.SIGKILL)
