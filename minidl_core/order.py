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
    for node in fetches:
        if node in done:
            continue
        path, most = list[N](), len(node.graph.nodes)
        while True:
            for source in node.inputs:
                if source not in done:
                    if len(path) > most:  # then some of them are there twice
                        raise _cycle(path)
                    path.append(node)
                    node = source
                    break
            else:
                done[node] = len(done)
                if not path:
                    break
                node = path.pop()
    return done


def _cycle(path: list[Any]) -> GraphError:
    """Return the error for a path from consumers to inputs that comes to one of its nodes again."""
    seen: set[Any] = set()
    for consumer, node in pairwise(path):
        seen.add(consumer)
        if node in seen:
            break
    return GraphError(f"it needs its own value: a cycle by way of {node.describe()}; take one edge out.", consumer)
