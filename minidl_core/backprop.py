"""Backpropagation's search: in which order the nodes get their gradients.

The search walks backwards from the loss, breadth first. A node joins the queue when the LAST of its consumers that
lead to the loss has been visited: only then has every path from it to the loss been accounted for, and its gradient,
the sum over those paths, can be complete. The order depends on the graph alone, not on any number.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from .errors import GraphError, TraversalError
from .graph import Node, numbered, post_order

Visit = tuple[Node, list[Node]]
"""A node that is visited, and the nodes that join the queue because they waited for it last."""


def search(loss: Node, traversal: str = "last consumer") -> Iterator[Visit]:
    """Return the visits of the backwards breadth-first search, the loss first, then first in, first out.

    Consumers that do not lead to the loss take no part. With `traversal="plain"` a node joins the queue as soon as ONE
    of its consumers has been visited, which is too early where a path to the loss is longer than another: raises
    TraversalError at the node that is then visited without all of its contributions. (Kahn 1962 for the order.)
    """
    if traversal not in ("last consumer", "plain"):
        raise GraphError(f"there is no traversal '{traversal}'; take 'last consumer' or 'plain'.")
    return waiting_visits(loss) if traversal == "last consumer" else _plain_visits(loss)


def waiting_visits(loss: Node, instead: Mapping[Node, int] = MappingProxyType({})) -> Iterator[Visit]:
    """Yield the visits of a search in which each node waits for all edges, or for so many `instead`."""
    index = numbered([loss])
    nodes = list(index)
    queue, joined = visits(positions(index), index[loss], {index[node]: count for node, count in instead.items()})
    start = 1
    for position, end in zip(queue, joined, strict=True):
        yield nodes[position], [nodes[each] for each in queue[start:end]]
        start = end


def positions(index: Mapping[Node, int]) -> list[tuple[int, ...]]:
    """Return where the inputs of each node are, for nodes that are numbered."""
    found: list[tuple[int, ...]] = []
    for node in index:
        inputs = node.inputs
        if len(inputs) == 2:  # as most have in a graph of scalars, where it counts that no list is made of them
            first, second = inputs
            found.append((index[first], index[second]))
        else:
            found.append(tuple([index[source] for source in inputs]))
    return found


def edges_to_wait_for(edges: Sequence[Sequence[int]], loss: int) -> list[int]:
    """Return for how many edges each node waits up to the loss, which has one of its own.

    Nodes are their positions, inputs before their consumers; `edges` has where those of each lead.
    """
    # only those count that come from nodes that wait for one themselves, or are the loss
    waits_for = [0] * loss + [1]
    for position in range(loss, -1, -1):
        if waits_for[position]:
            for source in edges[position]:
                waits_for[source] += 1
    return waits_for


def visits(
    sources: Sequence[tuple[int, ...]], loss: int, instead: Mapping[int, int] = MappingProxyType({})
) -> tuple[list[int], list[int]]:
    """Return the queue when all is over, which is the order of the visits, and how long it was after each of them.

    Nodes are their positions; each waits for all edges, or for so many `instead`.
    """
    # one that is an input twice joins where it is one first; of two inputs it does so by itself
    edges = [inputs if len(inputs) < 3 else tuple(dict.fromkeys(inputs)) for inputs in sources]
    waits_for = edges_to_wait_for(edges, loss)
    for position, count in instead.items():
        waits_for[position] = count
    queue, joined = [loss], []
    for position in queue:
        for source in edges[position]:
            waits_for[source] -= 1
            if not waits_for[source]:
                queue.append(source)
        joined.append(len(queue))
    return queue, joined


def _plain_visits(loss: Node) -> Iterator[Visit]:
    leading = set(post_order([loss]))
    joined, visited = {loss}, set[Node]()
    queue = deque([loss])
    while queue:
        node = queue.popleft()
        missing = ", ".join([c.name for c in node.consumers if c in leading and c not in visited])
        if missing:
            raise TraversalError(
                f"plain breadth-first search visits it before its consumer {missing} has a gradient; "
                "a node must wait for the last of its consumers.",
                node,
            )
        visited.add(node)
        enqueued = [source for source in dict.fromkeys(node.inputs) if source not in joined]
        joined.update(enqueued)
        queue += enqueued
        yield node, enqueued
