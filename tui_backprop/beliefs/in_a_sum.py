"""Beliefs about the sum that a gradient is: what replaces it, what is missing in it, and what two nodes share."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import product

import numpy as np

from minidl_core import Node, Operation

from .belief import Belief, Cause, Edges, Suspicion, Use, WrongMachine, named
from .case import Case
from .evaluated_graph import Edge, EvaluatedGraph
from .machine import Machine, Order, without
from .orders import RIGHT, WRONG


def _overwritten(suspicion: Suspicion) -> Iterator[Cause]:
    # where they have a gradient for every node, each sum is looked at by itself, in any order
    orders = RIGHT[:1] if suspicion.case.is_complete or suspicion.machine.order in WRONG else RIGHT
    places: list[tuple[str | None, int | None]] = [(None, None)]
    places += [(kind, None) for kind in suspicion.kinds()]
    for kind, input_index in [*places, *suspicion.uses()]:
        where = "" if kind is None else f" in the backward code of {named(kind, input_index)}"
        message = (
            f"yours keeps only the contribution that comes last{where}: a gradient is set with = where += is needed"
        )
        for order in orders:
            change = partial(_set, order=order, kind=kind, index=input_index)
            yield Cause("overwritten", message, change, kind, input_index)


def _set(machine: Machine, case: Case, *, order: Order, kind: str | None, index: int | None) -> Machine:
    ordered = machine if machine.order in WRONG else replace(machine, order=order)
    return replace(ordered, set_edges=Edges(case.graph, kind, index))


@dataclass(frozen=True, eq=False)
class Repeated(Container[Edge]):
    """The edges to an input that the same operation has before, or where `first`, after."""

    edges: Edges
    first: bool

    def __contains__(self, edge: object) -> bool:
        if edge not in self.edges:
            return False
        assert isinstance(edge, tuple)
        position, index = edge
        sources = self.edges.graph.inputs[position]
        return sources[index] in (sources[index + 1 :] if self.first else sources[:index])


def _edge_lost(suspicion: Suspicion) -> Iterator[Cause]:
    for kind in [None, *suspicion.kinds()]:
        where = "an operation" if kind is None else kind
        for first in (False, True):
            yield Cause(
                "edge-lost",
                f"{where} that has the same node in both inputs passes on one contribution: it is one for each input",
                partial(_without_repeated, kind=kind, first=first),
                kind,
            )


def _without_repeated(machine: Machine, case: Case, *, kind: str | None, first: bool) -> Machine:
    return without(machine, Repeated(Edges(case.graph, kind), first))


def _consumer_lost(suspicion: Suspicion) -> Iterator[Cause]:
    graph = suspicion.case.graph
    uses: list[Use] = [(kind, None) for kind in suspicion.kinds()]
    for kind, input_index in [*uses, *suspicion.uses()]:
        yield Cause(
            "consumer-lost",
            f"{named(kind, input_index)} passes nothing on: its contribution is missing in the sum",
            partial(_without_uses, kind=kind, index=input_index),
            kind,
            input_index,
        )
    for consumer, input_index in graph.consumers[suspicion.parting]:
        if len(graph.consumers[suspicion.parting]) > 1:
            node = graph.nodes[consumer]
            yield Cause(
                "consumer-lost",
                f"the contribution of {node.name} is missing in the gradient of {graph.nodes[suspicion.parting].name}",
                partial(_without_edge, node=node, index=input_index),
                node.kind,
                input_index,
            )


def _without_uses(machine: Machine, case: Case, *, kind: str, index: int | None) -> Machine:
    return without(machine, Edges(case.graph, kind, index))


def _without_edge(machine: Machine, case: Case, *, node: Node, index: int) -> Machine:
    return without(machine, {(case.graph.index.get(node, -1), index)})


@dataclass(frozen=True, eq=False)
class _Passing(Container[Edge]):
    """Those of some edges that pass the gradient on unchanged, so that the very array could be handed over."""

    edges: Edges

    def __contains__(self, edge: object) -> bool:
        if edge not in self.edges:
            return False
        assert isinstance(edge, tuple)
        position, input_index = edge
        graph = self.edges.graph
        node, source = graph.nodes[position], graph.inputs[position][input_index]
        return (
            isinstance(node, Operation)
            and node.definition.elementwise
            and graph.values[position].shape == graph.values[source].shape
            and bool(np.all(graph.slopes(position)[input_index] == 1.0))
        )


def _shared_gradient(suspicion: Suspicion) -> Iterator[Cause]:
    graph = suspicion.case.graph
    if graph.is_scalar:  # a single number is never shared, only arrays are
        return
    passing = dict.fromkeys(graph.nodes[position].kind for position, _ in _all_in(graph, _Passing(Edges(graph))))
    choices = product((None, *passing) if passing else (), (None, 0, 1), (False, True), RIGHT)
    for kind, index, is_set, order in choices:
        what = named(kind, index) if kind else "an operation that passes its gradient on"
        yield Cause(
            "shared-gradient",
            f"{what} hands over the very array of its gradient: two nodes then share one, and += changes both; copy it",
            partial(_share, kind=kind, index=index, is_set=is_set, order=order),
            kind,
            index,
        )


def _share(machine: Machine, case: Case, *, kind: str | None, index: int | None, is_set: bool, order: Order) -> Machine:
    shared = set(_all_in(case.graph, _Passing(Edges(case.graph, kind, index))))
    return replace(machine, shared=shared, set_edges=shared if is_set else frozenset(), order=order)


def _all_in(graph: EvaluatedGraph, edges: Container[Edge]) -> Iterator[Edge]:
    """Yield the edges of a graph that are among some, in order."""
    for position, sources in enumerate(graph.inputs):
        yield from ((position, index) for index in range(len(sources)) if (position, index) in edges)


OVERWRITTEN = WrongMachine(
    "overwritten",
    "a gradient is what the last consumer says, so that it is set with =",
    _overwritten,
    label="= for +=",
    supposed="a gradient is set with = where += is needed, so that only what comes last is left",
    build=lambda graph, _: Machine(set_edges=Edges(graph)),
)
EDGE_LOST = WrongMachine(
    "edge-lost",
    "a consumer that uses a node twice counts once",
    _edge_lost,
    label="twice is once",
    supposed="a consumer that uses a node twice counts once",
    build=lambda graph, _: without(Machine(), Repeated(Edges(graph), first=False)),
)
CONSUMER_LOST = WrongMachine(
    "consumer-lost",
    "only one path counts",
    _consumer_lost,
    label="one path",
    supposed="only one path counts",
    # the path over the consumer whose contribution comes first
    build=lambda graph, _: without(Machine(), {edge for edges in graph.consumers for edge in edges[1:]}),
)
SHARED_GRADIENT = Belief("shared-gradient", "two nodes may hold the same array as their gradient", _shared_gradient)
