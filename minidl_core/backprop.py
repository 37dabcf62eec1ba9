"""Backpropagation's search: in which order the nodes get their gradients.

The search walks backwards from the loss, breadth first. A node joins the queue when the LAST of its consumers that
lead to the loss has been visited: only then has every path from it to the loss been accounted for, and its gradient,
the sum over those paths, can be complete. The order depends on the graph alone, not on any number.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any

from .errors import GraphError, TraversalError
from .graph import Node
from .order import numbered, post_order

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
    subgraph = Subgraph([loss])
    nodes = subgraph.nodes
    for node, count in instead.items():
        subgraph.uses[subgraph.index[node]] = count
    lengths: list[int] = []
    queue = subgraph.visits([0], lengths)
    if len(queue) < len(nodes):
        numbered([loss])  # finds the cycle
    start = 1
    for place, end in zip(queue, lengths, strict=True):
        yield nodes[place], [nodes[each] for each in queue[start:end]]
        start = end


class Subgraph:
    """The nodes that some fetches need, numbered as they are come across from there, and where the inputs of each are.

    Of an operation with two inputs, `firsts` has where the first is, and `seconds` where the second: for graphs of many
    scalars it counts that no tuple is made of them. Of another operation `firsts` has them all, of a leaf None, and
    `seconds` has None. `leaves` are those without inputs.
    """

    def __init__(self, fetches: Iterable[Node]) -> None:
        self.index = index = {node: place for place, node in enumerate(dict.fromkeys(fetches))}
        self.nodes = nodes = list(index)
        self.fetch_count = len(nodes)
        self.leaves: list[int] = []
        firsts: list[Any] = []
        seconds: list[int | None] = []
        self.firsts, self.seconds = firsts, seconds
        place_of, count = index.setdefault, len(nodes)
        for node in nodes:
            inputs, other = node._first, node._second
            if other is not None:
                first = place_of(inputs, count)
                if first == count:
                    nodes.append(inputs)
                    count += 1
                second = place_of(other, count)
                if second == count:
                    nodes.append(other)
                    count += 1
                firsts.append(first)
                seconds.append(second)
            elif not inputs:
                self.leaves.append(len(firsts))
                firsts.append(None)
                seconds.append(None)
            else:
                for source in inputs:
                    if place_of(source, count) == count:
                        nodes.append(source)
                        count += 1
                firsts.append(tuple([index[source] for source in inputs]))
                seconds.append(None)

    @cached_property
    def uses(self) -> list[int]:
        """By how many edges each node is reached; to one that is among more than two inputs twice, that is one edge."""
        uses = [0] * len(self.nodes)
        for first, second in zip(self.firsts, self.seconds, strict=True):
            if second is not None:
                uses[first] += 1
                uses[second] += 1
            elif first is not None:
                for source in dict.fromkeys(first):
                    uses[source] += 1
        return uses

    @cached_property
    def starts(self) -> list[int]:
        """The fetches that are no other's inputs."""
        return [place for place in range(self.fetch_count) if not self.uses[place]]

    def order_from(self, loss: Node) -> list[int]:
        """Return the nodes that lead to one of the fetches, a loss, in the order of the search."""
        if self.starts == [self.index[loss]]:
            return self.visits(self.starts)
        return [self.index[node] for node, _ in waiting_visits(loss)]

    def visits(self, starts: Iterable[int], lengths: list[int] | None = None) -> list[int]:
        """Return the queue when all is over, which is the order of the visits.

        How long it is after each of them is put into `lengths`.
        """
        firsts, seconds, waits_for = self.firsts, self.seconds, self.uses.copy()
        queue = [*starts]
        for place in queue:
            first, second = firsts[place], seconds[place]
            if second is not None:
                waits_for[first] = left = waits_for[first] - 1
                if not left:
                    queue.append(first)
                waits_for[second] = left = waits_for[second] - 1
                if not left:
                    queue.append(second)
            elif first is not None:
                for source in dict.fromkeys(first):
                    waits_for[source] = left = waits_for[source] - 1
                    if not left:
                        queue.append(source)
            if lengths is not None:
                lengths.append(len(queue))
        return queue


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
