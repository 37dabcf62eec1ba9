"""The steps of a run, held against the right gradients: which of a script's own an update uses, and which part."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from minidl_core import Node
from minidl_core.arrays import Array

from ..multiples import agrees, in_its_precision
from ..program import ProgramError
from ..updates import Update
from .found import Found
from .late import LateRead, late_reads, sentences
from .loss import Loss
from .losses import Losses
from .rules import MOST
from .tape import SCALING, SUMS, Note, same, with_sources
from .unread import is_by_entry

_BY_NUMBER = (*SUMS, *SCALING, np.clip, np.maximum, np.minimum, same)


@dataclass(frozen=True, eq=False)
class JudgedStep:
    """A step as it is opened: its `loss`, the multiple of it that is `trained`, by this `factor`, and how.

    `theirs` are the gradients by hand, and `found` is what is known of each. `numbers` are those of the weights.
    """

    loss: Loss
    trained: Node
    factor: float
    update: Update
    theirs: Mapping[Node, Array]
    found: Mapping[Node, Found]
    numbers: Mapping[Node, int]

    @cached_property
    def parted(self) -> list[Node]:
        """The weights whose gradients by hand are not the right ones."""
        right = self.loss.right
        return [n for n, each in self.theirs.items() if not agrees(each, self.factor * right[self.numbers[n]])]


def judge_step(loss: Loss, losses: Losses, trained: Node, factor: float) -> JudgedStep:
    """Return a step with the gradients by hand that its update uses: what one was before it was clipped.

    Raises ProgramError where some part, and are those of another loss of the same step.
    """
    found: dict[Node, Found] = {}
    theirs: dict[Node, Array] = {}
    before, after, gradients = {}, {}, {}
    numbers: dict[Node, int] = {node: number for number, node in losses.graphs.variables.items()}
    for number in loss.built.weights:
        node, right = losses.graphs.variables[number], factor * loss.right[number]
        before[node], after[node], gradients[node] = loss.step.before[number], loss.step.after[number], right
        given = list(loss.used(number)) if loss.is_judged else []
        if given:
            whole = [each for each in given if not each[0].is_without_decay] if losses.has_penalties else given
            is_single = np.asarray(given[-1][0].note.value).dtype == np.float32
            same = [each for each in given if agrees(each[1], right)]
            # of terms that nearly cancel single precision leaves few digits: which one it is, these tell
            near = [each for each in given if is_single and agrees(each[1], right, within=1e-3)]
            own, value = [*same, *near, (whole or given)[-1]][0]
            found[node], gradients[node] = own, value
            theirs[node] = in_its_precision(value, right, is_single=is_single)
    step = JudgedStep(loss, trained, factor, Update(before, after, gradients), theirs, found, numbers)
    _refuse_others(step, losses)
    return step


def refuse_turns(steps: Sequence[JudgedStep], losses: Losses) -> None:
    """Raise ProgramError where gradients part, and steps between these follow another loss, as those of a GAN do."""
    if any(step.parted for step in steps):
        own = steps[0].loss.built.loss.name
        for other in losses.elsewhere([step.loss for step in steps]):
            raise ProgramError(
                f"it trains by {own} and {other.built.loss.name} in turn, whose steps are not told apart;"
                " train one network of them alone, or both by their sum"
            )


def updated_too_soon(steps: Sequence[JudgedStep], losses: Losses) -> list[tuple[LateRead, str, str]]:
    """Return which weights were updated before they were used for gradients that part, with the names of both.

    Those are of the first step in which there are any. Raises ProgramError where a gradient has a forward pass of its
    own for such a weight, as in steps of several parts, whose losses are not told apart.
    """
    for step in steps:
        found = []
        for node in step.parted:
            for read in late_reads(step.loss.step, step.numbers[node]):
                weight = losses.graphs.variables.get(read.number)
                if weight is not None and not read.is_mixed:
                    [said] = sentences([(read, weight.name, node.name)])
                    raise ProgramError(f"its steps have several parts, which are not told apart: {said}")
                if weight is not None:
                    found.append((read, weight.name, node.name))
        if found:
            return found
    return []


def refuse_hidden_weights(steps: Sequence[JudgedStep]) -> None:
    """Raise ProgramError where gradients part, and an array moves that may be a weight of other steps."""
    hidden = next((node for node, is_wrong in _hidden(steps) if is_wrong), None)
    if hidden is not None:
        raise ProgramError(
            f"an array, read at {hidden.location}, moves from step to step, too, but not by gradients of"
            f" {steps[0].loss.built.loss.name}, so that its steps are not told apart; update weights only when"
            " all gradients are found, and train one network alone, or all by the sum of their losses"
        )


def hidden_weights(steps: Sequence[JudgedStep]) -> list[Node]:
    """Return the data that each step makes of what it was in the step before, as by an update that is not followed."""
    return list(dict.fromkeys(node for node, _ in _hidden(steps)))


def unjudged_weights(steps: Sequence[JudgedStep]) -> list[Node]:
    """Return the weights that some step moves, and whose gradients by hand are seen in none."""
    seen = {node for step in steps for node in step.theirs}
    moved = {
        node: None
        for step in steps
        for node, before in step.update.before.items()
        if not np.array_equal(before, step.update.after[node])
    }
    return [node for node in moved if node not in seen]


def are_all_right(steps: Sequence[JudgedStep]) -> bool:
    """Return whether the gradients by hand of all weights that move were seen, and are right."""
    return not any(step.parted for step in steps) and not unjudged_weights(steps)


def _hidden(steps: Sequence[JudgedStep]) -> Iterator[tuple[Node, bool]]:
    for last, step in pairwise(steps):
        fed = {*last.loss.below.fed} - {*step.loss.below.fed}
        moved = _moved_by_gradients(last) if fed else set()
        for data, node in zip(step.loss.below.fed, step.loss.built.fed, strict=True) if fed else ():
            is_made = np.ndim(data.value) and is_made_of(data, fed)
            if is_made or (moved and not moved.isdisjoint(_back_to(last.loss.step.notes[0].number, [data]))):
                yield node, bool(step.parted)


def _moved_by_gradients(step: JudgedStep) -> set[Note]:
    """Return what a step made, entry by entry, of what its forward pass was fed and of its backward pass.

    That is what an update does to a weight. What other weights are updated with, as a velocity, is none.
    """
    taken, made = step.loss.step, {*step.loss.below.made}
    begin = taken.notes[0].number
    of_data, of_updates = _back_to(begin, step.loss.below.fed), _back_to(begin, taken.updates.values())
    backward = (of_updates & taken.dependent) - made - {*taken.weights}
    found = set[Note]()
    for note in taken.notes:
        if not backward.isdisjoint(note.sources):
            backward.add(note)
        if is_by_entry(note) and not of_data.isdisjoint(note.sources):
            of_data.add(note)
            if note in backward and note not in made:
                found.add(note)
    return found - of_updates


def _back_to(begin: int, notes: Iterable[Note]) -> set[Note]:
    """Return what some notes are made of, and they themselves, back to a number."""
    return with_sources(notes, lambda note: note.sources if note.number >= begin else ())


def is_made_of(data: Note, before: Collection[Note]) -> bool:
    """Return whether an array is one of the step before, changed number by number."""
    waiting, seen = [data], set[Note]()
    while waiting and len(seen) < MOST:
        note = waiting.pop()
        if note in seen or np.shape(note.value) != np.shape(data.value):
            continue
        if note in before and note is not data:
            return True
        seen.add(note)
        if note.what in _BY_NUMBER:
            waiting += note.sources
    return False


def _refuse_others(step: JudgedStep, losses: Losses) -> None:
    """Raise ProgramError where gradients that part from those of a loss are those of another one of the same step."""
    for other in losses.others(step.loss) if step.parted else ():
        for node in step.parted:
            right = other.right.get(step.numbers[node])
            if right is not None and right.any() and agrees(step.theirs[node], right):
                names = f"{step.loss.built.loss.name} and {other.built.loss.name}"
                raise ProgramError(
                    f"it trains by {names} in turn, whose steps are not told apart: {node.name} follows the second;"
                    " train one network of them alone, or both by their sum"
                )
