"""What a script does to its leaves by hand: data that it overwrites for the next step, old gradients that it scales."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from ..multiples import factor_of
from .recorder import Taken

_MOST_STEPS = 20


def overwritten(steps: Sequence[Taken], left: Sequence[Mapping[int, Any]], moved: set[int]) -> set[int]:
    """Return those of the moved leaves, by their serial numbers, that no update moved, but the script by itself.

    That is seen where most leaves move by one multiple of their gradients, and these never do.
    """
    rates: dict[int, list[float]] = {serial: [] for serial in moved}
    fitting: Counter[int] = Counter()
    for step, after in zip(steps[:_MOST_STEPS], left, strict=False):
        found: dict[int, float] = {}
        for position, serial, value in zip(step.structure.leaves, step.serials, step.numbers, strict=True):
            gradient = step.after[position]
            if serial in moved and serial in after and gradient is not None and np.any(gradient):
                found[serial] = _rounded(
                    factor_of(np.asarray(value - after[serial]), np.asarray(gradient, dtype=float))
                )
        votes = Counter(rate for rate in found.values() if rate > 0)
        usual, count = max(votes.items(), key=lambda each: each[1], default=(0.0, 0))
        for serial, rate in found.items():
            rates[serial].append(rate)
            fitting[serial] += count > 1 and rate == usual
    if not any(count == len(rates[serial]) for serial, count in fitting.items() if count):
        return set()
    # a rate of its own is the same in all steps
    return {serial for serial, own in rates.items() if not fitting[serial] and (len(set(own)) > 1 or own == [0.0])}


def kept_share(steps: Sequence[Taken], moved: set[int]) -> float:
    """Return the share of the old gradients that a script keeps for the next step, as in p.grad *= 0.9; 0 for none."""
    shares: Counter[float] = Counter()
    for last, step in pairwise(steps[:_MOST_STEPS]):
        old = dict(zip(last.serials, (last.after[n] for n in last.structure.leaves), strict=True))
        for position, serial in zip(step.structure.leaves, step.serials, strict=True):
            before, after = step.before[position], old.get(serial)
            if serial in moved and before is not None and after is not None and np.any(after):
                shares[_rounded(factor_of(np.asarray(before, dtype=float), np.asarray(after, dtype=float)))] += 1
    if len(shares) != 1:
        return 0.0
    [share] = shares
    return share if 0 < share < 1 and math.isclose(share, float(f"{share:.3g}")) else 0.0


def _rounded(rate: float) -> float:
    return float(f"{rate:.6g}")
