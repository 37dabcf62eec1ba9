"""What a graph is drawn with: its nodes, scopes that are folded into one, and leaves that stand beside each use.

What is folded are the groups of scopes.py. Folding never makes a circle: a group that values leave and come back to is
folded in parts, each of which stands behind what it needs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from heapq import heapify, heappop, heappush
from typing import NamedTuple

from minidl_core import Node

from .parts import Held, parts
from .scopes import Groups, groups_of_name, is_list, title_of

MOST_ITEMS = 300
"""A picture of more items than this is not drawn with boxes."""
_FOLDED_ITEMS = 40
_LAYERS_OF_A_LINE = 3


class Item(NamedTuple):
    """What stands as one box or one row: a node, one of the uses of a leaf, or the folded nodes of a scope.

    `inputs` are the names of items, one for each edge; `edges` has for each input of a single node which of
    them it is. `use` is which of how many uses of a leaf it stands beside, or which of how many parts of a scope it is.
    `title` is how a folded scope is called.
    """

    name: str
    nodes: tuple[Node, ...]
    inputs: tuple[str, ...]
    edges: tuple[int, ...] = ()
    scope: str = ""
    use: tuple[int, int] = (1, 1)
    title: str = ""

    @property
    def node(self) -> Node | None:
        """The node, unless this is a folded scope."""
        return None if self.scope else self.nodes[0]

    @property
    def is_list(self) -> bool:
        """Whether this is a list of scalars that is folded whole."""
        return is_list(self.scope) and self.use == (1, 1)


class Picture:
    """The items of a graph, in an order of evaluation, with the scopes in `closed` folded."""

    def __init__(self, items: Iterable[Item], closed: frozenset[str]) -> None:
        self.items = {item.name: item for item in items}
        self.closed = closed
        self.consumers: dict[str, list[str]] = {name: [] for name in self.items}
        for item in self.items.values():
            for source in dict.fromkeys(item.inputs):
                self.consumers[source].append(item.name)

    @cached_property
    def _items_for(self) -> dict[Node, list[str]]:
        found: dict[Node, list[str]] = {}
        for item in self.items.values():
            if len(item.nodes) > 1:
                names = [item.name]  # one list for all of a fold, which nobody changes
                found |= dict.fromkeys(item.nodes, names)
            else:
                found.setdefault(item.nodes[0], []).append(item.name)
        return found

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


def fold_at_first(nodes: Sequence[Node], groups: Groups = groups_of_name) -> Picture:
    """Return the picture of nodes as it is folded at first: not at all where all of it can be drawn.

    Else the outermost groups are folded, but one that holds most of the graph is opened while that leaves few items.
    """
    if len(nodes) <= MOST_ITEMS:
        return fold(nodes, frozenset(), groups)
    picture = fold(nodes, frozenset().union(*map(groups, nodes)), groups)
    while True:
        largest = max(picture.items.values(), key=lambda item: len(item.nodes))
        if len(largest.nodes) <= len(nodes) / 2 or not largest.scope:
            return picture
        opened = fold(nodes, picture.closed - {largest.scope}, groups)
        if len(opened.items) > _FOLDED_ITEMS:
            return picture
        picture = opened


def fold(nodes: Sequence[Node], closed: frozenset[str], groups: Groups = groups_of_name) -> Picture:
    """Return the picture of nodes, which come in an order of evaluation, with these groups folded.

    Of groups within each other the outermost shows. One whose folding would make a circle is folded in parts.
    """
    position = {node: number for number, node in enumerate(nodes)}
    holder: dict[Node, Held] = {}
    if closed:
        outermost: dict[tuple[str, ...], Held | None] = {}
        for node in nodes:
            around = tuple(groups(node))
            if around not in outermost:
                outermost[around] = next(((group, 1) for group in around if group in closed), None)
            held = outermost[around]
            if held is not None:
                holder[node] = held
    items = _items(nodes, holder)
    order = _in_order(items, position)
    if len(order) < len(items):
        stuck = set(items).difference(order)
        holder |= parts({name: item for name, item in items.items() if name in stuck}, nodes, holder)
        items = _items(nodes, holder)
        order = _in_order(items, position)
    return Picture((items[name] for name in order), closed)


def _items(nodes: Sequence[Node], holder: Mapping[Node, Held]) -> dict[str, Item]:
    taken = {node.name for node in nodes if node not in holder}
    names: dict[Held, str] = {}
    counts: Counter[str] = Counter()
    for held in dict.fromkeys(holder.values()):
        scope, part = held
        counts[scope] += 1
        name = f"{scope}/" if part == 1 else f"{scope}/ {part}"
        while name in taken:
            name += "/"
        names[held] = name
    folded = {name: held for held, name in names.items()}
    item_of = {node: names[holder[node]] if node in holder else node.name for node in nodes}
    members: dict[str, list[Node]] = {}
    for node in nodes:
        members.setdefault(item_of[node], []).append(node)
    items = {}
    for name, inside in members.items():
        sources = [item_of[source] for node in inside for source in node.inputs]
        if name in folded:
            scope, part = folded[name]
            inputs = dict.fromkeys(source for source in sources if source != name)
            use = part, counts[scope]
            title = title_of(scope, inside, use)
            items[name] = Item(name, tuple(inside), tuple(inputs), scope=scope, use=use, title=title)
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
                items.append(picture.items[source]._replace(name=name, use=use))
        items.append(item._replace(inputs=tuple(renamed.get(source, source) for source in item.inputs)))
    return Picture(items, picture.closed)


def _free(name: str, picture: Picture) -> str:
    return name if name not in picture.items else _free(name + "'", picture)
