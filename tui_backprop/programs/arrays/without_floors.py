"""The losses of a run without their floors, where the script's gradients are of these: of all steps or of none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from minidl_core import MinidlError
from minidl_core.arrays import Array, quiet

from ..floors import floor_text, is_without
from ..multiples import agrees, factor_of, rounded
from .graphs import Built
from .loss import Loss
from .losses import Losses


def as_differentiated(found: list[Loss], losses: Losses) -> tuple[list[Loss], str]:
    """Return the losses that the gradients are of, and what is to be said where these are without their floors."""
    others, built = [], dict[Built, None]()
    try:
        with quiet():
            for each in found:
                other = losses.floors.without(each.built)
                others.append(each if other is None else _of_other(each, other, losses))
                built[others[-1].built] = None
    except MinidlError:  # what a floor is for: there is a logarithm of 0
        return found, ""
    replaced = [left_out for each in built if (left_out := losses.floors.left_out_of(each)) is not None]
    is_mixed = any(losses.floors.left_out_of(each.built) is not None for each in found)
    if not replaced or not (is_mixed or is_without(_beside(found, others))):
        return found, ""
    for without in replaced:
        without.take_names()
    return others, floor_text(replaced[0])


def _of_other(loss: Loss, built: Built, losses: Losses) -> Loss:
    """Return the loss of a step by another node over the same variables."""
    variables = losses.graphs.variables
    values = {variables[number]: loss.step.before[number] for number in loss.right}
    gradients = built.plan.run(built.plan.feed(loss.feeds), values).gradients(built.loss)
    right = {number: gradients[variables[number]] for number in loss.right}
    factors = (factor_of(value, right[number]) for number in right for _, value in loss.used(number))
    factor = loss.match.factor
    near = (each for each in factors if rounded(each) == rounded(factor))
    match = loss.match._replace(factor=1.0 if factor == 1 else next(near, factor))
    return replace(loss, built=built, right=right, match=match)


def _beside(found: Sequence[Loss], others: Sequence[Loss]) -> Iterator[tuple[Array, Array, Array]]:
    """Yield the gradients by hand that are near to those of a loss, each with these and with those without floors."""
    for loss, other in zip(found, others, strict=True):
        for number, gradient in loss.right.items() if loss.is_judged else ():
            right, without = loss.match.factor * gradient, other.match.factor * other.right[number]
            for _, value in loss.used(number):
                if agrees(value, right) or agrees(value, without):
                    yield value, right, without
