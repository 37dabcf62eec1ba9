"""Beliefs about the order of the visits: that it does not matter, or that a plain search finds it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Set
from dataclasses import replace
from functools import partial

from .belief import Cause, Suspicion, WrongMachine
from .case import Case
from .evaluated_graph import EvaluatedGraph
from .machine import Machine, Order, Visit, without
from .orders import WRONG, breadth_first_once

_HAS_TO_WAIT = "a node has to wait until all of its consumers have passed on theirs (a topological order)"
_TOO_EARLY = (
    "a node passes its gradient on before all of its consumers have passed on theirs: it has to wait for them"
    " (a topological order)"
)
"""True of every search that is no topological order; numbers alone often do not tell which of them it was."""


def _no_order(_: Suspicion) -> Iterator[Cause]:
    for order, does in WRONG.items():
        yield Cause(
            "no-order",
            f"{does}: {_HAS_TO_WAIT}",
            partial(_in_order, order=order),
            unsure=_TOO_EARLY,
        )


def _in_order(machine: Machine, _: Case, *, order: Order) -> Machine:
    return replace(machine, order=order)


def _impatient(graph: EvaluatedGraph) -> Iterator[Visit]:
    """Visit as the right search does, but a node at once, ahead of all others, if only one of its consumers is done."""
    visited, joined, queue = set[int](), {0}, deque([0])
    while queue:
        position = queue.popleft()
        visited.add(position)
        yield position, range(len(graph.inputs[position]))
        sources = [source for source in dict.fromkeys(graph.inputs[position]) if source not in joined]
        joined.update(sources)
        ready = [all(consumer in visited for consumer, _ in graph.consumers[source]) for source in sources]
        queue += [source for source, is_ready in zip(sources, ready, strict=True) if is_ready]
        queue.extendleft([source for source, is_ready in zip(sources, ready, strict=True) if not is_ready][::-1])


def _in(order: Order) -> Callable[[EvaluatedGraph, Set[int]], Machine]:
    def build(graph: EvaluatedGraph, _: Set[int]) -> Machine:
        ranks = {position: rank for rank, (position, _) in enumerate(order(graph))}
        edges = ((consumer, input_index) for each in graph.consumers for consumer, input_index in each)
        return without(Machine(), {edge for edge in edges if ranks[graph.inputs[edge[0]][edge[1]]] < ranks[edge[0]]})

    return build


NO_ORDER = WrongMachine(
    "no-order",
    "a node may go as soon as one consumer is done",
    _no_order,
    label="one consumer",
    supposed="a node may go as soon as one consumer is done",
    build=_in(_impatient),
    order=_impatient,
)
PLAIN_SEARCH = WrongMachine(
    "plain-search",
    "plain breadth-first search finds the right order",
    # an engine that searches so is one without an order: numbers alone often cannot tell which search it was
    lambda _: iter(()),
    label="plain search",
    supposed="the search is plain breadth-first, and does not wait for the last consumer",
    build=_in(breadth_first_once),
    order=breadth_first_once,
)
