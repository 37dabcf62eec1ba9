"""Arrays and numbers that note what made them: NumPy asks their class about each operation, and it tells the tape."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from .tape import Note, Tape, notes_in, same
from .unseen import operands_of_dot, unseen

tape: list[Tape] = []
"""The tape that is written, if any: one script runs at a time."""

_METHODS = (
    *("sum", "mean", "max", "min", "std", "var", "prod", "dot", "reshape", "ravel", "flatten", "transpose", "squeeze"),
    *("swapaxes", "clip", "cumsum", "argmax", "argmin", "repeat", "take", "diagonal", "trace", "round", "copy"),
)
_LIKE = {np.zeros_like, np.ones_like, np.empty_like, np.full_like}


class NotedNumber(np.float64):
    """A number that notes what made it; NumPy allows it no other base."""

    note: Note | None = None

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **settings: Any) -> Any:
        return _run_ufunc(ufunc, method, inputs, settings)

    def __array_function__(self, function: Any, types: Any, args: Any, settings: Any) -> Any:
        return _run_function(function, args, settings)

    __hash__ = np.float64.__hash__

    def __repr__(self) -> str:
        return repr(np.float64(self))


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul"):
    for _side in ("", "r"):
        setattr(NotedNumber, f"__{_side}{_name}__", getattr(NDArrayOperatorsMixin, f"__{_side}{_name}__"))
for _name in ("neg", "pos", "abs"):
    setattr(NotedNumber, f"__{_name}__", getattr(NDArrayOperatorsMixin, f"__{_name}__"))


def _itself(number: NotedNumber, *_: Any, **__: Any) -> NotedNumber:
    return number


for _name in ("squeeze", "copy", "sum", "mean", "max", "min"):
    setattr(NotedNumber, _name, _itself)


class NotedArray(np.ndarray):
    """An array that notes what made it."""

    __array_priority__ = 1.0

    note: Note | None = None
    unseen: tuple[Any, ...] | None = None
    viewed: NotedArray | None = None
    """The array of which this is a part, in the same memory: what changes this changes it, too."""

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
        made = _noted(same, (self,), {}, value) if _is_all(key) else _noted(operator.getitem, (self, key), {}, value)
        if type(made) is NotedArray:
            made.viewed = self
        return made

    def __iter__(self) -> Iterator[Any]:
        if not self.ndim:
            raise TypeError("iteration over a 0-d array")
        return (self[index] for index in range(len(self)))

    def __setitem__(self, key: Any, value: Any) -> None:
        if not tape or not tape[0].is_on:
            np.ndarray.__setitem__(self.view(np.ndarray), plain(key), plain(value))
            return
        before = _keep_value(self)
        np.ndarray.__setitem__(self.view(np.ndarray), plain(key), plain(value))
        if _is_all(key) and isinstance(value, NotedArray) and value.shape == self.shape:
            self.note = _as_note(value)
            return
        where = _as_note(key)
        if type(value) in (int, float) and any(notes_in([where])) and not _is_mask(key):
            # which entries are set may be other ones in each step, so they are data, as a mask is
            mask = np.zeros(self.shape, dtype=bool)
            mask[plain(key)] = True
            where = tape[0].leaf(mask)
        self.note = tape[0].add(set_item, (before, where, _as_note(value)), {}, self.view(np.ndarray))

    @property
    def T(self) -> Any:  # noqa: N802 (NumPy's word)
        """Its transpose."""
        return _noted(np.transpose, (self,), {}, self.view(np.ndarray).T)

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


def set_item(array: Any, key: Any, value: Any) -> Any:
    """Return an array with some entries set to a value; the key is a mask."""
    return np.where(key, value, array)


def as_noted(value: Any) -> Any:
    """Return an array as one that notes what is made of it."""
    return value.view(NotedArray) if type(value) is np.ndarray and value.dtype.kind in "fiub" else value


def plain(value: Any) -> Any:
    """Return a value with NumPy's own arrays and numbers in it."""
    kind = type(value)
    if kind is NotedArray:
        return value.view(np.ndarray)
    if kind is NotedNumber:
        return np.float64(value)
    if kind is tuple or kind is list:
        return kind(map(plain, value))
    if kind is dict:
        return {name: plain(each) for name, each in value.items()}
    return value


def _run_ufunc(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], settings: dict[str, Any]) -> Any:
    out = settings.pop("out", None)
    given = plain(inputs)
    if out is None:
        value = getattr(ufunc, method)(*given, **plain(settings))
        return _noted(ufunc if method == "__call__" else getattr(ufunc, method), inputs, settings, value)
    if not tape or not tape[0].is_on:
        getattr(ufunc, method)(*given, out=plain(out), **plain(settings))
        return out[0] if len(out) == 1 else out
    [target] = out
    notes = [_as_note(each) for each in inputs]
    if isinstance(target, NotedArray):
        before = _keep_value(target)
        notes = [before if each is target else note for each, note in zip(inputs, notes, strict=True)]
    getattr(ufunc, method)(*given, out=plain(out), **plain(settings))
    if isinstance(target, NotedArray):
        target.note = tape[0].add(ufunc, tuple(notes), settings, target.view(np.ndarray))
    return target


def _run_function(function: Any, args: Any, settings: Any) -> Any:
    if not tape or not tape[0].is_on:
        return function(*plain(args), **plain(settings))
    target = settings.pop("out", None)
    if isinstance(target, NotedArray):
        notes = [_as_note(each) for each in args]
        notes = [_keep_value(target) if each is target else note for each, note in zip(args, notes, strict=True)]
        function(*plain(args), out=target.view(np.ndarray), **plain(settings))
        target.note = tape[0].add(function, notes, settings, target.view(np.ndarray))
        return target
    value = function(*plain(args), **plain(settings))
    return as_noted(value) if function in _LIKE else _noted(function, args, settings, value)


def _noted(what: Callable[..., Any], inputs: tuple[Any, ...], settings: dict[str, Any], value: Any) -> Any:
    """Return a value with the note of what has made it."""
    if not tape or not tape[0].is_on:
        return value
    if type(value) is np.ndarray and value.dtype.kind in "fiub":
        made: Any = value.view(NotedArray)
    elif type(value) is np.float64:
        made = NotedNumber(value)
    else:
        return value
    made.note = tape[0].add(what, tuple(map(_as_note, inputs)), {k: _as_note(v) for k, v in settings.items()}, value)
    return made


def _as_note(value: Any) -> Any:
    """Return the note of an array or a number, also of those in lists; what is none stays as it is."""
    kind = type(value)
    if kind is NotedArray or kind is NotedNumber:
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
        return tape[0].leaf(made)
    value.unseen = None
    what: Callable[..., Any] = unseen
    if len(given) == 2 and np.array_equal(np.dot(*plain(given)), made):
        what = np.dot
    elif len(given) == 1 and np.array_equal(plain(given[0]), made):
        what = same
    return tape[0].add(what, tuple(map(_as_note, given)), {}, made)


def _keep_value(array: NotedArray) -> Note:
    """Return the note of an array that is about to be changed, with a copy of what it was."""
    note: Note = _as_note(array)
    note.value = note.value.copy()
    if array.viewed is not None:
        _keep_value(array.viewed)
    return note


def _is_mask(key: Any) -> bool:
    return isinstance(key, np.ndarray) and key.dtype == np.bool_


def _is_all(key: Any) -> bool:
    """Return whether this is the key of all entries, as in W[:] or W[...]."""
    return key is Ellipsis or (type(key) is slice and key == slice(None))
