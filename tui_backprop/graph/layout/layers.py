"""In which layer each node stands, and where the lines that pass a layer bend.

A node stands where its lines are shortest, if there is a choice beside its consumer; so leaves are beside what uses
them. Nodes and bends are items, numbered, the nodes first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Neighbour = tuple[int, int]

_PASSES = 8


def exit_row(height: int) -> int:
    """Return the row of a box, counted from its top, where its edges leave: that of its title."""
    return min(1, height - 1)


def port_row(port: int, height: int) -> int:
    """Return the row of a box where an edge enters: one row each; where the box is too low, the rest share the last."""
    return min(1 + port, height - 2) if height > 2 else height - 1


class Layers:
    """The items of a picture, their layers, and each layer from top to bottom.

    `left` and `right` hold an item's neighbours in the next layers, each with the port at which the edge enters;
    `ports` of each node the indexes of its inputs from top to bottom; `source` of each item the node whose line it is.
    """

    def __init__(
        self,
        inputs: Sequence[Sequence[int]],
        heights: Sequence[int],
        swappable: Sequence[bool],
        aside: Sequence[bool],
        loss: int | None,
    ) -> None:
        self.nodes = len(inputs)
        self.height = list(heights)
        self.source = list(range(self.nodes))
        self.left: list[list[Neighbour]] = [[] for _ in inputs]
        self.right: list[list[Neighbour]] = [[] for _ in inputs]
        consumers: list[list[int]] = [[] for _ in inputs]
        depth: list[int] = []
        for node, sources in enumerate(inputs):
            depth.append(1 + max((depth[source] for source in sources), default=-1))
            for source in dict.fromkeys(sources):
                consumers[source].append(node)
        self.spine = _spine(inputs, depth, aside, loss)
        self.layer = _layers(inputs, consumers, depth, self.spine)
        self.on_spine = frozenset(self.spine)
        self.ports = _ports(inputs, swappable, self.spine)
        self._link(inputs, consumers)
        self.component = self._components()
        self.layers: list[list[int]] = [[] for _ in range(1 + max(self.layer, default=-1))]
        sinks = [node for node in range(self.nodes) if not consumers[node]]
        for item in self._walk(sorted(sinks, key=self.component.__getitem__)):
            self.layers[self.layer[item]].append(item)

    def is_bend(self, item: int) -> bool:
        """Return whether an item is no node, but where a line passes a layer."""
        return item >= self.nodes

    def exit_row(self, item: int) -> int:
        """Return the row of an item, counted from its top, where its line leaves."""
        return 0 if self.is_bend(item) else exit_row(self.height[item])

    def entry_row(self, item: int, port: int) -> int:
        """Return the row of an item, counted from its top, where an edge enters."""
        return 0 if self.is_bend(item) else port_row(port, self.height[item])

    def _link(self, inputs: Sequence[Sequence[int]], consumers: Sequence[Sequence[int]]) -> None:
        hops = [[node] for node in range(self.nodes)]
        for node in range(self.nodes):
            last = max((self.layer[consumer] for consumer in consumers[node]), default=0)
            for layer in range(self.layer[node] + 1, last):
                bend, before = len(self.layer), hops[node][-1]
                self.layer.append(layer)
                self.height.append(1)
                self.source.append(node)
                self.left.append([(before, 0)])
                self.right.append([])
                self.right[before].append((bend, 0))
                hops[node].append(bend)
        for node, sources in enumerate(inputs):
            for port, input_index in enumerate(self.ports[node]):
                source = sources[input_index]
                before = hops[source][self.layer[node] - self.layer[source] - 1]
                self.left[node].append((before, port))
                self.right[before].append((node, port))

    def _components(self) -> list[int]:
        """Return the number of the connected part that each item is in; the one with the spine has 0."""
        component = [-1] * len(self.layer)
        count = 0
        for start in [*self.spine[-1:], *range(self.nodes)]:
            if component[start] < 0:
                component[start] = count
                stack = [start]
                while stack:
                    item = stack.pop()
                    for other, _ in (*self.left[item], *self.right[item]):
                        if component[other] < 0:
                            component[other] = count
                            stack.append(other)
                count += 1
        return component

    def _walk(self, sinks: list[int]) -> list[int]:
        """List the items as a walk back from the loss meets them, first operand first: so a tree has no crossings."""
        order: list[int] = []
        met = [False] * len(self.layer)
        stack = sinks[::-1] + self.spine[-1:]
        while stack:
            item = stack.pop()
            if not met[item]:
                met[item] = True
                order.append(item)
                stack.extend(other for other, _ in reversed(self.left[item]))
        return order


def _layers(
    inputs: Sequence[Sequence[int]], consumers: Sequence[Sequence[int]], depth: Sequence[int], spine: Sequence[int]
) -> list[int]:
    """Return the layer of each node; what does not lead to the loss moves nothing that does."""
    leads = [False] * len(depth)
    stack = list(spine[-1:])
    while stack:
        node = stack.pop()
        if not leads[node]:
            leads[node] = True
            stack.extend(inputs[node])
    layer = list(depth)
    for on_path in (True, False):
        nodes = [node for node in range(len(layer)) if leads[node] is on_path]
        users = {node: [user for user in consumers[node] if leads[user] or not on_path] for node in range(len(layer))}
        if not on_path:
            for node in nodes:
                layer[node] = 1 + max((layer[source] for source in inputs[node]), default=-1)
        for _ in range(_PASSES):
            before = layer[:]
            for node in reversed(nodes):
                if users[node] and not (leads[node] and not on_path):
                    layer[node] = _nearest(node, inputs, users, layer)
            if layer == before:
                break
    return layer


def _nearest(
    node: int, inputs: Sequence[Sequence[int]], users: Mapping[int, Sequence[int]], layer: Sequence[int]
) -> int:
    """Return the layer in which the lines to and from a node are shortest in all, the one nearest to its consumers.

    A line goes as far as the last consumer of its source, whether or not the node is on its way.
    """
    first = 1 + max((layer[source] for source in inputs[node]), default=-1)
    last = min(layer[user] for user in users[node]) - 1
    reach = [
        max((layer[user] for user in users[source] if user != node), default=0)
        for source in dict.fromkeys(inputs[node])
    ]
    choices = {first, last, *(end for end in reach if first < end < last)}
    return min(choices, key=lambda position: (sum(max(position, end) for end in reach) - position, -position))


def _spine(inputs: Sequence[Sequence[int]], depth: Sequence[int], aside: Sequence[bool], loss: int | None) -> list[int]:
    """Return the longest path that ends in the loss, by way of the first operand where two are as long."""
    if not depth:
        return []
    path = [max(range(len(depth)), key=depth.__getitem__) if loss is None else loss]
    while sources := inputs[path[-1]]:
        path.append(max(sources, key=lambda source: (depth[source], not aside[source])))
    return path[::-1]


def _ports(inputs: Sequence[Sequence[int]], swappable: Sequence[bool], spine: Sequence[int]) -> list[list[int]]:
    """Return the indexes of each node's inputs from top to bottom.

    Where they may be swapped, the spine enters at the top and the others below it; only what skips nodes that have
    others below them skips them above.
    """
    ports = [list(range(len(sources))) for sources in inputs]
    position = {node: i for i, node in enumerate(spine)}
    others = [0]  # operands of the spine's nodes that are not on it, up to each of them
    for node in spine:
        others.append(others[-1] + sum(source not in position for source in inputs[node]))

    def rank(source: int, node: int) -> int:
        if source not in position:
            return 2
        start, end = position[source], position[node]
        if start == end - 1:
            return 1
        return 0 if others[end] > others[start + 1] else 2

    for node in spine:
        if swappable[node]:
            ports[node].sort(key=[rank(source, node) for source in inputs[node]].__getitem__)
    return ports
