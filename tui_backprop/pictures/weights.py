"""A weight: one number of a variable, along which a picture shows the loss."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np

from minidl_core import Node, Variable

from ..debugger.followed import Followed
from ..debugger.loss_graph import LossGraph
from ..notation.formats import element_text
from ..notation.names import called


@dataclass(frozen=True)
class Weight:
    """The number at an index of a variable."""

    node: Variable
    index: tuple[int, ...]

    @property
    def name(self) -> str:
        """What it is called."""
        return element_text(called(self.node), self.index)


def weight_of(node: Node | None, followed: Followed) -> Weight | None:
    """Return the followed number of a variable; None where it has none, or the node is no variable."""
    if not isinstance(node, Variable) or 0 in node.initial_value.shape:
        return None
    return Weight(node, followed.index(node.initial_value.shape, by_point=False))


def first_weight(graph: LossGraph) -> Weight | None:
    """Return the first number of the first variable that has one; None where nothing is trained."""
    node = next((node for node in graph.variables if node.initial_value.size), None)
    return None if node is None else Weight(node, (0,) * node.initial_value.ndim)


def next_weight(graph: LossGraph, weight: Weight, by: int = 1) -> Weight:
    """Return the number so many further on, behind the last the first, in the order of the variables."""
    sizes = [prod(node.initial_value.shape) for node in graph.variables]
    ends = np.cumsum(sizes)
    before = ends[graph.variables.index(weight.node)] - weight.node.initial_value.size
    own = np.ravel_multi_index(weight.index, weight.node.initial_value.shape) if weight.index else 0
    position = (before + own + by) % ends[-1]
    number = int(np.searchsorted(ends, position, side="right"))
    node = graph.variables[number]
    inside = int(position - (ends[number] - sizes[number]))
    return Weight(node, tuple(map(int, np.unravel_index(inside, node.initial_value.shape))))


def count_of_weights(graph: LossGraph) -> int:
    """Return how many numbers are trained."""
    return sum(node.initial_value.size for node in graph.variables)
