"""A driver that needs no terminal: what one would be sent goes into a cast."""

from __future__ import annotations

from typing import Any

from textual.drivers.headless_driver import HeadlessDriver

from .cast import Cast
from .driver import SILENT, Shown


class CastDriver(HeadlessDriver):
    """A driver without a terminal: what would be painted goes into the cast."""

    cast: Cast
    """Where it goes to."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        size = self._get_terminal_size()
        self._shown = Shown(*size)
        self.cast.resize(*size)

    @property
    def is_headless(self) -> bool:
        """Have the app paint."""
        return False

    def write(self, data: str) -> None:
        """Record what differs."""
        if not SILENT.fullmatch(data) and (difference := self._shown.difference(data)):
            self.cast.write(difference)
