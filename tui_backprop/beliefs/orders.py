"""In which order engines visit the nodes: orders that are right, and searches that are none."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from .evaluated_graph import EvaluatedGraph
from .machine import Order, Visit, by_search


def by_depth(graph: EvaluatedGraph) -> Iterator[Visit]:
    """Visit in reversed post-order, the depth first search taking operands first to last, as micrograd does."""
    return _all(graph, reversed(graph.post_order))


def by_depth_last_first(graph: EvaluatedGraph) -> Iterator[Visit]:
    """Visit in reversed post-order, the depth first search taking operands last to first."""
    done: dict[int, None] = {}
    stack = [(0, list(graph.inputs[0]))]
    while stack:
        position, waiting = stack[-1]
        if not waiting:
            done[position] = None
            stack.pop()
        elif (source := waiting.pop()) not in done:
            stack.append((source, list(graph.inputs[source])))
    return _all(graph, reversed(done))


def by_making(graph: EvaluatedGraph) -> Iterator[Visit]:
    """Visit the node that was made last first, as an engine with a tape does."""
    made = {node: number for number, node in enumerate(graph.nodes[0].graph.nodes)}
    return _all(graph, sorted(range(len(graph.nodes)), key=lambda position: -made[graph.nodes[position]]))


RIGHT: tuple[Order, ...] = (by_depth, by_search, by_making, by_depth_last_first)


def _all(graph: EvaluatedGraph, positions: Iterable[int]) -> Iterator[Visit]:
    return ((position, range(len(graph.inputs[position]))) for position in positions)


def recursion(graph: EvaluatedGraph) -> Iterator[Visit]:
    """Pass on to all inputs, then go into each, as often as one comes to it."""
    stack = [0]
    while stack:
        position = stack.pop()
        yield position, range(len(graph.inputs[position]))
        stack += reversed(graph.inputs[position])


def recursion_by_edge(graph: EvaluatedGraph) -> Iterator[Visit]:
    """Pass on to one input and go into it before the next one, as often as one comes to it."""
    stack = [(0, 0)]
    while stack:
        position, input_index = stack.pop()
        if input_index < len(graph.inputs[position]):
            yield position, (input_index,)
            stack += [(position, input_index + 1), (graph.inputs[position][input_index], 0)]


def breadth_first(graph: EvaluatedGraph) -> Iterator[Visit]:
    """Visit layer by layer, a node as often as one comes to it."""
    queue = deque([0])
    while queue:
        position = queue.popleft()
        yield position, range(len(graph.inputs[position]))
        queue += graph.inputs[position]


def breadth_first_once(graph: EvaluatedGraph) -> Iterator[Visit]:
    """Visit layer by layer, each node when one comes to it first."""
    seen, queue = {0}, deque([0])
    while queue:
        position = queue.popleft()
        yield position, range(len(graph.inputs[position]))
        for source in graph.inputs[position]:
            if source not in seen:
                seen.add(source)
                queue.append(source)


def pre_order(graph: EvaluatedGraph) -> Iterator[Visit]:
    """Visit depth first, each node when one comes to it first."""
    seen, stack = set[int](), [0]
    while stack:
        position = stack.pop()
        if position not in seen:
            seen.add(position)
            yield position, range(len(graph.inputs[position]))
            stack += reversed(graph.inputs[position])


def pre_order_last_first(graph: EvaluatedGraph) -> Iterator[Visit]:
    """Visit depth first, operands last to first, each node when one comes to it first."""
    seen, stack = set[int](), [0]
    while stack:
        position = stack.pop()
        if position not in seen:
            seen.add(position)
            yield position, range(len(graph.inputs[position]))
            stack += graph.inputs[position]


def not_reversed(graph: EvaluatedGraph) -> Iterator[Visit]:
    """Visit in post-order: the sort is right, but nobody turned it round."""
    return _all(graph, graph.post_order)


def in_the_order_made(graph: EvaluatedGraph) -> Iterator[Visit]:
    """Visit in the order in which the nodes were made, the first one first."""
    return reversed(list(by_making(graph)))


WRONG: dict[Order, str] = {
    pre_order: "each node passes its gradient on when the depth first search comes to it first",
    pre_order_last_first: "each node passes its gradient on when the depth first search comes to it first",
    recursion: "depth first, a node passes on what it has so far each time one comes to it",
    recursion_by_edge: "depth first, a node passes on what it has so far each time one comes to it",
    breadth_first: "layer by layer, a node passes on what it has so far each time one comes to it",
    breadth_first_once: "layer by layer, a node passes its gradient on when one comes to it first",
    not_reversed: "the nodes are sorted, but visited from the data to the loss",
    in_the_order_made: "the nodes are visited in the order in which they were made, from the data to the loss",
}
"""Searches that are no topological order, each with what it does."""
