"""Which of the numbers that a script computes in its steps is their loss: the one whose gradients its own are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ..multiples import rounded
from .below import below_of
from .candidates import Candidates
from .differences import error_at
from .loss import Loss
from .penalties import with_other_terms, with_penalties
from .scalars import PlaceOfScalar, place_of, scalars_at, scalars_of
from .taken import Taken
from .tape import Note, with_sources

MOST_TRIED = 8
"""So many numbers of a step are tried, of those that are called a loss and of the others each."""
_MOST_STEPS = 20


class Computed(NamedTuple):
    """Where a script computes its loss, and how many of its gradients by hand are of it there (`matches`).

    It `is_unsure` where only the directions of gradients speak for it: of one example, those of all functions of the
    output are alike. A name speaks for it too, if the gradients have the same size beside its own in the next step: it
    `is_named` where the script calls it a loss. `without_penalties` is where it is before penalties for large weights
    are added to it, None where none are. `larger` is what adds terms to it that the script's gradients do not have.
    """

    place: PlaceOfScalar | None = None
    matches: int = 0
    is_unsure: bool = False
    without_penalties: PlaceOfScalar | None = None
    larger: str = ""
    is_named: bool = False


def find_computed(candidates: Candidates, steps: Sequence[Taken]) -> Computed:
    """Return the loss that the steps of a run compute, where one of the first of them has it."""
    # what moves nothing says nothing of where it comes from
    moving = [step for step in steps if any(each[-1].value.any() for each in step.found.values() if each)]
    steps, tried = moving or steps, 0
    for index, step in enumerate(steps):
        scalars = scalars_of(step)
        computed = _Numbers(candidates, step, scalars).choose(steps[index + 1 : index + 2])
        if computed is not None:
            return computed
        tried += bool(scalars)
        if tried > _MOST_STEPS:
            break
    return Computed()


class _Score(NamedTuple):
    """What makes one number the loss of a step rather than another, the most telling first."""

    matches: int
    is_whole: bool
    """Of an error and the loss that is made of it, the loss."""
    is_no_part: bool
    """Nothing is added to its gradients, as for other examples."""
    is_minimized: bool
    is_named: bool
    is_itself: bool
    """The gradients are its own, and not those of a multiple of it."""
    likelihood_of_rates: int
    is_single: bool
    """It is a number, and no array of one."""


class _Numbers:
    """The single numbers of a step, of which one may be its loss."""

    def __init__(self, candidates: Candidates, step: Taken, scalars: Sequence[Note]) -> None:
        self._candidates = candidates
        self._step = step
        self._scalars = scalars
        self._named = candidates.called_loss(step, scalars)

    def choose(self, following: Sequence[Taken]) -> Computed | None:
        """Return the number that is the likeliest, None where none is: one that is called so, or has the gradients."""
        rated = self._rated()
        if not rated:
            return None
        score, note, _ = max(rated, key=lambda each: each[0])
        factors = {other: loss.match.factor for each, other, loss in rated if each == score}
        if score.matches and len(factors) > 1:
            note = self._steady(factors, following)
        is_named = note in self._named
        if not score.matches and not is_named:
            return None
        factor = factors.get(note, 1.0)
        is_sure = is_named and (not self._is_of_one(note) or all(self._is_steady(note, factor, s) for s in following))
        is_unsure = bool(score.matches) and factor != 1 and not is_sure
        larger = self._larger(note, score.matches)
        computed = Computed(place_of(note), score.matches, is_unsure, larger=larger, is_named=is_named)
        total = with_penalties(note, self._step, self._named)
        if total is note or (loss := self._candidates.loss_at(self._step, total)) is None:
            return computed
        return computed._replace(place=place_of(total), matches=loss.match.matches, without_penalties=place_of(note))

    def _rated(self) -> list[tuple[_Score, Note, Loss]]:
        """Return those numbers that may be the loss, in the order in which they were made."""
        of_gradients = self._below(self._step.updates.values())
        ends = [each for each in self._scalars if each not in of_gradients]
        others = [each for each in self._scalars if each in of_gradients]
        tried = {*self._named[-MOST_TRIED:], *[*others, *ends][-MOST_TRIED:]}
        inner = self._below(source for each in self._named for source in each.sources if source in self._step.dependent)
        rated = []
        for note in sorted(tried, key=lambda each: each.number):
            loss = self._candidates.loss_at(self._step, note)
            if loss is not None:
                found = loss.match
                score = _Score(
                    found.matches,
                    is_whole=bool(found.matches) or note not in inner,
                    is_no_part=not loss.is_part,
                    is_minimized=found.factor > 0,
                    is_named=note in self._named,
                    is_itself=found.factor == 1,
                    likelihood_of_rates=-found.order,
                    is_single=not np.ndim(note.value),
                )
                rated.append((score, note, loss))
        # what is made larger is no other loss by a part of it that becomes smaller, such as a likelihood
        made_larger = [n for _, n, each in rated if each.match.is_away and n not in of_gradients]
        parts = self._below(made_larger) - {*self._named}
        return [each for each in rated if each[1] not in parts]

    def _below(self, notes: Iterable[Note]) -> set[Note]:
        """Return what some notes are computed from in the step, and they themselves."""
        dependent = self._step.dependent
        return with_sources(notes, lambda note: (each for each in note.sources if each in dependent))

    def _steady(self, factors: Mapping[Note, float], following: Sequence[Taken]) -> Note:
        """Return the first number of which the script's gradients are the same multiple in the next step, or the first.

        Of one example all functions of the output have gradients in one direction, and may have one size by chance.
        """
        for step in following:
            for note, factor in factors.items():
                if self._is_steady(note, factor, step):
                    return note
        return next(iter(factors))

    def _is_of_one(self, note: Note) -> bool:
        """Return whether a number is computed from the difference of one output and one target."""
        made = below_of(self._step, note).made
        return any(np.size(each.value) == 1 and error_at(each, self._step) is not None for each in made)

    def _is_steady(self, note: Note, factor: float, step: Taken) -> bool:
        """Return whether the script's gradients are the same multiple of a number in another step."""
        again = scalars_at(step, place_of(note))
        loss = self._candidates.loss_at(step, again[-1]) if again else None
        return loss is not None and loss.match.matches > 0 and rounded(loss.match.factor) == rounded(factor)

    def _larger(self, note: Note, matches: int) -> str:
        """Return what a loss of fewer gradients is called that adds other terms to a number, "" where there is none."""
        larger = with_other_terms(note, self._step, self._named)
        whole = None if larger is None else self._candidates.loss_at(self._step, larger)
        if larger is None or whole is None or whole.match.matches >= matches:
            return ""
        return self._candidates.lines.names_of(self._step.notes).get(larger) or "the loss"
