"""A group that values leave and come back to, cut into parts, so that folding each of them makes no circle.

Groups in one circle are put in the order in which they first come; a value that goes against that order begins the next
round, and each round of a group is a part. Along every edge (round, group) never falls, so the parts make no circle.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from minidl_core import Node

Held = tuple[str, int]
"""The group that holds a node, and the number of its part, from 1."""


_FIRST = 0, -1.0


class Folded(Protocol):
    """What stands for the nodes of a group."""

    @property
    def nodes(self) -> tuple[Node, ...]:
        """Its nodes."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the items it needs."""


def parts(items: Mapping[str, Folded], nodes: Sequence[Node], holder: Mapping[Node, Held]) -> dict[Node, Held]:
    """Return the part in which each folded node of these items is; the items lie in circles, or behind one.

    `nodes` come in an order of evaluation, `holder` has the group of each folded one.
    """
    circle = _circles({name: [source for source in item.inputs if source in items] for name, item in items.items()})
    of_node = {node: circle[name] for name, item in items.items() for node in item.nodes}
    size = Counter(circle.values())
    order: dict[str, float] = {}
    reached: dict[Node, tuple[int, float]] = {}
    grouped: dict[Node, str] = {}
    leaves: list[Node] = []
    for node in nodes:
        own = of_node.get(node)
        if own is None or size[own] == 1:
            continue
        if not node.inputs and node in holder:
            leaves.append(node)
            continue
        inputs = (each for each in node.inputs if each in reached and of_node[each] == own)
        before = max((reached[each] for each in inputs), default=_FIRST)
        if node not in holder:  # it stands alone, behind the group before and before the one after
            reached[node] = before[0], int(before[1]) + 0.5 if before[1] >= 0 else before[1]
            continue
        group = holder[node][0]
        rank = order.setdefault(group, float(len(order)))
        reached[node] = before[0] + (rank < before[1]), rank
        grouped[node] = group
    for leaf in leaves:  # it stands in the part that needs it first, where that is of its own group
        group = holder[leaf][0]
        rank = order.setdefault(group, -1.0 - len(order))
        first = min((reached[each] for each in leaf.consumers if each in reached), default=_FIRST)
        reached[leaf] = first[0] - (rank > first[1]), rank
        grouped[leaf] = group
    rounds: dict[str, list[int]] = {}
    for group, number in sorted({(group, reached[node][0]) for node, group in grouped.items()}):
        rounds.setdefault(group, []).append(number)
    number_of = {group: {number: i for i, number in enumerate(numbers, 1)} for group, numbers in rounds.items()}
    return {node: (group, number_of[group][reached[node][0]]) for node, group in grouped.items()}


def _circles(inputs: Mapping[str, Iterable[str]]) -> dict[str, int]:
    """Return the number of the circle in which each item is (Tarjan's strongly connected components, 1972)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    circle: dict[str, int] = {}
    path: list[str] = []
    for start in inputs:
        if start in index:
            continue
        work = [(start, iter(inputs[start]))]
        index[start] = low[start] = len(index)
        path.append(start)
        while work:
            name, pending = work[-1]
            for source in pending:
                if source not in index:
                    index[source] = low[source] = len(index)
                    path.append(source)
                    work.append((source, iter(inputs[source])))
                    break
                if source not in circle:
                    low[name] = min(low[name], index[source])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[name])
                if low[name] == index[name]:
                    member = ""
                    while member != name:
                        member = path.pop()
                        circle[member] = index[name]
    return circle
