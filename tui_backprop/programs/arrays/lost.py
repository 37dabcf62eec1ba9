"""Weights whose updates leave NumPy, as by `np.array(W.tolist())`: each step is fed an array that nothing has made.

What was made outside is the same to the bit as an update that was seen before it left, or, where Python itself made it,
the array has moved down the slope of the loss, or about that way, in every step.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from minidl_core import MinidlError, Node
from minidl_core.arrays import Array, quiet

from .judged import JudgedStep, is_made_of
from .rules import MOST
from .tape import Note

_DOWNHILL = 0.3
_STEPS_TO_BE_SURE = 3
_ONE_RATE = 1.5
"""A single number, of which each other step goes down by chance, has to go down at about one rate."""


def lost_weights(steps: Sequence[JudgedStep]) -> list[Node]:
    """Return the data that are, or are made of, what may be weights: in each step what nobody saw being made."""
    found: dict[Node, None] = {}
    rates: defaultdict[Node, list[float]] = defaultdict(list)
    for last, step in pairwise(steps):
        slopes: Mapping[Node, Array] | None = None
        for old, new, of_old, of_new in _replaced(last, step):
            if _has_left(old, new, last, step):
                found[of_new.node] = None
                continue
            slopes = _slopes(last) if slopes is None else slopes
            rates[of_new.node].append(_rate_downhill(of_old, of_new, slopes.get(of_old.node)))
    for node, each in rates.items():
        is_of_one = max(each) <= _ONE_RATE * min(each)
        if len(each) >= _STEPS_TO_BE_SURE and min(each) > 0 and (is_of_one or _is_several(node, steps)):
            found[node] = None
    return list(found)


class _Fed(NamedTuple):
    note: Note
    node: Node


def _replaced(last: JudgedStep, step: JudgedStep) -> Iterator[tuple[Note, Note, _Fed, _Fed]]:
    """Yield each array that no operation made and that is read where another one was read in the step before.

    With both comes what the loss was fed, which they are, or which is made of them.
    """
    before = [(leaf, fed) for fed in _fed(last) for leaf in _leaves(fed.note)]
    known = {leaf for leaf, _ in before}
    for fed in _fed(step):
        for new in _leaves(fed.note) - known:
            like = ((leaf, of) for leaf, of in before if leaf.readers & new.readers)
            old = next((each for each in like if np.shape(each[0].value) == np.shape(new.value)), None)
            if old is not None:
                yield old[0], new, old[1], fed


def _fed(step: JudgedStep) -> Iterator[_Fed]:
    yield from map(_Fed, step.loss.below.fed, step.loss.built.fed)


def _leaves(note: Note) -> set[Note]:
    """Return the arrays that something is made of and that no operation made."""
    waiting, seen, found = [note], set[Note](), set[Note]()
    while waiting and len(seen) < MOST:
        each = waiting.pop()
        if each not in seen:
            seen.add(each)
            waiting += each.sources
            if each.what is None and np.ndim(each.value) and np.asarray(each.value).dtype.kind == "f":
                found.add(each)
    return found


def _has_left(old: Note, new: Note, last: JudgedStep, step: JudgedStep) -> bool:
    """Return whether an array is, to the bit, what was made of the old one entry by entry."""
    made = (note for each in (last, step) for note in each.loss.step.notes if note.what is not None)
    alike = (note for note in made if np.shape(note.value) == np.shape(new.value) and note.number > old.number)
    return any(np.array_equal(note.value, new.value) and is_made_of(note, {old}) for note in alike)


def _is_several(node: Node, steps: Sequence[JudgedStep]) -> bool:
    return any(fed.node is node and np.size(fed.note.value) > 1 for step in steps for fed in _fed(step))


def _rate_downhill(old: _Fed, new: _Fed, slope: Array | None) -> float:
    """Return at which learning rate an array has moved about the way that the slope goes down; 0 where it has not."""
    if slope is None or np.shape(old.note.value) != np.shape(new.note.value):
        return 0.0
    with quiet():
        old_numbers, numbers = (np.asarray(each.note.value, dtype=float) for each in (old, new))
        move, slope = np.ravel(old_numbers - numbers), np.ravel(slope)
        lengths = float(np.linalg.norm(move) * np.linalg.norm(slope))
        along = float(move @ slope)
        return along / float(slope @ slope) if lengths and along >= _DOWNHILL * lengths else 0.0


def _slopes(step: JudgedStep) -> Mapping[Node, Array]:
    """Return the gradients of the loss with respect to what a step was fed, too."""
    built = step.loss.built
    try:
        with quiet():
            return built.plan.run(step.loss.feeds, step.update.before).gradients(built.loss)
    except MinidlError:
        return {}
