"""What a picture is: a drawing of a moment that stands beside the loss; one file, and a line in `PICTURES`."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable
from typing import NamedTuple, Protocol

from ..debugger.followed import Followed
from ..debugger.moment import Moment
from ..drawing.palette import Line
from .weights import Weight


class Focus(NamedTuple):
    """What a viewer has chosen to look at: a number that is trained, None where there is none, and an element."""

    weight: Weight | None
    followed: Followed


class Picture(Protocol):
    """Shows a moment; it has a `name`, and draws without changing anything."""

    name: str

    @abstractmethod
    def applies(self, moment: Moment) -> bool:
        """Return whether there is anything to show of the program that is open."""

    @abstractmethod
    def title(self, moment: Moment, focus: Focus, width: int) -> Line:
        """Return what stands in the frame above it, in at most `width` cells."""

    @abstractmethod
    def draw(self, moment: Moment, focus: Focus, width: int, height: int) -> list[Line]:
        """Return at most `height` lines of at most `width` cells."""

    @abstractmethod
    def depends_on(self, moment: Moment, focus: Focus) -> Hashable:
        """Return what the drawing is a function of, so that it is drawn only where that changed."""
