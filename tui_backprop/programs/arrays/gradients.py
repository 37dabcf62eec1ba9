"""The gradients that an update is made from: what is taken off a weight, followed back through rules of updates.

Whatever else is done to a gradient before it is used belongs to the gradient.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest
from math import prod

import numpy as np

from .found import Factor, Found
from .rules import Rules
from .tape import SCALING, SUMS, Note, spine
from .unread import StepRead
from .ways import follow


def gradients_in(update: Note, begin: int, step: StepRead) -> list[Found]:
    """Return what may be the gradient of a weight, from the update that makes its next value; the nearest first."""
    own = _own(update, begin)
    rules = Rules(own, begin, step)
    ways: list[list[Found]] = []
    is_decayed = any(each.what in SCALING for each in own[:-1])
    for term, sign, part in _terms(own, update, begin):
        if rules.is_kept(term):
            is_decayed = is_decayed or rules.is_share(term)
        elif found := follow(term, sign, rules, begin, update, part):
            ways.append(found)
    ways = _without_velocities(ways, rules) if len(ways) > 1 else ways
    whole = Found(update, np.array(own[-1].value, dtype=float) - np.array(update.value, dtype=float), ())
    if not ways:
        return [whole]
    found = _together(ways) if len(ways) > 1 else ways[0]
    return [whole, *(replace(each, is_without_decay=True) for each in found)] if is_decayed else found


def _terms(own: Sequence[Note], update: Note, begin: int) -> Iterator[tuple[Note, float, Note]]:
    """Yield what is taken off a weight on its way to an update: each with its sign, and the sum that takes it off."""
    for note, following in zip_longest(own, own[1:]):
        if note.number > begin and note is not update.replaces and note.what in SUMS and len(note.inputs) == 2:
            first, second = note.inputs
            term, sign = (first, -1.0) if second is following else (second, 1.0 if note.what is np.subtract else -1.0)
            if type(term) is Note:
                yield term, sign, note


def _without_velocities(ways: Sequence[list[Found]], rules: Rules) -> list[list[Found]]:
    """Return terms without a velocity that Nesterov's rule adds to the gradient that is in it."""
    velocities: list[list[Found]] = []
    others: list[list[Found]] = []
    for way in ways:
        (velocities if rules.velocities([each.note for each in way]) else others).append(way)
    known = {way[-1].note for way in others}
    return [*others, *(way for way in velocities if way[-1].note not in known)]


def _together(ways: Sequence[list[Found]]) -> list[Found]:
    """Return what may be the gradient that several terms are together: what all of them are made from, or their sum."""
    of_ways = [{(each.note, each.is_bare): each for each in way} for way in ways]
    found = [[way[key] for way in of_ways] for key in of_ways[0] if all(key in way for way in of_ways)]
    shared = [_in_parts(each) for each in found]
    return [each for each in shared if each is not None] or [_sum_of([way[-1] for way in ways])]


def _sum_of(terms: Sequence[Found]) -> Found:
    """Return several terms as one gradient; what all of them are multiplied with is no part of the sum."""
    is_alike = len({tuple(map(_rounded, each.factors)) for each in terms}) == 1
    value = np.asarray(sum(each.value * (1 if is_alike else each.scale) for each in terms))
    return _of_terms(terms, value, terms[0].factors if is_alike else ())


def _in_parts(terms: Sequence[Found]) -> Found | None:
    """Return the gradient that each of several terms is, as with two velocities, at the sum of what they multiply with.

    None where they take off other entries of it each, or where nothing of it is left.
    """
    first = terms[0]
    if first.is_bare:
        return first
    is_same = [np.array_equal(each.value, first.value) for each in terms]
    if not all(same or np.array_equal(each.value, -first.value) for same, each in zip(is_same, terms, strict=True)):
        return None
    # what is done to it before it is in any of them is done to it once
    before = min(len(each.factors) for each in terms) - 1
    while before > 0 and len({tuple(map(_rounded, each.factors[-before:])) for each in terms}) > 1:
        before -= 1
    own = [each.factors[: len(each.factors) - max(before, 0)] for each in terms]
    rates = [prod(sorted(each.value for each in factors)) for factors in own]
    rate = sum(each if same else -each for each, same in zip(rates, is_same, strict=True))
    if not rate:
        return None
    every = [each for factors in own for each in factors]
    is_inline, is_of_rule = all(each.is_inline for each in every), all(each.is_of_rule for each in every)
    shared = Factor(abs(rate), is_inline, is_of_rule, every[0].line if every else None)
    value = first.value if rate > 0 else -first.value
    return _of_terms(terms, value, (shared, *first.factors[len(own[0]) :]))


def _of_terms(terms: Sequence[Found], value: np.ndarray, factors: tuple[Factor, ...]) -> Found:
    return Found(
        terms[0].note,
        value,
        factors,
        is_before_clip=any(each.is_before_clip for each in terms),
        is_before_norm=any(each.is_before_norm for each in terms),
        is_bare=all(each.is_bare for each in terms),
        is_by_unknown=any(each.is_by_unknown for each in terms),
    )


def _own(update: Note, begin: int) -> list[Note]:
    """Return the way from an update to the weight that it replaces: what is a sum, difference or multiple of it."""
    if update.replaces is not None and update.what is np.add and update.inputs[1] is update.replaces:
        return [update, update.replaces]
    own = list(spine(update, begin))
    if update.replaces in own:
        del own[own.index(update.replaces) + 1 :]
    return own


def _rounded(factor: Factor) -> tuple[float, bool, bool]:
    """Return what tells one factor from another."""
    return float(f"{factor.value:.9g}"), factor.is_inline, factor.is_of_rule
