"""One multiple of the loss for all steps alike: what one step does not tell, or tells by chance, the others do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..multiples import is_counted, rounded
from .loss import Loss


def with_one_multiple(found: Sequence[Loss]) -> list[Loss]:
    """Return losses with the multiple that the other steps of the same shapes have, where one does not tell its own.

    Where gradients part the multiple is not seen; and a rate that changes may be one that was written, divided by it.
    """
    kinds = [(loss.built.loss, tuple(each.shape for each in loss.feeds.values())) for loss in found]
    told: dict[object, set[float]] = {}
    for kind, loss in zip(kinds, found, strict=True):
        if loss.match.matches and loss.match.undivided is None:
            told.setdefault(kind, set()).add(loss.match.factor)
    return [_of(told.get(kind, set()), loss) for kind, loss in zip(kinds, found, strict=True)]


def _of(factors: set[float], loss: Loss) -> Loss:
    match, own = loss.match, {rounded(each) for each in factors}
    if len(own) != 1 or own == {1.0}:
        return loss
    if match.undivided is not None and rounded(match.undivided.factor) in own:
        return replace(loss, match=match.undivided)
    if not match.matches and is_counted(min(factors)):
        return replace(loss, match=match._replace(factor=min(factors)))
    return loss
