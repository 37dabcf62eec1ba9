"""The way from a term of an update back through what rules have done to it, to what may be the gradient."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np

from .found import Factor, Found
from .lines import line_of
from .rules import MOST, Rules, arrays_of, unscaled, value_of
from .tape import SCALING, SUMS, Note, Place, is_moved


def follow(term: Note, sign: float, rules: Rules, begin: int, update: Note, part: Note) -> list[Found]:
    """Return a term of an update, or of the `part` of it that moves some rows, and what it is made from."""
    found = list(_Way(term, sign, rules, update, part).back_to(begin))
    bare = [each for each in found if each.is_bare][-1:]
    others = [each for each in found if not each.is_bare]
    # by how much an unknown rule multiplies a gradient is not known, so that it is the last
    return [*others, *bare] if bare and bare[0].is_by_unknown else [*bare, *others]


class _Way:
    """Goes back from a term of an update through what rules have done to it: each array there may be the gradient.

    The term has a `sign`, as it is taken off, and is of a `part` of the update, or all of it.
    """

    def __init__(self, term: Note, sign: float, rules: Rules, update: Note, part: Note) -> None:
        self._term, self._sign = term, sign
        self._rules, self._update = rules, update
        self._places = update.place, part.place
        self._found = Found(term, np.empty(0), ())
        self._moved: list[Note] = []
        # by which number a norm scales a gradient is a rule of updates
        self._lines_of_norms = {line_of(each.place) for each in rules.way(term) if rules.is_scaled_by_norm(each)}
        self._line_of_moment: object = None
        self._lines_of_rule: set[object] | None = None

    def back_to(self, begin: int) -> Iterator[Found]:
        """Yield what may be the gradient, from the term back to where the step begins, or to where no rule is."""
        note = self._term
        for _ in range(MOST):
            yield from self._as_used(note)
            if note.number <= begin:
                return
            source, factor = self._rules.source(note)
            if source is None:
                yield from self._inside_product(note)
                return
            self._pass(note, source)
            self._sign = -self._sign if factor < 0 else self._sign
            if abs(factor) != 1:
                self._multiply(note, abs(factor))
            note = source

    def _as_used(self, note: Note) -> Iterator[Found]:
        """Yield an array as what the update takes off, and as it stands where a rule knows more than it."""
        value = _spread(note, np.shape(self._update.value), self._moved)
        if value is not None:
            found = replace(self._found, note=note, value=self._sign * value)
            if not found.is_by_unknown:
                yield found
            if self._lines_of_rule is not None:
                yield replace(found, factors=(), is_bare=True)

    def _inside_product(self, note: Note) -> Iterator[Found]:
        """Yield what no rule has made without the numbers that one input of it is multiplied with, if there are any."""
        inner = _factors_inside(note, self._update)
        if inner and np.size(note.value) == np.size(self._update.value) and not self._found.is_by_unknown:
            value = self._sign * np.reshape(np.array(note.value, dtype=float), np.shape(self._update.value))
            value = value / prod(each.value for each in inner)
            yield replace(self._found, note=note, value=value, factors=(*self._found.factors, *inner))

    def _pass(self, note: Note, source: Note) -> None:
        """Keep in mind what an operation of a rule did to a source."""
        rules, found = self._rules, self._found
        if note.what in SUMS and any(rules.is_share(each) for each in note.sources if each is not source):
            found = replace(found, is_without_decay=True)
        if rules.is_unknown(note):
            found = replace(found, is_by_unknown=True)
        if note.what in SUMS and rules.is_moment(note, source):
            found = replace(found, factors=tuple(each._replace(is_of_rule=True) for each in found.factors))
            self._line_of_moment = line_of(note.place)
        if rules.is_state(note, source):
            self._lines_of_rule = {line_of(note.place), line_of(self._update.place)}
        if rules.is_clip(note, source):
            found = replace(found, is_before_clip=True)
        if np.ndim(self._update.value) and rules.is_scaled_by_norm(note):
            found = replace(found, is_before_norm=True)
        if is_moved(note):
            self._moved.append(note)
        self._found = found

    def _multiply(self, note: Note, factor: float) -> None:
        """Keep in mind the number that an operation multiplies with."""
        is_inline = any(_is_same_line(note.place, place) for place in self._places)
        line = line_of(note.place)
        if self._lines_of_rule is not None and line not in self._lines_of_rule:
            self._lines_of_rule = None
        if is_inline or line not in self._lines_of_norms:
            is_of_rule = is_inline or (line is not None and line == self._line_of_moment)
            factors = (*self._found.factors, Factor(factor, is_inline, is_of_rule, line))
            self._found = replace(self._found, factors=factors)


def _spread(note: Note, shape: tuple[int, ...], moved: Sequence[Note]) -> np.ndarray | None:
    """Return what an update takes off a weight of this shape where it uses an array; None where that does not fit.

    On its way into the update its entries were `moved`, the last time first.
    """
    value = np.array(note.value, dtype=float)
    for each in reversed(moved):
        what: Callable[..., Any] = each.what  # type: ignore[assignment]
        value = np.array(what(value, *map(value_of, each.inputs[1:]), **each.settings))
    # without axes of length 1, which broadcasting puts in front
    if np.squeeze(value).shape == tuple(length for length in shape if length != 1):
        return value.reshape(shape)
    if value.size < prod(shape):
        with suppress(ValueError):  # it is spread over the weight, as no gradient is
            return np.array(np.broadcast_to(value, shape))
    return None


def _factors_inside(note: Note, update: Note) -> tuple[Factor, ...]:
    """Return the numbers that one input of a product is multiplied with, as in 0.1 * error * x or 0.1 * X.T @ error."""
    found: list[Factor] = []
    if note.what not in (np.multiply, np.matmul, np.dot):
        return ()
    for source in note.sources:
        while source.what in SCALING and _is_same_line(source.place, update.place):
            arrays = arrays_of(source)
            if len(arrays) != 1:
                break
            inner, factor = unscaled(source, arrays, -1) if source.what is not np.negative else (arrays[0], 1.0)
            if inner is None:
                break
            if abs(factor) != 1:
                found.append(Factor(abs(factor), is_inline=True, is_of_rule=True))
            source = inner
    return tuple(found)


def _is_same_line(place: Place | None, other: Place | None) -> bool:
    return place is not None and line_of(place) == line_of(other)
