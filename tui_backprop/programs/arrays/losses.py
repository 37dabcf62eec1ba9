"""Which number of a step is its loss: the one whose gradients the script's own are, or else the one called so."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

import numpy as np

from minidl_core import MinidlError, NonFiniteError, Placeholder
from minidl_core.arrays import Array, quiet
from minidl_core.plan import Plan

from ..multiples import agrees, rounded
from ..program import ProgramError
from .floors import Floors
from .gradients import Found
from .graphs import Below, Built, Graphs, feeds_of
from .implied import implied_losses, summed
from .matching import match, used
from .penalties import with_other_terms, with_penalties
from .rates import Rates
from .recorder import Taken
from .scalars import is_at, place_of, scalars_of
from .tape import Note, is_moved, spine

_MOST_TRIED = 8
_SUM = "the sum of those of all examples, which it adds up as plain numbers"
_MOST_STEPS = 20
_CALLED = re.compile(r"(?i:.*(loss|cost|error|mse|entropy|objective|nll|criterion))|J|E|L")


@dataclass(eq=False)
class Loss:
    """The loss of one step as a graph; `right` are its gradients by our engine, by weight.

    `factor` is the multiple of it whose gradients the script's are, `matches` how many of them that holds for, at
    these learning `rates` by weight, which are the likeliest but for so many (`order`).
    `fed` is what it was computed from besides weights, and `made` what was computed on the way. `is_judged` is whether
    the script's own gradients can be held against it.
    """

    step: Taken
    built: Built
    feeds: Mapping[Placeholder, Array]
    measured: float
    right: Mapping[int, Array]
    matches: int = 0
    factor: float = 1.0
    rates: Mapping[int, float] = field(default_factory=dict)
    order: int = 0
    fed: Sequence[Note] = ()
    made: Sequence[Note] = ()
    is_judged: bool = False

    def used(self, number: int) -> Iterator[tuple[Found, Array]]:
        """Yield what may be the gradient of a weight, each as it is used: divided by the learning rate alone."""
        yield from used(self.step.found.get(number, ()), self.rates.get(number, 1.0))

    def agreeing(self) -> Iterator[tuple[int, Note]]:
        """Yield the gradients by hand that are those of this loss, each with the number of its weight."""
        for number, right in self.right.items():
            yield from ((number, each.note) for each, value in self.used(number) if agrees(value, self.factor * right))


class Losses:
    """Finds the losses of a run's steps.

    `implied` says which loss the gradients are of, or some (`is_partly_implied`), where none is computed, or another
    one (`is_computed`), and `stopped` what ended the run, if a number that is not finite did. `larger` is called what
    adds terms to the loss of which the script's gradients know nothing. Its learning rates are among the numbers
    `written` in its source.
    """

    def __init__(self, graphs: Graphs, steps: Sequence[Taken], written: Collection[float]) -> None:
        self.graphs = graphs
        self._steps = [step for step in steps if step.found]
        # what moves nothing says nothing of where it comes from
        self._moving = [
            step for step in self._steps if any(each[-1].value.any() for each in step.found.values() if each)
        ]
        self._lines = graphs.lines
        self._rates = Rates([step.found for step in self._steps], written)
        self._refused: ProgramError | None = None
        self._plans: dict[Built, Plan] = {}
        self.floors = Floors()
        self.implied = self.stopped = ""
        self.is_computed = self.is_partly_implied = False
        self.larger = ""
        self._without_penalties: object = None
        self._place: tuple[object, ...] | None = None
        self._has_others: bool | None = None
        self._is_unsure = False  # of one example all functions of the output have gradients in one direction

    def of_steps(self) -> Iterator[Loss]:
        """Yield the loss of each step that has one, or could have: many scripts compute it now and then."""
        place, matches = self._find()
        self._place = place
        if self._is_unsure:
            self._place = None
            implied = list(self._implied_losses())
            if len(implied) == len(self._steps):
                yield from implied
                return
            self._place, self.implied, self.is_partly_implied = place, "", False
        elif not matches:
            implied = list(self._implied_losses())
            if not implied and place is None:
                self.is_partly_implied = True
                implied = list(self._implied_losses())
            if implied:
                self.is_computed = place is not None
                yield from implied
                return
        if place is None:
            if self._refused is not None:
                raise self._refused
            return
        taken, known, was_judged = 0, None, False
        for step in self._steps:
            scalars = scalars_of(step)
            own = [note for note in scalars if place_of(note) == place]
            own = own or [note for note in scalars if is_at(note, place)]
            try:
                if own:
                    below = self.graphs.below(step, own[-1])
                    if not below.weights:
                        continue
                    known = below
                    loss = self._loss(step, self.graphs, known, float(np.reshape(own[-1].value, ())))
                elif known is not None and (fed := _fed_again(known, step)) is not None:
                    again = Below(known.made, fed, known.weights, known.key)
                    loss = self._loss(step, self.graphs, again, None)
                    if not loss.matches:
                        continue
                else:
                    continue
            except NonFiniteError as error:
                if not taken:
                    raise
                self.stopped = str(error)
                return
            taken += 1
            # what was compared once is compared on, also where it is found from another forward pass
            was_judged = loss.is_judged = loss.is_judged or was_judged
            yield loss

    def before_penalties(self, loss: Loss) -> Loss | None:
        """Return the loss to which a script adds penalties for large weights; None where it adds none."""
        notes = [note for note in scalars_of(loss.step) if place_of(note) == self._without_penalties]
        return self._try(loss.step, notes[-1]) if self.has_penalties and notes else None

    def with_data(self, loss: Loss, data: Note) -> Loss | None:
        """Return a loss of which something that is read of a weight is data."""
        dependent = {*loss.step.weights}
        for note in loss.step.notes:
            if note is not data and any(each in dependent for each in note.sources):
                dependent.add(note)
        return self._try(replace(loss.step, dependent=dependent), loss.made[-1])

    def others(self, loss: Loss) -> Iterator[Loss]:
        """Yield the other losses that a step computes, as that of a second network; none is a part of the other."""
        own = [note for note in scalars_of(loss.step) if place_of(note) == self._place]
        if self._has_others is False or not own:
            return
        self._has_others = False
        made = {*self.graphs.below(loss.step, own[-1]).made}
        for note in self._called_loss(loss.step, scalars_of(loss.step))[-_MOST_TRIED:]:
            if note not in made and own[-1] not in self.graphs.below(loss.step, note).made:
                other = self._try(loss.step, note)
                if other is not None and other.matches:
                    self._has_others = True
                    yield other

    @property
    def has_penalties(self) -> bool:
        """Whether the loss has penalties for large weights."""
        return self._without_penalties is not None

    def _find(self) -> tuple[tuple[object, ...] | None, int]:
        """Return the place in the script that computes the loss, and how many gradients by hand are of it."""
        tried = 0
        for step in self._moving or self._steps:
            scalars = scalars_of(step)
            note, matches = self._best(step, scalars)
            if note is not None:
                return place_of(note), matches
            tried += bool(scalars)
            if tried > _MOST_STEPS:
                break
        return None, 0

    def _best(self, step: Taken, scalars: Sequence[Note]) -> tuple[Note | None, int]:
        rated: list[tuple[tuple[float, ...], Note, float]] = []
        named = self._called_loss(step, scalars)
        of_gradients = _below(step.updates.values(), step)
        ends = [each for each in scalars if each not in of_gradients]
        others = [each for each in scalars if each in of_gradients]
        # of an error and the loss that is made of it, the loss
        inner = _below([source for each in named for source in each.sources if source in step.dependent], step)
        tried = {*named[-_MOST_TRIED:], *[*others, *ends][-_MOST_TRIED:]}
        for order, note in enumerate(sorted(tried, key=lambda each: each.number)):
            loss = self._try(step, note)
            if loss is not None:
                single = not np.ndim(note.value)
                factor = loss.factor > 0, note in named, loss.factor == 1, -loss.order
                is_whole = bool(loss.matches) or note not in inner
                rated.append(((loss.matches, is_whole, not _is_part(loss), *factor, single, -order), note, loss.factor))
        if not rated:
            return None, 0
        score, note, _ = max(rated, key=lambda each: each[0])
        matches = int(score[0])
        alike = {other: factor for each, other, factor in rated if each[:-1] == score[:-1]}
        note = self._steady(alike, step) if matches and len(alike) > 1 else note
        if not matches and note not in named:
            return None, 0
        self._is_unsure = bool(matches) and note not in named and alike.get(note, 1.0) != 1
        larger = with_other_terms(note, step, named)
        if larger is not None and (whole := self._try(step, larger)) is not None and whole.matches < matches:
            self.larger = self._lines.names_of(step.notes).get(larger) or "the loss"
        total = with_penalties(note, step, named)
        if total is note or (loss := self._try(step, total)) is None:
            return note, matches
        self._without_penalties = place_of(note)
        return total, loss.matches

    def _steady(self, factors: Mapping[Note, float], step: Taken) -> Note:
        """Return the first number of which the script's gradients are the same multiple in the next step, or the first.

        Of one example all functions of the output have gradients in one direction, and may have one size by chance.
        """
        steps = self._moving if step in self._moving else self._steps
        for after in steps[steps.index(step) + 1 :][:1]:
            for note, factor in factors.items():
                again = [each for each in scalars_of(after) if place_of(each) == place_of(note)]
                loss = self._try(after, again[-1]) if again else None
                if loss is not None and loss.matches and rounded(loss.factor) == rounded(factor):
                    return note
        return next(iter(factors))

    def _try(self, step: Taken, note: Note, *, is_sum: bool = False) -> Loss | None:
        """Return a number of a step as its loss, in a graph of its own: only what is opened has names in the other."""
        graphs = self.graphs.again()
        below = graphs.below(step, note)
        if not below.made or not below.weights:
            return None
        try:
            return self._loss(step, graphs, below, float(np.reshape(note.value, ())), is_sum=is_sum)
        except ProgramError as refused:
            if self._refused is None or self._called_loss(step, [note]):
                self._refused = refused
        except MinidlError:
            pass
        return None

    def _implied_losses(self) -> Iterator[Loss]:
        """Yield the losses that the script's gradients are of, if there is one of which all of them are, or some."""
        known: tuple[str, object] | None = None
        for step in self._steps:
            own = [note for note in scalars_of(step) if place_of(note) == self._place] if self._place else []
            candidates = list(implied_losses(step, self._lines))
            if len(own) > 1:
                candidates.insert(0, (_SUM, {}, summed(step, own), None))
            rated: list[tuple[bool, int, Note, str, tuple[str, object]]] = []
            for formula, names, note, place in candidates:
                if known not in (None, (formula, place)):
                    continue
                loss = self._try(step, note, is_sum=formula is _SUM)
                # the parts of a sum are losses of the script itself, so that its gradients may have mistakes
                least = 1 if formula is _SUM else len(step.found)
                if loss is not None and known is not None and formula is not _SUM:
                    # what moves for the first time is not known as a weight yet
                    least = max(1, len(step.found.keys() & loss.right.keys()))
                if loss is not None and self.is_partly_implied and _has_a_layer(loss):
                    least = 1
                if loss is None or loss.factor < 0 or _is_part(loss):
                    continue
                is_whole = loss.matches >= least
                # what the loss is stands after the first step, so that others may have mistakes
                if is_whole or (known and step.found.keys() <= loss.right.keys()):
                    text = formula.format(**names)
                    rated.append((is_whole, loss.matches, note, text, (formula, place)))
                if is_whole:
                    break
            if not rated:
                return
            is_whole, _, note, text, known = max(rated, key=lambda each: each[:2])
            self.is_partly_implied |= known[0] is not _SUM and not is_whole
            # each step may have a target of its own, as with one example after the other
            self.implied = text if self.implied in ("", text) else known[0].format(a="output", y="target")
            is_sum = known[0] is _SUM
            yield self._loss(step, self.graphs, self.graphs.below(step, note), None, is_sum=is_sum)

    def _called_loss(self, step: Taken, scalars: Sequence[Note]) -> list[Note]:
        """Return those numbers that the script, or the function that computes them, calls a loss."""
        names = self._lines.names_of(step.notes)
        return [
            note
            for note in scalars
            if any(_CALLED.fullmatch(name) for name in (names.get(note, ""), self._lines.function_of(note)))
        ]

    def _loss(self, step: Taken, graphs: Graphs, below: Below, measured: float | None, *, is_sum: bool = False) -> Loss:
        built = graphs.build(step, below)
        loss = self._loss_of(built, step, graphs, below, measured, is_sum=is_sum)
        if loss.matches < len(loss.right) and (other := self.floors.without(built)) is not None:
            with suppress(MinidlError):  # what a floor is for: there is a logarithm of 0
                without = self._loss_of(other, step, graphs, below, None, is_sum=is_sum)
                if without.matches > loss.matches:
                    return replace(without, measured=loss.measured)
        return loss

    def _loss_of(
        self, built: Built, step: Taken, graphs: Graphs, below: Below, measured: float | None, *, is_sum: bool
    ) -> Loss:
        feeds = feeds_of(below, built)
        values = {graphs.variables[number]: step.before[number] for number in built.weights}
        if built not in self._plans:
            self._plans[built] = Plan([built.loss])
        plan = self._plans[built]
        with quiet():
            evaluation = plan.run(plan.feed(feeds), values)
            right = evaluation.gradients(built.loss)
        gradients = {number: right[graphs.variables[number]] for number in built.weights}
        came_to = float(np.reshape(evaluation[built.loss], ()))
        if measured is not None and not np.isclose(came_to, measured, rtol=1e-4, atol=1e-8, equal_nan=True):
            raise ProgramError(f"its loss comes to {came_to:g} here and to {measured:g} in the script")
        loss = Loss(step, built, feeds, came_to if measured is None else measured, gradients)
        loss.matches, loss.factor, loss.rates, loss.order = match(step, gradients, self._rates, is_sum=is_sum)
        # the gradients of minus a loss lead away from it; of a likelihood they do not
        if loss.factor < 0 and self._called_loss(step, below.made[-1:]):
            found = match(step, gradients, self._rates, is_minimized=True)
            loss.matches, loss.factor, loss.rates, loss.order = found
        # of lr / len(X) * dW the rate is lr, and the sum of the gradients no multiple of the loss
        if all(self._rates.is_divided(rate, loss.factor) for rate in loss.rates.values()):
            loss.rates = {number: rate * loss.factor for number, rate in loss.rates.items()}
            loss.factor = 1.0
        loss.fed, loss.made = below.fed, below.made
        loss.is_judged = loss.matches > 0 or _leads_to_gradients(step, below)
        return loss


def _has_a_layer(loss: Loss) -> bool:
    """Return whether gradients are those of a loss of all weights: of a matrix, or of two, as one may be by chance."""
    agreeing = {number for number, note in loss.agreeing() if np.count_nonzero(note.value) > 1}
    weights = {note for note, number in loss.step.weights.items() if number in agreeing}
    is_matrix = any(note.what in (np.matmul, np.dot) and not weights.isdisjoint(note.sources) for note in loss.made)
    return loss.step.found.keys() <= loss.right.keys() and (is_matrix or len(agreeing) > 1)


def _is_part(loss: Loss) -> bool:
    """Return whether the script adds gradients of others to those of a loss, as over the examples of a batch."""
    step = loss.step
    same = {note for _, note in loss.agreeing()}
    for note in step.notes:
        added = [each for each in note.inputs if type(each) is Note] if note.what is np.add else []
        others = [each for each in added if each not in same]
        # what a weight itself adds is its decay
        if len(others) < len(added) and any(np.any(each.value) and _depends(each, step) for each in others):
            return True
    return False


def _below(notes: Iterable[Note], step: Taken) -> set[Note]:
    """Return what some notes of a step are computed from in it, and they themselves."""
    waiting, found = list(notes), set[Note]()
    while waiting:
        note = waiting.pop()
        if note not in found:
            found.add(note)
            waiting += [each for each in note.sources if each in step.dependent]
    return found


def _depends(note: Note, step: Taken) -> bool:
    while is_moved(note) and note not in step.weights:
        note = note.inputs[0]
    return note in step.dependent and step.weights.keys().isdisjoint(spine(note, step.notes[0].number - 1))


def _fed_again(known: Below, step: Taken) -> list[Note] | None:
    """Return what a step fed, where it did not compute the loss itself; None where that is not to be found."""
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
    return fed


def _leads_to_gradients(step: Taken, below: Below) -> bool:
    """Return whether the gradients by hand are computed from the forward pass of a loss, or from one like it."""
    forward = set(below.made)
    reached = {each.note for found in step.found.values() for each in found}
    for note in reversed(step.notes):
        if note in reached:
            if note in forward or (note in step.dependent and any(_is_alike(note, each) for each in below.made)):
                return True
            reached.update(note.sources)
    return False


def _is_alike(note: Note, other: Note) -> bool:
    """Return whether two operations made the same array, as where a forward pass is computed twice."""
    if note.what is not other.what or np.size(note.value) == 1:
        return False
    is_of_several = len({each for each in note.sources if np.ndim(each.value)}) > 1
    return is_of_several and np.array_equal(note.value, other.value)
