"""What a pane is: a part of the screen that shows a moment to a viewer. A pane is one file, and a line in `PANES`."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable
from typing import NamedTuple, Protocol

from ..debugger.moment import Moment
from ..drawing.palette import Line
from ..session import Viewer


class Size(NamedTuple):
    """How many cells a pane has."""

    width: int
    height: int


class Pane(Protocol):
    """Shows a moment to a viewer; it has a `name`, and draws without changing anything.

    One that is `titled` has a title in the frame above it. One without a place of its own on a screen is a view of the
    inspector there.
    """

    name: str
    titled: bool = True

    def applies(self, moment: Moment) -> bool:
        """Return whether there is anything to show of the program that is open."""
        return True

    def title(self, moment: Moment, viewer: Viewer, size: Size) -> tuple[Line, Line]:
        """Return what stands in the frame above it, at the left and at the right."""
        return [], []

    @abstractmethod
    def draw(self, moment: Moment, viewer: Viewer, size: Size) -> list[Line]:
        """Return at most `size.height` lines of at most `size.width` cells."""

    def prepare(self, moment: Moment, viewer: Viewer) -> bool:
        """Compute what is long to compute for a slice of time, and return whether there is more."""
        return False

    def depends_on(self, moment: Moment, viewer: Viewer) -> Hashable:
        """Return what the picture is a function of, so that it is drawn only where that changed; None: draw always."""
        return None


def indented(lines: list[Line]) -> list[Line]:
    """Return the lines with a margin of one cell."""
    return [[(" ", "text"), *line] for line in lines]
