"""Backpropagation's search: in which order the nodes get their gradients, and who contributes to each.

The search walks backwards from the loss, breadth first. A node joins the queue when the LAST of its consumers that
lead to the loss has been visited: only then has every path from it to the loss been accounted for, and its gradient,
the sum over those paths, can be complete. The order depends on the graph alone, not on any number.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from .arrays import Array, read_only
from .errors import GraphError, TraversalError
from .graph import Node, Operation, post_order


class Edge(NamedTuple):
    """A way from a node to a consumer: into which of the consumer's inputs it goes."""

    consumer: Operation
    slot: int


class Visit(NamedTuple):
    """One visit of the search.

    `edges` lead to the consumers that contribute, in the order of the consumers' own visits, then of their inputs;
    `enqueued` are the nodes that join the queue because this one was the last they waited for.
    """

    node: Node
    edges: tuple[Edge, ...]
    enqueued: tuple[Node, ...]


def search(loss: Node, traversal: str = "last consumer") -> Iterator[Visit]:
    """Yield the visits of the backwards breadth-first search, the loss first, then first in, first out.

    Consumers that do not lead to the loss take no part. With `traversal="plain"` a node joins the queue as soon as ONE
    of its consumers has been visited, which is too early where a path to the loss is longer than another: raises
    TraversalError at the node that is then visited without all of its contributions. (Kahn 1962 for the order.)
    """
    if traversal not in ("last consumer", "plain"):
        raise GraphError(f"there is no traversal '{traversal}'; take 'last consumer' or 'plain'.")
    leading = set(post_order([loss]))
    consumers = {node: [c for c in node.consumers if c in leading] for node in leading}
    waits_for = {node: len(consumers[node]) for node in leading}
    visited: dict[Node, int] = {}
    queue = deque([loss])
    seen = {loss}
    while queue:
        node = queue.popleft()
        if waits_for[node]:
            missing = ", ".join(c.name for c in consumers[node] if c not in visited)
            raise TraversalError(
                f"plain breadth-first search visits it before its consumer {missing} has a gradient; "
                "a node must wait for the last of its consumers.",
                node,
            )
        edges = tuple(
            Edge(consumer, slot)
            for consumer in sorted(consumers[node], key=visited.__getitem__)
            for slot, source in enumerate(consumer.inputs)
            if source is node
        )
        visited[node] = len(visited)
        enqueued = []
        for source in dict.fromkeys(node.inputs):
            waits_for[source] -= 1
            if source not in seen and (traversal == "plain" or not waits_for[source]):
                seen.add(source)
                queue.append(source)
                enqueued.append(source)
        yield Visit(node, edges, tuple(enqueued))


def compute_gradient(loss: Node) -> dict[Node, Array]:
    """Return the gradient of the loss with respect to every node that leads to it, at the values of its last run.

    Each gradient has its node's shape. Raises GraphError where the loss has not been run or is not one number.
    """
    if loss.last_run is None:
        raise GraphError("it has not been run yet; evaluate it first: session.run(node, feed_dict).", loss)
    return {node: read_only(gradient) for node, gradient in loss.last_run.gradients(loss).items()}
