"""The pictures of a training beside its loss: each shows a moment, as lines that depend on nothing else."""

from __future__ import annotations

from ..debugger.moment import Moment
from .curve import CurvePicture
from .data import DataPicture
from .layers import LayersPicture
from .loss_map import MapPicture
from .picture import Picture

PICTURES: tuple[Picture, ...] = (CurvePicture(), MapPicture(), DataPicture(), LayersPicture())
"""Every picture, in the order in which they are shown one after the other."""


def picture_named(name: str) -> Picture:
    """Return the picture of this name."""
    return next(picture for picture in PICTURES if picture.name == name)


def pictures_of(moment: Moment) -> list[str]:
    """Return the names of the pictures that there are of a program."""
    return [picture.name for picture in PICTURES if picture.applies(moment)]


def next_picture(moment: Moment, shown: str | None) -> str | None:
    """Return the picture that is shown after another one, after the last none."""
    there = [*pictures_of(moment), None]
    return there[(there.index(shown) + 1) % len(there)] if shown in there else there[0]


def first_picture(moment: Moment) -> str | None:
    """Return the picture that a lesson names, or else the one of its data; None where there is neither."""
    there = pictures_of(moment)
    wanted = moment.program.lesson.picture or "data"
    return wanted if wanted in there else None
