"""The diagnosis: which wrong machine computes exactly the gradients that somebody's engine found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from minidl_core import Node
from minidl_core.arrays import Array

from .at_the_start import STALE
from .belief import Cause, Suspicion
from .beliefs import BELIEFS
from .case import Case
from .comparison import compare
from .evaluated_graph import BackwardCall
from .in_a_product import NOT_TRANSPOSED
from .in_a_sigmoid import SLOPE_OF_SIGMOID
from .in_a_sum import CONSUMER_LOST
from .in_an_operation import SLOPE, SLOPE_OF_ONE
from .machine import Machine


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """Causes that together explain every number that was compared: one, or a mixture of two."""

    causes: tuple[Cause, ...]

    @property
    def message(self) -> str:
        """What is wrong, in one sentence for each cause."""
        return "; and ".join(cause.message for cause in self.causes)


@dataclass(frozen=True, eq=False)
class Parting:
    """The first node, in the order of the search, where gradients part: all its numbers.

    `contributions` are the right ones, by consumer and input index, each with what their own gradient of the consumer
    makes of it, None where they have none.
    """

    node: Node
    theirs: Array
    right: Array
    contributions: tuple[tuple[Node, int, Array, Array | None], ...]


_MOST_WORK = 120_000
"""So much is tried for mixtures of two causes, in contributions: a quarter of a second."""

_MOST_NUMBERS = 200_000
"""In a step of so many numbers a slope written by hand is found within 0.3 s."""

_MOST_TRIED = 300_000
"""So much is tried to find one, in contributions: a second, in a graph of some hundred operations."""


def diagnose(calls: Sequence[BackwardCall]) -> list[Diagnosis]:
    """Return what explains all gradients of all backward calls, the simplest first; nothing where all are right.

    A mixture of two causes is looked for only where no single cause does it, and a factor that was found by dividing
    is told only where there is no explanation without one. Parameters that were changed before the backward call are
    told also where the gradients do not show it. Raises NonFiniteError where a right gradient is not finite.
    """
    cases = [Case(call) for call in calls]
    suspicion = _suspicion(cases, ())
    if suspicion is None:
        return [Diagnosis((STALE,))] if any(case.stale for case in cases) else []
    causes = list(_causes(suspicion))
    found: list[tuple[Cause, ...]] = []
    everywhere = set[str]()  # a belief that explains all of it wherever it is made is not tried for one operation
    for cause in causes:
        if cause.belief not in everywhere and _suspicion(cases, (cause,)) is None:
            found.append((cause,))
            if cause.kind is None and cause.factor is None and not cause.unsure:
                everywhere.add(cause.belief)
    return [Diagnosis(each) for each in _simplest(found or list(_mixtures(cases, causes)))]


def diagnose_by_hand(calls: Sequence[BackwardCall]) -> list[Diagnosis]:
    """Return the wrong slope that explains all gradients of a backward pass that is written out; else nothing.

    No search and no start is in such lines that a mistake could be in, and a factor is seen in the gradient itself.
    Only those of the weights are known: where two operations could be at fault, none is named. Raises NonFiniteError
    where a right gradient is not finite.
    """
    cases = [Case(call) for call in calls]
    suspicion = _suspicion(cases, ())
    if suspicion is None or sum(value.size for value in cases[0].graph.values) > _MOST_NUMBERS:
        return []
    for beliefs in ((NOT_TRANSPOSED,), (SLOPE_OF_SIGMOID,), (SLOPE, CONSUMER_LOST), (SLOPE_OF_ONE,)):
        causes = [cause for belief in beliefs for cause in belief.causes(suspicion) if cause.factor is None]
        if len(causes) * cases[0].work(Machine()) > _MOST_TRIED:
            return []
        found = _simplest([(cause,) for cause in causes if _suspicion(cases, (cause,)) is None])
        if found:
            return [Diagnosis(each) for each in found] if len(found) == 1 else []
    return []


def undiagnosed(call: BackwardCall) -> Parting | None:
    """Return the first node where the gradients of a call part from the right ones; None where all agree."""
    disagreeing = compare(call.evaluation, call.loss, call.theirs).disagreeing
    if not disagreeing:
        return None
    case, first = Case(call), disagreeing[0]
    graph, own = case.graph, dict(case.arrived(case.graph.index[first.node], Machine()))
    contributions = []
    for consumer, input_index in graph.consumers[graph.index[first.node]]:
        right = np.asarray(graph.contributions(consumer, graph.right[consumer])[input_index])
        theirs = np.asarray(own[consumer, input_index]) if consumer in case.theirs else None
        contributions.append((graph.nodes[consumer], input_index, right, theirs))
    return Parting(first.node, first.theirs, first.right, tuple(contributions))


def _causes(suspicion: Suspicion) -> Iterator[Cause]:
    for belief in BELIEFS:
        yield from belief.causes(suspicion)


def _suspicion(cases: Sequence[Case], causes: tuple[Cause, ...]) -> Suspicion | None:
    """Return where the machine of some causes first parts from their numbers; None where it explains them all."""
    for case in cases:
        machine = _machine(case, causes)
        parting = case.parting(machine)
        if parting is not None:
            return Suspicion(case, machine, parting)
    return None


def _machine(case: Case, causes: tuple[Cause, ...]) -> Machine:
    machine = Machine()
    for cause in causes:
        machine = cause.change(machine, case)
    return machine


def _mixtures(cases: Sequence[Case], causes: Sequence[Cause]) -> Iterator[tuple[Cause, ...]]:
    """Yield pairs of causes that explain everything: a second one for what the first leaves."""
    left = _MOST_WORK

    def work(cause: Cause) -> int:
        return cases[0].work(_machine(cases[0], (cause,)))

    for first in sorted(causes, key=work):
        left -= work(first)
        if left < 0:
            return
        rest = _suspicion(cases, (first,))
        if rest is None:
            continue
        for second in _causes(rest):
            if second.belief != first.belief or second.belief.startswith("slope"):
                machine = second.change(rest.machine, rest.case)
                if rest.case.has_to_run(machine) and not rest.case.has_to_run(rest.machine):
                    continue  # it comes as the first one, too
                left -= rest.case.work(machine)
                if left < 0:
                    return
                if _suspicion(cases, (first, second)) is None:
                    yield first, second
                    break


def _simplest(found: Sequence[tuple[Cause, ...]]) -> list[tuple[Cause, ...]]:
    """Return each explanation once, by beliefs and places, without free factors where it can be said without.

    One that needs no special kind of operation comes first. Another slope is one of many formulas, some of which fit
    by chance: none is told where something simpler explains everything.
    """
    exact = [each for each in found if all(cause.factor is None for cause in each)] or found
    simple = [each for each in exact if not any(cause.belief.startswith("slope") for cause in each)] or exact
    by_place: dict[frozenset[tuple[str, str | None]], list[tuple[Cause, ...]]] = {}
    for each in sorted(simple, key=lambda each: any(cause.kind for cause in each)):
        by_place.setdefault(frozenset((cause.belief, cause.kind) for cause in each), []).append(each)
    return [_as_far_as_sure(alike) for alike in by_place.values()]


def _as_far_as_sure(alike: Sequence[tuple[Cause, ...]]) -> tuple[Cause, ...]:
    """Return the first of several explanations by the same beliefs, and say only what is so in all of them."""
    said = {cause.message for each in alike for cause in each if cause.unsure}
    if len(said) < 2:
        return alike[0]
    return tuple(replace(cause, message=cause.unsure or cause.message) for cause in alike[0])
