"""The gradients that an update is made from: what is taken off a weight, and what that is a multiple of.

A rate that multiplies what another line stores leaves that array as the gradient. What the other line itself
multiplied to make it is none: in `dW = X.T @ dz * 2` the 2 is a mistake, which must not be taken for a rate.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from .lines import line_of
from .tape import SCALING, SUMS, Note, spine

_MOST = 40
_ELEMENTWISE = (*SUMS, *SCALING, np.sqrt, np.square, np.power, np.clip, np.minimum, np.maximum)


class _Waiting(NamedTuple):
    """A note with its sign and whether it is plain, as in Found.

    `is_rated` is whether another line than its own multiplies it, `is_stored` whether another one reads it, or what it
    is multiplied to.
    """

    note: Note
    sign: int
    is_plain: bool = True
    is_rated: bool = False
    is_stored: bool = False


class Found(NamedTuple):
    """An array that an update was made from: its note, its value, and -1 where the update adds it.

    `is_plain` is whether the update takes off a multiple of just this, `has_rate` whether the update's own line
    multiplies to make it, so that the learning rate may be in it: `W -= rate * X.T @ dz`.
    """

    note: Note
    value: np.ndarray
    sign: int
    is_plain: bool
    has_rate: bool


def gradients_in(update: Note, begin: int) -> Iterator[Found]:
    """Yield what may be the gradient of a weight, from the update that makes its next value; the nearest first."""
    shape = np.shape(update.value)
    waiting: deque[_Waiting] = deque()
    for note in spine(update, begin):
        if note.what in SUMS and len(note.inputs) == 2 and type(note.inputs[1]) is Note:
            waiting.append(_Waiting(note.inputs[1], 1 if note.what is np.subtract else -1))
    seen: set[Note] = set()
    inner: set[Note] = set()
    while waiting and len(seen) < _MOST:
        note, sign, is_plain, is_rated, is_stored = waiting.popleft()
        if note in seen:
            continue
        seen.add(note)
        # without axes of length 1, which broadcasting puts in front
        if note not in inner and np.squeeze(note.value).shape == np.squeeze(update.value).shape:
            value = np.array(note.value, dtype=float).reshape(shape)
            yield Found(note, value, sign, is_plain, _multiplies(note, line_of(update.place)))
        if note.number <= begin or note.what not in _ELEMENTWISE:
            continue
        arrays = [each for each in note.inputs if type(each) is Note and np.ndim(each.value)]
        negated = note.what is np.negative or any(np.ndim(each) == 0 and each < 0 for each in _scalars(note))
        for each in arrays:
            scaled = note.what in SCALING and len(arrays) == 1 and each is _numerator(note)
            own = line_of(note.place) == line_of(each.place)
            if own and scaled and is_rated and is_stored:
                inner.add(each)
            rated, stored = is_rated or (scaled and not own), not own or (is_stored and scaled)
            waiting.append(_Waiting(each, -sign if negated else sign, is_plain and scaled, rated, stored))


def _multiplies(note: Note, line: object) -> bool:
    """Return whether this line multiplies by a number to make an array."""
    if line_of(note.place) != line:
        return False
    return bool(_scalars(note)) or any(_multiplies(each, line) for each in note.sources)


def _scalars(note: Note) -> list[float]:
    if note.what not in SCALING:
        return []
    values = [each.value if type(each) is Note else each for each in note.inputs]
    return [float(each) for each in values if np.ndim(each) == 0]


def _numerator(note: Note) -> object:
    return (
        note.inputs[0]
        if note.what is np.divide
        else next(x for x in note.inputs if type(x) is Note and np.ndim(x.value))
    )
