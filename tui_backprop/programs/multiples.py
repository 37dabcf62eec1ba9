"""Gradients by hand that are one multiple of a loss's: a sum over the data where the loss is a mean, or the reverse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

import numpy as np

from minidl_core import Constant, Node, Placeholder
from minidl_core.arrays import Array

MOST_FACTORS = 10
"""Multiples of a loss of so many different factors are shown; batches of different sizes may each have one more."""


def factor_of(theirs: Array, right: Array) -> float:
    """Return the number by which one gradient is a multiple of the other, 0 if it is none."""
    square = float(np.vdot(right, right))
    if theirs.shape != right.shape or not square or not np.isfinite(theirs).all():
        return 0.0
    factor = float(np.vdot(theirs, right)) / square
    return factor if 1e-6 < abs(factor) < 1e6 and agrees(theirs, factor * right) else 0.0


def agrees(theirs: Array, right: Array, *, within: float = 1e-7) -> bool:
    """Return whether two gradients are the same, also where the script calculates in float32.

    They are so `within` a share of the largest entry.
    """
    if theirs.shape != right.shape:
        return False
    size = np.abs(right)
    return bool((np.abs(theirs - right) <= 1e-5 * size + within * size.max(initial=0.0)).all())


def in_its_precision(value: Array, right: Array, *, is_single: bool) -> Array:
    """Return a gradient by hand in the precision that tells how closely it can agree.

    That is the script's own, or single where it agrees but for what keeps a logarithm finite, as in log(a + 1e-8).
    """
    is_near = agrees(value, right) and not np.allclose(value, right, rtol=1e-10, atol=0)
    return value.astype(np.float32) if is_near or is_single else value


def rounded(factor: float) -> float:
    """Return a factor with as many digits as tell it apart."""
    return float(f"{factor:.5g}")


def trained_multiples(steps: Sequence[tuple[Node, float, Mapping[Placeholder, Array]]]) -> list[tuple[Node, float]]:
    """Return the multiple of each step's loss by about its factor, as a node, and the factor: what is trained.

    A step is its loss, the factor and the feeds. Where factors differ, though what is fed has the same shapes, and are
    more than a few or none that is counted, they are no multiples of a loss but mistakes, so that it is the losses
    themselves: so is each wrong slope at an output of one number, of one example after the other.
    """
    kinds = [(loss, tuple(each.shape for each in feeds.values())) for loss, _, feeds in steps]
    factors = {(kind, rounded(factor)) for kind, (_, factor, _) in zip(kinds, steps, strict=True)}
    several = {kind for kind, count in Counter(kind for kind, _ in factors).items() if count > 1}
    by_kind = zip(kinds, (factor for _, factor, _ in steps), strict=True)
    is_by_chance = any(kind in several and not is_counted(factor) for kind, factor in by_kind)
    if is_by_chance or len(factors) - len({*kinds}) >= MOST_FACTORS:
        return [(loss, 1.0) for loss, _, _ in steps]
    made: dict[tuple[Node, float], tuple[Node, float]] = {}
    for loss, factor, _ in steps:
        key = loss, rounded(factor)
        if key not in made:
            exact = float(Fraction(factor).limit_denominator(10_000))
            factor = exact if abs(exact - factor) <= 1e-6 * abs(factor) else factor
            made[key] = (loss, 1.0) if factor == 1 else (_multiply(factor, loss), factor)
    return [made[loss, rounded(factor)] for loss, factor, _ in steps]


def is_counted(factor: float) -> bool:
    """Return whether a factor may be a count, or one divided by another: of how many examples something is a mean."""
    size = abs(factor)
    if any(abs(round(each) - each) <= 1e-5 * each for each in (size, 1 / size)):
        return True
    return abs(float(Fraction(size).limit_denominator(100)) - size) <= 1e-6 * min(size, 1.0)


def _multiply(factor: float, loss: Node) -> Node:
    file, _, line = loss.location.rpartition(":")
    with loss.graph.as_default():
        constant = Constant(factor, name=f"{factor:g}")
        made: Node = constant * loss
    made.name = f"{factor:g} * {loss.name}"
    for node in (constant, made):
        node.locate(file, int(line))
    return made


def common_factor(pairs: Sequence[tuple[Array, Array]]) -> float:
    """Return the multiple of the right gradients, above 0, that most of those by hand are; each comes with its own.

    It is 1 where one is right, or where that may be by chance, as one number is a multiple of any other.
    """
    factors = [factor_of(theirs, right) for theirs, right in pairs]
    votes = Counter(rounded(factor) for factor in factors if factor > 0)
    most = max(votes.values(), default=0)
    is_chance = most == 1 and (len(pairs) > 1 or all(right.size == 1 for _, right in pairs))
    if is_chance or not most or votes[1.0]:
        return 1.0
    return next(factor for factor in factors if votes[rounded(factor)] == most)


def multiple_text(factors: Iterable[float], loss: Node) -> str:
    """Return which multiples of a loss gradients are those of, "" where it is the loss itself."""
    found = sorted({rounded(each) for each in factors})
    if found == [1.0]:
        return ""
    if len(found) == 1:
        return f"{found[0]:g} times {loss.name}"
    return f"{found[0]:g} to {found[-1]:g} times {loss.name}"


def warning_of(multiple: str, *, is_of_all: bool = True) -> str:
    """Return the sentence that says which multiple is shown, and whether it is of all gradients or of some."""
    whose = "Its gradients are" if is_of_all else "Some of its gradients, and not all, are"
    return f"{whose} those of {multiple}, which is what its steps make smaller and what is shown here."
