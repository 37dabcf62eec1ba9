"""The run of a training loop in plain NumPy: what its names were in each iteration, as steps over a graph of ours."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from minidl_core import Graph, GraphError, MinidlError, Node, NonFiniteError, Placeholder, Variable, placeholder
from minidl_core.arrays import Array, quiet
from minidl_core.plan import Plan

from .execution import Execution
from .learners_engine import LearnersEngine
from .loop_recorder import LoopRecorder, Values
from .multiples import agrees, factor_of, in_its_precision, multiple_text, trained_multiples, warning_of
from .named_gradients import judge_gradients, places_of, stored_gradients
from .numpy_loop import Lines, NumpyLoop
from .program import Program, ProgramError, program_of_run
from .recorded import RecordedStep
from .updates import Update, recognise_updates, repeating

CHECKED = 200

_UNSEEN = "How its updates use the gradients was not seen; they are compared as they stand under their names."
_UNNAMED = "The gradients of {0} are not compared: name them, as d{1} = ..., before the update uses them."


class _Followed(NamedTuple):
    """A loop's forward pass as a graph: its loss, its leaves, and what each name that it makes stands for."""

    loss: Node
    variables: Mapping[str, Variable]
    data: Mapping[str, Placeholder]
    made: Mapping[str, Node]


class _Taken(NamedTuple):
    """An iteration as the script took it: what it fed, the loss it measured, its update and its own gradients.

    `trained` is the multiple of the loss, by the `factor`, that the gradients are those of, all of them where it
    `is_of_all`.
    """

    trained: Node
    factor: float
    feeds: Mapping[Placeholder, Array]
    measured: float
    update: Update
    theirs: Mapping[Node, Array]
    is_of_all: bool


def numpy_program(recorder: LoopRecorder, execution: Execution, path: str, warning: str) -> Program | None:
    """Return the run that was recorded as a program; None where nothing in it was trained.

    A name of the forward pass that starts an iteration with another number than the one before is a variable. What none
    of these leads to, such as the choice of a batch, is data. Raises ProgramError where a line cannot be followed, or
    comes to something else in the script than here.
    """
    loop, count = recorder.loop, len(recorder.ends)
    if loop is None or not count:
        return None
    try:
        followed = _follow(loop, recorder, execution, os.path.basename(path))
        taken, stopped = ([], "") if followed is None else _compare(loop, recorder, followed)
    except MinidlError as error:
        raise ProgramError(f"{path}: {error}") from error
    if followed is None:
        return None
    multiples = trained_multiples([(each.trained, each.factor, each.feeds) for each in taken])
    taken = [
        each._replace(trained=trained, factor=factor, measured=factor * each.measured)
        for each, (trained, factor) in zip(taken, multiples, strict=True)
    ]
    updates = [each.update for each in taken]
    optimizers = recognise_updates(updates)
    if optimizers is None:
        taken = _turned(taken)
        optimizers = [repeating(update) for update in updates]
        if any(each.theirs for each in taken):
            warning = f"{warning} {_UNSEEN}".strip()
        unnamed = [node.name for node in followed.variables.values() if not any(node in each.theirs for each in taken)]
        if unnamed:
            warning = f"{warning} {_UNNAMED.format(' and '.join(unnamed), unnamed[0])}".strip()
    first = optimizers[0]
    steps = [
        RecordedStep(
            each.trained, optimizer, first, each.feeds, each.measured, left_after=each.update.after, theirs=each.theirs
        )
        for optimizer, each in zip(optimizers, taken, strict=True)
    ]
    multiple = multiple_text((each.factor for each in taken), followed.loss)
    is_of_all = all(each.is_of_all for each in taken)
    if multiple:
        warning = f"{warning} {warning_of(multiple, is_of_all=is_of_all)}".strip()
    if stopped:
        warning = f"{warning} {path} is opened with {len(taken)} iterations; in the next, {stopped}".strip()
    elif recorder.left_out:
        warning = f"{warning} Only the first {count} iterations of {path} are here: more would not fit.".strip()
    engine = None
    if any(each.theirs for each in taken):
        found_at = places_of(recorder.lines, followed.variables, loop.gradients, os.path.basename(path))
        engine = LearnersEngine("the loop", path, "", "", {}, multiple=multiple, is_of_all=is_of_all, found_at=found_at)
    return program_of_run(steps, engine, path, execution.main.__doc__, warning)


def _follow(loop: NumpyLoop, recorder: LoopRecorder, execution: Execution, file: str) -> _Followed | None:
    """Return the forward pass as a graph; None where nothing moves that it computes from."""
    starts, ends = recorder.starts[: len(recorder.ends)], recorder.ends
    own = set().union(*loop.stores.values()) - loop.counters
    # what changes without this loop, as where an outer one mixes the data, is data
    moved = [name for name in loop.leaves if name in own and _is_moved(name, [*starts, recorder.left])]
    forward, read = loop.depending_on(moved)
    if not moved or not forward:
        return None
    others = [name for name in read if name not in moved]
    numbers = _numbers(execution, others, ends)
    data = [name for name in others if name not in numbers and all(name in end for end in ends)]
    for name in data:
        if name in recorder.changed_unnamed:
            raise ProgramError(f"{file}:{loop.line}: {name} is not followed: the loop changes it by another name")
        # a weight that never moves is data all the same
        below = loop.updated_below(name) if ends[0][name].ndim and name not in loop.updated else set()
        if below:
            raise ProgramError(f"{file}:{loop.line}: {name} is not followed: {', '.join(sorted(below))} leads to it")
    with Graph().as_default():
        variables = {name: Variable(starts[0][name], name=name) for name in moved}
        shapes = {name: {end[name].shape for end in ends} for name in data}
        fed = {name: placeholder(min(shapes[name]) if len(shapes[name]) == 1 else None, name) for name in data}
        for leaf in (*variables.values(), *fed.values()):
            leaf.locate(file, loop.line)
        lines = Lines(file, loop, {**variables, **fed}, numbers)
        loss = lines.read_forward(forward)
    made = {name: node for name, node in lines.nodes.items() if name not in variables and name not in fed}
    return _Followed(loss, variables, fed, made)


def _compare(loop: NumpyLoop, recorder: LoopRecorder, followed: _Followed) -> tuple[list[_Taken], str]:
    """Return the iterations, each computed again, and what stopped them, if a number that is not finite does.

    What is trained is the loss itself, as it was measured, with the factor of its gradients.
    Raises MinidlError where that is the first, and where a name comes to something else in the script.
    """
    starts = [{node: start[name] for name, node in followed.variables.items()} for start in recorder.starts]
    last = {node: recorder.left[name] for name, node in followed.variables.items()}
    plan = Plan([followed.loss])
    checked = {name: node for name, node in followed.made.items() if node in plan.index}
    taken: list[_Taken] = []
    factor, is_of_all = 1.0, True
    near: set[Node] = set()
    for number, (end, before, stored) in enumerate(zip(recorder.ends, starts, recorder.gradients, strict=False)):
        feeds = {node: end[name] for name, node in followed.data.items()}
        by_hand = stored_gradients(stored, followed.variables, loop.gradients)
        # one that is stored more than once is judged by what the update uses
        theirs: dict[Node, Array] = {node: arrays[0] for node, arrays in by_hand.items() if len(arrays) == 1}
        measured = end.get(loop.loss)
        if (
            measured is None
            or not np.isfinite(measured).all()
            or _is_checked(number)
            or factor != 1
            or len(theirs) < len(starts[0])
        ):
            try:
                with quiet():
                    evaluation = plan.run(plan.feed(feeds), before)
                    right = evaluation.gradients(followed.loss)
            except NonFiniteError as error:
                if not taken:
                    raise
                return taken, str(error)
            for name, node in checked.items():
                if not _agree(end.get(name), evaluation[node]):
                    raise GraphError("it comes to something else here than in the script.", node)
            theirs, factor = judge_gradients(by_hand, right, before)
            whole = dict(theirs)
            is_of_all = all(
                node in whole and agrees(whole[node], factor * right[node]) for node in followed.variables.values()
            )
            for node, each in whole.items():
                theirs[node] = in_its_precision(each, factor * right[node], is_single=node in near)
                if theirs[node].dtype == np.float32:
                    near.add(node)
            measured = end.get(loop.loss, evaluation[followed.loss])
            gradients = {node: whole.get(node, factor * right[node]) for node in followed.variables.values()}
        else:
            gradients = {node: theirs[node] for node in followed.variables.values()}
            theirs = {node: each.astype(np.float32) if node in near else each for node, each in theirs.items()}
        after = starts[number + 1] if number + 1 < len(starts) else last
        update = Update(before, after, gradients)
        taken.append(_Taken(followed.loss, factor, feeds, float(measured), update, theirs, is_of_all))
    return taken, ""


def _turned(taken: Sequence[_Taken]) -> list[_Taken]:
    """Return the iterations with those gradients of the other sign that every update adds instead of taking off."""
    added = {
        node
        for node in taken[0].update.before
        if all(
            node in each.theirs and factor_of(each.update.before[node] - each.update.after[node], each.theirs[node]) < 0
            for each in taken
        )
    }
    return [
        each._replace(theirs={node: -theirs if node in added else theirs for node, theirs in each.theirs.items()})
        for each in taken
    ]


def _is_moved(name: str, starts: list[Values]) -> bool:
    """Return whether a name is another number at the start of some iteration, or after the last, than of the first."""
    values = [start.get(name) for start in starts]
    first = values[0]
    return (
        first is not None
        and all(value is not None and value.shape == first.shape for value in values)
        and any(value is not first for value in values)
    )


def _agree(theirs: Array | None, ours: Array) -> bool:
    """Return whether numbers are the same, also where the script calculates in float32."""
    return theirs is None or (theirs.shape == ours.shape and np.allclose(theirs, ours, rtol=1e-5, atol=1e-8))


def _is_checked(number: int) -> bool:
    """Return whether an iteration is computed again: the first ones are, and later one in so many."""
    return number < CHECKED or number % CHECKED == 0


def _numbers(execution: Execution, names: Iterable[str], ends: list[Values]) -> dict[str, float]:
    """Return those names that are plain numbers of the script and never change."""
    main = vars(execution.main)
    return {
        name: main[name]
        for name in (*names, *main)
        if type(main.get(name)) in (int, float) and all(end.get(name) is ends[0].get(name) for end in ends)
    }
