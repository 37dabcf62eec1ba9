"""Losses of the differences of outputs and targets: `y - out` is the gradient of one already, and many stop at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import getitem
from typing import Any, NamedTuple

import numpy as np

from .lines import Lines
from .taken import Taken
from .tape import SCALING, Note, is_moved, same, spine

_MOST_EXAMPLES = 256
_MOST_TRIED = 8


class PossibleLoss(NamedTuple):
    """A loss that a script may have without computing it: its formula, with the names of its output `a` and target `y`.

    `note` is its number in a step, and `place` where in the script the difference is. One that `is_sum` adds up what
    the script computes as losses.
    """

    formula: str
    names: Mapping[str, str]
    note: Note
    place: object = None
    is_sum: bool = False

    @property
    def text(self) -> str:
        """The formula with its names."""
        return self.formula.format(**self.names)

    @property
    def general_text(self) -> str:
        """The formula where its names are other ones in each step, as with one example after the other."""
        return self.formula.format(a="output", y="target")


def losses_of_differences(step: Taken, lines: Lines) -> Iterator[PossibleLoss]:
    """Yield the losses of which the differences in a step may be the gradients."""
    groups: dict[object, list[Difference]] = {}
    for note in step.notes:
        if (error := error_at(note, step)) is not None:
            # one line may take it of each example of a batch, or at each time
            at = note if note.place is None else note.place[:2]
            groups.setdefault(at, []).append(error)
    for place, errors in groups.items():
        if 1 < len(errors) <= _MOST_EXAMPLES:
            for formula, names, parts in _of(errors, step, lines):
                of_all = f"the sum of {formula} over its examples"
                yield PossibleLoss(of_all, names, summed(step, parts), place)
        for each in errors[-_MOST_TRIED:]:
            for formula, names, parts in _of([each], step, lines):
                yield PossibleLoss(formula, names, parts[0], place)


class Difference(NamedTuple):
    """A difference of an output and a target."""

    note: Note
    out: Note
    target: Note | float


def error_at(note: Note, step: Taken) -> Difference | None:
    """Return an operation as the difference of something that depends on weights and of something that does not."""
    if note.what is not np.subtract or note not in step.dependent:
        return None
    made = [each for each in note.inputs if type(each) is Note and each in step.dependent]
    rest = [each for each in note.inputs if type(each) is not Note or each not in step.dependent]
    # of one example the target may be a plain number
    targets = [each for each in rest if type(each) is Note or not np.ndim(note.value)]
    if len(made) != 1 or len(targets) != 1 or np.shape(made[0].value) != np.shape(note.value):
        return None
    # a share of a weight itself and what is made of data are the terms of an update, as of a support vector machine
    is_share = not step.weights.keys().isdisjoint(spine(made[0], step.notes[0].number - 1))
    if is_share and made[0].what in SCALING and type(targets[0]) is Note and _is_computed(targets[0]):
        return None
    return Difference(note, made[0], targets[0])


def _is_computed(note: Note) -> bool:
    """Return whether an array is computed from others, and neither given as it is nor a part of one."""
    while is_moved(note) or note.what in (getitem, same):
        note = note.inputs[0]
    return note.what is not None


def _of(errors: Sequence[Difference], step: Taken, lines: Lines) -> Iterator[tuple[str, Mapping[str, str], list[Note]]]:
    """Yield what losses these may be the gradients of, one of each: a formula, its names and the losses."""
    error, out, target = errors[0]
    # the line of the difference has a name for what it makes in the end alone
    on_the_way = lines.names_of([error]).values()
    called = lines.of_data(target, on_the_way) if type(target) is Note else ""
    names = {"y": called or "target", "a": lines.names_of([out]).get(out) or "out"}
    half, two_way, cross = _noting(step, _half_square), _noting(step, _two_way), _noting(step, _cross_entropy)
    yield "0.5 * sum(({a} - {y}) ** 2)", names, [half(each.note) for each in errors]
    if all(np.min(each.out.value) > 0 and np.max(each.out.value) < 1 for each in errors):
        ends = [each[1:] for each in errors]
        yield "-sum({y} * log({a}) + (1 - {y}) * log(1 - {a}))", names, [two_way(*each) for each in ends]
        yield "-sum({y} * log({a}))", names, [cross(*each) for each in ends]


def summed(step: Taken, losses: Sequence[Note]) -> Note:
    """Return the sum of the losses of a step, as of each example, that a script adds up as plain numbers."""
    return _noting(step, _sum)(*losses)


Do = Callable[..., Note]


def _sum(do: Do, first: Note, *others: Note) -> Note:
    total = first
    for each in others:
        total = do(np.add, total, each)
    return total


def _half_square(do: Do, error: Note) -> Note:
    return do(np.multiply, 0.5, do(np.sum, do(np.square, error)))


def _cross_entropy(do: Do, out: Note, target: Note | float) -> Note:
    return do(np.negative, do(np.sum, do(np.multiply, target, do(np.log, out))))


def _two_way(do: Do, out: Note, target: Note | float) -> Note:
    right = do(np.multiply, target, do(np.log, out))
    wrong = do(np.multiply, do(np.subtract, 1.0, target), do(np.log, do(np.subtract, 1.0, out)))
    return do(np.negative, do(np.sum, do(np.add, right, wrong)))


def _noting(step: Taken, formula: Callable[..., Note]) -> Do:
    """Return a formula that adds its operations to the notes of a step."""

    def do(what: Callable[..., Any], *inputs: Any) -> Note:
        note = Note(what, inputs, {})
        with np.errstate(all="ignore"):
            note.value = what(*[each.value if type(each) is Note else each for each in inputs])
        note.number = step.notes[-1].number + 1
        step.notes.append(note)
        if any(each in step.dependent for each in note.sources):
            step.dependent.add(note)
        return note

    return lambda *given: formula(do, *given)
