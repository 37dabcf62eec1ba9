"""The tape: each operation on arrays as it ran, and where in the script."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dis import opmap
from functools import lru_cache
from types import CodeType, FrameType
from typing import Any

import numpy as np

from minidl_core.arrays import Array

from ..project import is_of_project


def same(value: Any) -> Any:
    """Return what is given: a copy is the same number."""
    return value


_MOVING = (
    *("reshape", "ravel", "flatten", "transpose", "squeeze", "swapaxes", "moveaxis", "expand_dims", "atleast_2d"),
    *("getitem", "picked", "added"),
)
_CACHE = opmap.get("CACHE", -1)
_JOINING = ("concatenate", "stack", "hstack", "vstack", "column_stack", "append")
SCALING = (np.multiply, np.divide, np.negative)
SUMS = (np.add, np.subtract)
Place = tuple[CodeType, int, int]
"""Where an operation was called: the code, the instruction in it, and the line."""


class Note:
    """One operation: `what` was called, on which inputs, and its `value`; a leaf was made by none that was noted.

    Among the `inputs` notes stand for arrays, also in lists. What a note is a sum, difference or multiple of, always
    the first array, is its spine.
    """

    __slots__ = (
        *("born", "caller", "follows", "inputs", "number", "place", "readers", "replaces", "settings", "value", "what"),
        *("begins_with", "depth", "is_mixed", "is_of_array", "jump", "last_read", "mixed_at", "read_at"),
    )

    def __init__(self, what: Callable[..., Any] | None, inputs: Sequence[Any], settings: dict[str, Any]) -> None:
        self.what = what
        self.inputs = inputs
        self.settings = settings
        self.value: Any = None
        self.number = -1
        self.born = -1
        """Of a leaf, the number of the last note before it."""
        self.place: Place | None = None
        """Where the script called the operation."""
        self.caller: Place | None = None
        """From where the script called the function that did."""
        self.readers: set[tuple[CodeType, int, int]] = set()
        """The instructions that read the array, each with the index of the input."""
        self.last_read = 0
        """The number of the last note that has this one as an input."""
        self.read_at = 0
        """The number of the last note that was computed of it.

        Copies, parts, multiples and sums count only where more is computed of them.
        """
        self.replaces: Note | None = None
        """The note of the array whose place this one may take, as an update takes that of a weight."""
        self.follows: Note | None = None
        """The update of its step that it is made of, where it is made of nothing else of that step.

        So a weight is that is divided by its norm after its update.
        """
        self.is_mixed = False
        """Whether it was computed from several arrays at all, other than joined."""
        self.is_of_array = False
        """Whether it was computed from any array."""
        self.mixed_at = 0
        """The number of the last note on its spine into which another array went."""
        self.begins_with: Note | None = None
        """The next note on its spine."""
        self.depth = 0
        """How many notes there are further down on its spine."""
        self.jump: Note | None = None
        """A note further down on its spine, at a distance at which a search halves what is left."""

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


def with_sources(notes: Iterable[Note], sources: Callable[[Note], Iterable[Note]]) -> set[Note]:
    """Return some notes and all that they are made of, as far as one goes back by these `sources` of each."""
    waiting, found = list(notes), set[Note]()
    while waiting:
        note = waiting.pop()
        if note not in found:
            found.add(note)
            waiting += sources(note)
    return found


class Tape:
    """Notes what is done with arrays, and hands each note on to what finds the `steps`."""

    def __init__(self, project: str, steps: Callable[[Note], None]) -> None:
        self.is_on = True
        self.notes: list[Note] = []
        self._project = project
        self._steps = steps
        self._count = 0
        self._foreign: dict[int, Note] = {}
        self._inside: dict[CodeType, bool] = {}

    @property
    def count(self) -> int:
        """How many notes there are."""
        return self._count

    def leaf(self, value: Any, born: int | None = None) -> Note:
        """Return a new note of an array that nothing noted has made; it may be born before it is read first."""
        note = Note(None, (), {})
        note.value = value
        note.born = self._count if born is None else born
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
            note.place = _place(frame)
            caller = frame.f_back
            if caller is not None and self.is_inside(caller.f_code):
                note.caller = _place(caller)
        self._count += 1
        note.number = self._count
        self.notes.append(note)
        self._steps(note)
        return note

    def finish(self) -> None:
        """Note nothing more."""
        self._foreign, self.is_on = {}, False

    def _script(self, frame: FrameType | None) -> FrameType | None:
        """Return the innermost frame from here that is of the script, or of a module of its project."""
        while frame is not None and not self.is_inside(frame.f_code):
            frame = frame.f_back
        return frame

    def is_inside(self, code: CodeType) -> bool:
        """Return whether code is of the script, or of a module of its project."""
        inside = self._inside.get(code)
        if inside is None:
            inside = self._inside[code] = is_of_project(code.co_filename, self._project)
        return inside


def _place(frame: FrameType) -> Place:
    return frame.f_code, _instruction(frame.f_code, frame.f_lasti), frame.f_lineno


@lru_cache(10_000)
def _instruction(code: CodeType, at: int) -> int:
    """Return where an instruction begins: one that has often called Python code is seen at the end of its cache."""
    while at > 0 and code.co_code[at] == _CACHE:
        at -= 2
    return at


def is_scaled(note: Note) -> bool:
    """Return whether this is a multiple of an array by a number, or of a number that was noted by one that was not."""
    return note.what in SCALING and len(arrays_in(note.inputs, like=note)) < 2


def is_moved(note: Note) -> bool:
    """Return whether this has entries of another array, as they are, in other places or another shape."""
    return getattr(note.what, "__name__", "") in _MOVING and type(note.inputs[0]) is Note


def is_product(note: Note) -> bool:
    """Return whether this multiplies an array with a number that was computed from arrays, such as an error."""
    sources = list(note.sources)
    return note.what in SCALING and len(sources) > 1 and any(not np.ndim(n.value) and n.is_mixed for n in sources)


def is_linear(note: Note) -> bool:
    """Return whether this is a copy, a sum, or a multiple by a number."""
    return note.what is same or note.what in SUMS or is_scaled(note)


def spine(note: Note, begin: int) -> Iterator[Note]:
    """Yield a note and what it is a sum, difference or multiple of, always the first array, down to a leaf."""
    yield note
    while note.number > begin and is_linear(note):
        # numbers are made of those of all iterations before, where no array is updated that would end a step
        following = _first_array(note)
        if following is None:
            return
        note = following
        yield note


def arrays_in(inputs: Sequence[Any], *, like: Note) -> list[Note]:
    """Return the notes of arrays among inputs; those of numbers, too, where what they are like is a number itself."""
    is_number = not np.ndim(like.value)
    return [each for each in inputs if type(each) is Note and (is_number or np.ndim(each.value))]


def link(note: Note) -> None:
    """Write down how a new note goes on from those that it was made of: on its spine, and by what else it is mixed."""
    is_number = not np.ndim(note.value)
    arrays = {each for each in note.sources if is_number or np.ndim(each.value)}
    is_row = getattr(note.what, "__name__", "") in _JOINING
    note.is_mixed = (len(arrays) > 1 and not is_row) or any(each.is_mixed for each in arrays)
    note.is_of_array = any(each.is_of_array or np.ndim(each.value) for each in note.sources)
    first = _first_array(note) if is_linear(note) else None
    if first is None:
        note.mixed_at = note.number
        return
    others = [each for each in note.inputs if each is not first]
    is_pure = not any(type(each) is Note and (is_number or np.ndim(each.value)) for each in others)
    note.mixed_at = first.mixed_at if is_pure else note.number
    note.begins_with, note.depth, note.jump = first, first.depth + 1, first
    # two jumps of one length make one of twice the length, as in a skew-binary list
    half = first.jump
    if half is not None and half.jump is not None and first.depth - half.depth == half.depth - half.jump.depth:
        note.jump = half.jump


def search_spine(note: Note, is_beyond: Callable[[Note], bool]) -> Note:
    """Return the first note on a spine for which this holds, as it does for all below it; else where the spine ends."""
    while not is_beyond(note):
        if note.begins_with is None or note.jump is None:
            return note
        note = note.begins_with if is_beyond(note.jump) else note.jump
    return note


def _first_array(note: Note) -> Note | None:
    return next(iter(arrays_in(note.inputs, like=note)), None)
