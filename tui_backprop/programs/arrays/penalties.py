"""The loss with the penalties for large weights that a script adds to it, such as 0.5 * reg * np.sum(W * W)."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from .taken import Taken
from .tape import SCALING, SUMS, Note, same, with_sources


def with_penalties(loss: Note, step: Taken, named: Collection[Note]) -> Note:
    """Return the last number of a step that is a loss, or a multiple of it, with functions of weights alone added.

    It may be multiplied once more, as in (data + penalty) / m, where that is among those `named` as losses.
    """
    total = loss
    for note in step.notes:
        if note in step.dependent and np.size(note.value) == 1 and note.what in SUMS and note.number > loss.number:
            terms = _terms(note, loss, step)
            others = [each for each in terms if each is not loss]
            if len(others) < len(terms) and others and all(_is_of_weights(each, step) for each in others):
                total = _scaled(note, step, named)
    return total


def with_other_terms(loss: Note, step: Taken, named: Collection[Note]) -> Note | None:
    """Return the last number among those `named` losses that adds terms of data and weights to one, if there is any."""
    found = None
    for note in named:
        if note.number > loss.number and note is not loss:
            terms = _terms(note, loss, step)
            others = [each for each in terms if each is not loss]
            if len(others) < len(terms) and not all(_is_of_weights(each, step) for each in others):
                found = note
    return found


def _terms(total: Note, loss: Note, step: Taken) -> list[Note]:
    """Return what a number is the sum of, or a multiple of that, as far as it depends on weights."""
    found: list[Note] = []
    waiting = [total]
    while waiting:
        note = waiting.pop()
        sources = [each for each in note.sources if each in step.dependent]
        is_sum = note.what in SUMS or note.what is same or (note.what in SCALING and len(sources) == 1)
        if note is not loss and is_sum and note not in step.weights:
            waiting += sources
        else:
            found.append(note)
    return found


def _is_of_weights(note: Note, step: Taken) -> bool:
    """Return whether a number is computed from weights, and from no other array."""
    dependent, weights = step.dependent, step.weights
    below = with_sources([note], lambda each: each.sources if each in dependent and each not in weights else ())
    return not any(np.ndim(each.value) for each in below if each not in dependent)


def _scaled(total: Note, step: Taken, named: Collection[Note]) -> Note:
    for note in step.notes:
        if note in named and note.what in SCALING and any(each is total for each in note.sources):
            return note
    return total
