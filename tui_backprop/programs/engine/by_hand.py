"""The share of its old gradients that a script keeps by hand, as in `p.grad *= 0.9`."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from ..multiples import factor_of
from .taken import Taken

_MOST_STEPS = 20


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


def remark_on(share: float) -> str:
    """Return the sentence that says which share is kept, "" where it is none."""
    if not share:
        return ""
    kept = f"A share of {share:.3g} of the old gradients is kept in the sum, as by momentum by hand"
    return f"{kept}; set them to 0 before each backward call if that is not meant."


def _rounded(rate: float) -> float:
    return float(f"{rate:.6g}")
