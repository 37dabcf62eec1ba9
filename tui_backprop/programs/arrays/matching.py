"""Which gradients by hand are one multiple of those of a loss, and at which learning rates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from minidl_core.arrays import Array

from ..multiples import factor_of, rounded
from .gradients import Found
from .rates import Rates
from .recorder import Taken


def match(
    step: Taken, right: Mapping[int, Array], rates_of_run: Rates, *, is_minimized: bool = False, is_sum: bool = False
) -> tuple[int, float, Mapping[int, float], int]:
    """Return how many gradients by hand are one multiple of ours, which, at which learning rates, and their order.

    Of a sum that the script takes of plain numbers, it is not seen which multiple of each it adds, so that most decide.
    """
    best: tuple[tuple[int, int, bool, int, float], float, Mapping[int, float]] | None = None
    moved = {number: step.found[number] for number in right if number in step.found}
    for order, rates in enumerate(rates_of_run.of_step(moved)):
        votes: Counter[float] = Counter()
        at_rates: Counter[float] = Counter()
        exact = {1.0: 1.0}
        for number, gradient in right.items():
            values = used(step.found.get(number, ()), rates.get(number, 1.0))
            found = [(each, factor_of(value, gradient)) for each, value in values]
            found = [(each, factor) for each, factor in found if factor > 0 or (factor and not is_minimized)]
            factors = {rounded(factor): factor for _, factor in found}
            exact = {**factors, **exact}
            # each weight has one vote for a factor, however many arrays have it
            votes.update(factors.keys())
            at_rates.update({rounded(factor) for each, factor in found if not each.is_bare})
        for factor in {1.0, *votes}:
            # one number alone is a multiple of another by chance, and among others so is one array alone
            is_chance = votes[factor] == 1 and (
                len(right) > 1 or all(np.count_nonzero(each) < 2 for each in right.values())
            )
            is_chance = (
                is_chance and not is_sum and not all(rates_of_run.is_divided(rate, factor) for rate in rates.values())
            )
            if factor == 1 or (not order and not is_chance and (is_sum or not votes[1.0])):
                # what a gradient is as it stands says nothing of the rates
                is_usual = factor == 1 or (is_sum and factor in (0.5, 2))
                rated = (at_rates[factor], votes[factor], is_usual, -order, abs(factor)), exact[factor], rates
                best = rated if best is None or rated[0] > best[0] else best
    assert best is not None  # there is always a rate
    return best[0][1], best[1], best[2], -best[0][3]


def used(found: Sequence[Found], rate: float) -> Iterator[tuple[Found, Array]]:
    """Yield what may be a gradient, each with its value as an update at this rate uses it."""
    for each in found:
        if each.is_bare:
            yield each, each.value
            continue
        scale = each.scale
        yield each, each.value if scale == rate else each.value * (scale / rate)
