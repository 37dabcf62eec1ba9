"""What a command raises for the person who typed it."""

from __future__ import annotations


class CommandError(ValueError):
    """A command cannot be done; the message says why and what can."""
