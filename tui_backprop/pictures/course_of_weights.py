"""The course that a weight took on a branch, and how much of an axis shows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import inf, isfinite
from typing import NamedTuple

import numpy as np

from minidl_core import State
from minidl_core.arrays import Array

from ..debugger.branches import Branch
from ..debugger.kept import kept
from ..debugger.loss_graph import LossGraph
from ..debugger.moment import Moment
from ..debugger.recording import Recording
from ..notation.formats import number
from ..notation.names import called
from ..programs.program import Program
from .axes import rounded_outwards
from .sampling import Slice
from .weights import Weight

NUMBERED = 10
"""So many steps are drawn as the number of the updates before them, more of them as marks that are all the same."""
_PROBES = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)


class Step(NamedTuple):
    """Where some weights were at the start of an iteration, after so many others, and J there where it is known."""

    finished: int
    numbers: tuple[float, ...]
    loss: float | None


def steps_of(moment: Moment, branch: Branch, weights: Sequence[Weight], until: int | None = None) -> list[Step]:
    """Return the steps of a branch on this loss, as far as they are kept; those before an iteration, or all."""
    return _steps(moment.program, moment.graph, branch, weights, until)


def told(moment: Moment, weights: Sequence[Weight]) -> Iterator[str]:
    """Yield where the weights were at the last few steps of the branch, as sentences."""
    loss = called(moment.graph.loss)
    for step in steps_of(moment, moment.branch, weights, moment.iteration)[-NUMBERED:]:
        measured = "" if step.loss is None else f", and {loss} was {number(step.loss)}"
        where = ", ".join(f"{weight.name} was {number(x)}" for weight, x in zip(weights, step.numbers, strict=True))
        yield f"After {step.finished} update{'s' * (step.finished != 1)} {where}{measured}."


def others_stay(moment: Moment, others: int) -> str:
    """Return what is true of so many numbers that are trained, too: they are what the iteration started from."""
    if not others:
        return ""
    as_they_are = "as before the update" if moment.updated else "as they are" if others > 1 else "as it is"
    return f"; the {others} other number{'s' * (others > 1)} {as_they_are}"


def numbers_now(moment: Moment, weights: Sequence[Weight]) -> tuple[float, ...]:
    """Return what the weights are now; after their update they are the new ones."""
    return tuple(float(moment.variable(weight.node)[weight.index]) for weight in weights)


def numbers_before(moment: Moment, weights: Sequence[Weight]) -> tuple[float, ...]:
    """Return what the weights were when the iteration started."""
    return _numbers(moment.recording.start, weights)


def ranges_of(moment: Moment, weights: Sequence[Weight]) -> tuple[tuple[float, float], ...]:
    """Return the ends of each weight's axis: the valley where the first branch began, and all steps of all branches.

    They are rounded outwards, so that a next step seldom moves them.
    """
    now = numbers_now(moment, weights)
    return _ranges(moment.recording, moment.program, moment.branches, tuple(weights), now)


@kept
def _ranges(
    recording: Recording,
    program: Program,
    branches: Sequence[Branch],
    weights: tuple[Weight, ...],
    now: tuple[float, ...],
) -> tuple[tuple[float, float], ...]:
    first, graph = branches[0], recording.graph
    courses = [_steps(program, graph, branch, weights, None) for branch in branches]
    places = [*(step.numbers for course in courses for step in course), now]
    ranges = []
    for (low, high), numbers in zip(_valleys(first, program, graph, weights), zip(*places, strict=True), strict=True):
        finite = [x for x in numbers if isfinite(x)]
        ranges.append(rounded_outwards(min([low, *finite]), max([high, *finite])))
    return tuple(ranges)


def _steps(
    program: Program, graph: LossGraph, branch: Branch, weights: Sequence[Weight], until: int | None
) -> list[Step]:
    return [
        Step(state.finished, _numbers(branch.edited(state), weights), branch.losses.loss_at(state.finished + 1))
        for state in branch.states.kept
        if (until is None or state.finished < until) and _is_of(program, graph, state)
    ]


def _is_of(program: Program, graph: LossGraph, state: State) -> bool:
    """Return whether the iteration from a state trains the loss of a graph."""
    return not program.steps or program.steps[state.finished % len(program.steps)].loss is graph.loss


def _numbers(state: State, weights: Sequence[Weight]) -> tuple[float, ...]:
    return tuple(float(state.variables.get(weight.node, weight.node.initial_value)[weight.index]) for weight in weights)


@kept
def _valleys(
    branch: Branch, program: Program, graph: LossGraph, weights: tuple[Weight, ...]
) -> tuple[tuple[float, float], ...]:
    """Return for each weight a range around where it starts, with the lowest place near there where there is one."""
    start = next((state for state in branch.states.kept if _is_of(program, graph, state)), None)
    if start is None:  # of several losses, this one's first states are not among those that are kept
        return ((inf, -inf),) * len(weights)
    numbers = _numbers(start, weights)
    return tuple(_valley(Slice(graph, start, [weight]), x) for weight, x in zip(weights, numbers, strict=True))


def _valley(loss: Slice, x: float) -> tuple[float, float]:
    size = max(abs(x), 1.0)
    places = sorted([x, *(x + sign * size * part for part in _PROBES for sign in (-1, 1))])
    losses = np.array([loss(place) for place in places])
    finite = np.isfinite(losses)
    if not finite.any():
        return x - size, x + size
    lowest = int(np.nanargmin(np.where(finite, losses, np.nan)))
    if not 0 < lowest < len(places) - 1 or np.ptp(losses[finite]) == 0:
        return x - 2 * size, x + 2 * size
    near = slice(lowest - 1, lowest + 2)
    bottom = _vertex(places[near], losses[near])
    half = max(1.25 * abs(x - bottom), size / 2)
    return bottom - half, bottom + half


def _vertex(xs: Sequence[float], ys: Array) -> float:
    """Return where the parabola through three places, the middle one the lowest, is lowest."""
    before, after = xs[1] - xs[0], xs[1] - xs[2]
    rise, fall = before * (ys[1] - ys[2]), after * (ys[1] - ys[0])
    vertex = xs[1] - (before * rise - after * fall) / (2 * (rise - fall)) if np.isfinite(ys).all() else xs[1]
    return float(vertex if xs[0] <= vertex <= xs[2] else xs[1])
