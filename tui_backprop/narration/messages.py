"""Messages as sentences: provisional."""

from __future__ import annotations

from collections.abc import Mapping

from ..debugger.message import Message


def sentences(message: Message, keys: Mapping[str, str]) -> tuple[str, ...]:
    """Return ever shorter ways to say a message."""
    return _SAY[message.kind](message.data, keys)
