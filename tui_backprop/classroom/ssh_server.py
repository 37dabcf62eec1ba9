"""A server for SSH that gives nothing but the app: each connection one terminal, each terminal a process of its own.

There is no shell, no command, no file transfer, no forwarding, no agent, and no variable of the client's is passed on.
"""

from __future__ import annotations

import asyncio
import fcntl
import hmac
import os
import re
import signal
import struct
import termios
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import asyncssh

from .lead import name_of

LEAD, ANYBODY = "lead", "join"
"""The user names of the teacher, and of a pupil who gives no name; any other one is a pupil's name."""
PATIENCE = 5.0
"""Seconds that a session has to end when its terminal is gone."""
_MOST_HELD = 1 << 16


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


Start = Callable[[str | None, str, int], Child]
"""Begins a session: of a pupil of this name, None for the teacher; TERM; the pseudo-terminal."""


class House:
    """All connections of a server; `say` takes a line for the log, `restore` makes a terminal clean again."""

    def __init__(self, rules: Rules, start: Start, say: Callable[[str], None], restore: bytes) -> None:
        self.rules = rules
        self.start = start
        self.say = say
        self.restore = restore
        self.doors: set[Door] = set()
        self.terminals: set[Terminal] = set()
        self.lead: Terminal | None = None
        self._came: dict[str, deque[float]] = {}

    def lets_in(self, address: str) -> bool:
        """Return whether one more connection of this address may come."""
        now = asyncio.get_running_loop().time()
        for known in [known for known, times in self._came.items() if times[-1] < now - 60]:
            del self._came[known]
        times = self._came.setdefault(address, deque(maxlen=self.rules.rate))
        if len(self.doors) >= self.rules.most or (len(times) == self.rules.rate and times[0] > now - 60):
            return False
        times.append(now)
        return True

    async def close(self) -> None:
        """End all sessions, and wait until they have, or have been ended."""
        for terminal in self.terminals:
            terminal.end("the class is over")
        while self.terminals:
            await asyncio.sleep(0.01)
        for door in self.doors:
            door.close()


class Door(asyncssh.SSHServer):
    """One connection: who it is, and whether the word is right."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.user = ""
        self.address = ""
        self._connection: asyncssh.SSHServerConnection | None = None
        self._tries = 0
        self._used = False

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Let it in, or not."""
        self._connection = conn
        self.address = str(conn.get_extra_info("peername", ("?",))[0])
        if self.house.lets_in(self.address):
            self.house.doors.add(self)
        else:
            self.house.say(f"refused {self.address}: too many connections")
            conn.abort()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 (as of every connection)
        """Forget it."""
        self.house.doors.discard(self)

    def close(self) -> None:
        """End it."""
        if self._connection is not None:
            self._connection.close()

    def begin_auth(self, username: str) -> bool:
        """Return whether a word is asked for."""
        self.user = username
        return username == LEAD or bool(self.house.rules.word)

    def password_auth_supported(self) -> bool:
        """Ask for a word, and for nothing else."""
        return True

    def validate_password(self, username: str, password: str) -> bool:
        """Return whether the word is right; after too many wrong ones the connection ends."""
        right = self.house.rules.lead_word if username == LEAD else self.house.rules.word
        if hmac.compare_digest(password.encode(), right.encode()):
            self.user = username
            return True
        self._tries += 1
        self.house.say(f"a wrong word from {self.address}")
        if self._tries >= self.house.rules.tries and self._connection is not None:
            self._connection.disconnect(asyncssh.DISC_NO_MORE_AUTH_METHODS_AVAILABLE, "too many wrong words")
        return False

    def session_requested(self) -> Terminal:
        """Give the one session of this connection."""
        if self._used:
            raise asyncssh.ChannelOpenError(asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED, "one session a connection")
        self._used = True
        return Terminal(self)


class Terminal(asyncssh.SSHServerSession[bytes]):
    """A session: a pseudo-terminal with the app in it, and the channel to the one who looks at it."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._house = door.house
        self._name = {LEAD: None, ANYBODY: ""}.get(door.user, name_of(door.user))
        self._channel: asyncssh.SSHServerChannel[bytes] | None = None
        self._term: str | None = None
        self._size = 80, 24
        self._master = -1
        self._child: Child | None = None
        self._typed = b""
        self._last_key = 0.0
        self._paused = False
        self._why = ""

    @property
    def who(self) -> str:
        """What the log calls them."""
        who = "the teacher" if self._name is None else self._name or "a pupil"
        return f"{who} ({self._door.address})"

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        """Begin."""
        self._channel = chan

    def pty_requested(self, term_type: str, term_size: tuple[int, int, int, int], term_modes: object) -> bool:  # noqa: ARG002
        """Have a terminal."""
        self._term = term_type if re.fullmatch(r"[A-Za-z0-9][\w.+-]{0,30}", term_type, re.ASCII) else "xterm-256color"
        self._size = term_size[:2]
        return True

    def shell_requested(self) -> bool:
        """Give the app to who has a terminal; a shell there is not."""
        return self._term is not None

    def exec_requested(self, command: str) -> bool:  # noqa: ARG002 (as of every session)
        """Run no command."""
        return False

    def subsystem_requested(self, subsystem: str) -> bool:  # noqa: ARG002 (as of every session)
        """Have no file transfer."""
        return False

    def session_started(self) -> None:
        """Begin the app."""
        loop = asyncio.get_running_loop()
        if self._name is None:
            if self._house.lead is not None:
                self._house.lead.end("another terminal leads the class now")
            self._house.lead = self
        self._master, slave = os.openpty()
        os.set_blocking(self._master, False)
        self.terminal_size_changed(*self._size, 0, 0)
        try:
            self._child = self._house.start(self._name, self._term or "", slave)
        finally:
            os.close(slave)
        loop.add_reader(self._child.sentinel, self._ended)
        self._house.terminals.add(self)
        self._listen()
        self._last_key = loop.time()
        self._look_for_keys()
        self._house.say(f"{self.who} came")

    def terminal_size_changed(self, width: int, height: int, pixwidth: int, pixheight: int) -> None:  # noqa: ARG002
        """Tell the app how large the terminal is."""
        if self._master >= 0:
            rows, columns = (min(max(length, 1), 500) for length in (height, width))
            fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def data_received(self, data: bytes, datatype: int | None) -> None:  # noqa: ARG002 (as of every session)
        """Type what was typed."""
        self._last_key = asyncio.get_running_loop().time()
        self._typed += data
        self._type()

    def _type(self) -> None:
        loop = asyncio.get_running_loop()
        if self._master < 0 or self._channel is None:
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
        if (len(self._typed) > _MOST_HELD) != self._paused:
            self._paused = not self._paused
            (self._channel.pause_reading if self._paused else self._channel.resume_reading)()

    def _show(self) -> None:
        try:
            painted = os.read(self._master, _MOST_HELD)
        except BlockingIOError:
            return
        except OSError:  # the app has closed its end
            painted = b""
        if not painted:
            asyncio.get_running_loop().remove_reader(self._master)
        elif self._channel is not None:
            self._channel.write(painted)

    def _listen(self) -> None:
        if self._master >= 0:
            asyncio.get_running_loop().add_reader(self._master, self._show)

    def pause_writing(self) -> None:
        """Let the app wait for a slow line."""
        if self._master >= 0:
            asyncio.get_running_loop().remove_reader(self._master)

    def resume_writing(self) -> None:
        """Go on."""
        self._listen()

    def _look_for_keys(self) -> None:
        """End the session where nobody has pressed a key for too long."""
        loop = asyncio.get_running_loop()
        left = self._last_key + self._house.rules.idle * 60 - loop.time()
        if self._master >= 0 and left <= 0:
            self.end(f"no key was pressed for {self._house.rules.idle:g} minutes")
        elif self._master >= 0:
            loop.call_later(left, self._look_for_keys)

    def _ended(self) -> None:
        """Close the channel, because the app has ended."""
        child, loop = self._child, asyncio.get_running_loop()
        assert child is not None
        loop.remove_reader(child.sentinel)
        child.join()
        while self._master >= 0 and self._channel is not None:  # what it has written last
            try:
                self._channel.write(os.read(self._master, _MOST_HELD))
            except OSError:
                break
        self._house.terminals.discard(self)
        if self._channel is not None and not self._channel.is_closing():
            if child.exitcode:
                self._channel.write(self._house.restore)
            if self._why:
                self._channel.write(f"backprop-tui: {self._why}\r\n".encode())
            self._channel.exit(abs(child.exitcode or 0))
        self._hang_up()

    def eof_received(self) -> bool:
        """End, because nothing more will be typed."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 (as of every session)
        """End the app, because nobody looks any more."""
        self._channel = None
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


def host_key(path: Path) -> asyncssh.SSHKey:
    """Return the key of the server, which is made once and kept; raises OSError where it cannot be."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        made = asyncssh.generate_private_key("ssh-ed25519", comment="backprop-tui")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(made.export_private_key())
    return asyncssh.read_private_key(path)


async def listen(house: House, key: asyncssh.SSHKey, host: str, port: int) -> asyncssh.SSHAcceptor:
    """Begin to let people in; raises OSError where the port cannot be had."""
    return await asyncssh.create_server(
        lambda: Door(house),
        host,
        port,
        server_host_keys=[key],
        login_timeout=30,
        keepalive_interval=15,
        keepalive_count_max=3,
        encoding=None,
        line_editor=False,
        agent_forwarding=False,
        x11_forwarding=False,
        allow_scp=False,
        sftp_factory=None,
        gss_host=None,
        compression_algs=["zlib@openssh.com", "none"],
    )
