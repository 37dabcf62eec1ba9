"""Backpropagation's search: in which order the nodes get their gradients.

The search walks backwards from the loss, breadth first. A node joins the queue when the LAST of its consumers that
lead to the loss has been visited: only then has every path from it to the loss been accounted for, and its gradient,
the sum over those paths, can be complete. The order depends on the graph alone, not on any number.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from .errors import GraphError, TraversalError
from .graph import Node, post_order

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
    return visits(loss, edges_to_wait_for(loss)) if traversal == "last consumer" else _plain_visits(loss)


def edges_to_wait_for(loss: Node) -> dict[Node, int]:
    """Return for each node that leads to the loss how many edges to consumers it waits for."""
    # the consumers that lead to the loss are the nodes below; each input of one is an edge
    waits_for = dict.fromkeys(leading := post_order([loss]), 0)
    for node in leading:
        for source in node.inputs:
            waits_for[source] += 1
    return waits_for


def visits(loss: Node, waits_for: dict[Node, int]) -> Iterator[Visit]:
    """Yield the visits of a search in which each node waits for so many edges, which are counted down."""
    queue = deque([loss])
    while queue:
        node = queue.popleft()
        enqueued: list[Node] = []
        # from the last input to the first, so that one that is an input twice joins where it is one first
        for source in reversed(node.inputs):
            waits_for[source] -= 1
            if not waits_for[source]:
                enqueued.insert(0, source)
        queue += enqueued
        yield node, enqueued


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
