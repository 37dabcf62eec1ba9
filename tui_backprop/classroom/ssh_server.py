"""A server for SSH that gives nothing but the app: each connection one terminal, each terminal a seat of the house.

There is no shell, no command, no file transfer, no forwarding, no agent, and no variable of the client's is passed on.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import asyncssh

from .house import House, Seat, User, read_user


class SshDoor(asyncssh.SSHServer):
    """One connection: who it is, and whether the word is right."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.user = User("")
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
        self.user = read_user(username)
        return self.house.asks_word(self.user)

    def password_auth_supported(self) -> bool:
        """Ask for a word, and for nothing else."""
        return True

    def validate_password(self, username: str, password: str) -> bool:
        """Return whether the word is right; after too many wrong ones the connection ends."""
        self.user = read_user(username)
        if self.house.is_right(self.user, password, self.address):
            return True
        self._tries += 1
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
    """A session: a seat, and the channel to the one who looks at it."""

    def __init__(self, door: SshDoor) -> None:
        self._seat = Seat(door.house, door.user, door.address, self)
        self._channel: asyncssh.SSHServerChannel[bytes] | None = None
        self._term: str | None = None
        self._size = 80, 24

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
        self._seat.begin(self._term or "", *self._size)

    def terminal_size_changed(self, width: int, height: int, pixwidth: int, pixheight: int) -> None:  # noqa: ARG002
        """Tell the app how large the terminal is."""
        self._seat.resize(width, height)

    def data_received(self, data: bytes, datatype: int | None) -> None:  # noqa: ARG002 (as of every session)
        """Type what was typed."""
        self._seat.type(data)

    def paint(self, painted: bytes) -> None:
        """Send what the app has painted."""
        if self._channel is not None and not self._channel.is_closing():
            self._channel.write(painted)

    def wait(self, is_full: bool) -> None:
        """Read no more keys while the app takes none."""
        if self._channel is not None:
            (self._channel.pause_reading if is_full else self._channel.resume_reading)()

    def pause_writing(self) -> None:
        """Let the app wait for a slow line."""
        self._seat.hold(is_full=True)

    def resume_writing(self) -> None:
        """Go on."""
        self._seat.hold(is_full=False)

    def ended(self, status: int) -> None:
        """Close the channel, because the app has ended."""
        if self._channel is not None and not self._channel.is_closing():
            self._channel.exit(status)

    def eof_received(self) -> bool:
        """End, because nothing more will be typed."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 (as of every connection)
        """End the app, because nobody looks any more."""
        self._channel = None
        self._seat.leave()


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
        lambda: SshDoor(house),
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
