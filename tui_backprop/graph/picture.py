"""What a graph is drawn with: its nodes, scopes that are folded into one, and leaves that stand beside each use.

A node's scope is what its name says before the last slash, or what the lesson says of it. Folding scopes never makes a
circle: one that values leave and come back to stays open, because nothing could be drawn before it or behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import heapify, heappop, heappush
from itertools import accumulate

from minidl_core import Node

MOST_ITEMS = 300
"""A picture of more items than this is not drawn with boxes."""
_FOLDED_ITEMS = 40
_LAYERS_OF_A_LINE = 3

Scope = Callable[[Node], str]


@dataclass(frozen=True, slots=True)
class Item:
    """What stands as one box or one row: a node, one of the uses of a leaf, or the folded nodes of a scope.

    `inputs` are the names of items, one for each edge; `edges` has for each input of a single node which of
    them it is. `use` is which of how many uses of a leaf it stands beside.
    """

    name: str
    nodes: tuple[Node, ...]
    inputs: tuple[str, ...]
    edges: tuple[int, ...] = ()
    scope: str = ""
    use: tuple[int, int] = (1, 1)

    @property
    def node(self) -> Node | None:
        """The node, unless this is a folded scope."""
        return None if self.scope else self.nodes[0]


class Picture:
    """The items of a graph, in an order of evaluation, with the scopes in `closed` folded."""

    def __init__(self, items: Iterable[Item], closed: frozenset[str]) -> None:
        self.items = {item.name: item for item in items}
        self.closed = closed
        self.consumers: dict[str, list[str]] = {name: [] for name in self.items}
        self._items_for: dict[Node, list[str]] = {}
        for item in self.items.values():
            for source in dict.fromkeys(item.inputs):
                self.consumers[source].append(item.name)
            for node in item.nodes:
                self._items_for.setdefault(node, []).append(item.name)

    def items_for(self, node: Node) -> list[str]:
        """Return the names of the items that stand for a node: one, or of a leaf one beside each use."""
        return self._items_for.get(node, [])

    def item_for(self, node: Node, consumer: Node | None = None) -> str:
        """Return the item that stands for a node, where it has several the one beside this consumer."""
        names = self._items_for[node]
        if len(names) > 1 and consumer is not None:
            users = self.items_for(consumer)
            return next((name for name in names if not users or users[0] in self.consumers[name]), names[0])
        return names[0]

    def edge(self, node: Node, consumer: Node, input_index: int) -> tuple[str, str, int] | None:
        """Return the edge that stands for an input of a consumer: two items and a number; None within a scope."""
        source, user = self.item_for(node, consumer), self.item_for(consumer)
        if source == user:
            return None
        item = self.items[user]
        return source, user, item.edges[input_index] if item.edges else item.inputs.index(source)


def scope_of_name(node: Node) -> str:
    """Return the scope that a node's name says: of net/layer/add it is net/layer; "" where there is none."""
    return node.name.rpartition("/")[0]


def enclosing(scope: str) -> list[str]:
    """Return a scope and those around it, the outermost first."""
    parts = scope.split("/") if scope else []
    return list(accumulate(parts, "{}/{}".format))


def scopes_to_close(nodes: Sequence[Node], scope: Scope = scope_of_name) -> frozenset[str]:
    """Return which scopes are folded at first: in a graph small enough to be drawn none, else those from one depth on.

    It is the greatest depth that leaves few items.
    """
    if len(nodes) <= MOST_ITEMS:
        return frozenset()
    chains = [enclosing(scope(node)) for node in nodes]
    chosen: frozenset[str] = frozenset()
    for depth in range(max(map(len, chains))):
        items = len({chain[depth] if len(chain) > depth else number for number, chain in enumerate(chains)})
        if chosen and items > _FOLDED_ITEMS:
            break
        chosen = frozenset(around for chain in chains for around in chain[depth:])
    return chosen


def fold(nodes: Sequence[Node], closed: frozenset[str], scope: Scope = scope_of_name) -> Picture:
    """Return the picture of nodes, which come in an order of evaluation, with these scopes folded.

    Of scopes within each other the outermost shows. One whose folding would make a circle is opened.
    """
    position = {node: number for number, node in enumerate(nodes)}
    chains = {node: enclosing(scope(node)) for node in nodes} if closed else {}
    while True:
        holder = {node: next((around for around in chain if around in closed), "") for node, chain in chains.items()}
        items = _items(nodes, holder)
        order = _in_order(items, position)
        if len(order) == len(items):
            return Picture((items[name] for name in order), closed)
        closed -= {_in_circle({name: item for name, item in items.items() if name not in set(order)}).scope}


def _items(nodes: Sequence[Node], holder: Mapping[Node, str]) -> dict[str, Item]:
    taken = {node.name for node in nodes}
    names: dict[str, str] = {}
    for scope in filter(None, holder.values()):
        if scope not in names:
            names[scope] = f"{scope}/"
            while names[scope] in taken:
                names[scope] += "/"
    folded = {name: scope for scope, name in names.items()}
    item_of = {node: names.get(holder.get(node, ""), node.name) for node in nodes}
    members: dict[str, list[Node]] = {}
    for node in nodes:
        members.setdefault(item_of[node], []).append(node)
    items = {}
    for name, inside in members.items():
        sources = [item_of[source] for node in inside for source in node.inputs]
        if name in folded:
            inputs = dict.fromkeys(source for source in sources if source != name)
            items[name] = Item(name, tuple(inside), tuple(inputs), scope=folded[name])
            continue
        kept: list[str] = []
        edges = []
        for source in sources:
            joins = source in folded and source in kept
            edges.append(kept.index(source) if joins else len(kept))
            if not joins:
                kept.append(source)
        items[name] = Item(name, (inside[0],), tuple(kept), tuple(edges))
    return items


def _in_order(items: Mapping[str, Item], position: Mapping[Node, int]) -> list[str]:
    """Return the items, inputs before consumers, else as they are finished, without those in a circle or behind one."""
    pending = {name: len(set(item.inputs)) for name, item in items.items()}
    consumers: dict[str, list[str]] = {name: [] for name in items}
    for name, item in items.items():
        for source in set(item.inputs):
            consumers[source].append(name)
    ready = [(position[items[name].nodes[-1]], name) for name, count in pending.items() if not count]
    heapify(ready)
    order = []
    while ready:
        _, name = heappop(ready)
        order.append(name)
        for consumer in consumers[name]:
            pending[consumer] -= 1
            if not pending[consumer]:
                heappush(ready, (position[items[consumer].nodes[-1]], consumer))
    return order


def _in_circle(items: Mapping[str, Item]) -> Item:
    """Return the largest folded scope that values leave and come back to."""
    for item in sorted(items.values(), key=lambda item: len(item.nodes), reverse=True):
        behind = set(item.inputs)
        pending = list(behind)
        while pending and item.name not in behind:
            inputs = items[source].inputs if (source := pending.pop()) in items else ()
            pending += set(inputs) - behind
            behind.update(inputs)
        if item.scope and item.name in behind:
            return item
    raise AssertionError("a graph without folded scopes has no circle")


def repeat_leaves(picture: Picture) -> Picture:
    """Return the picture with a leaf that is used in many layers drawn beside each use, instead of with long lines."""
    depth: dict[str, int] = {}
    for item in picture.items.values():
        depth[item.name] = 1 + max((depth[source] for source in item.inputs), default=-1)
    repeated = {
        name: users
        for name, users in picture.consumers.items()
        if not picture.items[name].inputs
        and not picture.items[name].scope
        and len({depth[user] for user in users}) > _LAYERS_OF_A_LINE
    }
    if not repeated:
        return picture
    items: list[Item] = []
    for item in picture.items.values():
        if item.name in repeated:
            continue
        renamed = {}
        for source in dict.fromkeys(item.inputs):
            if source in repeated:
                renamed[source] = name = _free(f"{source} -> {item.name}", picture)
                use = repeated[source].index(item.name) + 1, len(repeated[source])
                items.append(replace(picture.items[source], name=name, use=use))
        items.append(replace(item, inputs=tuple(renamed.get(source, source) for source in item.inputs)))
    return Picture(items, picture.closed)


def _free(name: str, picture: Picture) -> str:
    return name if name not in picture.items else _free(name + "'", picture)
