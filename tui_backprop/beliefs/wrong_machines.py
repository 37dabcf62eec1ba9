"""Six beliefs of learners, each as a machine that runs: what the gradients would be if the belief were right.

A node is done once it has been visited, as in the engine: what comes to it later is too late, and nobody passes it on.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass

from .belief import Edges
from .evaluated_graph import Edge, EvaluatedGraph
from .in_a_sum import Repeated
from .machine import Machine, Order, by_search, without
from .orders import breadth_first_once, pre_order


@dataclass(frozen=True)
class WrongMachine:
    """A belief by its `name`, what it says as a clause ("a gradient is ..."), and what it makes of a graph.

    `build` is called with the graph, and with the positions of the variables in which a gradient stood before. `order`
    is that of its visits; `supposed` is what one has to suppose to come to its numbers, as a clause too.
    """

    name: str
    belief: str
    supposed: str
    build: Callable[[EvaluatedGraph, Set[int]], Machine]
    order: Order = by_search


def _late(graph: EvaluatedGraph, order: Order) -> set[Edge]:
    """Return the edges whose consumer is visited after its input."""
    ranks = {position: rank for rank, (position, _) in enumerate(order(graph))}
    return {
        (position, input_index)
        for position, sources in enumerate(graph.inputs)
        for input_index, source in enumerate(sources)
        if ranks[source] < ranks[position]
    }


def _in_order(order: Order) -> Callable[[EvaluatedGraph, Set[int]], Machine]:
    return lambda graph, _: without(Machine(order), _late(graph, order))


def _one_path(graph: EvaluatedGraph, _: Set[int]) -> Machine:
    return without(Machine(), {edge for edges in graph.consumers for edge in edges[1:]})


EARLY = WrongMachine(
    "early",
    "a node may go as soon as one consumer is done",
    "a node may go as soon as one consumer is done",
    _in_order(pre_order),
    pre_order,
)
ONCE = WrongMachine(
    "once",
    "a consumer that uses a node twice counts once",
    "a consumer that uses a node twice counts once",
    lambda graph, _: without(Machine(), Repeated(Edges(graph), first=False)),
)
OVERWRITTEN = WrongMachine(
    "overwritten",
    "a gradient is set with =, in place of +=",
    "a gradient is set with = where += is needed, so that only what comes last is left",
    lambda graph, _: Machine(set_edges=Edges(graph)),
)
KEPT = WrongMachine(
    "kept",
    "gradients start again by themselves",
    "nobody sets the gradient of the iteration before to 0, so that it is still in the sum",
    lambda _, stood: Machine(kept=stood),
)
ONE_PATH = WrongMachine(
    "one-path",
    "only one path counts",
    "only one path counts",
    _one_path,
)
PLAIN = WrongMachine(
    "plain",
    "plain breadth-first search will do",
    "the search is plain breadth-first, and does not wait for the last consumer",
    _in_order(breadth_first_once),
    breadth_first_once,
)
WRONG_MACHINES = (EARLY, ONCE, OVERWRITTEN, KEPT, ONE_PATH, PLAIN)
"""The six, in the order in which a number is looked for in them.

`KEPT` keeps the gradients of variables alone, and those of one iteration: other nodes are made anew by every forward
pass in most engines.
"""
