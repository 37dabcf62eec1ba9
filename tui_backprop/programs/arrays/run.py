"""The run of a script in plain NumPy, noted by its arrays, as a program: its steps over graphs of ours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from minidl_core import MinidlError, Node
from minidl_core.arrays import Array

from ..execution import Execution
from ..learners_engine import LearnersEngine
from ..program import Program, ProgramError, program_of_run
from ..recorded import RecordedStep
from ..updates import Update, recognise_updates, repeating
from .gradients import Found
from .graphs import Graphs
from .losses import Loss, Losses, agrees
from .recorder import ArrayRecorder


class _Step(NamedTuple):
    """A step as it is opened: its loss with what it was fed, its update, and the gradients by hand."""

    loss: Loss
    update: Update
    theirs: Mapping[Node, Array]


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
    steps = [_Step(each, _update(each, losses), _theirs(each, losses)) for each in found]
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
    factor = found[0].factor
    if factor != 1 and not _is_rate(found[0]):
        warning = (
            f"{warning} Its gradients are {factor:g} times those of this loss, which is taken into account.".strip()
        )
    if losses.stopped:
        warning = f"{warning} {path} is opened with {len(steps)} steps; in the next, {losses.stopped}".strip()
    elif recorder.left_out:
        warning = f"{warning} Only the first {len(steps)} steps of {path} are here: more would not fit.".strip()
    engine = LearnersEngine("the script", path, "", "", {}) if any(each.theirs for each in steps) else None
    return program_of_run(list(_recorded(steps, optimizers)), engine, path, execution.main.__doc__, warning)


def _is_rate(loss: Loss) -> bool:
    """Return whether the multiple of the loss may be the learning rate, which the lines of all updates multiply by."""
    given = [(each, right) for number, right in loss.right.items() for each in loss.step.found.get(number, [])]
    return all(each.has_rate for each, right in given if agrees(each.sign * each.value, loss.factor * right))


def _recorded(steps: Sequence[_Step], optimizers: Sequence[Any]) -> Iterator[RecordedStep]:
    left: dict[Node, Array] = {}
    for step, optimizer in zip(steps, optimizers, strict=True):
        before = step.update.before
        set_before = {node: value for node, value in before.items() if left.get(node) is not value}
        yield RecordedStep(
            step.loss.built.loss,
            optimizer,
            optimizers[0],
            step.loss.feeds,
            step.loss.measured,
            set_before={n: v for n, v in set_before.items() if n not in left or not np.array_equal(left[n], v)},
            left_after=step.update.after,
            theirs=step.theirs,
        )
        for node, value in step.update.after.items():
            left[node] = value


def _update(loss: Loss, losses: Losses) -> Update:
    variables = losses.graphs.variables
    step = loss.step
    before = {variables[number]: step.before[number] for number in loss.built.weights}
    after = {variables[number]: step.after[number] for number in loss.built.weights}
    return Update(before, after, {variables[number]: loss.right[number] for number in loss.built.weights})


def _theirs(loss: Loss, losses: Losses) -> dict[Node, Array]:
    """Return the gradients by hand; those of a multiple of the loss are divided by it."""
    if not loss.is_judged:
        return {}
    theirs: dict[Node, Array] = {}
    for number in loss.built.weights:
        node = losses.graphs.variables[number]
        right = loss.right[number]
        given = loss.step.found.get(number, [])
        for each in given:
            if agrees(each.sign * each.value, loss.factor * right):
                theirs[node] = _in_theirs(each, loss.factor, right)
                break
        else:
            plain = [each for each in given if each.is_plain]
            own = [each for each in plain if not _is_scaled(each, plain)]
            if own:
                theirs[node] = _in_theirs(own[0], loss.factor)
    return theirs


def _in_theirs(found: Found, factor: float, agreeing: Array | None = None) -> Array:
    """Return a gradient by hand as that of the loss; how closely it can agree is told by its precision.

    That is the script's own, or single where it agrees but for what keeps a logarithm finite, as in log(a + 1e-8).
    """
    value: Array = found.sign * found.value / factor
    is_near = agreeing is not None and not np.allclose(value, agreeing, rtol=1e-10, atol=0)
    if is_near or np.asarray(found.note.value).dtype == np.float32:
        return value.astype(np.float32)
    return value


def _is_scaled(found: Found, others: Sequence[Found]) -> bool:
    """Return whether this is a multiple of another one by the learning rate, in the line of the update."""
    return any(found.note is not each.note and each.note in found.note.sources for each in others)


def _named(recorder: ArrayRecorder) -> str:
    names = list(recorder.names.values())
    return " and ".join([*names[:2], *(["others"] if len(names) > 2 else [])]) or "arrays"
