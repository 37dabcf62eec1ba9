"""Rules of updates that are not known: which array such a rule is about, where it is about one alone.

Whatever a rule keeps from step to step, as a size of its own for each entry, or adds at random, no forward pass reads
it. What is left then is what came from the backward pass: the gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import cached_property
from heapq import heappop, heappush
from typing import Any

import numpy as np

from .noted import MethodOfName, set_item
from .tape import SUMS, Note, is_moved, is_scaled, same

_BY_ENTRY = (np.where, np.clip, MethodOfName("clip"), same, set_item)


class StepRead:
    """The notes of a step, with what each of them is read by in it."""

    def __init__(self, notes: Sequence[Note]) -> None:
        self._notes = dict.fromkeys(notes)
        self._end = notes[-1].number if notes else 0

    @cached_property
    def readers(self) -> dict[Note, list[Note]]:
        """The notes that were made of each."""
        found: dict[Note, list[Note]] = {}
        for note in self._notes:
            for source in note.sources:
                found.setdefault(source, []).append(note)
        return found

    def gradient_below(self, note: Note, begin: int, own: Sequence[Note]) -> tuple[Note, float] | None:
        """Return the one array that an unknown rule made this of, entry by entry, and the sign that it gave it.

        Beside that it may use what is older than `begin`, the weight itself, of which these are its `own`, and noise.
        None where several arrays of the backward pass went into it, or nothing was kept: then it is no rule.
        """
        # a number has one entry, and so has all that its forward pass computes
        if not np.ndim(note.value) or not is_by_entry(note):
            return None
        waiting, between = _Waiting(), {note}
        has_kept = self._take_in(note, waiting, begin, own)
        while waiting and has_kept is not None:
            if len(waiting) == 1 and np.size(waiting.last.value) == np.size(note.value):
                return (waiting.last, _sign(note, waiting.last, between)) if has_kept else None
            inner = waiting.pop()
            between.add(inner)
            kept = self._take_in(inner, waiting, begin, own) if is_by_entry(inner) else None
            has_kept = None if kept is None else kept or has_kept
        return None

    def is_kept_alone(self, note: Note, begin: int, own: Sequence[Note]) -> bool:
        """Return whether an array is made, entry by entry, of several of the weight, what was kept, and noise alone."""
        waiting = _Waiting()
        is_any = False
        if np.ndim(note.value):
            waiting.push(note)
        while waiting:
            inner = waiting.pop()
            kept = self._take_in(inner, waiting, begin, own) if inner in self._notes and is_by_entry(inner) else None
            if kept is None:
                return False
            is_any = is_any or kept
        return is_any

    def _take_in(self, note: Note, waiting: _Waiting, begin: int, own: Sequence[Note]) -> bool | None:
        """Let the inputs of an operation wait that are of this step; return if others are kept, None if one is data."""
        has_kept = False
        for each in note.sources:
            if each in own or (not np.ndim(each.value) and not each.is_of_array):
                continue
            if each in self._notes and each.number > self._first_read(own[-1]):
                waiting.push(each)
            elif self.is_data(each, own) or not (self._is_lasting(each, begin, own[-1]) or self._is_noise(each)):
                return None
            else:
                has_kept = has_kept or bool(np.ndim(each.value))
        return has_kept

    def _is_lasting(self, note: Note, begin: int, weight: Note) -> bool:
        """Return whether an array is there in other steps, too; in the first, whether it was before the weight is."""
        is_older = note.number <= begin or note.born < self._first_read(weight)
        return note.what is not None or note.last_read > self._end or is_older

    def _first_read(self, weight: Note) -> int:
        return min((each.number for each in self.readers.get(weight, ())), default=0)

    def _is_noise(self, leaf: Note) -> bool:
        """Return whether an array is only added to others."""
        readers = self.readers.get(leaf, [])
        scaled = [each for each in readers if is_scaled(each)]
        added = [each for each in readers if each not in scaled]
        added += [each for inner in scaled for each in self.readers.get(inner, [])]
        return bool(added) and all(each.what in SUMS for each in added)

    def is_data(self, note: Note, own: Sequence[Note]) -> bool:
        """Return whether a step makes more of an array than others, entry by entry, as a forward pass does."""
        waiting, seen = [note], {*own}
        while waiting:
            for each in self.readers.get(waiting.pop(), ()):
                if not is_by_entry(each):
                    return True
                if each not in seen:
                    seen.add(each)
                    waiting.append(each)
        return False


class _Waiting:
    """Notes to look at, the last one made first."""

    def __init__(self) -> None:
        self._numbers: list[int] = []
        self._notes: dict[int, Note] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    @property
    def last(self) -> Note:
        """The last one made."""
        return self._notes[-self._numbers[0]]

    def push(self, note: Note) -> None:
        """Take one in, once."""
        if note.number not in self._notes:
            self._notes[note.number] = note
            heappush(self._numbers, -note.number)

    def pop(self) -> Note:
        """Return the last one made, and let it go."""
        return self._notes[-heappop(self._numbers)]


def is_by_entry(note: Note) -> bool:
    """Return whether an operation computes each entry of an array from one entry of its inputs, or moves it."""
    what = note.what
    return what in _BY_ENTRY or (isinstance(what, np.ufunc) and what is not np.matmul) or is_moved(note)


def _sign(note: Note, gradient: Note, between: Collection[Note]) -> float:
    """Return the sign that a rule gave to a gradient: what it makes of the opposite one tells."""
    turned: dict[Note, Any] = {gradient: -np.asarray(gradient.value)}
    try:
        with np.errstate(all="ignore"):
            for each in sorted(between, key=lambda each: each.number):
                if turned.keys().isdisjoint(each.sources):
                    continue
                what: Callable[..., Any] = each.what  # type: ignore[assignment]
                given = [_value(value, turned) for value in each.inputs]
                turned[each] = what(*given, **{name: _value(value, turned) for name, value in each.settings.items()})
            difference = np.asarray(note.value) - turned[note]
            return -1.0 if float(np.nansum(difference * np.reshape(gradient.value, difference.shape))) < 0 else 1.0
    except (TypeError, ValueError, IndexError):
        return 1.0


def _value(given: Any, turned: dict[Note, Any]) -> Any:
    if type(given) is Note:
        return turned.get(given, given.value)
    if type(given) in (tuple, list):
        return type(given)(_value(each, turned) for each in given)
    return given
