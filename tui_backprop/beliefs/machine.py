"""A machine that computes all gradients of a loss, right or wrong: an order of visits, and what happens at an edge.

The default machine is the right one. A belief changes it; two beliefs at once change it twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from minidl_core.arrays import Array, quiet
from minidl_core.sums import sum_to_shape

from .evaluated_graph import Edge, EvaluatedGraph

Visit = tuple[int, Sequence[int]]
"""An operation's position, and to which of its inputs it passes its gradient on now."""
Order = Callable[[EvaluatedGraph], Iterable[Visit]]

_MOST = 40
"""So many times as many deliveries as there are edges are computed; a search without an order may never end."""


def by_search(graph: EvaluatedGraph) -> Iterator[Visit]:
    """Visit each node when all of its consumers have been visited: backpropagation's own order."""
    return ((position, range(len(sources))) for position, sources in enumerate(graph.inputs))


@dataclass(frozen=True, eq=False)
class Machine:
    """What a machine does; each field that is not its default is one mistake.

    `order` is the order of the visits, `seed` the loss's own gradient, `kept` the nodes that start with what stood in
    them before, `set_edges` those that replace the gradient of their input, `lost` those that pass nothing on,
    `shared` those that hand over the very array instead of its numbers; `slopes` and `factors` replace an edge's
    slope (of its output's shape), or scale what it passes on; `stale` has the gradients that stay what they are.
    """

    order: Order = by_search
    seed: float = 1.0
    kept: Set[int] = frozenset()
    set_edges: Set[Edge] = frozenset()
    lost: Set[Edge] = frozenset()
    shared: Set[Edge] = frozenset()
    slopes: Mapping[Edge, Array] = field(default_factory=dict)
    factors: Mapping[Edge, float] = field(default_factory=dict)
    stale: Mapping[int, Array] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Delivery:
    """One step of a machine: what a consumer passed on to one of its inputs, and the input's gradient then."""

    consumer: int
    input_index: int
    contribution: Array
    gradient: Array


class EndlessError(Exception):
    """A machine was stopped because it goes on and on."""


def gradients(graph: EvaluatedGraph, machine: Machine, before: Mapping[int, Array] | None = None) -> list[Array]:
    """Return the gradients that a machine computes, by position; raises EndlessError where it does not come to an end.

    `before` has the gradients that stood in the nodes.
    """
    cells = _start(graph, machine, before or {})
    for _ in _run(graph, machine, cells):
        pass
    return [machine.stale.get(position, cell[0]) for position, cell in enumerate(cells)]


def deliveries(
    graph: EvaluatedGraph, machine: Machine, before: Mapping[int, Array] | None = None
) -> Iterator[Delivery]:
    """Return the steps of a machine one by one; raises EndlessError where they do not come to an end."""
    cells = _start(graph, machine, before or {})
    for consumer, input_index, contribution in _run(graph, machine, cells):
        yield Delivery(consumer, input_index, contribution, cells[graph.inputs[consumer][input_index]][0])


def _start(graph: EvaluatedGraph, machine: Machine, before: Mapping[int, Array]) -> list[list[Array]]:
    """Return a cell for each node, which two nodes share where a machine hands over the very array."""
    values = [graph.evaluation[node] for node in graph.nodes]
    cells: list[list[Any]] = [[np.float64(0.0) if not value.shape else np.zeros(value.shape)] for value in values]
    for position in machine.kept:
        if position in before:
            cells[position] = [before[position]]
    cells[0] = [np.float64(machine.seed)]
    return cells


def _run(graph: EvaluatedGraph, machine: Machine, cells: list[list[Array]]) -> Iterator[tuple[int, int, Array]]:
    left = _MOST * sum(map(len, graph.inputs)) + 100
    inputs, set_edges, lost, shared = graph.inputs, machine.set_edges, machine.lost, machine.shared
    touched = {0, *machine.kept}
    with quiet():
        for position, indices in machine.order(graph):
            if not indices:
                continue
            left -= len(indices)
            if left < 0:
                raise EndlessError
            contributions = graph.contributions(position, cells[position][0])
            for input_index in indices:
                edge = position, input_index
                if edge in lost:
                    continue
                source = inputs[position][input_index]
                contribution = contributions[input_index]
                if edge in machine.slopes:
                    spread = cells[position][0] * machine.slopes[edge]
                    contribution = sum_to_shape(spread, contribution.shape) if spread.shape else spread
                if edge in machine.factors:
                    contribution = contribution * machine.factors[edge]
                if edge in shared and source not in touched:
                    cells[source] = cells[position]
                elif edge in set_edges:
                    if shared:
                        cells[source] = [contribution]
                    else:
                        cells[source][0] = contribution
                else:
                    cells[source][0] = cells[source][0] + contribution
                touched.add(source)
                yield position, input_index, contribution
