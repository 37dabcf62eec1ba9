"""The losses of a run's steps: what the script computes as its loss, or what its gradients are of where it does not."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

import numpy as np

from minidl_core import NonFiniteError

from ..multiples import rounded
from .below import Below, below_of
from .candidates import Candidates
from .computed import MOST_TRIED, Computed, find_computed
from .graphs import Graphs
from .implied import Implied, find_implied
from .late import late_reads
from .loss import Loss
from .rates import Rates
from .scalars import PlaceOfScalar, is_at, place_of, scalars_at, scalars_of
from .taken import Taken, dependent_on
from .tape import Note


class Losses:
    """Finds the losses of a run's steps; its learning rates are among the numbers `written` in its source.

    `implied` are those that the gradients are of where none is computed, or another one (`is_computed`), and `stopped`
    is what ended the run, if a number that is not finite did.
    """

    def __init__(self, graphs: Graphs, steps: Sequence[Taken], written: Collection[float]) -> None:
        self.graphs = graphs
        self._steps = [step for step in steps if step.found]
        self._candidates = Candidates(graphs, Rates([step.found for step in self._steps], written))
        self._computed = Computed()
        self._place: PlaceOfScalar | None = None
        self.implied: Implied | None = None
        self.is_computed = False
        self.stopped = ""
        self._has_others: bool | None = None

    def of_steps(self) -> Iterator[Loss]:
        """Yield the loss of each step that has one, or could have: many scripts compute it now and then."""
        self._computed = find_computed(self._candidates, self._steps)
        self._place = self._computed.place
        self.implied = self._find_implied()
        if self.implied is not None:
            yield from self.implied.losses
        elif self._place is not None:
            yield from self._computed_at(self._place)
        elif self._candidates.refused is not None:
            raise self._candidates.refused

    def _find_implied(self) -> Implied | None:
        """Return the losses that the gradients are of instead of what is computed; None where they are of that."""
        place = self._computed.place
        if self._computed.is_unsure:
            implied = find_implied(self._candidates, self._steps)
            factors = {rounded(each.match.factor) for each in implied.losses}
            if len(implied.losses) < len(self._steps) or len(factors) > 1:
                return None
            self._place = None  # what is computed there is no loss
            return implied
        if self._computed.matches:
            return None
        implied = find_implied(self._candidates, self._steps, place)
        # also where a loss is computed of which no gradient is, but not of weights that are trained in turn
        if not implied.losses and (place is None or not any(late_reads(s, n) for s in self._steps for n in s.updates)):
            implied = find_implied(self._candidates, self._steps, place, is_partly=True)
        self.is_computed = bool(implied.losses) and place is not None
        return implied if implied.losses else None

    def _computed_at(self, place: PlaceOfScalar) -> Iterator[Loss]:
        """Yield the losses of the steps that compute them at a place, or have made all that they are computed from."""
        known: Below | None = None
        is_any = is_judged = False
        for step in self._steps:
            own = scalars_at(step, place) or [note for note in scalars_of(step) if is_at(note, place)]
            note = own[-1] if own else None
            below = below_of(step, note) if note is not None else _below_again(known, step)
            if below is None or not below.weights:
                continue
            try:
                loss = self._candidates.opened(step, below, note)
            except NonFiniteError as error:
                if not is_any:
                    raise
                self.stopped = str(error)
                return
            if note is not None:
                known = below
            elif not loss.match.matches:
                continue
            # what was compared once is compared on, also where it is found from another forward pass
            is_any, is_judged = True, is_judged or loss.is_judged
            yield replace(loss, is_judged=is_judged)

    def are_sure(self, found: Sequence[Loss]) -> bool:
        """Return whether the gradients by hand speak for losses that were found, and not only their directions.

        What steps make smaller now and larger then is no loss, as the output of a perceptron, whose steps follow its
        error. Nor is one that is not called so where some steps move nothing, or go by no multiple of its gradients.
        """
        moving = [each.match for each in found if any(right.any() for right in each.right.values())]
        if len({match.factor > 0 for match in moving if match.matches}) > 1:
            return False
        if self.implied is not None or self._computed.is_named:
            return True
        if self._computed.is_unsure:
            return all(match.matches for match in moving)
        return all(match.rates for match in moving)

    def before_penalties(self, loss: Loss) -> Loss | None:
        """Return the loss to which a script adds penalties for large weights; None where it adds none."""
        notes = scalars_at(loss.step, self._computed.without_penalties)
        return self._candidates.loss_at(loss.step, notes[-1]) if self.has_penalties and notes else None

    def with_data(self, loss: Loss, data: Note) -> Loss | None:
        """Return a loss of which something that is read of a weight is data."""
        dependent = dependent_on(loss.step.weights, (note for note in loss.step.notes if note is not data))
        return self._candidates.loss_at(replace(loss.step, dependent=dependent), loss.below.made[-1])

    def others(self, loss: Loss) -> Iterator[Loss]:
        """Yield the other losses that a step computes, as that of a second network; none is a part of the other."""
        own = scalars_at(loss.step, self._place)
        if self._has_others is False or not own:
            return
        self._has_others = False
        made = {*below_of(loss.step, own[-1]).made}
        for note in self._candidates.called_loss(loss.step, scalars_of(loss.step))[-MOST_TRIED:]:
            if note not in made and own[-1] not in below_of(loss.step, note).made:
                other = self._candidates.loss_at(loss.step, note)
                if other is not None and other.match.matches:
                    self._has_others = True
                    yield other

    def elsewhere(self, found: Sequence[Loss]) -> Iterator[Loss]:
        """Yield a loss of the steps in which that of the others was not found, as where two networks take turns.

        It is called otherwise, and gradients are made on the way back from it.
        """
        known, own = {id(loss.step) for loss in found}, _base_name(found[0])
        for step in [each for each in self._steps if id(each) not in known][:MOST_TRIED]:
            for note in self._candidates.called_loss(step, scalars_of(step))[-MOST_TRIED:]:
                other = self._candidates.loss_at(step, note)
                if other is not None and other.is_judged and _base_name(other) != own:
                    yield other

    @property
    def has_penalties(self) -> bool:
        """Whether the loss has penalties for large weights."""
        return self._computed.without_penalties is not None

    @property
    def larger(self) -> str:
        """What adds terms to the loss of which the script's gradients know nothing, "" where nothing does."""
        return self._computed.larger


def _base_name(loss: Loss) -> str:
    return loss.built.loss.name.rstrip("0123456789").rstrip("_")


def _below_again(known: Below | None, step: Taken) -> Below | None:
    """Return what lies below a loss that a step did not compute itself; None where what it fed is not to be found."""
    if known is None:
        return None
    sources = {source for note in step.notes for source in note.sources}
    fed: list[Note] = []
    for old in known.fed:
        like = [each for each in step.notes if each not in step.dependent and place_of(each) == place_of(old)]
        if old in sources:
            fed.append(old)
        elif old.what is not None and like and np.shape(like[-1].value) == np.shape(old.value):
            fed.append(like[-1])
        else:
            return None
    return replace(known, fed=fed)
