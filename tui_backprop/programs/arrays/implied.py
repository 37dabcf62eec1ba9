"""The loss that a script's gradients are of where it computes none, or another one than that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..multiples import rounded
from .below import below_of
from .candidates import Candidates
from .differences import PossibleLoss, summed
from .loss import Loss
from .scalars import PlaceOfScalar, scalars_at
from .taken import Taken

_SUM = "the sum of those of all examples, which it adds up as plain numbers"


class Implied(NamedTuple):
    """The losses of a run's first steps that its gradients are of, and how they are called (`text`).

    Where it `is_partly` so, other gradients are of none of them.
    """

    losses: Sequence[Loss]
    text: str
    is_partly: bool


def find_implied(
    candidates: Candidates, steps: Sequence[Taken], place: PlaceOfScalar | None = None, *, is_partly: bool = False
) -> Implied:
    """Return the losses of one formula that the gradients by hand are of, up to the first step which has none of it.

    What the script computes at a `place` may be the parts of one. All gradients of the first step have to be of it, or
    where it `is_partly` those of a layer.
    """
    search = _Search(candidates, place, is_partly=is_partly)
    losses: list[Loss] = []
    for number, step in enumerate(steps):
        loss = search.loss_of(step, steps[number + 1 : number + 2])
        if loss is None:
            break
        losses.append(loss)
    return Implied(losses, search.text, search.is_partly)


class _Search:
    """Goes from step to step: the first one says of which formula and place the losses are."""

    def __init__(self, candidates: Candidates, place: PlaceOfScalar | None, *, is_partly: bool) -> None:
        self._candidates = candidates
        self._place = place
        self._known: PossibleLoss | None = None
        self.is_partly = is_partly
        self.text = ""

    def loss_of(self, step: Taken, following: Sequence[Taken]) -> Loss | None:
        """Return the loss of the next step; None where it has none.

        Of several that the first may have it is one that the `following` has by the same factor: of one example,
        or where weights begin at 0, the gradients of a cross-entropy are a multiple of those of squares.
        """
        of_some: list[tuple[int, PossibleLoss]] = []
        by_chance: list[PossibleLoss] = []
        for possible in self._possible(step):
            loss = self._tried(step, possible)
            if loss is None:
                continue
            if loss.match.matches >= self._enough(loss, is_sum=possible.is_sum):
                if self._known is not None or all(self._is_of(each, possible, loss) for each in following):
                    return self._take(step, possible)
                by_chance.append(possible)
            # what the loss is stands after the first step, so that others may have mistakes
            if self._known is not None and loss.is_of_all:
                of_some.append((loss.match.matches, possible))
        if by_chance:
            return self._take(step, by_chance[0])
        if not of_some:
            return None
        _, possible = max(of_some, key=lambda each: each[0])
        self.is_partly = self.is_partly or not possible.is_sum
        return self._take(step, possible)

    def _tried(self, step: Taken, possible: PossibleLoss) -> Loss | None:
        loss = self._candidates.loss_at(step, possible.note, is_sum=possible.is_sum)
        return None if loss is None or loss.match.factor < 0 or loss.is_part else loss

    def _is_of(self, step: Taken, first: PossibleLoss, loss: Loss) -> bool:
        """Return whether gradients of a step are the same multiple of a loss as those of an earlier one."""
        same = (p for p in self._possible(step) if (p.formula, p.place) == (first.formula, first.place))
        found = [each.match for each in (self._tried(step, each) for each in same) if each is not None]
        return any(each.matches and rounded(each.factor) == rounded(loss.match.factor) for each in found)

    def _possible(self, step: Taken) -> Iterator[PossibleLoss]:
        """Yield the losses that a step may have: of the formula and place that are known, if they are."""
        parts = scalars_at(step, self._place) if self._place is not None else []
        sums = [PossibleLoss(_SUM, {}, summed(step, parts), is_sum=True)] if len(parts) > 1 else []
        found = [*sums, *self._candidates.of_differences(step)]
        known = self._known
        return (each for each in found if known is None or (each.formula, each.place) == (known.formula, known.place))

    def _enough(self, loss: Loss, *, is_sum: bool) -> int:
        """Return how many gradients by hand have to be those of a loss, so that it is the one."""
        if is_sum:
            return 1  # its parts are losses of the script itself, so that its gradients may have mistakes
        if self.is_partly and loss.has_a_layer:
            return 1  # the others are the mistakes that are looked for
        if self._known is None:
            return len(loss.step.found)  # nothing else speaks for a formula that the script has not
        # what moves for the first time is not known as a weight yet
        return max(1, len(loss.step.found.keys() & loss.right.keys()))

    def _take(self, step: Taken, possible: PossibleLoss) -> Loss:
        self._known = possible
        # each step may have a target of its own
        self.text = possible.text if self.text in ("", possible.text) else possible.general_text
        return self._candidates.opened(step, below_of(step, possible.note), is_sum=possible.is_sum)
