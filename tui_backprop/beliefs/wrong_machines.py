"""Six beliefs of learners, each as a machine that runs: what the gradients would be if the belief were right.

A node is done once it has been visited, as in the engine: what comes to it later is too late, and nobody passes it on.
So an order of visits that is wrong is a machine that leaves the late edges out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass

from .belief import Edges
from .evaluated_graph import EvaluatedGraph
from .in_a_sum import Repeated
from .machine import Machine, Order, Visit, by_search, without
from .orders import breadth_first_once

Build = Callable[[EvaluatedGraph, Set[int]], Machine]


@dataclass(frozen=True)
class WrongMachine:
    """A belief by its `name`, in one or two words as a `label`, and as a clause: "a gradient is ...".

    `supposed` is what one has to suppose to come to its numbers, a clause as well. `build` makes its machine of a graph
    and of the positions of the variables in which a gradient stood before; `order` is that of its visits.
    """

    name: str
    label: str
    belief: str
    supposed: str
    build: Build
    order: Order = by_search

    @property
    def waits(self) -> bool:
        """Whether a node waits for the last of its consumers."""
        return self.order is by_search


def impatient(graph: EvaluatedGraph) -> Iterator[Visit]:
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


def _in(order: Order) -> Build:
    def build(graph: EvaluatedGraph, _: Set[int]) -> Machine:
        ranks = {position: rank for rank, (position, _) in enumerate(order(graph))}
        edges = ((consumer, input_index) for each in graph.consumers for consumer, input_index in each)
        return without(Machine(), {edge for edge in edges if ranks[graph.inputs[edge[0]][edge[1]]] < ranks[edge[0]]})

    return build


def _one_path(graph: EvaluatedGraph, _: Set[int]) -> Machine:
    return without(Machine(), {edge for edges in graph.consumers for edge in edges[1:]})


EARLY = WrongMachine(
    "early",
    "one consumer",
    "a node may go as soon as one consumer is done",
    "a node may go as soon as one consumer is done",
    _in(impatient),
    impatient,
)
ONCE = WrongMachine(
    "once",
    "twice is once",
    "a consumer that uses a node twice counts once",
    "a consumer that uses a node twice counts once",
    lambda graph, _: without(Machine(), Repeated(Edges(graph), first=False)),
)
OVERWRITTEN = WrongMachine(
    "overwritten",
    "= for +=",
    "a gradient is what the last consumer says, so that it is set with =",
    "a gradient is set with = where += is needed, so that only what comes last is left",
    lambda graph, _: Machine(set_edges=Edges(graph)),
)
KEPT = WrongMachine(
    "kept",
    "no zeroing",
    "gradients start again by themselves, so that nobody sets them to 0",
    "nobody sets the gradient of the iteration before to 0, so that it is still in the sum",
    lambda _, stood: Machine(kept=stood),
)
ONE_PATH = WrongMachine(
    "one-path",
    "one path",
    "only one path counts",
    "only one path counts",
    _one_path,
)
PLAIN = WrongMachine(
    "plain",
    "plain search",
    "plain breadth-first search finds the right order",
    "the search is plain breadth-first, and does not wait for the last consumer",
    _in(breadth_first_once),
    breadth_first_once,
)
WRONG_MACHINES = (EARLY, ONCE, OVERWRITTEN, KEPT, ONE_PATH, PLAIN)
"""The six, in the order in which a number is looked for in them.

`KEPT` keeps the gradients of variables alone, and those of one iteration: in most engines a forward pass makes all
other nodes anew. `ONE_PATH` goes over the edge whose contribution comes first.
"""
