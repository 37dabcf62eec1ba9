"""One step that a script took: the pass from its weights to its loss, what moved them, and its gradients by hand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from minidl_core.arrays import Array

from .found import Found
from .tape import Note


@dataclass(eq=False)
class Taken:
    """One step: the `notes` from weights to scalars in order, the weights before and after, and gradients by hand.

    Weights have a number each, the same in all steps; `weights` are their notes in this step, and `updates` those of
    what they become in it, where they do. `dependent` are the notes that some weight leads to.
    """

    notes: list[Note]
    weights: dict[Note, int]
    dependent: set[Note]
    before: dict[int, Array]
    after: dict[int, Array] = field(default_factory=dict)
    found: dict[int, list[Found]] = field(default_factory=dict)
    updates: dict[int, Note] = field(default_factory=dict)


def dependent_on(weights: Iterable[Note], notes: Iterable[Note]) -> set[Note]:
    """Return which of some notes are computed from weights, and they themselves."""
    dependent = set(weights)
    for note in notes:
        if any(source in dependent for source in note.sources):
            dependent.add(note)
    return dependent
