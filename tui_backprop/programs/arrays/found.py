"""What may be the gradient that an update uses, and the numbers that it is multiplied with on its way there."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import NamedTuple

import numpy as np

from .tape import Note


class Factor(NamedTuple):
    """A number that something is multiplied with on its way into an update, on a line; `is_inline` in the update's own.

    `is_of_rule` is one that is, or that stands between a velocity or a moment and the update, or on the line where what
    was kept of these is added.
    """

    value: float
    is_inline: bool
    is_of_rule: bool
    line: object = None


@dataclass(frozen=True, eq=False)
class Found:
    """An array that an update was made from: its note, its value as it is taken off, and the factors from it to there.

    The factors are in the order of the way back, that of the update first. `is_without_decay` says whether a share of
    the weight itself was left out on the way, `is_before_clip` whether some of its numbers were cut on it, and
    `is_before_norm` whether all of them were multiplied with one that is made from a norm. `is_bare` is what a rule is
    about that knows more than it, as it stands; `is_by_unknown` says that the rule is none of those that are known.
    """

    note: Note
    value: np.ndarray
    factors: tuple[Factor, ...]
    is_without_decay: bool = False
    is_before_clip: bool = False
    is_before_norm: bool = False
    is_bare: bool = False
    is_by_unknown: bool = False

    @property
    def scale(self) -> float:
        """The product of the factors."""
        return prod(sorted(each.value for each in self.factors))
