"""An element as a person can compute it: of a long sum one term is left to do, and the others are given together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..debugger.followed import Followed
from ..debugger.moment import Moment
from .expression import Apply, Total, Tree, evaluate, write
from .long_sums import followed_term
from .worked import FEW, Worked, count, sizes, term_of
from .worked_rate import single

MOST_OPERANDS = 8


def by_hand(moment: Moment, worked: Worked, followed: Followed) -> Worked | None:
    """Return an element with few enough numbers to compute with; None where it cannot be written out so.

    Of a long sum the followed term is left; a long sum inside of a formula is one number.
    """
    total, tree = worked.long_sum, worked.tree
    if total is not None:
        chosen = np.unravel_index(followed_term(moment, total, followed), sizes(total))
        term = term_of(total, list(map(int, chosen)))
        others = worked.value - float(evaluate(term).item())
        tree = Apply("sum", (single(f"Σ of the other {count(total) - 1}", others), term))
    if tree is None:
        return None
    short = replace(worked, tree=_with_sums_as_numbers(tree))
    return short if 0 < len(short.operands) <= MOST_OPERANDS else None


def _with_sums_as_numbers(tree: Tree) -> Tree:
    match tree:
        case Total() if count(tree) > FEW:
            return single(write(tree), float(evaluate(tree).item()))
        case Apply(kind, parts):
            return Apply(kind, tuple(map(_with_sums_as_numbers, parts)))
        case _:
            return tree
