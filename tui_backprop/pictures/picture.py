"""What a picture is: a drawing of a moment that stands beside the loss; one file, and a line in `PICTURES`."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable, Iterator, Sequence
from math import isfinite
from typing import NamedTuple, Protocol

from ..debugger.followed import Followed
from ..debugger.moment import Moment
from ..drawing.palette import Line
from ..notation.fitting import clip, first_that_fits
from ..notation.formats import number
from ..quiz.masked import Masked
from .weights import Weight


class Focus(NamedTuple):
    """What a viewer has chosen to look at: a number that is trained, None where there is none, and an element."""

    weight: Weight | None
    followed: Followed


class Work(Protocol):
    """Long work for a picture, done piece by piece."""

    def fill(self, seconds: float) -> bool:
        """Go on for so long, and return whether there is more to do."""

    def finish(self) -> None:
        """Do all of it."""


class Picture(Protocol):
    """Shows a moment; it has a `name`. What is long to compute for it is its `work`: it draws how far that is.

    One that is `along_weights` is about the weight in focus, which can be chosen while the picture is looked at.
    """

    name: str
    along_weights: bool = False

    @abstractmethod
    def applies(self, moment: Moment) -> bool:
        """Return whether there is anything to show of the program that is open."""

    def work(self, moment: Moment, focus: Focus) -> Work | None:
        """Return what is to be computed for it, whether or not it is done; None where there is nothing."""
        return None

    @abstractmethod
    def title(self, moment: Moment, focus: Focus, width: int) -> Line:
        """Return what stands in the frame above it, in at most `width` cells."""

    @abstractmethod
    def draw(self, moment: Moment, focus: Focus, width: int, height: int) -> list[Line]:
        """Return at most `height` lines of at most `width` cells."""

    @abstractmethod
    def depends_on(self, moment: Moment, focus: Focus) -> Hashable:
        """Return what the drawing is a function of, so that it is drawn only where that changed."""

    @abstractmethod
    def facts(self, moment: Moment, focus: Focus) -> Iterator[str]:
        """Yield what it shows, as sentences."""


def what_it_shows(wordings: Sequence[str], width: int) -> Line:
    """Return the one line that says what a picture shows, in the longest wording that fits."""
    return clip([(first_that_fits(width, *wordings), "now")], width)


def finite_number(x: float) -> str:
    """Write a number, or that it is none."""
    return number(x) if isfinite(x) else "not finite"


def is_hidden(moment: Moment) -> str:
    """Return the sentence that says why J along a weight would answer the question that stands, if one does."""
    if isinstance(moment, Masked):
        return "The question hides it: slope and loss can be read from it. It comes back with the answer."
    return ""
