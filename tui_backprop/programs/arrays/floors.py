"""The graphs of losses without what only keeps their logarithms finite: see `..floors`."""

from __future__ import annotations

from dataclasses import replace

from ..floors import WithoutFloors, without_floors
from .graphs import Built


class Floors:
    """Makes of the graphs of losses those without floors, each once."""

    def __init__(self) -> None:
        self._made: dict[Built, tuple[Built, WithoutFloors] | None] = {}
        self._known: dict[Built, WithoutFloors] = {}

    def without(self, built: Built) -> Built | None:
        """Return a graph over the same leaves without floors; None where it has none."""
        if built not in self._made:
            without = None if built in self._known else without_floors(built.loss)
            self._made[built] = None if without is None else (replace(built, loss=without.loss), without)
            if (made := self._made[built]) is not None:
                self._known[made[0]] = made[1]
        made = self._made[built]
        return None if made is None else made[0]

    def left_out_of(self, built: Built) -> WithoutFloors | None:
        """Return what was done to make a graph that is without floors; None where it is one as the script has it."""
        return self._known.get(built)
