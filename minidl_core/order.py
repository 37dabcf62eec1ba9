"""The post-order: all nodes that some need, inputs before their consumers, found without recursion."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any, TypeVar

from .errors import GraphError

N = TypeVar("N", bound=Any)
"""A node; it is enough that it has `inputs`, and a `graph` with `nodes`."""


def post_order(fetches: Iterable[N]) -> list[N]:
    """Return every node that the fetches need, each once, inputs before their consumers."""
    return list(numbered(fetches))


def numbered(fetches: Iterable[N]) -> dict[N, int]:
    """Return the position of every node that the fetches need in the post-order, found without recursion.

    Raises GraphError where a node needs itself: a cycle, which can only be made by force.
    """
    done: dict[N, int] = {}
    for fetch in fetches:
        # the way to the node that is looked at, and of each on it those inputs that are still to be looked at
        path, most = [] if fetch in done else [(fetch, iter(fetch.inputs))], len(fetch.graph.nodes)
        while path:
            node, others = path[-1]
            for source in others:
                if source not in done:
                    if len(path) > most:  # then some of them are there twice
                        raise _cycle([each for each, _ in path])
                    path.append((source, iter(source.inputs)))
                    break
            else:
                done[node] = len(done)
                path.pop()
    return done


def _cycle(path: list[Any]) -> GraphError:
    """Return the error for a path from consumers to inputs that comes to one of its nodes again."""
    seen: set[Any] = set()
    for consumer, node in pairwise(path):
        seen.add(consumer)
        if node in seen:
            break
    return GraphError(f"it needs its own value: a cycle by way of {node.describe()}; take one edge out.", consumer)
