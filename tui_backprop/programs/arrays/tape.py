"""The tape: each operation on arrays as it ran, where in the script, and which array takes another one's place.

A weight is an array of which another one is made by a sum or a difference, and which that one then stands for: it is
read where the weight was read. That may be the same array, changed in place.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from types import CodeType, FrameType
from typing import Any

import numpy as np

from minidl_core.arrays import Array


def same(value: Any) -> Any:
    """Return what is given: a copy is the same number."""
    return value


SCALING = (np.multiply, np.divide, np.negative)
SUMS = (np.add, np.subtract)
Place = tuple[CodeType, int, int]
"""Where an operation was called: the code, the instruction in it, and the line."""


class Note:
    """One operation: `what` was called, on which inputs, and its `value`; a leaf was made by none that was noted.

    Among the `inputs` notes stand for arrays, also in lists. `place` is where the script called it, `caller` from where
    that function was called. `replaces` is the note of the array whose place this one may take, `readers` are
    the places that read it, each with the index of the input.
    """

    __slots__ = (
        *("caller", "consumers", "inputs", "number", "place", "readers", "replaces", "settings", "value", "what"),
    )

    def __init__(self, what: Callable[..., Any] | None, inputs: Sequence[Any], settings: dict[str, Any]) -> None:
        self.what = what
        self.inputs = inputs
        self.settings = settings
        self.number = -1
        self.value: Any = None
        self.place: Place | None = None
        self.caller: Place | None = None
        self.consumers: list[Note] = []
        self.readers: set[tuple[CodeType, int, int]] = set()
        self.replaces: Note | None = None

    @property
    def sources(self) -> Iterator[Note]:
        """The notes among the inputs, those in lists, too."""
        return notes_in(self.inputs)


def notes_in(inputs: Sequence[Any]) -> Iterator[Note]:
    """Yield the notes among inputs, also those in lists and tuples."""
    for each in inputs:
        if type(each) is Note:
            yield each
        elif type(each) in (list, tuple):
            yield from notes_in(each)


MOST_OF_A_STEP = 200_000
"""A script that computes more without an end of a step is none that updates arrays."""


class Tape:
    """What was noted since the last step began; `on_step` is told of each step: its notes, in order.

    A step ends with the last update before an updated array is read again, where the one before it was read.
    """

    def __init__(self, folder: str, on_step: Callable[[list[Note]], None]) -> None:
        self.is_on = True
        self._folder = folder
        self._on_step = on_step
        self._notes: list[Note] = []
        self._updates: list[Note] = []
        self._read_again: set[Note] = set()
        self._places_of_updates: set[tuple[CodeType, int]] = set()
        self._count = 0
        self._begin = 0
        self._foreign: dict[int, Note] = {}
        self._inside: dict[CodeType, bool] = {}

    def leaf(self, value: Any) -> Note:
        """Return a new note of an array that nothing noted has made."""
        note = Note(None, (), {})
        note.value = value
        self._count += 1
        note.number = self._count
        return note

    def foreign(self, array: Array) -> Note:
        """Return the note of an array of NumPy's own class, such as another library makes."""
        note = self._foreign.get(id(array))
        if note is None:
            note = self._foreign[id(array)] = self.leaf(array)
        return note

    def add(self, what: Callable[..., Any], inputs: Sequence[Any], settings: dict[str, Any], value: Any) -> Note:
        """Note an operation that has just been made, and return its note."""
        note = Note(what, inputs, settings)
        note.value = value
        frame = self._script(sys._getframe(2))
        if frame is not None:
            code, at = frame.f_code, frame.f_lasti
            note.place = code, at, frame.f_lineno
            caller = frame.f_back
            if caller is not None and self.is_inside(caller.f_code):
                note.caller = caller.f_code, caller.f_lasti, caller.f_lineno
            for index, source in enumerate(note.sources):
                reader = code, at, index
                if source in self._read_again or self._is_read_again(source, reader):
                    # copies and averages of weights are no forward pass, but one may begin with them
                    if _is_linear(note):
                        self._read_again.add(note)
                    else:
                        self._end_step()
                source.readers.add(reader)
                source.consumers.append(note)
        self._count += 1
        note.number = self._count
        if what in SUMS and np.ndim(value) and note not in self._read_again:
            note.replaces = self._replaced(note)
            if note.replaces is not None:
                self._updates.append(note)
                if note.place is not None:
                    self._places_of_updates.add(note.place[:2])
        self._notes.append(note)
        if len(self._notes) > MOST_OF_A_STEP:
            self._notes, self._updates, self.is_on = [], [], False
        return note

    def finish(self) -> None:
        """Tell of the last step, if an update ended it."""
        if self._updates:
            self._end_step()
        self._notes, self._updates, self._foreign, self.is_on = [], [], {}, False

    def _is_read_again(self, note: Note, reader: tuple[CodeType, int, int]) -> bool:
        """Return whether an array that was updated in this step is read where the one before was."""
        is_read = note.replaces is not None and note.number > self._begin and reader in note.replaces.readers
        return is_read and reader[:2] not in self._places_of_updates

    def _script(self, frame: FrameType | None) -> FrameType | None:
        """Return the innermost frame from here that is of the script, or of a module beside it."""
        while frame is not None and not self.is_inside(frame.f_code):
            frame = frame.f_back
        return frame

    def is_inside(self, code: CodeType) -> bool:
        """Return whether code is of the script, or of a module beside it."""
        inside = self._inside.get(code)
        if inside is None:
            inside = self._inside[code] = code.co_filename.startswith(self._folder)
        return inside

    def _replaced(self, note: Note) -> Note | None:
        """Return the weight that a sum or a difference begins with, as `W - 0.1 * dW` does; None where there is none.

        It is an array of which something else is computed, too, and that was there before the step.
        """
        own = list(spine(note, self._begin))
        for old in own[1:]:
            if np.shape(old.value) == np.shape(note.value) and self._is_read(old, own):
                return old if self._was_there(old) else None
        return None

    def _is_read(self, old: Note, own: Sequence[Note]) -> bool:
        """Return whether this step computes more of an array than copies, multiples and sums, as of a weight.

        Of a velocity it does not, also where what it was is still needed, as in Nesterov's rule.
        """
        waiting, seen = [old], {*own}
        while waiting:
            for each in waiting.pop().consumers:
                if each.number > self._begin and each not in seen:
                    if not _is_linear(each):
                        return True
                    seen.add(each)
                    waiting.append(each)
        return False

    def _was_there(self, note: Note) -> bool:
        """Return whether an array was there before the step, or was made of such a one and of numbers alone.

        Before the first step all arrays are made, but a weight of one other array and numbers alone.
        """
        if not self._begin:
            return not _is_mixed(note)
        own = list(spine(note, self._begin))
        others = [each for made, source in pairwise(own) for each in made.inputs if each is not source]
        return (own[-1].what is None or own[-1].number <= self._begin) and all(
            np.ndim(each.value if type(each) is Note else each) == 0 for each in others
        )

    def _end_step(self) -> None:
        """End the step with its last update, and what is computed later from what was there before, such as a loss."""
        last = self._updates[-1].number
        after = set(self._updates)
        done = [note for note in self._notes if note.number <= last]
        before = set(done) - after
        rest: list[Note] = []
        for note in self._notes[len(done) :]:
            sources = set(note.sources)
            if sources & before and not sources & after:
                before.add(note)
                done.append(note)
            else:
                after.add(note)
                rest.append(note)
        self._notes, self._begin, self._updates = rest, last, []
        self._read_again.clear()
        self._on_step(done)


def _is_mixed(note: Note) -> bool:
    """Return whether an array was computed from several, as a sum is to which a layer adds: x = x + f(x)."""
    seen: set[Note] = set()
    while note.what is not None and note not in seen:
        seen.add(note)
        arrays = {each for each in note.sources if np.ndim(each.value)}
        if len(arrays) > 1:
            return True
        if not arrays:
            return False
        [note] = arrays
    return False


def _is_scaled(note: Note) -> bool:
    """Return whether this is a multiple of an array by a number."""
    return note.what in SCALING and sum(np.ndim(each.value) > 0 for each in note.sources) < 2


def _is_linear(note: Note) -> bool:
    """Return whether this is a copy, a sum, or a multiple by a number."""
    return note.what is same or note.what in SUMS or _is_scaled(note)


def spine(note: Note, begin: int) -> Iterator[Note]:
    """Yield a note and what it is a sum, difference or multiple of, always the first array, down to a leaf."""
    yield note
    while note.number > begin and _is_linear(note):
        # numbers are made of those of all iterations before, where no array is updated that would end a step
        inputs = [each for each in note.inputs if type(each) is Note and np.ndim(each.value)]
        if not inputs:
            return
        note = inputs[0]
        yield note
