"""Where each node of a graph stands on a grid of cells, and which way its edges go.

The method is that of Sugiyama, Tagawa and Toda (1981), in the steps of Gansner et al. (1993): layers, order within a
layer, rows, columns. The layers run from left to right, the longest path to the loss (the spine) is straight, and what
several consumers share is one line with branches. A layout never looks at a moment: it is computed once for a graph,
and stepping changes marks, not boxes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from .lanes import Passage, Point, Stroke, route
from .layers import Layers, exit_row, port_row
from .order import uncross
from .rows import rows_of


class NodeBox(NamedTuple):
    """A node that wants a box: its size in cells and the nodes it computes from, in order, one per edge.

    The operands of a `swappable` node may be drawn in any order. Of two paths that are as long, the spine is the one
    that does not begin with a node `aside`.
    """

    name: str
    inputs: tuple[str, ...]
    width: int
    height: int
    swappable: bool = False
    aside: bool = False


class Edge(NamedTuple):
    """The way from a node into one input of a consumer; `matmul(A, A)` has two."""

    source: str
    consumer: str
    input_index: int


class Box(NamedTuple):
    """The cells of a node's box; rows and columns count from 0 at the top left of the whole picture."""

    x: int
    y: int
    width: int
    height: int


class Column(NamedTuple):
    """A layer and the channel behind it: the nodes from top to bottom, and for each source the strokes of its line."""

    x: int
    nodes: tuple[str, ...]
    lines: tuple[tuple[Stroke, ...], ...]


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class Layout:
    """A picture of a graph in cells, without any mark of a moment; equal to nothing but itself."""

    width: int
    height: int
    boxes: Mapping[str, Box]
    incoming: Mapping[str, tuple[Edge, ...]]
    """The edges into a node, by the index of the input."""
    outgoing: Mapping[str, tuple[Edge, ...]]
    columns: tuple[Column, ...]
    _ports: Mapping[Edge, int]
    _layers: Mapping[str, int]
    _passages: Mapping[str, tuple[Passage, ...]]

    def columns_between(self, left: int, right: int) -> Iterator[Column]:
        """Yield the columns that may show between two cells; finding them does not cost the whole picture."""
        first = bisect_right(self.columns, left, key=lambda column: column.x) - 1
        for number in range(max(first - 1, 0), len(self.columns)):
            if self.columns[number].x > right + 1:
                break
            yield self.columns[number]

    def at(self, x: int, y: int) -> str | None:
        """Return the node whose box is in this cell, if there is one."""
        for column in self.columns_between(x, x):
            for name in column.nodes:
                box = self.boxes[name]
                if box.x <= x < box.x + box.width and box.y <= y < box.y + box.height:
                    return name
        return None

    def departure(self, name: str) -> Point:
        """Return the cell behind a box where all its edges begin."""
        box = self.boxes[name]
        return box.x + box.width, box.y + exit_row(box.height)

    def arrival(self, edge: Edge) -> Point:
        """Return the cell before the consumer's box where an edge ends."""
        box = self.boxes[edge.consumer]
        return box.x - 1, box.y + port_row(self._ports[edge], box.height)

    def path(self, edge: Edge) -> list[Point]:
        """Return the corners of an edge, from the right border of its source to the left border of its consumer."""
        (start, row), (end, end_row) = self.departure(edge.source), self.arrival(edge)
        corners = [(start - 1, row)]
        hops = self._layers[edge.consumer] - self._layers[edge.source]
        for number, passage in enumerate(self._passages[edge.source][:hops], 1):
            corners += passage.corners(end_row if number == hops else passage.onward)
        return [*corners, (end + 1, end_row)]


def lay_out(nodes: Sequence[NodeBox], loss: str | None = None, gap: int = 1) -> Layout:
    """Return the picture of a graph whose nodes come in an order of evaluation, inputs before their consumers.

    `loss` is where the spine ends; by default the deepest node. `gap` is the number of rows between two boxes.
    Raises ValueError where an input does not come before its consumer.
    """
    number: dict[str, int] = {}
    inputs: list[list[int]] = []
    for node in nodes:
        if any(name not in number for name in node.inputs):
            raise ValueError(f"{node.name}: its inputs must come before it")
        inputs.append([number[name] for name in node.inputs])
        number[node.name] = len(number)
    layers = Layers(
        inputs,
        [node.height for node in nodes],
        [node.swappable for node in nodes],
        [node.aside for node in nodes],
        None if loss is None else number[loss],
    )
    uncross(layers)
    return _picture(nodes, layers, rows_of(layers, gap))


def effort(nodes: Sequence[NodeBox]) -> int:
    """Return what a layout would cost: the number of nodes, and of the layers that lines have to pass."""
    layer: dict[str, int] = {}
    for node in nodes:
        layer[node.name] = 1 + max((layer[source] for source in node.inputs), default=-1)
    nearest: dict[str, int] = {}
    furthest: dict[str, int] = {}
    bends = 0
    for node in reversed(nodes):
        if node.name in nearest:
            layer[node.name] = nearest[node.name] - 1
            bends += furthest[node.name] - nearest[node.name]
        for source in node.inputs:
            nearest[source] = min(layer[node.name], nearest.get(source, layer[node.name]))
            furthest[source] = max(layer[node.name], furthest.get(source, 0))
    return len(nodes) + bends


def _picture(nodes: Sequence[NodeBox], layers: Layers, rows: list[int]) -> Layout:
    """Give each layer its column and each line its lanes in the channel behind it."""
    lefts = [0]
    passages: list[list[Passage]] = []
    for layer in layers.layers:
        x = lefts[-1]
        wide = max((nodes[item].width for item in layer if not layers.is_bend(item)), default=0)
        arriving = [_passage(nodes, layers, rows, item, x) for item in layer if layers.right[item]]
        routed, lanes = route(arriving, x + wide + 1)
        passages.append(routed)
        lefts.append(x + wide + lanes + 2)
    used = [row for routed in passages for passage in routed for row in passage.rows]
    top = min([*rows, *used], default=0)
    ends = [row + height for row, height in zip(rows, layers.height, strict=True)]
    bottom = max([*ends, *(row + 1 for row in used)], default=0)
    passages = [[passage.moved(-top) for passage in routed] for routed in passages]

    boxes = {
        node.name: Box(lefts[layers.layer[i]], rows[i] - top, node.width, node.height) for i, node in enumerate(nodes)
    }
    incoming = {
        node.name: tuple(Edge(source, node.name, input_index) for input_index, source in enumerate(node.inputs))
        for node in nodes
    }
    outgoing: dict[str, list[Edge]] = {node.name: [] for node in nodes}
    for edges in incoming.values():
        for edge in edges:
            outgoing[edge.source].append(edge)
    ports = {
        incoming[node.name][input_index]: port
        for i, node in enumerate(nodes)
        for port, input_index in enumerate(layers.ports[i])
    }
    line: dict[str, list[Passage]] = {node.name: [] for node in nodes}
    for layer, routed in zip(layers.layers, passages, strict=True):
        sources = (layers.source[item] for item in layer if layers.right[item])
        for source, passage in zip(sources, routed, strict=True):
            line[nodes[source].name].append(passage)
    columns = [
        Column(
            left,
            tuple(nodes[item].name for item in layer if not layers.is_bend(item)),
            tuple(passage.strokes(end) for passage in routed),
        )
        for (left, end), layer, routed in zip(pairwise(lefts), layers.layers, passages, strict=True)
    ]
    return Layout(
        width=max((box.x + box.width for box in boxes.values()), default=0),
        height=bottom - top,
        boxes=boxes,
        incoming=incoming,
        outgoing={name: tuple(edges) for name, edges in outgoing.items()},
        columns=tuple(columns),
        _ports=ports,
        _layers={node.name: layers.layer[i] for i, node in enumerate(nodes)},
        _passages={name: tuple(found) for name, found in line.items()},
    )


def _passage(nodes: Sequence[NodeBox], layers: Layers, rows: list[int], item: int, x: int) -> Passage:
    """Return how the line of an item goes through the channel, lanes apart."""
    targets = {rows[other] + layers.entry_row(other, port) for other, port in layers.right[item]}
    return Passage(
        x=x - 1 if layers.is_bend(item) else x + nodes[item].width - 1,
        row=rows[item] + layers.exit_row(item),
        targets=tuple(sorted(targets)),
        onward=next((rows[other] for other, _ in layers.right[item] if layers.is_bend(other)), 0),
    )
