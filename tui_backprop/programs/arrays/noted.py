"""Arrays and numbers that note what made them: NumPy asks their class about each operation, and it tells the tape."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from .memory import Added, Family, is_same_place, picked_at, picked_of_changed, picked_of_term
from .tape import SUMS, Note, Tape, notes_in, same
from .unseen import operands_of_dot, unseen

tape: list[Tape] = []
"""The tape that is written, if any: one script runs at a time."""

_METHODS = (
    *("sum", "mean", "max", "min", "std", "var", "prod", "dot", "reshape", "ravel", "flatten", "transpose", "squeeze"),
    *("swapaxes", "clip", "cumsum", "argmax", "argmin", "repeat", "take", "diagonal", "trace", "round", "copy"),
)
_LIKE = {np.zeros_like, np.ones_like, np.empty_like, np.full_like}
_CHANGING = {np.put, np.place, np.putmask, np.fill_diagonal, np.put_along_axis}


class NotedNumber(np.float64):
    """A number that notes what made it; NumPy allows it no other base."""

    note: Note | None = None
    __hash__ = np.float64.__hash__


class NotedSingle(np.float32):
    """A number of single precision that notes what made it, as the mean of such an array."""

    note: Note | None = None
    __hash__ = np.float32.__hash__


def _ask_about_ufunc(_number: Any, ufunc: np.ufunc, method: str, *inputs: Any, **settings: Any) -> Any:
    return _run_ufunc(ufunc, method, inputs, settings)


def _ask_about_function(_number: Any, function: Any, _types: Any, args: Any, settings: Any) -> Any:
    return _run_function(function, args, settings)


def _itself(number: Any, *_: Any, **__: Any) -> Any:
    return number


_OF_TWO = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul")
_OPERATORS = (*(f"__{side}{name}__" for name in _OF_TWO for side in ("", "r")), "__neg__", "__pos__", "__abs__")
_OF_NUMBERS: dict[str, Any] = {
    "__array_ufunc__": _ask_about_ufunc,
    "__array_function__": _ask_about_function,
    "__repr__": lambda number: repr(plain(number)),
    **{name: getattr(NDArrayOperatorsMixin, name) for name in _OPERATORS},
    **dict.fromkeys(("squeeze", "copy", "sum", "mean", "max", "min"), _itself),
}
# a class that both share would be a second base, with which numbers of single precision end the process
for _kind, _name in product((NotedNumber, NotedSingle), _OF_NUMBERS):
    setattr(_kind, _name, _OF_NUMBERS[_name])


_NOTED_NUMBERS: dict[type, Any] = {np.float64: NotedNumber, np.float32: NotedSingle}
_PLAIN_NUMBERS: dict[type, Any] = {noted: kind for kind, noted in _NOTED_NUMBERS.items()}


class NotedArray(np.ndarray):
    """An array that notes what made it."""

    __array_priority__ = 1.0

    note: Note | None = None
    born: int | None = None
    unseen: tuple[Any, ...] | None = None
    family: Family | None = None
    """The arrays in the same memory: what changes this changes them, too."""

    def __array_finalize__(self, like: Any) -> None:
        if type(like) is NotedArray and tape and tape[0].is_on:
            operands = operands_of_dot()
            self.unseen = (like,) if operands is None else operands

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **settings: Any) -> Any:
        return _run_ufunc(ufunc, method, inputs, settings)

    def __array_function__(self, function: Any, types: Any, args: Any, settings: Any) -> Any:
        return _run_function(function, args, settings)

    def __getitem__(self, key: Any) -> Any:
        value = np.ndarray.__getitem__(self.view(np.ndarray), plain(key))
        if not isinstance(value, np.ndarray | np.floating):
            return value
        return _noted(same, (self,), {}, value) if _is_all(key) else _noted(operator.getitem, (self, key), {}, value)

    def __iter__(self) -> Iterator[Any]:
        if not self.ndim:
            raise TypeError("iteration over a 0-d array")
        return (self[index] for index in range(len(self)))

    def __setitem__(self, key: Any, value: Any) -> None:
        if not tape or not tape[0].is_on:
            np.ndarray.__setitem__(self.view(np.ndarray), plain(key), plain(value))
            return
        part = np.ndarray.__getitem__(self.view(np.ndarray), plain(key))
        if isinstance(value, NotedArray) and type(part) is np.ndarray and is_same_place(value, part):
            return  # W[0] -= g has changed it already
        taken = _entries_changed(self, key, value)
        change = _Change(self)
        np.ndarray.__setitem__(self.view(np.ndarray), plain(key), plain(value))
        if taken is not None:
            what, entries = taken
            change.by_sum(
                what, [change.before, change.note(picked_at(plain(key), self.shape, entries.value), entries)], 0
            )
            return
        if _is_all(key) and isinstance(value, NotedArray) and value.shape == self.shape:
            change.to(_as_note(value))
            return
        where = _as_note(key)
        if type(value) in (int, float) and any(notes_in([where])) and not _is_mask(key):
            # which entries are set may be other ones in each step, so they are data, as a mask is
            mask = np.zeros(self.shape, dtype=bool)
            mask[plain(key)] = True
            where = tape[0].leaf(mask)
        change.to(tape[0].add(set_item, (change.before, where, _as_note(value)), {}, self.view(np.ndarray)))

    def fill(self, value: Any) -> None:
        """Set all entries to a number."""
        self[...] = value

    @property
    def T(self) -> Any:  # noqa: N802 (NumPy's word)
        """Its transpose."""
        return _noted(np.transpose, (self,), {}, self.view(np.ndarray).T)

    @property
    def flat(self) -> Any:
        """Its entries in a row."""
        row = self.reshape(-1)
        return row if np.may_share_memory(row, self) else self.view(np.ndarray).flat

    @flat.setter
    def flat(self, value: Any) -> None:
        self[...] = np.reshape(value, self.shape) if np.size(value) == self.size else value

    def put(self, *args: Any, **settings: Any) -> None:
        """Set entries of it in a row."""
        np.put(self, *args, **settings)

    def astype(self, dtype: Any, *args: Any, **settings: Any) -> Any:
        """Return a copy of another type, which is the same where that has fractions."""
        value = self.view(np.ndarray).astype(dtype, *args, **settings)
        return _noted(same, (self,), {}, value) if value.dtype.kind == "f" else value

    def __repr__(self) -> str:
        return repr(self.view(np.ndarray))

    def __round__(self, digits: int = 0) -> Any:
        return round(self.item(), digits)


def _method(name: str) -> Callable[..., Any]:
    def call(self: NotedArray, *args: Any, **settings: Any) -> Any:
        value = getattr(self.view(np.ndarray), name)(*plain(args), **plain(settings))
        return _noted(same if name == "copy" else MethodOfName(name), (self, *args), settings, value)

    return call


@dataclass(frozen=True)
class MethodOfName:
    """Calls the method of a name on its first input."""

    __name__: str

    def __call__(self, owner: Any, *args: Any, **settings: Any) -> Any:
        """Return what the method does."""
        return getattr(owner, "flatten" if self.__name__ == "ravel" else self.__name__)(*args, **settings)


for _name in _METHODS:
    setattr(NotedArray, _name, _method(_name))


NOTED = frozenset({NotedArray, *_PLAIN_NUMBERS})
"""The classes that note what made their instances."""


def set_item(array: Any, key: Any, value: Any) -> Any:
    """Return an array with some entries set to a value; the key is a mask."""
    return np.where(key, value, array)


def as_noted(value: Any) -> Any:
    """Return an array as one that notes what is made of it."""
    if type(value) is not np.ndarray or value.dtype.kind not in "fiub":
        return value
    made = value.view(NotedArray)
    made.born = tape[0].count if tape else None
    return made


def plain(value: Any) -> Any:
    """Return a value with NumPy's own arrays and numbers in it."""
    kind = type(value)
    if kind is NotedArray:
        return value.view(np.ndarray)
    if kind in _PLAIN_NUMBERS:
        return _PLAIN_NUMBERS[kind](value)
    if kind is tuple or kind is list:
        return kind(map(plain, value))
    if kind is dict:
        return {name: plain(each) for name, each in value.items()}
    return value


def _run_ufunc(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], settings: dict[str, Any]) -> Any:
    out = settings.pop("out", None)
    given = plain(inputs)
    is_on = bool(tape) and tape[0].is_on
    if method == "at" and is_on and isinstance(inputs[0], NotedArray):
        _change_at(ufunc, *inputs)
        return None
    if out is None:
        value = getattr(ufunc, method)(*given, **plain(settings))
        return _noted(ufunc if method == "__call__" else getattr(ufunc, method), inputs, settings, value)
    [target] = out if len(out) == 1 else [None]
    if not is_on or not isinstance(target, NotedArray):
        getattr(ufunc, method)(*given, out=plain(out), **plain(settings))
        return out[0] if len(out) == 1 else out
    change = _Change(target)
    notes = [change.before if each is target else _as_note(each) for each in inputs]
    getattr(ufunc, method)(*given, out=plain(out), **plain(settings))
    own = [each is target for each in inputs]
    if ufunc in SUMS and method == "__call__" and not settings and own.count(True) == 1:
        change.by_sum(ufunc, notes, own.index(True))
    else:
        change.to(tape[0].add(ufunc, tuple(notes), settings, target.view(np.ndarray)))
    return target


def _change_at(ufunc: np.ufunc, target: NotedArray, key: Any, *values: Any) -> None:
    """Change entries of an array in place one after the other, as np.add.at does."""
    change = _Change(target)
    ufunc.at(target.view(np.ndarray), plain(key), *plain(values))
    notes = [_as_note(each) for each in values]
    if ufunc in SUMS and type(notes[0]) is Note:
        summed = change.note(Added(target.shape, plain(key)), notes[0])
        change.by_sum(ufunc, [change.before, summed], 0)
    else:
        change.to(tape[0].add(ufunc.at, (change.before, _as_note(key), *notes), {}, target.view(np.ndarray)))


def _run_function(function: Any, args: Any, settings: Any) -> Any:
    if not tape or not tape[0].is_on:
        return function(*plain(args), **plain(settings))
    if function is np.copyto and len(args) == 2 and not settings and isinstance(args[0], NotedArray):
        args[0][...] = args[1]
        return None
    target = args[0] if function in _CHANGING else settings.pop("out", None)
    if isinstance(target, NotedArray):
        change = _Change(target)
        notes = [change.before if each is target else _as_note(each) for each in args]
        function(*plain(args), **plain(settings), **({} if function in _CHANGING else {"out": target.view(np.ndarray)}))
        change.to(tape[0].add(function, notes, settings, target.view(np.ndarray)))
        return None if function in _CHANGING else target
    value = function(*plain(args), **plain(settings))
    return as_noted(value) if function in _LIKE else _noted(function, args, settings, value)


def _noted(what: Callable[..., Any], inputs: tuple[Any, ...], settings: dict[str, Any], value: Any) -> Any:
    """Return a value with the note of what has made it."""
    if not tape or not tape[0].is_on:
        return value
    if type(value) is np.ndarray and value.dtype.kind in "fiub":
        made: Any = value.view(NotedArray)
        if value.base is not None:
            _join_families(made, inputs)
    elif type(value) in _NOTED_NUMBERS:
        made = _NOTED_NUMBERS[type(value)](value)
    else:
        return value
    made.note = tape[0].add(what, tuple(map(_as_note, inputs)), {k: _as_note(v) for k, v in settings.items()}, value)
    return made


def _as_note(value: Any) -> Any:
    """Return the note of an array or a number, also of those in lists; what is none stays as it is."""
    kind = type(value)
    if kind in NOTED:
        if value.note is None:
            value.note = _first_note(value)
        return value.note
    if kind is np.ndarray:
        return tape[0].foreign(value)
    if kind is list or kind is tuple:
        return kind(map(_as_note, value))
    return value


def _first_note(value: Any) -> Note:
    """Return the note of what has none yet: a leaf, or what NumPy made without asking."""
    made = plain(value)
    given = value.unseen if type(value) is NotedArray else None
    if not given:
        return tape[0].leaf(made, value.born if type(value) is NotedArray else None)
    value.unseen = None
    what: Callable[..., Any] = unseen
    if len(given) == 2 and np.array_equal(np.dot(*plain(given)), made):
        what = np.dot
    elif len(given) == 1 and np.array_equal(plain(given[0]), made):
        what = same
    return tape[0].add(what, tuple(map(_as_note, given)), {}, made)


def _join_families(made: NotedArray, inputs: Sequence[Any]) -> None:
    """Take an array into the family of the one of which it is a part, in the same memory."""
    for each in inputs:
        if type(each) is NotedArray and np.may_share_memory(each, made):
            if each.family is None:
                each.family = Family(each)
            made.family = each.family
            made.family.add(made)
            return


class _Change:
    """A change of an array in place, about to be made: `before` is the note of what it was.

    What else is in the same memory is changed with it, and has new notes as soon as it is said what changed.
    """

    def __init__(self, array: NotedArray) -> None:
        self._array = array
        self.before = _keep_value(array)
        others = array.family.sharing(array) if array.family is not None else ()
        self._others = [(each, _keep_value(each)) for each in others]

    def to(self, note: Note) -> None:
        """Say that the array has now this note."""
        self._array.note = note
        for other, before in self._others:
            picked = picked_of_changed(self._array, other)
            if picked is None:
                other.note = note
            else:
                is_whole = int(picked.index.max(initial=0)) < self._array.size
                other.note = self.note(picked, *((note,) if is_whole else (note, before)))

    def by_sum(self, what: Callable[..., Any], inputs: Sequence[Any], own: int) -> None:
        """Say that the array is now a sum, or a difference, of these inputs, of which this one is its own."""
        note = tape[0].add(what, tuple(inputs), {}, self._array.view(np.ndarray))
        term = inputs[1 - own]
        if type(term) is not Note:
            self.to(note)
            return
        self._array.note = note
        for other, before in self._others:
            picked = picked_of_term(np.shape(term.value), self._array, other)
            notes = [before, term if picked is None else self.note(picked, term)]
            other.note = tape[0].add(what, tuple(notes if not own else notes[::-1]), {}, other.view(np.ndarray))

    def note(self, picked: Callable[..., Any], *notes: Note) -> Note:
        """Return the note of how entries of these are placed where those of another array are."""
        return tape[0].add(picked, notes, {}, picked(*(np.asarray(each.value) for each in notes)))


def _keep_value(array: NotedArray) -> Note:
    """Return the note of an array that is about to be changed, with a copy of what it was."""
    note: Note = _as_note(array)
    note.value = note.value.copy()
    return note


def _entries_changed(array: NotedArray, key: Any, value: Any) -> tuple[Callable[..., Any], Note] | None:
    """Return by which sum or difference the entries that are set are made of what they were, as in W[0, 1] -= g."""
    note = value.note if type(value) in NOTED else None
    if note is None or note.what not in SUMS or len(note.inputs) != 2:
        return None
    for entries, term in (note.inputs, note.inputs[::-1])[: 1 if note.what is np.subtract else 2]:
        is_entries = type(entries) is Note and entries.what is operator.getitem and entries.inputs[0] is array.note
        if is_entries and type(term) is Note and _is_same_key(entries.inputs[1], _as_note(key)):
            return note.what, term
    return None


def _is_same_key(key: Any, other: Any) -> bool:
    if type(key) in (tuple, list):
        return type(key) is type(other) and len(key) == len(other) and all(map(_is_same_key, key, other))
    return key is other or (type(key) is type(other) and type(key) is not Note and key == other)


def _is_mask(key: Any) -> bool:
    return isinstance(key, np.ndarray) and key.dtype == np.bool_


def _is_all(key: Any) -> bool:
    """Return whether this is the key of all entries, as in W[:] or W[...]."""
    return key is Ellipsis or (type(key) is slice and key == slice(None))
