"""The diagnosis: which wrong machine computes exactly the gradients that somebody's engine found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from minidl_core import Node
from minidl_core.arrays import Array

from .belief import BELIEFS, Case, Cause, Suspicion
from .comparison import TOLERANCE, agrees
from .evaluated_graph import BackwardCall
from .machine import EndlessError, Machine, gradients

_MOST_DELIVERIES = 3_000_000
"""So much is tried for mixtures of two causes, in deliveries: some seconds."""


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

    `contributions` are the right ones, by consumer and input index.
    """

    node: Node
    theirs: Array
    right: Array
    contributions: tuple[tuple[Node, int, Array], ...]


def diagnose(calls: Sequence[BackwardCall], tolerance: float = TOLERANCE) -> list[Diagnosis]:
    """Return what explains all gradients of all backward calls, the simplest first; nothing where all are right.

    A mixture of two causes is looked for only where no single cause does it, a factor that was found by dividing is
    told only where there is an explanation without one. Raises NonFiniteError where a right gradient is not finite.
    """
    cases = [Case(call) for call in calls]
    suspicion = _suspicion(cases, (), tolerance)
    if suspicion is None:
        return []
    causes = list(_causes(suspicion))
    found = [(cause,) for cause in causes if _suspicion(cases, (cause,), tolerance) is None]
    return [Diagnosis(each) for each in _simplest(found or _mixtures(cases, suspicion, causes, tolerance))]


def undiagnosed(call: BackwardCall, tolerance: float = TOLERANCE) -> Parting | None:
    """Return the first node where the gradients of a call part from the right ones; None where all agree."""
    suspicion = _suspicion([case := Case(call)], (), tolerance)
    if suspicion is None:
        return None
    graph, at = case.graph, suspicion.parting
    contributions = [
        (graph.nodes[consumer], index, graph.contributions(consumer, graph.right[consumer])[index])
        for consumer, index in graph.consumers[at]
    ]
    return Parting(graph.nodes[at], case.theirs[at], graph.right[at], tuple(contributions))


def _causes(suspicion: Suspicion) -> Iterator[Cause]:
    for belief in BELIEFS:
        yield from belief.causes(suspicion)


def _suspicion(cases: Sequence[Case], causes: tuple[Cause, ...], tolerance: float) -> Suspicion | None:
    """Return where the machine of some causes first parts from their numbers; None where it explains them all."""
    for case in cases:
        machine = Machine()
        for cause in causes:
            machine = cause.change(machine, case)
        try:
            found = gradients(case.graph, machine, case.before) if causes else case.graph.right
        except EndlessError:
            return Suspicion(case, machine, 0)
        for position in sorted(case.theirs):
            if not agrees(case.theirs[position], found[position], tolerance, case.graph.scales[position]):
                return Suspicion(case, machine, position)
    return None


def _mixtures(
    cases: Sequence[Case], parting: Suspicion, causes: Iterable[Cause], tolerance: float
) -> list[tuple[Cause, ...]]:
    """Return pairs of causes that explain everything: a second one for what the first leaves."""
    left = _MOST_DELIVERIES
    found: list[tuple[Cause, ...]] = []
    for first in causes:
        rest = _suspicion(cases, (first,), tolerance)
        if rest is None or (rest.case is parting.case and rest.parting <= parting.parting and first.kind is not None):
            continue
        for second in _causes(rest):
            if second.belief != first.belief or second.belief.startswith("slope"):
                left -= sum(len(case.graph.nodes) for case in cases)
                if _suspicion(cases, (first, second), tolerance) is None:
                    found.append((first, second))
                    break
        if left < 0:
            break
    return found


def _simplest(found: Sequence[tuple[Cause, ...]]) -> list[tuple[Cause, ...]]:
    """Return each explanation once, by beliefs and places, without free factors where it can be said without."""
    exact = [each for each in found if all(cause.factor is None for cause in each)]
    by_place: dict[frozenset[tuple[str, str | None]], tuple[Cause, ...]] = {}
    for each in exact or found:
        by_place.setdefault(frozenset((cause.belief, cause.kind) for cause in each), each)
    return list(by_place.values())
