"""Arrays in the same memory: what is changed in place by one of them is changed in the others, entry by entry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import prod
from typing import Any, NamedTuple
from weakref import ReferenceType, ref

import numpy as np

_FEW = 16


@dataclass(frozen=True, eq=False)
class Picked:
    """Makes an array of the entries of others, all in a row: `index` says which of them stands where.

    Where it has no entry of theirs it has a 0, which stands last in the row if it `is_filled`.
    """

    index: np.ndarray
    is_filled: bool
    __name__ = "picked"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Picked) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @cached_property
    def _key(self) -> tuple[object, ...]:
        return self.index.shape, self.index.tobytes(), self.is_filled

    def __call__(self, *arrays: Any) -> Any:
        """Return the array."""
        row = [each.reshape((-1,)) for each in arrays]
        return np.concatenate([*row, np.zeros(1)] if self.is_filled else row)[self.index]


@dataclass(frozen=True, eq=False)
class Added:
    """Adds entries to zeros of a shape, one after the other, as np.add.at does: what is at one place is summed."""

    shape: tuple[int, ...]
    key: Any
    __name__ = "added"

    def __call__(self, entries: Any) -> Any:
        """Return the array of the sums."""
        sums = np.zeros(self.shape)
        np.add.at(sums, self.key, entries)
        return sums


class Family:
    """The arrays that were seen to share memory."""

    def __init__(self, first: np.ndarray) -> None:
        self._members: list[ReferenceType[np.ndarray]] = [ref(first)]
        self._most = _FEW

    def add(self, array: np.ndarray) -> None:
        """Take in another one."""
        if len(self._members) >= self._most:
            self._members = [each for each in self._members if each() is not None]
            self._most = 2 * len(self._members) + _FEW
        self._members.append(ref(array))

    def sharing(self, array: np.ndarray) -> Iterator[Any]:
        """Yield the others that share memory with one."""
        for each in self._members:
            other = each()
            if other is not None and other is not array and np.may_share_memory(other, array):
                yield other


def picked_of_changed(changed: np.ndarray, other: np.ndarray) -> Picked | None:
    """Return how an array has entries of one in its memory that was changed, and else its own as they were.

    None where both are one array all the same.
    """
    if is_same_place(changed, other):
        return None
    return _picked(_layout(changed, changed), _layout(other, changed), changed.shape, is_filled=False)


def picked_of_term(shape: tuple[int, ...], changed: np.ndarray, other: np.ndarray) -> Picked | None:
    """Return how an array has entries of a term of a shape that was added to one in its memory, and else zeros.

    None where both are one array all the same, and the term has its shape.
    """
    if is_same_place(changed, other) and shape == other.shape:
        return None
    return _picked(_layout(changed, changed), _layout(other, changed), shape, is_filled=True)


def picked_at(key: Any, shape: tuple[int, ...], entries: Any) -> Picked:
    """Return how zeros of a shape have such entries at the places that a key says."""
    count = np.size(entries)
    index = np.full(shape, count)
    index[key] = np.arange(count).reshape(np.shape(entries))
    return Picked(index, is_filled=True)


class _Layout(NamedTuple):
    """Where the entries of an array stand in memory: how far the first is from that of another one, and the steps."""

    begin: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def offsets(self) -> np.ndarray:
        """Return where each entry stands."""
        offsets = np.array(self.begin, dtype=np.int64)
        for length, stride in zip(self.shape, self.strides, strict=True):
            offsets = offsets[..., None] + np.arange(length) * stride
        return offsets


def _layout(array: np.ndarray, origin: np.ndarray) -> _Layout:
    return _Layout(_begin(array) - _begin(origin), array.shape, array.strides)


@lru_cache(32)
def _picked(changed: _Layout, other: _Layout, term: tuple[int, ...], *, is_filled: bool) -> Picked:
    """Return which entry of a term, as it is spread over an array that was changed, each entry of another one has."""
    at, wanted = changed.offsets().reshape(-1), other.offsets()
    order = np.argsort(at)
    place = order[np.minimum(np.searchsorted(at, wanted, sorter=order), at.size - 1)]
    count = prod(term)
    spread = np.broadcast_to(np.arange(count).reshape(term), changed.shape).reshape(-1)
    elsewhere = count if is_filled else count + np.arange(wanted.size).reshape(wanted.shape)
    return Picked(np.where(at[place] == wanted, spread[place], elsewhere), is_filled)


def is_same_place(array: np.ndarray, other: np.ndarray) -> bool:
    """Return whether two arrays are the same entries in memory."""
    return _begin(array) == _begin(other) and (array.shape, array.strides) == (other.shape, other.strides)


def _begin(array: np.ndarray) -> int:
    return int(array.__array_interface__["data"][0])
