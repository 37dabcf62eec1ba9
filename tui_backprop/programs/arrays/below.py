"""What lies below a number of a step: the operations that lead to it from weights, and what else they read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .taken import Taken
from .tape import Note


@dataclass(frozen=True, eq=False)
class Below:
    """What lies below a number: the operations in order, the last of which makes it, what feeds them, and the weights.

    Two of one `key` have one graph.
    """

    made: list[Note]
    fed: list[Note]
    weights: list[Note]
    key: tuple[Any, ...]


def below_of(step: Taken, loss: Note) -> Below:
    """Return what lies below a number of a step."""
    made: list[Note] = []
    fed: list[Note] = []
    weights: list[Note] = []
    index: dict[Note, tuple[str, int]] = {}
    needed = {loss}
    for note in reversed(step.notes):
        if note in needed and note not in step.weights and not _is_update(note, step):
            needed.update(source for source in note.sources if source in step.dependent)
    for note in sorted(needed & set(step.weights), key=lambda each: step.weights[each]):
        index[note] = "w", step.weights[note]
        weights.append(note)
    parts: list[Any] = []
    for note in step.notes:
        if note not in needed or note in index or _is_update(note, step):
            continue
        for source in note.sources:
            if source not in index:
                index[source] = "x", len(fed)
                fed.append(source)
        index[note] = "n", len(made)
        made.append(note)
        what, place = note.what, note.place and note.place[:2]
        shapes = tuple(np.shape(each.value) for each in note.sources)
        parts.append((what, place, _refer(note.inputs, index), repr(_refer(note.settings, index)), shapes))
    return Below(made, fed, weights, (*parts, *(step.weights[each] for each in weights)))


def _is_update(note: Note, step: Taken) -> bool:
    """Return whether this is what a weight becomes in a step; what is computed of that later takes it as it is."""
    return note.replaces in step.weights


def _refer(given: Any, index: Mapping[Note, tuple[str, int]]) -> Any:
    kind = type(given)
    if kind is Note:
        return index.get(given, "?")
    if kind in (list, tuple):
        return tuple([_refer(each, index) for each in given])
    if kind is dict:
        return tuple([(name, _refer(each, index)) for name, each in given.items()])
    return repr(given)
