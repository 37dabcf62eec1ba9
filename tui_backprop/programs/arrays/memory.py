"""Arrays in the same memory: what is changed in place by one of them is changed in the others, entry by entry."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any
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


def picked_of_change(changed: np.ndarray, other: np.ndarray, shape: Sequence[int] | None = None) -> Picked | None:
    """Return how an array has the entries of another one in its memory, which was changed.

    It takes them from that one, and from itself as it was; or else from a term of this `shape` that was added to that
    one, and from zeros. None where both are one array all the same.
    """
    if shape is None:
        shape = changed.shape
        is_filled = False
    else:
        is_filled = True
        shape = tuple(shape)
    begin = _begin(other) - _begin(changed)
    if not begin and (changed.shape, changed.strides, shape) == (other.shape, other.strides, other.shape):
        return None
    layouts = changed.shape, changed.strides, other.shape, other.strides
    return _picked(*layouts, begin, shape, is_filled)


def picked_at(key: Any, shape: tuple[int, ...], entries: Any) -> Picked:
    """Return how zeros of a shape have such entries at the places that a key says."""
    count = np.size(entries)
    index = np.full(shape, count)
    index[key] = np.arange(count).reshape(np.shape(entries))
    return Picked(index, is_filled=True)


@lru_cache(32)
def _picked(
    shape: tuple[int, ...],
    strides: tuple[int, ...],
    other: tuple[int, ...],
    others: tuple[int, ...],
    begin: int,
    term: tuple[int, ...],
    is_filled: bool,
) -> Picked:
    changed, wanted = _offsets(shape, strides).reshape(-1), begin + _offsets(other, others)
    order = np.argsort(changed)
    place = np.minimum(np.searchsorted(changed, wanted, sorter=order), changed.size - 1)
    is_there = changed[order[place]] == wanted
    count = int(np.prod(term))
    entries = np.broadcast_to(np.arange(count).reshape(term), shape).reshape(-1)
    elsewhere = count if is_filled else count + np.arange(wanted.size).reshape(other)
    return Picked(np.where(is_there, entries[order[place]], elsewhere), is_filled)


def is_same_place(array: np.ndarray, other: np.ndarray) -> bool:
    """Return whether two arrays are the same entries in memory."""
    return _begin(array) == _begin(other) and (array.shape, array.strides) == (other.shape, other.strides)


def _begin(array: np.ndarray) -> int:
    return int(array.__array_interface__["data"][0])


def _offsets(shape: Sequence[int], strides: Sequence[int]) -> np.ndarray:
    offsets = np.zeros((), dtype=np.int64)
    for length, stride in zip(shape, strides, strict=True):
        offsets = offsets[..., None] + np.arange(length) * stride
    return offsets
