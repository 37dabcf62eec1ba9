"""The gradients that an update is made from: what is taken off a weight, followed back through rules of updates.

Whatever else is done to a gradient before it is used belongs to the gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import zip_longest
from math import prod
from typing import Any, NamedTuple

import numpy as np

from .lines import line_of
from .rules import MOST, Rules, arrays_of, unscaled, value_of
from .tape import SCALING, SUMS, Note, Place, is_moved, spine
from .unread import StepRead


class Factor(NamedTuple):
    """A number that something is multiplied with on its way into an update, on a line; `is_inline` in the update's own.

    `is_of_rule` is one that is, or that stands between a velocity or a moment and the update, or on the line where what
    was kept of these is added.
    """

    value: float
    is_inline: bool
    is_of_rule: bool
    line: object = None


class Found(NamedTuple):
    """An array that an update was made from: its note, its value as it is taken off, and the factors from it to there.

    The factors are in the order of the way back, that of the update first. `is_without_decay` says whether a share of
    the weight itself was left out on the way, `is_before_clip` whether some of its numbers were cut on it, and
    `is_before_norm` whether all of them were multiplied with one that is made from a norm. `is_bare` is what a rule is
    about that knows more than it, as it stands; `is_by_unknown` says that the rule is none of those that are known.
    """

    note: Note
    value: np.ndarray
    factors: tuple[Factor, ...]
    is_without_decay: bool = False
    is_before_clip: bool = False
    is_before_norm: bool = False
    is_bare: bool = False
    is_by_unknown: bool = False

    @property
    def scale(self) -> float:
        """The product of the factors."""
        return prod(sorted(each.value for each in self.factors))


def gradients_in(update: Note, begin: int, step: StepRead) -> list[Found]:
    """Return what may be the gradient of a weight, from the update that makes its next value; the nearest first."""
    own = _own(update, begin)
    rules = Rules(own, begin, step)
    ways: list[list[Found]] = []
    is_decayed = any(each.what in SCALING for each in own[:-1])
    for note, following in zip_longest(own, own[1:]):
        is_own_sum = note is not update.replaces and note.what in SUMS and len(note.inputs) == 2
        if note.number > begin and is_own_sum:
            first, second = note.inputs
            taken, sign = (first, -1) if second is following else (second, 1 if note.what is np.subtract else -1)
            if type(taken) is not Note:
                continue
            if rules.is_kept(taken):
                is_decayed = is_decayed or rules.is_share(taken)
                continue
            found = list(_follow(taken, sign, rules, begin, update, note))
            if found:
                ways.append(found)
    if len(ways) > 1:  # without a velocity that Nesterov's rule adds to the gradient that is in it
        velocities = [way for way in ways if rules.velocities([each.note for each in way])]
        others = [way for way in ways if way not in velocities]
        known = {way[-1].note for way in others}
        ways = [*others, *(way for way in velocities if way[-1].note not in known)]
    whole = np.array(own[-1].value, dtype=float) - np.array(update.value, dtype=float)
    if not ways:
        return [Found(update, whole, ())]
    if len(ways) > 1:  # several terms are one gradient together
        last = [way[-1] for way in ways]
        # what all of them are multiplied with is no part of the sum
        is_alike = len({tuple(_text(factor) for factor in each.factors) for each in last}) == 1
        factors = last[0].factors if is_alike else ()
        total = np.asarray(sum(each.value * (1 if is_alike else each.scale) for each in last))
        is_clipped, is_scaled = any(each.is_before_clip for each in last), any(each.is_before_norm for each in last)
        is_bare, is_unknown = all(each.is_bare for each in last), any(each.is_by_unknown for each in last)
        ways[0] = [Found(last[0].note, total, factors, False, is_clipped, is_scaled, is_bare, is_unknown)]
    if not is_decayed:
        return ways[0]
    return [Found(update, whole, ()), *(each._replace(is_without_decay=True) for each in ways[0])]


def _own(update: Note, begin: int) -> list[Note]:
    """Return the way from an update to the weight that it replaces: what is a sum, difference or multiple of it."""
    if update.replaces is not None and update.what is np.add and update.inputs[1] is update.replaces:
        return [update, update.replaces]
    own = list(spine(update, begin))
    if update.replaces in own:
        del own[own.index(update.replaces) + 1 :]
    return own


def _follow(note: Note, sign: float, rules: Rules, begin: int, update: Note, part: Note) -> list[Found]:
    """Return a term of an update, or of the `part` of it that moves some rows, and what it is made from."""
    ways = list(_ways(note, sign, rules, begin, update, part))
    bare = [each for each in ways if each.is_bare][-1:]
    others = [each for each in ways if not each.is_bare]
    # by how much an unknown rule multiplies a gradient is not known, so that it is the last
    return [*others, *bare] if bare and bare[0].is_by_unknown else [*bare, *others]


def _ways(note: Note, sign: float, rules: Rules, begin: int, update: Note, part: Note) -> Iterator[Found]:
    found = Found(note, np.empty(0), ())
    line_of_moment: object = None
    lines_of_rule: set[object] | None = None
    moved: list[Note] = []
    # by which number a norm scales a gradient is a rule of updates
    norms = {line_of(each.place) for each in rules.way(note) if rules.is_scaled_by_norm(each)}
    for _ in range(MOST):
        value = _spread(note, np.shape(update.value), moved)
        if value is not None:
            if not found.is_by_unknown:
                yield found._replace(note=note, value=sign * value)
            if lines_of_rule is not None:
                yield found._replace(note=note, value=sign * value, factors=(), is_bare=True)
        if note.number <= begin:
            return
        source, factor = rules.source(note)
        if source is None:
            inner = _factors_inside(note, update)
            if inner and np.size(note.value) == np.size(update.value) and not found.is_by_unknown:
                value = sign * np.reshape(np.array(note.value, dtype=float), np.shape(update.value))
                value = value / prod(each.value for each in inner)
                yield found._replace(note=note, value=value, factors=(*found.factors, *inner))
            return
        if note.what in SUMS and any(rules.is_share(each) for each in note.sources if each is not source):
            found = found._replace(is_without_decay=True)
        if rules.is_unknown(note):
            found = found._replace(is_by_unknown=True)
        if note.what in SUMS and rules.is_moment(note, source):
            found = found._replace(factors=tuple(each._replace(is_of_rule=True) for each in found.factors))
            line_of_moment = line_of(note.place)
        if rules.is_state(note, source):
            lines_of_rule = {line_of(note.place), line_of(update.place)}
        if rules.is_clip(note, source):
            found = found._replace(is_before_clip=True)
        if np.ndim(update.value) and rules.is_scaled_by_norm(note):
            found = found._replace(is_before_norm=True)
        if is_moved(note):
            moved.append(note)
        if factor < 0:
            sign = -sign
        if abs(factor) != 1:
            is_inline = _is_same_line(note.place, update.place) or _is_same_line(note.place, part.place)
            line = line_of(note.place)
            if lines_of_rule is not None and line not in lines_of_rule:
                lines_of_rule = None
            if is_inline or line not in norms:
                is_of_rule = is_inline or (line is not None and line == line_of_moment)
                found = found._replace(factors=(*found.factors, Factor(abs(factor), is_inline, is_of_rule, line)))
        note = source


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


def _text(factor: Factor) -> tuple[float, bool, bool]:
    return float(f"{factor.value:.9g}"), factor.is_inline, factor.is_of_rule


def _is_same_line(place: Place | None, other: Place | None) -> bool:
    return place is not None and line_of(place) == line_of(other)
