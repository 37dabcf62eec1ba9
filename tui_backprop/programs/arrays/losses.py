"""Which number of a step is its loss: the one whose gradients the script's own are, or else the one called so."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from minidl_core import MinidlError, Placeholder
from minidl_core.arrays import Array, quiet
from minidl_core.plan import Plan

from ..program import ProgramError
from .graphs import Built, Graphs, feeds_of
from .lines import Lines
from .recorder import Taken
from .tape import Note

_MOST_TRIED = 8
_CALLED = re.compile(r"(?i).*(loss|cost|error|mse|entropy|objective|nll|criterion)|J|E|L")


@dataclass(eq=False)
class Loss:
    """The loss of one step as a graph; `right` are its gradients by our engine, by weight.

    `factor` is the multiple of it whose gradients the script's are, `matches` how many of them that holds for.
    `is_judged` is whether the script's own gradients can be held against it.
    """

    step: Taken
    built: Built
    feeds: Mapping[Placeholder, Array]
    measured: float
    right: Mapping[int, Array]
    matches: int = 0
    factor: float = 1.0
    is_judged: bool = False


class Losses:
    """Finds the losses of a run's steps."""

    def __init__(self, graphs: Graphs, steps: Sequence[Taken]) -> None:
        self.graphs = graphs
        self._steps = steps
        self._lines = Lines()
        self._place: object = None
        self.refused: ProgramError | None = None

    def of_steps(self) -> Iterator[Loss]:
        """Yield the loss of each step that has one."""
        for step in self._steps:
            if not step.found:
                continue
            scalars = [note for note in step.notes if note in step.dependent and _is_scalar(note)]
            chosen = [note for note in scalars if self._place is not None and _place(note) == self._place]
            if not chosen and scalars and (self._place is None):
                best = self._best(step, scalars)
                if best is None:
                    continue
                chosen = [best]
                self._place = _place(best)
            if chosen:
                yield self._loss(step, self.graphs, chosen[-1])
        if self._place is None and self.refused is not None:
            raise self.refused

    def _best(self, step: Taken, scalars: Sequence[Note]) -> Note | None:
        rated: list[tuple[tuple[float, ...], Note]] = []
        named = [note for note in scalars if self._is_called_loss(note)]
        tried = list(dict.fromkeys([*named[-_MOST_TRIED:], *scalars[-_MOST_TRIED:]]))
        for order, note in enumerate(sorted(tried, key=lambda each: each.number)):
            try:
                # in a graph of its own: only what is opened has a name in the one that is kept
                loss = self._loss(step, self.graphs.again(), note)
            except ProgramError as refused:
                if note in named or self.refused is None:
                    self.refused = refused
                continue
            except MinidlError:
                continue
            rated.append(((loss.matches, loss.factor == 1.0, loss.factor > 0, note in named, -order), note))
        if not rated:
            return None
        score, note = max(rated, key=lambda each: each[0])
        return note if score[0] or note in named else None

    def _is_called_loss(self, note: Note) -> bool:
        names = self._lines.names_of([note]).get(note, ""), self._lines.function_of(note)
        return any(_CALLED.fullmatch(name) for name in names)

    def _loss(self, step: Taken, graphs: Graphs, note: Note) -> Loss:
        below = graphs.below(step, note)
        built = graphs.build(step, below)
        feeds = feeds_of(below, built)
        values = {graphs.variables[number]: step.before[number] for number in built.weights}
        plan = Plan([built.loss])
        with quiet():
            evaluation = plan.run(plan.feed(feeds), values)
            right = evaluation.gradients(built.loss)
        gradients = {number: right[graphs.variables[number]] for number in built.weights}
        loss = Loss(step, built, feeds, float(np.reshape(note.value, ())), gradients)
        loss.matches, loss.factor = _match(step, gradients)
        loss.is_judged = loss.matches > 0
        return loss


def _match(step: Taken, right: Mapping[int, Array]) -> tuple[int, float]:
    """Return how many gradients by hand are one multiple of ours, and which."""
    votes: Counter[float] = Counter()
    for number, gradient in right.items():
        found = step.found.get(number, [])
        votes.update({factor for each in found for factor in factors_of(each.sign * each.value, gradient)})
    if not votes:
        return 0, 1.0
    most = max(votes.values())
    if votes[1.0] == most:
        return most, 1.0
    return most, max((factor for factor, count in votes.items() if count == most), key=abs)


def factors_of(theirs: Array, right: Array) -> list[float]:
    """Return the number by which one gradient is a multiple of the other, if it is."""
    square = float(np.vdot(right, right))
    if theirs.shape != right.shape or not square or not np.isfinite(theirs).all():
        return []
    factor = float(np.vdot(theirs, right)) / square
    return [float(f"{factor:.6g}")] if factor and agrees(theirs, factor * right) else []


def agrees(theirs: Array, right: Array) -> bool:
    """Return whether two gradients are the same, also where the script calculates in float32."""
    largest = float(np.max(np.abs(right), initial=0.0))
    return theirs.shape == right.shape and bool(np.allclose(theirs, right, rtol=1e-5, atol=1e-7 * largest))


def _is_scalar(note: Note) -> bool:
    return np.size(note.value) == 1 and np.asarray(note.value).dtype.kind == "f"


def _place(note: Note) -> object:
    return None if note.place is None else (note.what, note.place[:2], note.caller and note.caller[:2])
