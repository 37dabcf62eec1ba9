"""The single numbers of a step, and where in the script they are made: one of them is its loss."""

from __future__ import annotations

import numpy as np

from .taken import Taken
from .tape import Note


def scalars_of(step: Taken) -> list[Note]:
    """Return what of a step is one number that its weights lead to."""
    return [
        note
        for note in step.notes
        if note in step.dependent and np.size(note.value) == 1 and np.asarray(note.value).dtype.kind == "f"
    ]


PlaceOfScalar = tuple[object, ...]
"""The operation that made a number, where in the script, and from where the function there was called."""


def scalars_at(step: Taken, place: PlaceOfScalar | None) -> list[Note]:
    """Return those single numbers of a step that were made at a place."""
    return [note for note in scalars_of(step) if place_of(note) == place]


def place_of(note: Note) -> PlaceOfScalar | None:
    """Return by which operation a note was made, where, and from where the function there was called."""
    return None if note.place is None else (note.what, note.place[:2], note.caller and note.caller[:2])


def is_at(note: Note, place: PlaceOfScalar) -> bool:
    """Return whether a note was made at a place, from wherever the function there was called."""
    own = place_of(note)
    return own is not None and own[:2] == place[:2]
