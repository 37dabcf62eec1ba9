"""In which order engines visit the nodes: orders that are right, and searches that are none.

Where it is known in which order an engine's own container goes through a node's inputs, a search takes that order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from heapq import heappop, heappush

from .evaluated_graph import EvaluatedGraph
from .machine import Order, Visit, by_search

Children = Sequence[Sequence[int]]
"""What a search goes into from each node, by position."""


def _last_first(search: Callable[[EvaluatedGraph, Children | None], Iterable[Visit]]) -> Order:
    """Return a search that takes the children of each node from the last to the first."""

    def order(graph: EvaluatedGraph) -> Iterable[Visit]:
        return search(graph, [children[::-1] for children in graph.children])

    return order


def by_depth(graph: EvaluatedGraph, children: Children | None = None) -> Iterator[Visit]:
    """Visit in reversed post-order of a depth first search, as micrograd does."""
    return _all(graph, reversed(_post_order(children or graph.children)))


def by_making(graph: EvaluatedGraph) -> Iterator[Visit]:
    """Visit the node that was made last first, as an engine with a tape does."""
    made = {node: number for number, node in enumerate(graph.nodes[0].graph.nodes)}
    return _all(graph, sorted(range(len(graph.nodes)), key=lambda position: -made[graph.nodes[position]]))


def by_generation(graph: EvaluatedGraph) -> Iterator[Visit]:
    """Visit the node of the latest generation first, of several the one found last, as DeZero does."""
    generation = [0] * len(graph.nodes)
    for position in reversed(range(len(graph.nodes))):
        generation[position] = 1 + max([generation[source] for source in graph.inputs[position]], default=-1)
    seen, waiting = {0}, [(-generation[0], 0, 0)]
    while waiting:
        _, _, position = heappop(waiting)
        yield position, range(len(graph.inputs[position]))
        for source in graph.inputs[position]:
            if source not in seen:
                seen.add(source)
                heappush(waiting, (-generation[source], -len(seen), source))


RIGHT: tuple[Order, ...] = (by_depth, by_search, by_making, _last_first(by_depth), by_generation)


def _post_order(children: Children) -> list[int]:
    done: dict[int, None] = {}
    stack = [(0, iter(children[0]))]
    while stack:
        position, waiting = stack[-1]
        source = next(waiting, None)
        if source is None:
            done[position] = None
            stack.pop()
        elif source not in done:
            stack.append((source, iter(children[source])))
    return list(done)


def _all(graph: EvaluatedGraph, positions: Iterable[int]) -> Iterator[Visit]:
    return ((position, range(len(graph.inputs[position]))) for position in positions)


def recursion(graph: EvaluatedGraph, children: Children | None = None) -> Iterator[Visit]:
    """Pass on to all inputs, then go into each, as often as one comes to it."""
    children, stack = children or graph.children, [0]
    while stack:
        position = stack.pop()
        yield position, range(len(graph.inputs[position]))
        stack += children[position][::-1]


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
        queue += graph.children[position]


def breadth_first_once(graph: EvaluatedGraph, children: Children | None = None) -> Iterator[Visit]:
    """Visit layer by layer, each node when one comes to it first."""
    children, seen, queue = children or graph.children, {0}, deque([0])
    while queue:
        position = queue.popleft()
        yield position, range(len(graph.inputs[position]))
        for source in children[position]:
            if source not in seen:
                seen.add(source)
                queue.append(source)


def pre_order(graph: EvaluatedGraph, children: Children | None = None) -> Iterator[Visit]:
    """Visit depth first, each node when one comes to it first."""
    children, seen, stack = children or graph.children, set[int](), [0]
    while stack:
        position = stack.pop()
        if position not in seen:
            seen.add(position)
            yield position, range(len(graph.inputs[position]))
            stack += children[position][::-1]


def newest_first(graph: EvaluatedGraph) -> Iterator[Visit]:
    """Visit the node that was found last, each node once."""
    seen, stack = {0}, [0]
    while stack:
        position = stack.pop()
        yield position, range(len(graph.inputs[position]))
        for source in graph.children[position]:
            if source not in seen:
                seen.add(source)
                stack.append(source)


def not_reversed(graph: EvaluatedGraph) -> Iterator[Visit]:
    """Visit in post-order: the sort is right, but nobody turned it round."""
    return _all(graph, _post_order(graph.children))


def in_the_order_made(graph: EvaluatedGraph) -> Iterator[Visit]:
    """Visit in the order in which the nodes were made, the first one first."""
    return reversed(list(by_making(graph)))


ONCE: dict[Order, str] = {
    pre_order: "each node passes its gradient on when the depth first search comes to it first",
    _last_first(pre_order): "each node passes its gradient on when the depth first search comes to it first",
    breadth_first_once: "layer by layer, a node passes its gradient on when one comes to it first",
    _last_first(breadth_first_once): "layer by layer, a node passes its gradient on when one comes to it first",
    newest_first: "the node that was found last passes its gradient on first",
    not_reversed: "the nodes are sorted, but visited from the data to the loss",
    in_the_order_made: "the nodes are visited in the order in which they were made, from the data to the loss",
}
"""Searches that are no topological order and come to each node once, each with what it does."""
AGAIN: dict[Order, str] = {
    recursion: "depth first, a node passes on what it has so far each time one comes to it",
    _last_first(recursion): "depth first, a node passes on what it has so far each time one comes to it",
    recursion_by_edge: "depth first, a node passes on what it has so far each time one comes to it",
    breadth_first: "layer by layer, a node passes on what it has so far each time one comes to it",
}
"""Searches that come to a node as often as there are ways to it, each with what it does."""
WRONG = ONCE | AGAIN
"""Searches that are no topological order, each with what it does."""
