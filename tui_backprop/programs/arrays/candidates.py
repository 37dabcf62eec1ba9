"""Numbers of steps as candidates for their loss: each has a graph, and the script's gradients are held against it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np

from minidl_core import MinidlError
from minidl_core.arrays import Array, quiet

from ..program import ProgramError
from .below import Below, below_of
from .differences import PossibleLoss, error_at, losses_of_differences
from .graphs import Built, Graphs
from .loss import Loss, leads_to_gradients
from .matching import Match, match
from .rates import Rates
from .taken import Taken
from .tape import Note

_CALLED = re.compile(r"(?i:.*(loss|cost|error|mse|entropy|objective|nll|criterion))|J|E|L")


class Candidates:
    """Makes losses of numbers of steps, whose learning rates are among the `rates`; `graphs` are those that are opened.

    `refused` is why a number was no loss: the last one that the script calls so, or else the first.
    """

    def __init__(self, graphs: Graphs, rates: Rates) -> None:
        self.lines = graphs.lines
        self.refused: ProgramError | None = None
        self.graphs = graphs
        self._rates = rates
        self._of_differences: dict[Taken, list[PossibleLoss]] = {}

    def of_differences(self, step: Taken) -> Sequence[PossibleLoss]:
        """Return the losses of which the differences in a step may be the gradients."""
        found = self._of_differences.get(step)
        if found is None:  # once: what they are made of is added to the step, and has differences in it, too
            found = self._of_differences[step] = list(losses_of_differences(step, self.lines))
        return found

    def loss_at(self, step: Taken, note: Note, *, is_sum: bool = False) -> Loss | None:
        """Return a number as the loss of its step, in a graph of its own: only what is opened has names in the other.

        It may be one that `is_sum`, as in `match`. None where no weight leads to it, or it cannot be followed.
        """
        graphs = self.graphs.again()
        below = below_of(step, note)
        if not below.made or not below.weights:
            return None
        try:
            return self._loss(step, graphs, below, note, is_sum=is_sum)
        except ProgramError as refused:
            if self.refused is None or self.called_loss(step, [note]):
                self.refused = refused
        except MinidlError:
            pass
        return None

    def opened(self, step: Taken, below: Below, note: Note | None = None, *, is_sum: bool = False) -> Loss:
        """Return the loss of a step in the graphs that are opened: what lies below it, and its note if there is one.

        Raises ProgramError where it cannot be followed, and NonFiniteError where a number of it is not finite.
        """
        return self._loss(step, self.graphs, below, note, is_sum=is_sum)

    def _loss(self, step: Taken, graphs: Graphs, below: Below, note: Note | None, *, is_sum: bool) -> Loss:
        built = graphs.build(step, below)
        loss = self._loss_of(built, step, graphs, below, note, is_sum=is_sum)
        if loss.match.matches < len(loss.right) and (other := built.without_floors) is not None:
            with suppress(MinidlError):  # what a floor is for: there is a logarithm of 0
                without = self._loss_of(other, step, graphs, below, None, is_sum=is_sum)
                if without.match.matches > loss.match.matches:
                    return replace(without, measured=loss.measured)
        return loss

    def _loss_of(
        self, built: Built, step: Taken, graphs: Graphs, below: Below, note: Note | None, *, is_sum: bool
    ) -> Loss:
        feeds = built.feeds_of(below)
        values = {graphs.variables[number]: step.before[number] for number in built.weights}
        with quiet():
            evaluation = built.plan.run(built.plan.feed(feeds), values)
            gradients = evaluation.gradients(built.loss)
        came_to = float(np.reshape(evaluation[built.loss], ()))
        measured = came_to if note is None else float(np.reshape(note.value, ()))
        if not np.isclose(came_to, measured, rtol=1e-4, atol=1e-8, equal_nan=True):
            raise ProgramError(f"its loss comes to {came_to:g} here and to {measured:g} in the script")
        right = {number: gradients[graphs.variables[number]] for number in built.weights}
        found = self._match(step, right, below.made[-1], is_sum=is_sum)
        is_judged = found.matches > 0 or leads_to_gradients(step, below)
        return Loss(step, below, built, feeds, measured, right, found, is_judged)

    def _match(self, step: Taken, right: Mapping[int, Array], loss: Note, *, is_sum: bool) -> Match:
        found = match(step, right, self._rates, is_sum=is_sum)
        # the gradients of minus a loss lead away from it; of a likelihood they do not
        if found.factor < 0 and self.called_loss(step, [loss]):
            smaller = match(step, right, self._rates, is_minimized=True)
            found = smaller._replace(is_away=smaller.matches < found.matches)
        # of lr / len(X) * dW the rate is lr, and the sum of the gradients no multiple of the loss
        if all(self._rates.is_divided(rate, found.factor) for rate in found.rates.values()):
            rates = {number: rate * found.factor for number, rate in found.rates.items()}
            found = found._replace(rates=rates, factor=1.0, undivided=found if found.factor != 1 else None)
        return found

    def called_loss(self, step: Taken, scalars: Sequence[Note]) -> list[Note]:
        """Return those numbers that the script, or the function that computes them, calls a loss.

        An output less a target is none: of one example it is a number, too, and called an error.
        """
        names = self.lines.names_of(step.notes)
        return [
            note
            for note in scalars
            if any(_CALLED.fullmatch(name) for name in (names.get(note, ""), self.lines.function_of(note)))
            and error_at(note, step) is None
        ]
