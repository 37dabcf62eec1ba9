"""The run of a script in plain NumPy, noted by its arrays, as a program: its steps over graphs of ours."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from math import isfinite
from typing import Any

import numpy as np

from minidl_core import MinidlError, Node
from minidl_core.arrays import Array

from ..execution import Execution
from ..learners_engine import LearnersEngine
from ..multiples import multiple_text, trained_multiples
from ..program import Program, ProgramError, program_of_run
from ..recorded import RecordedStep
from ..updates import recognise_updates, repeating
from .differentiated import as_differentiated
from .fixed import refuse_fixed_parts
from .graphs import Graphs
from .judged import JudgedStep, are_all_right, judge_step, refuse_hidden_weights, refuse_turns, updated_too_soon
from .late import LateRead, sentences
from .loss import Loss
from .losses import Losses
from .rates import written_numbers
from .recorder import ArrayRecorder
from .steady import with_one_multiple
from .telling import implied, warnings_of


def arrays_program(recorder: ArrayRecorder, execution: Execution, path: str, warning: str) -> Program | None:
    """Return the run that was recorded as a program; None where nothing in it was trained.

    Raises ProgramError where no scalar of it is a loss, or an operation cannot be followed.
    """
    if not any(step.found for step in recorder.steps):
        return None
    written = written_numbers(execution.files)
    losses = Losses(Graphs(path, recorder.names, recorder.data_names), recorder.steps, written)
    try:
        found = [each for number, each in enumerate(losses.of_steps()) if number < recorder.most]
    except MinidlError as error:
        raise ProgramError(f"{path}: {error}") from error
    if not found or not losses.are_sure(found):
        raise ProgramError(
            f"{path} moves {_named(recorder)}, and no number that NumPy was seen to compute from them is a loss; "
            "compute one in each step, as in loss = np.mean((y - out) ** 2)"
            + (f", or take more than {recorder.most:g} --steps" if isfinite(recorder.most) else "")
        )
    found, floor = as_differentiated(found, losses.graphs.variables)
    try:
        steps, late = _judged(found, losses)
    except ProgramError as error:
        raise ProgramError(f"{path}: {error}") from error
    optimizers = recognise_updates([each.update for each in steps]) or [repeating(each.update) for each in steps]
    said = [warning, floor, *warnings_of(steps, losses, optimizers[0], recorder.taken)]
    if losses.stopped:
        said.append(f"{path} is opened with {len(steps)} steps; in the next, {losses.stopped}")
    elif recorder.left_out:
        said.append(f"Only the first {len(steps)} steps of {path} are here: more would not fit.")
    engine = None
    if any(each.theirs for each in steps):
        too_soon = [*sentences(late)]
        said += too_soon
        other_loss = implied(losses, len(steps), recorder.taken) if losses.is_computed else ()
        engine = _by_hand(path, steps, " ".join([*other_loss, *too_soon]))
    recorded = list(_recorded(steps, optimizers))
    return program_of_run(recorded, engine, path, execution.main.__doc__, " ".join(filter(None, said)))


def _judged(found: Sequence[Loss], losses: Losses) -> tuple[list[JudgedStep], list[tuple[LateRead, str, str]]]:
    """Return the steps of some losses, held against the right gradients, and which weights were updated too soon.

    Raises ProgramError where they are no steps of one loss.
    """
    found = with_one_multiple(found)
    multiples = trained_multiples([(each.built.loss, each.match.factor, each.feeds) for each in found])
    steps = [judge_step(each, losses, *multiple) for each, multiple in zip(found, multiples, strict=True)]
    refuse_turns(steps, losses)
    late = updated_too_soon(steps, losses)
    if not late:
        refuse_hidden_weights(steps)
    refuse_fixed_parts(steps, losses)
    return steps, late


def _by_hand(path: str, steps: Sequence[JudgedStep], remark: str) -> LearnersEngine:
    """Return the gradients by hand of a script as those of an engine of its own."""
    multiple = multiple_text((each.factor for each in steps), steps[0].loss.built.loss)
    is_of_all, found_at = are_all_right(steps), _places(steps)
    return LearnersEngine(
        *("the script", path, "", "", {}), multiple=multiple, is_of_all=is_of_all, found_at=found_at, remark=remark
    )


def _places(steps: Sequence[JudgedStep]) -> dict[Node, str]:
    """Return the line at which each gradient by hand was found first."""
    places: dict[Node, str] = {}
    for node, each in (pair for step in steps for pair in step.found.items()):
        if each.note.place is not None:
            code, _, line = each.note.place
            places.setdefault(node, f"{os.path.basename(code.co_filename)}:{line}")
    return places


def _recorded(steps: Sequence[JudgedStep], optimizers: Sequence[Any]) -> Iterator[RecordedStep]:
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


def _named(recorder: ArrayRecorder) -> str:
    names = list(recorder.names.values())
    return " and ".join([*names[:2], *(["others"] if len(names) > 2 else [])]) or "arrays"
