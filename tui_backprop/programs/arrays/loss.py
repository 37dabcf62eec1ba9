"""The loss of one step: our graph of it, its right gradients, and how far the script's own are those."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from minidl_core import Placeholder
from minidl_core.arrays import Array

from ..multiples import agrees
from .below import Below
from .found import Found
from .graphs import Built
from .matching import Match, used
from .taken import Taken
from .tape import Note, is_moved, spine


@dataclass(frozen=True, eq=False)
class Loss:
    """A number of a step as its loss: what lies `below` it there, and the graph `built` of that, with its feeds.

    `measured` is its value, `right` are its gradients by our engine, by weight, and `match` says how far the script's
    are those. `is_judged` is whether the script's can be held against it.
    """

    step: Taken
    below: Below
    built: Built
    feeds: Mapping[Placeholder, Array]
    measured: float
    right: Mapping[int, Array]
    match: Match
    is_judged: bool = False

    def used(self, number: int) -> Iterator[tuple[Found, Array]]:
        """Yield what may be the gradient of a weight, each as it is used: divided by the learning rate alone."""
        yield from used(self.step.found.get(number, ()), self.match.rates.get(number, 1.0))

    def agreeing(self) -> Iterator[tuple[int, Note]]:
        """Yield the gradients by hand that are those of this loss, each with the number of its weight."""
        for number, right in self.right.items():
            whole = self.match.factor * right
            yield from ((number, each.note) for each, value in self.used(number) if agrees(value, whole))

    @property
    def is_of_all(self) -> bool:
        """Whether all weights that the step moves lead to it."""
        return self.step.found.keys() <= self.right.keys()

    @property
    def has_a_layer(self) -> bool:
        """Whether it is of all weights, and has the gradients of a matrix, or of two: one may be of it by chance."""
        agreeing = {number for number, note in self.agreeing() if np.count_nonzero(note.value) > 1}
        weights = {note for note, number in self.step.weights.items() if number in agreeing}
        products = (note for note in self.below.made if note.what in (np.matmul, np.dot))
        is_matrix = any(not weights.isdisjoint(note.sources) for note in products)
        return self.is_of_all and (is_matrix or len(agreeing) > 1)

    @property
    def is_part(self) -> bool:
        """Whether the script adds gradients of others to those of this loss, as over the examples of a batch."""
        same = {note for _, note in self.agreeing()}
        for note in self.step.notes:
            added = [each for each in note.inputs if type(each) is Note] if note.what is np.add else []
            others = [each for each in added if each not in same]
            # what a weight itself adds is its decay
            is_sum = any(np.any(each.value) and _is_beside_weights(each, self.step) for each in others)
            if len(others) < len(added) and is_sum:
                return True
        return False


def _is_beside_weights(note: Note, step: Taken) -> bool:
    """Return whether something depends on weights, and is no multiple of one or sum that begins with one."""
    while is_moved(note) and note not in step.weights:
        note = note.inputs[0]
    return note in step.dependent and step.weights.keys().isdisjoint(spine(note, step.notes[0].number - 1))


def leads_to_gradients(step: Taken, below: Below) -> bool:
    """Return whether the gradients by hand are computed from the forward pass of a loss, or from one like it."""
    forward = set(below.made)
    reached = {each.note for found in step.found.values() for each in found}
    for note in reversed(step.notes):
        if note in reached:
            if note in forward or (note in step.dependent and any(_is_alike(note, each) for each in below.made)):
                return True
            reached.update(note.sources)
    return False


def _is_alike(note: Note, other: Note) -> bool:
    """Return whether two operations made the same array, as where a forward pass is computed twice."""
    if note.what is not other.what or np.size(note.value) == 1:
        return False
    is_of_several = len({each for each in note.sources if np.ndim(each.value)}) > 1
    return is_of_several and np.array_equal(note.value, other.value)
