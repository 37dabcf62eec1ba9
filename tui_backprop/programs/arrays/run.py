"""The run of a script in plain NumPy, noted by its arrays, as a program: its steps over graphs of ours."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from minidl_core import MinidlError, Node
from minidl_core.arrays import Array

from ..execution import Execution
from ..learners_engine import LearnersEngine
from ..multiples import agrees, in_its_precision, multiple_text, rounded, trained_multiples, warning_of
from ..program import Program, ProgramError, program_of_run
from ..recorded import RecordedStep
from ..updates import Update, recognise_updates, repeating
from .graphs import Graphs
from .late import LateRead, in_words, late_reads, sentences
from .losses import Loss, Losses
from .rates import is_divided, written_numbers
from .recorder import ArrayRecorder
from .tape import SUMS, spine


class _Step(NamedTuple):
    """A step as it is opened: its loss with what it was fed, the multiple of it that is trained, and how.

    `update` is made from the gradients by hand, `theirs`, which were `found_at` lines. Of those `decayed` the update
    takes a share off, too, and those `clipped` it clips.
    """

    loss: Loss
    trained: Node
    factor: float
    update: Update
    theirs: Mapping[Node, Array]
    found_at: Mapping[Node, str]
    decayed: Sequence[Node]
    clipped: Sequence[Node]


def arrays_program(recorder: ArrayRecorder, execution: Execution, path: str, warning: str) -> Program | None:
    """Return the run that was recorded as a program; None where nothing in it was trained.

    Raises ProgramError where no scalar of it is a loss, or an operation cannot be followed.
    """
    if not any(step.found for step in recorder.steps):
        return None
    losses = Losses(Graphs(path, recorder.names, recorder.data_names), recorder.steps)
    try:
        found = list(losses.of_steps())
    except MinidlError as error:
        raise ProgramError(f"{path}: {error}") from error
    if not found:
        raise ProgramError(
            f"{path} moves {_named(recorder)}, and no number that NumPy was seen to compute from them is a loss; "
            "compute one in each step, as in loss = np.mean((y - out) ** 2)"
        )
    written = written_numbers(execution.files)
    for loss in found:
        if all(is_divided(rate, loss.factor, written) for rate in loss.rates.values()):
            loss.rates = {number: rate * loss.factor for number, rate in loss.rates.items()}
            loss.factor = 1.0
    multiples = trained_multiples([(each.built.loss, each.factor) for each in found])
    try:
        steps = [_step(each, losses, *multiple) for each, multiple in zip(found, multiples, strict=True)]
        late = _late(steps, losses)
        if not late:
            _refuse_hidden_weights(steps, losses)
    except ProgramError as error:
        raise ProgramError(f"{path}: {error}") from error
    optimizers = recognise_updates([each.update for each in steps]) or [repeating(each.update) for each in steps]
    if losses.implied:
        other = (
            "Its gradients are not those of the loss that it computes, but"
            if losses.is_computed
            else "It computes no loss; its gradients are those"
        )
        warning = f"{warning} {other} of {losses.implied}, shown here.".strip()
        if len(steps) < recorder.taken and not losses.stopped:
            another = f"They are not in step {len(steps) + 1} of {recorder.taken}"
            warning = f"{warning} {another}: only the steps before it are here."
    multiple = multiple_text((each.factor for each in steps), found[0].built.loss)
    if multiple:
        warning = f"{warning} {warning_of(multiple)}".strip()
    warning = " ".join([*([warning] if warning else []), *_rates(steps[0], losses), *_other_terms(steps, losses)])
    if losses.stopped:
        warning = f"{warning} {path} is opened with {len(steps)} steps; in the next, {losses.stopped}".strip()
    elif recorder.left_out:
        warning = f"{warning} Only the first {len(steps)} steps of {path} are here: more would not fit.".strip()
    engine = None
    if not any(each.theirs for each in steps):
        loss = found[0].built.loss.name
        warning = f"{warning} Its gradients are not compared: none of what leads to {loss} leads to them.".strip()
    else:
        found_at = {node: place for step in steps[::-1] for node, place in step.found_at.items()}
        remark = " ".join(sentences(late))
        warning = f"{warning} {remark}".strip()
        engine = LearnersEngine("the script", path, "", "", {}, multiple=multiple, found_at=found_at, remark=remark)
    return program_of_run(list(_recorded(steps, optimizers)), engine, path, execution.main.__doc__, warning)


def _rates(step: _Step, losses: Losses) -> Iterator[str]:
    """Say which weights have a learning rate of their own."""
    variables = losses.graphs.variables
    rates = {variables[number]: rounded(rate) for number, rate in step.loss.rates.items() if number in variables}
    usual = Counter(rates.values()).most_common(1)[0][0] if rates else 0.0
    others = [f"{node.name} at {rate:g}" for node, rate in rates.items() if rate != usual]
    if others:
        yield f"Its updates have learning rates of their own: {in_words(others)}, the others at {usual:g}."


def _other_terms(steps: Sequence[_Step], losses: Losses) -> Iterator[str]:
    """Say where gradients are not those of the loss alone: of penalties, weight decay, and where they are clipped."""
    numbers: dict[Node, int] = {node: number for number, node in losses.graphs.variables.items()}
    for step in steps:
        wrong = _parted(step, numbers)
        before = losses.before_penalties(step.loss) if wrong else None
        if before is not None:
            rights = before.right
            forgotten = [n.name for n in wrong if agrees(step.theirs[n], before.factor * rights[numbers[n]])]
            if forgotten:
                yield (
                    f"Without the penalty for large weights that {step.loss.built.loss.name} has,"
                    f" {in_words(forgotten)} would have the right gradients: add its slopes."
                )
                break
    if losses.larger:
        yield (
            f"Its gradients are those of {steps[0].loss.built.loss.name} without the terms that are added to it for"
            f" {losses.larger}: these are not compared."
        )
    decayed = list(dict.fromkeys(node.name for step in steps for node in step.decayed))
    if decayed:
        yield (
            f"Its updates also take off a share of {in_words(decayed)} (weight decay), which is no part of"
            f" {steps[0].loss.built.loss.name}: gradients are compared without it."
        )
    clipped = list(dict.fromkeys(node.name for step in steps for node in step.clipped))
    if clipped:
        yield f"Its updates clip {in_words(clipped)}: gradients are compared as they were before."


def _recorded(steps: Sequence[_Step], optimizers: Sequence[Any]) -> Iterator[RecordedStep]:
    left: dict[Node, Array] = {}
    for step, optimizer in zip(steps, optimizers, strict=True):
        before = step.update.before
        set_before = {node: value for node, value in before.items() if left.get(node) is not value}
        yield RecordedStep(
            step.trained,
            optimizer,
            optimizers[0],
            step.loss.feeds,
            step.factor * step.loss.measured,
            set_before={n: v for n, v in set_before.items() if n not in left or not np.array_equal(left[n], v)},
            left_after=step.update.after,
            theirs=step.theirs,
        )
        for node, value in step.update.after.items():
            left[node] = value


def _step(loss: Loss, losses: Losses, trained: Node, factor: float) -> _Step:
    variables = losses.graphs.variables
    theirs, found_at, decayed, clipped = _theirs(loss, losses, factor)
    _refuse_others(loss, losses, factor, theirs)
    before, after, gradients = {}, {}, {}
    for number in loss.built.weights:
        node = variables[number]
        before[node], after[node] = loss.step.before[number], loss.step.after[number]
        gradients[node] = theirs.get(node, factor * loss.right[number])
    return _Step(loss, trained, factor, Update(before, after, gradients), theirs, found_at, decayed, clipped)


def _refuse_others(loss: Loss, losses: Losses, factor: float, theirs: Mapping[Node, Array]) -> None:
    """Raise ProgramError where gradients that part from those of a loss are those of another one of the same step."""
    numbers: dict[Node, int] = {node: number for number, node in losses.graphs.variables.items()}
    wrong = [node for node, each in theirs.items() if not agrees(each, factor * loss.right[numbers[node]])]
    for other in losses.others(loss) if wrong else ():
        for node in wrong:
            right = other.right.get(numbers[node])
            if right is not None and right.any() and agrees(theirs[node], right):
                names = f"{loss.built.loss.name} and {other.built.loss.name}"
                raise ProgramError(
                    f"it trains by {names} in turn, whose steps are not told apart: {node.name} follows the second;"
                    " train one network of them alone, or both by their sum"
                )


def _late(steps: Sequence[_Step], losses: Losses) -> list[tuple[LateRead, str, str]]:
    """Return which weights were updated before they were used for gradients that part, with the names of both.

    Those are of the first step in which there are any. Raises ProgramError where a gradient has a forward pass of its
    own for such a weight, as in steps of several parts, whose losses are not told apart.
    """
    numbers: dict[Node, int] = {node: number for number, node in losses.graphs.variables.items()}
    for step in steps:
        found = []
        for node in _parted(step, numbers):
            for read in late_reads(step.loss.step, numbers[node]):
                weight = losses.graphs.variables.get(read.number)
                if weight is not None and not read.is_mixed:
                    [said] = sentences([(read, weight.name, node.name)])
                    raise ProgramError(f"its steps have several parts, which are not told apart: {said}")
                if weight is not None:
                    found.append((read, weight.name, node.name))
        if found:
            return found
    return []


def _parted(step: _Step, numbers: Mapping[Node, int]) -> list[Node]:
    """Return the weights whose gradients by hand are not the right ones."""
    right = step.loss.right
    return [node for node, each in step.theirs.items() if not agrees(each, step.factor * right[numbers[node]])]


def _refuse_hidden_weights(steps: Sequence[_Step], losses: Losses) -> None:
    """Raise ProgramError where gradients part and data of one step is what it was of the step before, and a sum.

    That may be a weight which other steps move.
    """
    numbers: dict[Node, int] = {node: number for number, node in losses.graphs.variables.items()}
    for last, step in pairwise(steps):
        if _parted(step, numbers):
            fed = {*last.loss.fed} - {*step.loss.fed}
            for data, node in zip(step.loss.fed, step.loss.built.fed, strict=True):
                if data.what in SUMS and not fed.isdisjoint(list(spine(data, 0))[1:]):
                    raise ProgramError(
                        f"an array, read at {node.location}, moves from step to step, too, but not by gradients of"
                        f" {step.loss.built.loss.name}, so that its steps are not told apart; update weights only when"
                        " all gradients are found, and train one network alone, or all by the sum of their losses"
                    )


def _theirs(
    loss: Loss, losses: Losses, factor: float
) -> tuple[dict[Node, Array], dict[Node, str], list[Node], list[Node]]:
    """Return the gradients by hand, as the update uses them, their lines, and the nodes that also lose a share.

    Of a gradient that is clipped it is what it was before; the last of what is returned are the nodes of those.
    """
    theirs: dict[Node, Array] = {}
    found_at: dict[Node, str] = {}
    decayed: list[Node] = []
    clipped: list[Node] = []
    for number in loss.built.weights if loss.is_judged else ():
        right = factor * loss.right[number]
        given = list(loss.used(number))
        if given:
            node = losses.graphs.variables[number]
            whole = [each for each in given if not each[0].is_without_decay] if losses.has_penalties else given
            found, value = next((each for each in given if agrees(each[1], right)), (whole or given)[-1])
            is_single = np.asarray(found.note.value).dtype == np.float32
            theirs[node] = in_its_precision(value, right, is_single=is_single)
            if found.note.place is not None:
                code, _, line = found.note.place
                found_at[node] = f"{os.path.basename(code.co_filename)}:{line}"
            if found.is_without_decay and not losses.has_penalties:
                decayed.append(node)
            if found.is_before_clip:
                clipped.append(node)
    return theirs, found_at, decayed, clipped


def _named(recorder: ArrayRecorder) -> str:
    names = list(recorder.names.values())
    return " and ".join([*names[:2], *(["others"] if len(names) > 2 else [])]) or "arrays"
