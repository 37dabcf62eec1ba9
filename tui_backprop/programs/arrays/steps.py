"""The steps among what a script does with its arrays: which array takes another one's place, and where a step ends.

A weight is an array of which another one is made by a sum or a difference, and which that one then stands for: it is
read where the weight was read. That may be the same array, changed in place.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Sequence
from dis import opmap
from functools import lru_cache
from itertools import pairwise
from types import CodeType

import numpy as np

from .tape import SCALING, SUMS, Note, is_linear, is_moved, is_product, is_scaled, link, search_spine

Instruction = tuple[CodeType, int]
_MOST_BEGUN = 20
_FOR_ITER = opmap["FOR_ITER"]


class Steps:
    """Finds the steps; `on_step` is told of each: its notes, in order.

    A step ends with the last update before an updated array is read again, where the one before it was read. What adds
    up at the places that are `accumulating` is no update.
    """

    def __init__(self, on_step: Callable[[list[Note]], None], accumulating: Collection[Instruction] = ()) -> None:
        self._on_step = on_step
        self._accumulating = accumulating
        self._notes: list[Note] = []
        self._updates: list[Note] = []
        self._read_again: set[Note] = set()
        self._places_of_updates: set[Instruction] = set()
        self._begin = 0

    def enter(self, note: Note) -> None:
        """Take an operation in, after all that were made before it."""
        link(note)
        is_read_on = is_linear(note) or is_moved(note)
        if not is_read_on or is_product(note):
            self._read(note)
        read_here = set[Note]()
        if note.place is not None:
            code, at, _ = note.place
            for index, source in enumerate(note.sources):
                source.last_read = note.number
                reader = code, at, index
                if reader in source.readers:
                    read_here.add(source)
                is_again = source in self._read_again or self._is_read_again(source, reader)
                # where one is read that this step has updated already is not where the next step begins
                is_late = not is_again and source.replaces is not None and source.number > self._begin
                if is_again:
                    # copies, parts and averages of weights are no forward pass, but one may begin with them
                    if is_read_on:
                        self._read_again.add(note)
                    else:
                        self._end_step(source)
                if not is_late and not _is_iteration(code, at):
                    source.readers.add(reader)
        if note.what in SUMS and note not in self._read_again:
            note.replaces = self._replaced(note, read_here)
            if note.replaces is not None:
                self._updates.append(note)
                if note.place is not None:
                    self._places_of_updates.add(note.place[:2])
        if note.replaces is None and note not in self._read_again:
            note.follows = self._followed(note)
            if note.follows is not None and np.shape(note.value) == np.shape(note.follows.value):
                note.replaces = note.follows.replaces
                self._updates.append(note)
        self._notes.append(note)

    @property
    def length(self) -> int:
        """How many operations were taken in since the last step ended."""
        return len(self._notes)

    def finish(self) -> None:
        """Tell of the last step, if an update ended it."""
        if self._updates:
            self._end_step(self._updates[-1])
        self._notes, self._updates = [], []

    def _is_read_again(self, note: Note, reader: tuple[CodeType, int, int]) -> bool:
        """Return whether an array that was updated in this step is read where the one before was."""
        is_read = note.replaces is not None and note.number > self._begin and reader in note.replaces.readers
        return is_read and reader[:2] not in self._places_of_updates

    def _replaced(self, note: Note, read_here: Collection[Note]) -> Note | None:
        """Return the weight that a sum or a difference begins with, as `W - 0.1 * dW` does; None where there is none.

        In `-0.1 * dW + W` it is the second, if that is not of those that were `read_here` before, as a bias over time.
        It is an array of which something else is computed, too, and that was there before the step.
        """
        if note.place is not None and note.place[:2] in self._accumulating:
            return None
        if note.begins_with is None:
            return None
        begin, shape = self._begin, np.shape(note.value)

        def is_beyond(old: Note) -> bool:
            # arrays further down are smaller, older, and read by what is read above them
            return old.read_at > begin or old.number <= begin or np.shape(old.value) != shape

        old = search_spine(note.begins_with, is_beyond)
        first, second = note.inputs
        is_pair = note.what is np.add and type(first) is type(second) is Note and second not in read_here
        if is_pair and first.what in SCALING and is_scaled(first) and is_beyond(second):
            # of two arrays that are read the weight is the one that was there
            is_move = np.shape(second.value) == shape and not self._was_there(second, note)
            old = old if is_move else second
        is_read = old.read_at > begin and np.shape(old.value) == shape
        return old if is_read and self._was_there(old, note) else None

    def _followed(self, note: Note) -> Note | None:
        """Return the update of this step of which alone an operation is made, and of what was there before."""
        fresh = [each for each in note.sources if each.is_mixed and each.number > self._begin]
        updates = {each.follows or (each if each.replaces is not None else None) for each in fresh}
        known = {each.replaces for each in updates if each is not None}
        others = [each for each in fresh if each.follows is None and each.replaces is None and each not in known]
        updates.discard(None)
        return updates.pop() if len(updates) == 1 and not others else None

    def _read(self, note: Note) -> None:
        """Note that of what an operation takes more is computed than copies, parts, multiples and sums, as of a weight.

        Of a velocity it is not, also where what it was is still needed, as in Nesterov's rule.
        """
        waiting = [note]
        while waiting:
            consumer = waiting.pop()
            for source in consumer.sources:
                is_new = not source.read_at
                source.read_at = max(source.read_at, consumer.number)
                if is_new and source.number > self._begin and (is_linear(source) or is_moved(source)):
                    waiting.append(source)

    def _was_there(self, note: Note, update: Note) -> bool:
        """Return whether an array was there before the step, or was made of such a one and of numbers alone.

        Before the first step nothing is: then a weight is what was made of one array and of numbers alone, or a sum of
        arrays of which nothing else is made, as with noise. A number that began as a plain one was made by the same
        line as its next update, which begins with it.
        """
        is_begun = note.what in SUMS and not np.ndim(note.value) and any(type(each) is not Note for each in note.inputs)
        if is_begun and note in update.inputs and note.place is not None and update.place is not None:
            return note.place[:2] == update.place[:2]
        return note.mixed_at <= self._begin if self._begin else not note.is_mixed or _is_begun(note)

    def _end_step(self, read: Note) -> None:
        """End the step with its last update before an array that is read was made of weights, as by a forward pass.

        What is computed later from what was there before, such as a loss, belongs to the step, too.
        """
        begin, waiting = self._updates[-1].number, [read]
        while waiting:
            note = waiting.pop()
            if note in self._read_again:
                begin = min(begin, note.number)
                waiting += note.sources
        last = max((each.number for each in self._updates if each.number <= begin), default=begin)
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


def _is_begun(note: Note) -> bool:
    """Return whether an array is a sum of multiples of arrays that nothing was made of, and that it alone reads."""
    waiting = [note]
    for _ in range(_MOST_BEGUN):
        if not waiting:
            return True
        each = waiting.pop()
        if each.what is not None and not is_linear(each):
            return False
        # what a forward pass reads besides is data
        if each is not note and each.read_at > note.number:
            return False
        waiting += each.sources
    return False


@lru_cache(10_000)
def _is_iteration(code: CodeType, at: int) -> bool:
    """Return whether an instruction takes the next one of a loop: of two arrays in a zip both are read there."""
    return code.co_code[at] == _FOR_ITER


def find_steps(notes: Sequence[Note], accumulating: Collection[Instruction]) -> list[list[Note]]:
    """Return the steps among notes that were taken in before, without what accumulates."""
    for note in notes:
        for each in (note, *note.sources):
            each.read_at, each.readers, each.replaces, each.follows = 0, set(), None, None
    found: list[list[Note]] = []
    steps = Steps(found.append, accumulating)
    for note in notes:
        steps.enter(note)
    steps.finish()
    return found


def accumulating_places(notes: Sequence[Note]) -> set[Instruction]:
    """Return where sums were taken for updates that only add up within each step, as h = h + f(h) over time does.

    Again and again such a sum begins anew, at least twice, with updates of some weight between but none within it.
    """
    sums: dict[Note, list[Note]] = {}
    by_place: dict[Instruction, list[list[Note]]] = {}
    for note in notes:
        if note.replaces is not None and note.follows is None and note.place is not None:
            known = sums.get(note.replaces.follows or note.replaces)
            if known is None:
                known = []
                by_place.setdefault(note.place[:2], []).append(known)
            known.append(note)
            sums[note] = known
    found: set[Instruction] = set()
    for place, group in by_place.items():
        others = [each for other, many in by_place.items() if other != place for each in many]
        spans = [(each[0].number, each[-1].number) for each in group]
        gaps = [(last, first) for (_, last), (first, _) in pairwise(spans)]
        often = (other for other in others if len(other) >= len(gaps))
        if gaps and any(_is_around([each.number for each in other], spans, gaps) for other in often):
            found.add(place)
    return found


def _is_around(updates: Sequence[int], spans: Sequence[tuple[int, int]], gaps: Sequence[tuple[int, int]]) -> bool:
    """Return whether there is an update, of these in their order, in each gap between some spans, and none in them."""
    within = any(bisect_left(updates, first) < bisect_right(updates, last) for first, last in spans)
    return not within and all(bisect_right(updates, last) < bisect_left(updates, first) for last, first in gaps)
