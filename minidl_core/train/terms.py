"""Terms: what an optimizer computes of a gradient, one after another, each with a symbol, a formula and a reason.

A formula is in the symbols of the terms before it, and in W (the variable), G (its gradient), t (the iteration, from
1), norm (the length of all variables' gradients together) and the symbols of the optimizer's settings, such as η. The
terms are assignments: a symbol on the right is what it was last, so that in m = β1·m + (1 - β1)·G the m on the right
is the one before. After the last term, `step`, W new = W - step.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..arrays import Array


@dataclass(frozen=True, eq=False)
class Term:
    """A line of an update rule; where `is_slot`, its number is kept for the next iteration (it begins as 0)."""

    symbol: str
    formula: str
    reason: str
    is_slot: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class ComputedTerm:
    """A term and what it came to in one update, of the variable's shape; of a slot also what it was `before`."""

    term: Term
    value: Array
    before: Array | None
