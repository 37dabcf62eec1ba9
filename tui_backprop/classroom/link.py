"""A connection between a teacher and a pupil that carries messages, each of them a line of JSON, bounded in size."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Callable, Mapping
from typing import Any

from ..strict_json import to_json

VERSION = 4
LONGEST_OF_PUPIL, LONGEST_OF_TEACHER = 1 << 14, 1 << 20
"""No message is longer than this, in bytes: one with a context has all edits of all branches in it."""
_LONGEST_IN_A_SECOND = 16

Message = Mapping[str, Any]


class Link(asyncio.Protocol):
    """One end of a connection: calls `made` at first, `received` with each message, `lost` when it is over.

    What is no message, a message that is longer than the `longest`, or too many of them in a second end the connection.
    """

    def __init__(
        self,
        received: Callable[[Link, Message], None],
        lost: Callable[[Link], None],
        made: Callable[[Link], None] = lambda _: None,
        longest: int = LONGEST_OF_PUPIL,
    ) -> None:
        self._made = made
        self._received = received
        self._lost = lost
        self._longest = longest
        self._transport: asyncio.Transport | None = None
        self._held = b""
        self._second, self._taken = 0, 0

    @property
    def is_open(self) -> bool:
        """Whether there is a connection."""
        return self._transport is not None and not self._transport.is_closing()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._made(self)

    @property
    def account(self) -> int | None:
        """The number of the account at the other end, where the system tells."""
        if self._transport is None or not hasattr(socket, "SO_PEERCRED"):
            return None
        peer = self._transport.get_extra_info("socket")
        _, user, _ = struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
        return int(user)

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 (as of every protocol)
        """Say that it is over."""
        self._transport = None
        self._lost(self)

    def data_received(self, data: bytes) -> None:
        """Take what has come, and hand on each message that is whole."""
        *whole, self._held = (self._held + data).split(b"\n")
        if self._is_flooded(len(data)) or len(self._held) > self._longest:
            self.close()
        for line in whole:
            message = read(line)
            if message is None or len(line) > self._longest:
                self.close()
            if message is None or not self.is_open:
                return
            self._received(self, message)

    def _is_flooded(self, size: int) -> bool:
        second = int(asyncio.get_running_loop().time())
        self._taken = self._taken * (second == self._second) + size
        self._second = second
        return self._taken > _LONGEST_IN_A_SECOND * self._longest

    def send(self, message: Message) -> None:
        """Send a message, if there is a connection; who takes none any more is let go."""
        self.send_line(write(message))

    def send_line(self, line: bytes) -> None:
        """Send a message that is written already."""
        if self.is_open:
            assert self._transport is not None
            self._transport.write(line)
            if self._transport.get_write_buffer_size() > 4 * LONGEST_OF_TEACHER:
                self.close()

    def close_when_sent(self) -> None:
        """End the connection once the other end has what was sent."""
        if self._transport is not None:
            self._transport.close()

    def close(self) -> None:
        """End the connection at once."""
        if self._transport is not None:
            self._transport.abort()


def write(message: Message) -> bytes:
    """Return a message as a line."""
    return to_json(message, separators=(",", ":")).encode() + b"\n"


def read(line: bytes) -> Message | None:
    """Return the message of a line; None where it is none."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) else None
