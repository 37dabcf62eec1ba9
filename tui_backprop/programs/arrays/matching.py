"""Which gradients by hand are one multiple of those of a loss, and at which learning rates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from minidl_core.arrays import Array

from ..multiples import factor_of, rounded
from .found import Found
from .rates import Rates
from .taken import Taken


class Match(NamedTuple):
    """How far gradients by hand are those of a loss: so many of them, the `matches`, are its own times a `factor`.

    They are so at learning `rates` by weight, which are the likeliest but for so many (`order`). The loss `is_away`
    where more of them are a multiple below 0. They are `undivided` where the rate is not taken for one that was divided
    by the multiple.
    """

    matches: int
    factor: float
    rates: Mapping[int, float]
    order: int
    is_away: bool = False
    undivided: Match | None = None


def match(
    step: Taken, right: Mapping[int, Array], rates_of_run: Rates, *, is_minimized: bool = False, is_sum: bool = False
) -> Match:
    """Return how far the gradients by hand of a step are one multiple of the right ones, in the likeliest way.

    A loss that `is_minimized` is no multiple below 0. One that `is_sum` is made here of plain numbers of the script: it
    is not seen which multiple of each it adds, so that most gradients decide.
    """
    best: tuple[tuple[int, int, bool, int, float], Match] | None = None
    moved = {number: step.found[number] for number in right if number in step.found}
    for order, rates in enumerate(rates_of_run.of_step(moved)):
        votes = _count(step, right, rates, is_minimized=is_minimized)
        for factor in {1.0, *votes.of_all}:
            if factor != 1:
                # what a gradient is as it stands says nothing of the rates, so that it is of the likeliest
                is_other = not order and (is_sum or not votes.of_all[1.0])
                if not is_other or not (is_sum or _is_sure(factor, votes, right, rates, rates_of_run)):
                    continue
            is_usual = factor == 1 or (is_sum and factor in (0.5, 2))
            score = votes.at_rates[factor], votes.of_all[factor], is_usual, -order, abs(factor)
            if best is None or score > best[0]:
                best = score, Match(votes.of_all[factor], votes.exact[factor], rates, order)
    assert best is not None  # there is always a rate
    return best[1]


class _Votes(NamedTuple):
    """How many weights have a gradient that is the right one times a factor, by the factor in few digits.

    `at_rates` counts those alone that an update multiplies with the learning rate. `exact` has the factors themselves.
    """

    of_all: Counter[float]
    at_rates: Counter[float]
    exact: dict[float, float]


def _count(step: Taken, right: Mapping[int, Array], rates: Mapping[int, float], *, is_minimized: bool) -> _Votes:
    votes = _Votes(Counter(), Counter(), {1.0: 1.0})
    for number, gradient in right.items():
        values = used(step.found.get(number, ()), rates.get(number, 1.0))
        factors = [(each, factor_of(value, gradient)) for each, value in values]
        factors = [(each, factor) for each, factor in factors if factor > 0 or (factor and not is_minimized)]
        known = {rounded(factor): factor for _, factor in factors}
        # each weight has one vote for a factor, however many arrays have it
        votes.of_all.update(known.keys())
        votes.at_rates.update({rounded(factor) for each, factor in factors if not each.is_bare})
        for factor, exact in known.items():
            votes.exact.setdefault(factor, exact)
    return votes


def _is_sure(
    factor: float, votes: _Votes, right: Mapping[int, Array], rates: Mapping[int, float], rates_of_run: Rates
) -> bool:
    """Return whether gradients are not a multiple of others by chance.

    One number alone is one of any other, and among several weights so is the gradient of one alone; but not where the
    multiple makes of each learning rate one that the script has written.
    """
    is_alone = votes.of_all[factor] == 1
    is_number = all(np.count_nonzero(each) < 2 for each in right.values())
    is_chance = is_alone and (len(right) > 1 or is_number)
    return not is_chance or all(rates_of_run.is_divided(rate, factor) for rate in rates.values())


def used(found: Sequence[Found], rate: float) -> Iterator[tuple[Found, Array]]:
    """Yield what may be a gradient, each with its value as an update at this rate uses it."""
    for each in found:
        if each.is_bare:
            yield each, each.value
            continue
        scale = each.scale
        yield each, each.value if scale == rate else each.value * (scale / rate)
