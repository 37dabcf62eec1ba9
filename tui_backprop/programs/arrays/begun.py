"""Weights that begin as plain numbers, as `b = 0.0` does: what became of them tells where these were read.

A number of Python notes nothing. But its first update, `b = b - rate * db`, makes one that does, and that is read where
the plain one was read before, by the next update, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import CodeType
from typing import Any, NamedTuple

import numpy as np

from .tape import SUMS, Note


class _Input(NamedTuple):
    """An input of all operations that one instruction made."""

    code: CodeType
    instruction: int
    place: int


def note_numbers(notes: Sequence[Note]) -> bool:
    """Put a leaf in the place of each plain number that an update replaces, and return whether there was any.

    That is done where everything that reads what it becomes has read the number itself; else it stays a constant.
    """
    firsts = {
        note: each
        for note in notes
        if note.what in SUMS and not np.ndim(note.value)
        for each, given in _inputs(note)
        if _is_plain(given)
    }
    if not firsts:
        return False
    readers: dict[Note, set[_Input]] = {note: set() for note in firsts}
    for note in notes:
        for each, given in _inputs(note):
            if type(given) is Note and given in readers:
                readers[given].add(each)
    # its next update reads it, and so does something else
    begun = {note: each for note, each in firsts.items() if each in readers[note] and len(readers[note]) > 1}
    read: dict[_Input, list[Note]] = {each: [] for note in begun for each in readers[note]}
    is_any = False
    for note in notes if begun else ():
        for each, given in _inputs(note):
            if each in read and _is_plain(given):
                read[each].append(note)
        if note in begun:
            number = note.inputs[begun[note].place]
            before = {each: [old for old in read[each] if old.inputs[each.place] == number] for each in readers[note]}
            if all(before.values()):
                _put_leaf(float(number), before)
                is_any = True
            for each in readers[note]:
                read[each] = []
    return is_any


def _put_leaf(number: float, before: Mapping[_Input, Sequence[Note]]) -> None:
    leaf = Note(None, (), {})
    leaf.value, leaf.number = np.float64(number), 0
    for each, olds in before.items():
        for old in olds:
            old.inputs = (*old.inputs[: each.place], leaf, *old.inputs[each.place + 1 :])


def _inputs(note: Note) -> list[tuple[_Input, Any]]:
    if note.place is None:
        return []
    return [(_Input(*note.place[:2], index), given) for index, given in enumerate(note.inputs)]


def _is_plain(given: Any) -> bool:
    return isinstance(given, int | float) and not isinstance(given, bool)
