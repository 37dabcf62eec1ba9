"""A machine that computes all gradients of a loss, right or wrong: an order of visits, and what happens at an edge.

The default machine is the right one. A belief changes it; two beliefs at once change it twice.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from minidl_core.arrays import Array, quiet

from .evaluated_graph import Edge, EvaluatedGraph

Visit = tuple[int, Sequence[int]]
"""An operation's position, and to which of its inputs it passes its gradient on now."""
Order = Callable[[EvaluatedGraph], Iterable[Visit]]
Alteration = Callable[[Edge, Any, Any], Any]
"""What an edge passes on in place of the right contribution; None where it is nothing.

It is called with the edge, the gradient of the consumer, and what would be passed on.
"""

_MOST = 200_000
"""So many deliveries, beside three for each edge, are computed: a search without an order may never end."""


def by_search(graph: EvaluatedGraph) -> Iterator[Visit]:
    """Visit each node when all of its consumers have been visited: backpropagation's own order."""
    return ((position, range(len(sources))) for position, sources in enumerate(graph.inputs))


@dataclass(frozen=True, eq=False)
class Machine:
    """What a machine does; each field that is not its default is one mistake.

    `order` is the order of the visits, `seed` the loss's own gradient, `kept` the nodes that start with what stood in
    them before, `set_edges` those that replace the gradient of their input, `shared` those that hand over the very
    array instead of its numbers; `alterations` are what edges pass on instead, one after the other.
    """

    order: Order = by_search
    seed: float = 1.0
    kept: Set[int] = frozenset()
    set_edges: Container[Edge] = frozenset()
    shared: Container[Edge] = frozenset()
    alterations: tuple[Alteration, ...] = ()

    def altered(self, edge: Edge, gradient: Any, contribution: Any) -> Any:
        """Return what an edge passes on in place of the right contribution; None where it is nothing."""
        for alteration in self.alterations:
            contribution = alteration(edge, gradient, contribution)
            if contribution is None:
                return None
        return contribution


def without(machine: Machine, edges: Container[Edge]) -> Machine:
    """Return a machine in which some edges pass nothing on."""

    def alteration(edge: Edge, _: Any, contribution: Any) -> Any:
        return None if edge in edges else contribution

    return replace(machine, alterations=(*machine.alterations, alteration))


class EndlessError(Exception):
    """A machine was stopped because it goes on and on."""


def gradients(graph: EvaluatedGraph, machine: Machine, before: Mapping[int, Array] | None = None) -> list[Array]:
    """Return the gradients that a machine computes, by position; raises EndlessError where it does not come to an end.

    `before` has the gradients that stood in the nodes.
    """
    cells = start_cells(graph, machine, before or {})
    for _ in run(graph, machine, cells):
        pass
    return [cell[0] for cell in cells]


def summands(
    graph: EvaluatedGraph,
    machine: Machine,
    position: int,
    gradients: Sequence[Any],
    before: Mapping[int, Any],
    count: int | None = None,
) -> list[tuple[Edge | None, Any]]:
    """Return what a machine that visits in the right order adds up at a node, when its consumers have these gradients.

    Each summand comes with its edge, None for what stood in the node before. With a `count`, only so many have come.
    """
    found: list[tuple[Edge | None, Any]] = []
    if position in machine.kept:
        found.append((None, before[position]))
    for edge in graph.consumers[position][:count]:
        gradient = gradients[edge[0]]
        contribution = machine.altered(edge, gradient, graph.contributions(edge[0], gradient)[edge[1]])
        if contribution is not None:
            found = [(edge, contribution)] if edge in machine.set_edges else [*found, (edge, contribution)]
    return found


def start_cells(graph: EvaluatedGraph, machine: Machine, before: Mapping[int, Array]) -> list[list[Any]]:
    """Return a cell for each node, which two nodes share where a machine hands over the very array."""
    cells: list[list[Any]] = [
        [0.0] if graph.is_scalar or not value.shape else [np.zeros(value.shape)] for value in graph.values
    ]
    for position in machine.kept:
        if position in before:
            cells[position] = [before[position]]
    cells[0] = [machine.seed]
    return cells


def run(graph: EvaluatedGraph, machine: Machine, cells: list[list[Any]]) -> Iterator[tuple[int, int, Any]]:
    """Fill the cells, and yield each consumer, the index of its input, and what it has just passed on to that.

    Raises EndlessError where it does not come to an end.
    """
    left = _MOST + 3 * sum(map(len, graph.inputs))
    inputs, set_edges, shared, altered = graph.inputs, machine.set_edges, machine.shared, bool(machine.alterations)
    touched = {0, *machine.kept}
    with quiet():
        for position, indices in machine.order(graph):
            if not indices:
                continue
            left -= len(indices)
            if left < 0:
                raise EndlessError
            gradient = cells[position][0]
            contributions = graph.contributions(position, gradient)
            for input_index in indices:
                edge = position, input_index
                if cells[position][0] is not gradient:  # it shares it with an input that it has just changed
                    gradient = cells[position][0]
                    contributions = graph.contributions(position, gradient)
                contribution = contributions[input_index]
                if altered:
                    contribution = machine.altered(edge, gradient, contribution)
                    if contribution is None:
                        continue
                source = inputs[position][input_index]
                if edge in shared and (source not in touched or edge in set_edges):
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
