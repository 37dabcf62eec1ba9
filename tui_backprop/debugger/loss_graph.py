"""The part of a graph that leads to one loss: what is true of it in every iteration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from minidl_core import Node, Operation, Placeholder, Variable
from minidl_core.arrays import Shape
from minidl_core.plan import Plan


class LossGraph:
    """The nodes that lead to a loss, `nodes`, in the order of their evaluation; the loss is the last.

    `shapes` are those of all nodes around it, too, as far as they follow from the graph and from what is fed.
    """

    def __init__(self, nodes: Sequence[Node], feeds: Mapping[Placeholder, ArrayLike]) -> None:
        self.nodes = tuple(nodes)
        self.loss = self.nodes[-1]
        self.position = {node: position for position, node in enumerate(self.nodes)}
        self._consumers = {node: [c for c in node.consumers if c in self.position] for node in self.nodes}
        self.variables = tuple(node for node in self.nodes if isinstance(node, Variable))
        self.shapes = _shapes(self.loss.graph.nodes, feeds)
        self.data = tuple(node for node in self.nodes if self.is_data(node))

    @cached_property
    def plan(self) -> Plan:
        """How the loss is computed anew, beside the training: at other numbers, or once more."""
        return Plan([self.loss])

    def consumers(self, node: Node) -> list[Operation]:
        """Return the consumers that lead to the loss."""
        return self._consumers[node]

    def is_data(self, node: Node) -> bool:
        """Return whether it is a leaf that training never changes."""
        return not node.inputs and not (isinstance(node, Variable) and node in self.position)


def _shapes(nodes: Sequence[Node], feeds: Mapping[Placeholder, ArrayLike]) -> dict[Node, Shape]:
    """Return the shapes of nodes, which come in the order in which they were made, as far as they are known."""
    shapes: dict[Node, Shape] = {}
    for node in nodes:
        shape = np.shape(feeds[node]) if isinstance(node, Placeholder) and node in feeds else node.shape
        if shape is None and isinstance(node, Operation) and all(source in shapes for source in node.inputs):
            with suppress(ValueError):  # which a run explains
                shape = node.definition.output_shape(tuple([shapes[source] for source in node.inputs]), node.attributes)
        if shape is not None:
            shapes[node] = shape
    return shapes
