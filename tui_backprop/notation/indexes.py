"""Indexes that depend on letters, as a convolution has them: in A[n,c,2i+h-1] the third is twice i, and h, less 1.

An index is a whole number, or a text such as `h`, `2+h` or `5-2i`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, inf

from .expression import UnreadableError

Index = Sequence[int | str]
"""The index of an element; a letter stands for every position along its axis."""

_TERM = re.compile(r"([+-]?)(\d*)([A-Za-z]?)")


@dataclass(frozen=True)
class Affine:
    """A whole number plus so many times each of some letters."""

    constant: int
    letters: Mapping[str, int]

    def replace(self, known: Mapping[str, Affine]) -> Affine:
        """Return it with what is known in the places of its letters."""
        constant, letters = self.constant, dict[str, int]()
        for letter, factor in self.letters.items():
            other = known.get(letter, Affine(0, {letter: 1}))
            constant += factor * other.constant
            for each, times in other.letters.items():
                letters[each] = letters.get(each, 0) + factor * times
        return Affine(constant, {letter: factor for letter, factor in letters.items() if factor})

    def less(self, other: Affine) -> Affine:
        """Return the difference."""
        letters = dict(self.letters)
        for letter, factor in other.letters.items():
            letters[letter] = letters.get(letter, 0) - factor
        return Affine(self.constant - other.constant, {letter: factor for letter, factor in letters.items() if factor})

    @property
    def index(self) -> int | str:
        """It as an index: the number, or the text."""
        if not self.letters:
            return self.constant
        times = {1: "+", -1: "-"}
        terms = [f"{times.get(factor, f'{factor:+d}')}{letter}" for letter, factor in self.letters.items()]
        return "".join([str(self.constant)] * bool(self.constant) + terms).removeprefix("+")


def affine(text: int | str) -> Affine:
    """Read an index; raises UnreadableError."""
    constant, letters, text = 0, dict[str, int](), str(text)
    place = 0
    while place < len(text):
        match = _TERM.match(text, place)
        if match is None or not (match[2] or match[3]) or (place and not match[1]):
            raise UnreadableError(f"{text} is no index")
        factor = int(f"{match[1]}{match[2] or 1}")
        if match[3]:
            letters[match[3]] = letters.get(match[3], 0) + factor
        else:
            constant += factor
        place = match.end()
    return Affine(constant, letters)


def index_at(index: int | str, position: Mapping[str, int]) -> int | str:
    """Return an index where some letters are known."""
    if not isinstance(index, str):
        return index
    return affine(index).replace({letter: Affine(value, {}) for letter, value in position.items()}).index


def solve(equations: Iterable[tuple[Affine, int]]) -> dict[str, Affine] | None:
    """Return what letters must be for each index to be this number, in terms of others; None where none can be.

    Raises UnreadableError where that is no single whole number.
    """
    known: dict[str, Affine] = {}
    for index, value in equations:
        left = index.replace(known)
        if not left.letters:
            if left.constant != value:
                return None
            continue
        # the last one, so that the index of an output stays a letter
        letter = [each for each, factor in left.letters.items() if abs(factor) == 1][-1:]
        if not letter:
            raise UnreadableError("no letter stands alone")
        factor = left.letters[letter[0]]
        others = Affine(left.constant - value, {k: v for k, v in left.letters.items() if k != letter[0]})
        solved = Affine(-factor * others.constant, {k: -factor * v for k, v in others.letters.items()})
        known = {k: v.replace({letter[0]: solved}) for k, v in known.items()} | {letter[0]: solved}
    return known


def ranges(letters: Iterable[str], least: Iterable[Affine]) -> dict[str, range] | None:
    """Return over which numbers each letter runs where none of these may be below 0; None where there are no such.

    Raises UnreadableError where a letter has no end, or depends on another.
    """
    lows, highs = dict.fromkeys(letters, -inf), dict.fromkeys(letters, inf)
    for each in least:
        if not each.letters:
            if each.constant < 0:
                return None
            continue
        if len(each.letters) > 1:
            raise UnreadableError("a letter depends on another")
        [(letter, factor)] = each.letters.items()
        bound = -each.constant / factor
        if factor > 0:
            lows[letter] = max(lows[letter], ceil(bound))
        else:
            highs[letter] = min(highs[letter], floor(bound))
    found = {}
    for letter in lows:
        if inf in (-lows[letter], highs[letter]):
            raise UnreadableError(f"how far does {letter} run?")
        found[letter] = range(int(lows[letter]), int(highs[letter]) + 1)
        if not found[letter]:
            return None
    return found
