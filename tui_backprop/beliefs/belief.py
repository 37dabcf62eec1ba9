"""The beliefs: each is one sentence about backpropagation, and the wrong machines that it can make of a right one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass, replace

import numpy as np

from minidl_core import Operation
from minidl_core.arrays import Array
from minidl_core.gradients import gradient_rule

from .evaluated_graph import BackwardCall, Edge, EvaluatedGraph
from .formulas import Slope, wrong_slopes
from .machine import EndlessError, Machine, Order, gradients
from .orders import RIGHT, WRONG

Use = tuple[str, int]
"""A kind of operation, and the index of one of its inputs."""


class Case:
    """A backward call with everything by position in its graph: what a belief is tried on."""

    def __init__(self, call: BackwardCall) -> None:
        self.graph = graph = EvaluatedGraph(call.evaluation, call.loss)
        self.theirs, self.before, self.previous = (
            {graph.index[node]: gradient for node, gradient in given.items() if node in graph.index}
            for given in (call.theirs, call.before, call.previous)
        )

    def edges(self, kind: str | None = None, input_index: int | None = None) -> Set[Edge]:
        """Return the edges of the operations of a kind, or of all, at one of their inputs, or at all."""
        return frozenset(
            (position, index)
            for position, (node, sources) in enumerate(zip(self.graph.nodes, self.graph.inputs, strict=True))
            if kind is None or node.kind == kind
            for index in range(len(sources))
            if input_index is None or index == input_index
        )


Change = Callable[[Machine, Case], Machine]


@dataclass(frozen=True, eq=False)
class Cause:
    """One mistake in a certain place: a belief, where it is made, and what it makes of a machine.

    `kind` is the kind of operation whose backward code is to be looked at, None where it is the search, the start or
    the update; `factor` is a number that was found by dividing.
    """

    belief: str
    message: str
    change: Change
    kind: str | None = None
    input_index: int | None = None
    factor: float | None = None


@dataclass(frozen=True, eq=False)
class Suspicion:
    """Where to look first: a case, a machine, and the first node (a position) where its gradients are not theirs."""

    case: Case
    machine: Machine
    parting: int

    def uses(self) -> list[Use]:
        """Return the uses of the node, and of its consumers as long as nobody knows whether those agree."""
        graph, found, waiting, seen = self.case.graph, dict[Use, None](), [self.parting], {self.parting}
        while waiting:
            for consumer, input_index in graph.consumers[waiting.pop()]:
                found[graph.nodes[consumer].kind, input_index] = None
                if consumer not in self.case.theirs and consumer not in seen:
                    seen.add(consumer)
                    waiting.append(consumer)
        return list(found)

    def kinds(self) -> list[str]:
        """Return the kinds of operations in its uses, each once."""
        return list(dict.fromkeys(kind for kind, _ in self.uses()))


@dataclass(frozen=True)
class Belief:
    """What somebody may believe: its name, one sentence, and the causes that it suggests where something parts."""

    name: str
    sentence: str
    causes: Callable[[Suspicion], Iterator[Cause]]


def _seed(suspicion: Suspicion) -> Iterator[Cause]:
    yield Cause(
        "seed",
        "every gradient is 0: the loss's own gradient has to be set to 1 before the way back begins",
        lambda machine, _: replace(machine, seed=0.0),
    )
    theirs = suspicion.case.theirs.get(0)
    if theirs is not None and np.shape(theirs) == () and theirs not in (0.0, 1.0):
        seed = float(theirs)
        yield Cause(
            "seed",
            f"every gradient is {seed:.6g} times the right one: the loss's own gradient is 1, not {seed:.6g}",
            lambda machine, _: replace(machine, seed=seed),
            factor=seed,
        )


def _not_zeroed(suspicion: Suspicion) -> Iterator[Cause]:
    if not suspicion.case.before:
        return
    message = (
        "the gradients of the step before are still in the sums: set every gradient to 0 before each backward call"
    )
    yield Cause("not-zeroed", message, lambda machine, case: replace(machine, kept=frozenset(case.before)))
    name = suspicion.case.graph.nodes[suspicion.parting].name

    def some(machine: Machine, case: Case) -> Machine:
        """Keep what stood in those nodes that are not right without it."""
        try:
            found = gradients(case.graph, machine)
        except EndlessError:
            return machine
        wrong = [at for at in case.before if at in case.theirs and not np.allclose(case.theirs[at], found[at], 1e-6)]
        return replace(machine, kept=frozenset(wrong))

    yield Cause(
        "not-zeroed",
        f"the gradient of the step before is still in some sums, first in that of {name}: "
        "set every gradient to 0 before each backward call",
        some,
    )


def _overwritten(suspicion: Suspicion) -> Iterator[Cause]:
    uses = suspicion.uses()
    places = [(None, None), *[(kind, None) for kind in suspicion.kinds()], *uses]
    for kind, input_index in places:
        where = "" if kind is None else f" in the backward code of {_use(kind, input_index)}"
        for order in RIGHT:

            def change(
                machine: Machine,
                case: Case,
                order: Order = order,
                kind: str | None = kind,
                input_index: int | None = input_index,
            ) -> Machine:
                ordered = machine if machine.order in WRONG else replace(machine, order=order)
                return replace(ordered, set_edges=case.edges(kind, input_index))

            message = (
                f"yours keeps only the contribution that comes last{where}: a gradient is set with = where += is needed"
            )
            yield Cause("overwritten", message, change, kind, input_index)
            if suspicion.machine.order in WRONG:
                break


def _no_order(_: Suspicion) -> Iterator[Cause]:
    for order, does in WRONG.items():
        message = f"{does}: a node has to wait until all of its consumers have passed on theirs (a topological order)"
        yield Cause("no-order", message, lambda machine, _, order=order: replace(machine, order=order))  # type: ignore[misc]


def _edge_lost(suspicion: Suspicion) -> Iterator[Cause]:
    for kind in [None, *suspicion.kinds()]:
        for first in (False, True):

            def change(machine: Machine, case: Case, kind: str | None = kind, first: bool = first) -> Machine:
                lost = [
                    (position, index)
                    for position, sources in enumerate(case.graph.inputs)
                    if len(set(sources)) < len(sources) and kind in (None, case.graph.nodes[position].kind)
                    for index, source in enumerate(sources)
                    if source in (sources[index + 1 :] if first else sources[:index])
                ]
                return replace(machine, lost=machine.lost | frozenset(lost))

            where = "an operation" if kind is None else kind
            message = (
                f"{where} that has the same node in both inputs passes on one contribution: it is one for each input"
            )
            yield Cause("edge-lost", message, change, kind)


def _consumer_lost(suspicion: Suspicion) -> Iterator[Cause]:
    graph = suspicion.case.graph
    for kind, input_index in [*[(kind, None) for kind in suspicion.kinds()], *suspicion.uses()]:
        yield Cause(
            "consumer-lost",
            f"{_use(kind, input_index)} passes nothing on: its contribution is missing in the sum",
            lambda machine, case, kind=kind, index=input_index: replace(  # type: ignore[misc]
                machine, lost=machine.lost | case.edges(kind, index)
            ),
            kind,
            input_index,
        )
    for consumer, input_index in graph.consumers[suspicion.parting]:
        if len(graph.consumers[suspicion.parting]) > 1:
            node = graph.nodes[consumer]
            yield Cause(
                "consumer-lost",
                f"the contribution of {node.name} is missing in the gradient of {graph.nodes[suspicion.parting].name}",
                lambda machine, case, edge=(consumer, input_index), node=node: replace(  # type: ignore[misc]
                    machine, lost=machine.lost | ({edge} if node in case.graph.index else set())
                ),
                node.kind,
                input_index,
            )


def _shared_gradient(suspicion: Suspicion) -> Iterator[Cause]:
    graph = suspicion.case.graph
    passing = dict.fromkeys(
        node.kind
        for position, node in enumerate(graph.nodes)
        if any(_passes(suspicion.case, (position, i)) for i in range(len(graph.inputs[position])))
    )
    for kind in [None, *passing] if passing else ():
        for index in (None, 0, 1):
            for order in RIGHT:

                def change(
                    machine: Machine,
                    case: Case,
                    kind: str | None = kind,
                    index: int | None = index,
                    order: Order = order,
                ) -> Machine:
                    shared = frozenset(edge for edge in case.edges(kind, index) if _passes(case, edge))
                    return replace(machine, shared=shared, order=order)

                what = _use(kind, index) if kind else "an operation that passes its gradient on"
                message = (
                    f"{what} hands over the very array of its gradient: two nodes then share one, "
                    "and += changes both; copy it"
                )
                yield Cause("shared-gradient", message, change, kind, index)


def _passes(case: Case, edge: Edge) -> bool:
    """Return whether an edge passes the gradient on unchanged, so that the same array could be handed over."""
    position, input_index = edge
    node, source = case.graph.nodes[position], case.graph.inputs[position][input_index]
    value, target = case.graph.evaluation[node], case.graph.evaluation[case.graph.nodes[source]]
    return (
        isinstance(node, Operation)
        and node.definition.elementwise
        and () != value.shape == target.shape  # a single number is never shared, only arrays are
        and bool(np.all(case.graph.slopes(position)[input_index] == 1.0))
    )


def _stale_update(suspicion: Suspicion) -> Iterator[Cause]:
    if suspicion.case.previous:
        message = (
            "these are the gradients of the step before: the update has to come after the backward call of its own step"
        )
        yield Cause("stale-update", message, lambda machine, case: replace(machine, stale=case.previous))


def _slope(suspicion: Suspicion) -> Iterator[Cause]:
    for kind, input_index in suspicion.uses():
        elementwise = _elementwise(suspicion.case, kind)
        for text, formula in wrong_slopes(input_index).items() if elementwise else ():

            def change(
                machine: Machine,
                case: Case,
                kind: str | None = kind,
                input_index: int | None = input_index,
                formula: Slope = formula,
            ) -> Machine:
                slopes: dict[Edge, Array] = dict(machine.slopes)
                for position, index in case.edges(kind, input_index):
                    slopes[position, index] = formula(
                        case.graph.evaluation.operation(case.graph.operation(position)),
                        case.graph.slopes(position)[index],
                    )
                return replace(machine, slopes=slopes)

            right = _right(suspicion.case, kind, input_index)
            message = f"the slope of {_use(kind, input_index)} is wrong: yours is {text}{right}"
            yield Cause(f"slope:{kind}", message, change, kind, input_index)
        for each in (input_index, None) if input_index == 0 else (input_index,):
            factor = _factor(suspicion, kind, each)
            if factor is not None:
                right = _right(suspicion.case, kind, input_index)
                message = f"what {_use(kind, each)} passes on is {factor:.6g} times the right contribution{right}"
                yield Cause(
                    f"slope:{kind}",
                    message,
                    lambda machine, case, kind=kind, index=each, factor=factor: replace(  # type: ignore[misc]
                        machine, factors={**machine.factors, **dict.fromkeys(case.edges(kind, index), factor)}
                    ),
                    kind,
                    each,
                    None if factor == -1.0 else factor,
                )


def _factor(suspicion: Suspicion, kind: str, input_index: int | None) -> float | None:
    """Return by which factor the contributions of a use would have to be scaled to make the parting gradient theirs."""
    case, at = suspicion.case, suspicion.parting
    theirs, graph = case.theirs[at], case.graph
    machine, edges = suspicion.machine, case.edges(kind, input_index)
    try:
        full = gradients(graph, machine, case.before)
        rest = gradients(
            graph, replace(machine, lost=machine.lost | {e for e in graph.consumers[at] if e in edges}), case.before
        )
    except EndlessError:
        return None
    share = np.ravel(full[at] - rest[at])
    if not share.size or np.shape(theirs) != np.shape(full[at]):
        return None
    entry = int(np.argmax(np.abs(share)))
    with np.errstate(all="ignore"):
        factor = float(np.ravel(theirs - rest[at])[entry] / share[entry])
    if not np.isfinite(factor) or factor in (0.0, 1.0):
        return None
    nearest = round(factor)
    return float(nearest) if abs(factor - nearest) < 1e-9 * abs(factor) else factor


def _elementwise(case: Case, kind: str) -> bool:
    node = next(node for node in case.graph.nodes if node.kind == kind)
    return isinstance(node, Operation) and node.definition.elementwise


def _right(case: Case, kind: str, input_index: int) -> str:
    node = next(node for node in case.graph.nodes if node.kind == kind)
    assert isinstance(node, Operation)
    formula = gradient_rule(node).formula_for(input_index)
    return f"; the right contribution is {formula}" if formula else ""


def _use(kind: str, input_index: int | None) -> str:
    return kind if input_index is None else f"{kind} (to its input {input_index + 1})"


BELIEFS = (
    Belief("seed", "The way back needs no start.", _seed),
    Belief("not-zeroed", "Gradients start again by themselves.", _not_zeroed),
    Belief("overwritten", "A gradient is what the last consumer says.", _overwritten),
    Belief("no-order", "A node may pass its gradient on before all of its consumers have.", _no_order),
    Belief("edge-lost", "A consumer that uses a node twice counts once.", _edge_lost),
    Belief("consumer-lost", "Not every consumer counts.", _consumer_lost),
    Belief("shared-gradient", "Two nodes may hold the same array as their gradient.", _shared_gradient),
    Belief("stale-update", "It does not matter when the update comes.", _stale_update),
    Belief("slope", "The slope of this operation is another one.", _slope),
)
"""Every belief, the simplest first."""
