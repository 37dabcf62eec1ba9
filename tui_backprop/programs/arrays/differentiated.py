"""The losses of a run without their floors, where the script's gradients are of these: of all steps or of none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from minidl_core import MinidlError, Variable
from minidl_core.arrays import quiet

from ..multiples import agrees, factor_of, rounded
from .graphs import Built
from .loss import Loss

_CLEARLY = 0.3


def as_differentiated(found: list[Loss], variables: Mapping[int, Variable]) -> tuple[list[Loss], str]:
    """Return the losses that the gradients are of, and what is to be said where these are without their floors."""
    others: list[Loss] = []
    try:
        with quiet():
            for each in found:
                other = each.built.without_floors
                others.append(each if other is None else _of_other(each, other, variables))
    except MinidlError:  # what a floor is for: there is a logarithm of 0
        return found, ""
    left_out = [
        floors for built in dict.fromkeys(each.built for each in others) if (floors := built.floors) is not None
    ]
    is_mixed = any(each.built.floors is not None for each in found)
    if not left_out or not (is_mixed or _are_without(found, others)):
        return found, ""
    for floors in left_out:
        floors.take_names()
    first = left_out[0]
    return others, (
        f"Its gradients are those of {first.loss.name} without the {first.floor:g} that keeps a logarithm in it finite:"
        " it is shown here without that."
    )


def _of_other(loss: Loss, built: Built, variables: Mapping[int, Variable]) -> Loss:
    """Return the loss of a step by another node over the same variables."""
    values = {variables[number]: loss.step.before[number] for number in loss.right}
    gradients = built.plan.run(built.plan.feed(loss.feeds), values).gradients(built.loss)
    right = {number: gradients[variables[number]] for number in loss.right}
    factors = (factor_of(value, right[number]) for number in right for _, value in loss.used(number))
    factor = loss.match.factor
    near = (each for each in factors if rounded(each) == rounded(factor))
    match = loss.match._replace(factor=1.0 if factor == 1 else next(near, factor))
    return replace(loss, built=built, right=right, match=match)


def _are_without(found: Sequence[Loss], others: Sequence[Loss]) -> bool:
    """Return whether more gradients by hand are clearly nearer to those of losses without floors than with them."""
    votes = 0
    for loss, other in zip(found, others, strict=True):
        for number, gradient in loss.right.items() if loss.is_judged else ():
            right, without = loss.match.factor * gradient, other.match.factor * other.right[number]
            for _, value in loss.used(number):
                if (agrees(value, right) or agrees(value, without)) and value.shape == right.shape:
                    own, beside = (np.max(np.abs(value - each), initial=0.0) for each in (right, without))
                    votes += int(beside < _CLEARLY * own) - int(own < _CLEARLY * beside)
    return votes > 0
