"""What is kept of a step that a learner's engine took: only what can differ, as plain arrays."""

from __future__ import annotations

import struct
import zlib
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = Sequence[Any]
"""Numbers by node: an array of floats where all are single numbers, else a list of arrays; ABSENT or None is none."""
_ABSENT_BITS = 0x7FF8_0000_0000_0AB5
ABSENT: float = struct.unpack("d", struct.pack("Q", _ABSENT_BITS))[0]
"""A NaN of its own, as an array of floats holds no None: NaN that an engine finds is a gradient, and a wrong one."""


def is_absent(number: Any) -> bool:
    """Return whether there is no number, as a list or an array of floats says it."""
    if type(number) is not float:
        return number is None
    return number != number and struct.pack("d", number) == struct.pack("Q", _ABSENT_BITS)


def are_absent(numbers: array[float]) -> NDArray[np.bool_]:
    """Return at which places of an array of floats there is no number."""
    return np.asarray(np.array(numbers).view(np.uint64) == _ABSENT_BITS)


@dataclass(eq=False)
class Structure:
    """A graph as the engine made it, for all steps that made the like: see `Walk`; `values` are those of one step.

    `packed` is the structure of the walk, made small: where each example makes a graph of its own, there are many.
    `labels` are the names that nodes themselves store, by their number.
    """

    packed: bytes
    labels: dict[int, str]
    values: Numbers
    raw: list[Any]
    leaves: list[int]

    @property
    def codes(self) -> list[int]:
        """The structure of the walk."""
        return array("q", zlib.decompress(self.packed)).tolist()


@dataclass(eq=False)
class Taken:
    """What one step used and found; `number` counts the backward calls from 0.

    `children` are the operands of a node in the order in which its own container goes through them, by their numbers in
    the walk; -1 is one that is not among them, as a plain number that was made a constant is.
    """

    number: int
    structure: Structure
    serials: array[int]
    numbers: Numbers
    raw: list[Any]
    loss: float
    before: Numbers
    after: Numbers
    children: dict[int, tuple[int, ...]]


def size_of(step: Taken) -> int:
    """Return how many bytes the numbers of a step take."""
    return sum(map(_size_of, (step.serials, step.numbers, step.before, step.after)))


def size_of_structure(structure: Structure) -> int:
    """Return how many bytes a structure takes."""
    lists = 8 * (len(structure.leaves) + 4 * len(structure.raw))
    return len(structure.packed) + _size_of(structure.values) + lists


def _size_of(numbers: Numbers) -> int:
    if isinstance(numbers, array):
        return numbers.itemsize * len(numbers)
    return sum(getattr(each, "nbytes", 8) for each in numbers)
