"""Records the steps that a script's arrays take, while it runs."""

from __future__ import annotations

import ast
import linecache
import os
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from math import inf
from typing import Any

import numpy as np

from minidl_core.arrays import Array, copy_in

from ..execution import EnoughSteps
from ..naming import name_objects
from ..project import is_of_project, project_of
from .begun import note_numbers
from .births import noting_births
from .found import Found
from .gradients import gradients_in
from .noted import NOTED, tape
from .plain_numpy import is_plain_numpy
from .steps import Steps, accumulating_places, find_steps
from .taken import Taken, dependent_on
from .tape import Note, Tape, spine
from .unread import StepRead

MOST_BYTES = 64 * 2**20
MOST_BEFORE_A_STEP = 8 * MOST_BYTES
"""The data that a script prepares may be large; one that computes more without a step trains nothing."""
MOST_OF_A_STEP = 200_000
"""A script that computes more without the end of a step is none that updates arrays."""
_BYTES_OF_A_NOTE = 600


class ArrayRecorder:
    """Records the steps of a script in plain NumPy and of no other; it ends two after so many, the `most`.

    Which arrays a step has updated is seen when they are read in the next one, as is a loss that is computed then; and
    of a weight that begins as a plain number, when it is updated again.
    """

    def __init__(self, path: str, most: float = inf) -> None:
        self.most = most
        self._path = os.path.abspath(path)
        self.steps: list[Taken] = []
        self.names: dict[int, str] = {}
        self.left_out = False
        self._waiting: list[Note] = []
        self._numbers: dict[Note, int] = {}
        self.data_names: dict[Note, str] = {}
        self._left: dict[Note, Array] = {}
        self._bytes = 0
        self._count = 0
        self._loop_variables: dict[str, Collection[str]] = {}

    @property
    def taken(self) -> int:
        """How many steps moved weights."""
        return int(min(sum(bool(step.found) for step in self.steps), self.most))

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Let the arrays of a script note what they do, as long as this lasts."""
        if not is_plain_numpy(self._path):
            yield
            return
        steps = Steps(self._on_step)

        def enter(note: Note) -> None:
            steps.enter(note)
            self._bytes += _BYTES_OF_A_NOTE + _bytes_of(note)
            is_full = self._bytes > (MOST_BYTES if self.steps else MOST_BEFORE_A_STEP)
            if is_full or steps.length > MOST_OF_A_STEP:
                own.is_on = False
                steps.finish()
                self.left_out = bool(self._waiting)
                if not self._waiting:
                    own.notes.clear()

        own = Tape(project_of(self._path), enter)
        tape.append(own)
        try:
            with noting_births():
                yield
        finally:
            own.finish()
            try:
                with suppress(EnoughSteps):  # the script has ended
                    steps.finish()
            finally:
                tape.remove(own)
            self._process(self._waiting)
            self._look_back(own.notes)

    def _look_back(self, notes: Sequence[Note]) -> None:
        """Find the steps once more where only the whole run tells what accumulates, or began as a plain number."""
        accumulating = accumulating_places(notes)
        if note_numbers(notes) or accumulating:
            self.steps, self._numbers, self._left, self.names = [], {}, {}, {}
            for each in find_steps(notes, accumulating):
                self._process(each)

    def _on_step(self, notes: list[Note]) -> None:
        self._process(self._waiting)
        self._waiting = notes
        if self._bytes > MOST_BYTES:
            tape[0].is_on, self.left_out = False, True
        elif self._count < 3 or self._count.bit_count() == 1:  # then and when
            self._find_names()
        self._count += 1
        if self._count > self.most + 1:
            raise EnoughSteps

    def _process(self, notes: Sequence[Note]) -> None:
        """Keep a step: all that follows it has been read, so what takes a weight's place is known."""
        begin = notes[0].number - 1 if notes else 0
        moved, found = self._moved(notes, begin)
        _forget_others(notes, moved, begin)
        weights = {old: self._numbers.pop(old, len(self._numbers) + at) for at, old in enumerate(moved)}
        weights |= self._numbers
        before = {number: self._kept(note) for note, number in weights.items()}
        step = Taken(list(notes), weights, dependent_on(weights, notes), before)
        for old, number in weights.items():
            new = moved.get(old)
            step.after[number] = before[number] if new is None else copy_in(new.value)
            if new is not None:
                step.found[number], step.updates[number] = found[old], new
            self._leave(old, new or old, number, step.after[number])
        if weights:
            self.steps.append(step)
            kept = [*step.after.values(), *(each.value for found in step.found.values() for each in found)]
            self._bytes += sum(int(each.nbytes) for each in kept)
        for note in notes:
            note.read_at = 0  # the step after it is over, too: what has read it was not of the one that goes on

    def _moved(self, notes: Sequence[Note], begin: int) -> tuple[dict[Note, Note], dict[Note, list[Found]]]:
        """Return the weights that a step moves, with the notes that take their places, and their gradients by hand."""
        moved: dict[Note, Note] = {}
        for note in notes:
            old = note.replaces
            is_known = old in self._numbers and note.follows is None
            if old is not None and (is_known or not old.readers.isdisjoint(note.readers)):
                moved[old] = note
        updates = {old: new.follows or new for old, new in moved.items()}
        read = StepRead(notes)
        found = {old: gradients_in(update, begin, read) for old, update in updates.items()}
        # what another update is made from is a velocity, also where the forward pass looks ahead with it
        made = {each.note for old, ways in found.items() for each in ways if each.note is not updates[old]}
        return {old: new for old, new in moved.items() if new not in made}, found

    def _kept(self, note: Note) -> Array:
        """Return the numbers of a weight as they were left by the step before."""
        left = self._left.pop(note, None)
        return copy_in(note.value) if left is None else left

    def _leave(self, old: Note, new: Note, number: int, value: Array) -> None:
        """Leave a weight to the next step."""
        self._numbers[new], self._left[new] = number, value
        name = self.data_names.get(new) or self.data_names.get(old)
        if name is not None:
            self.names.setdefault(number, name)

    def _variables_of(self, file: str) -> Collection[str]:
        if file not in self._loop_variables:
            self._loop_variables[file] = _loop_variables(file)
        return self._loop_variables[file]

    def _find_names(self) -> None:
        """Look for where the script keeps its arrays just now: in its module, and in the functions that are running."""
        frames = []
        frame: Any = sys._getframe(1)
        project = project_of(self._path)
        while frame is not None:
            if is_of_project(frame.f_code.co_filename, project):
                frames.append(frame)
            frame = frame.f_back
        for each in (*reversed(frames),):
            held: Mapping[str, object] = dict(each.f_locals)
            found: dict[int, Note] = {}

            def wanted(value: Any, found: dict[int, Note] = found) -> bool:
                if type(value) in NOTED and value.note is not None:
                    found[id(value)] = value.note
                    return True
                return False

            for identity, name in name_objects(held, wanted, self._variables_of(each.f_code.co_filename)).items():
                self.data_names.setdefault(found[identity], name)


def _forget_others(notes: Sequence[Note], moved: Mapping[Note, Note], begin: int) -> None:
    """Let what another update has taken the place of be no update: a softmax takes the largest logit off a weight."""
    ways = {old: {new, *spine(new.follows or new, begin)} for old, new in moved.items()}
    forgotten = set[Note]()
    for note in notes:
        is_other = note.follows is None and note.replaces in ways and note not in ways[note.replaces]
        if is_other or note.follows in forgotten:
            forgotten.add(note)
    for note in forgotten:
        note.replaces = note.follows = None


def _loop_variables(file: str) -> Collection[str]:
    """Return what the loops of a file call their elements, which have other names where they are kept."""
    try:
        tree = ast.parse("".join(linecache.getlines(file)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    targets = [each.target for each in ast.walk(tree) if isinstance(each, ast.For)]
    return {part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)}


def _bytes_of(note: Note) -> int:
    """Return the size of the memory that the value of a note has for itself: a view shares that of its source."""
    value = np.asarray(note.value)
    if value.nbytes > _BYTES_OF_A_NOTE and any(np.may_share_memory(value, each.value) for each in note.sources):
        return 0
    return int(value.nbytes)
