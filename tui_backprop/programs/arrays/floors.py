"""The loss without what only keeps its logarithms finite, as in log(a + 1e-7): many a script's gradients are of that.

The slope of log(a + 1e-7) after a softmax is not quite p - y, which is what is written by hand all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from minidl_core import Constant, Node, Operation
from minidl_core.order import post_order

_MOST = 1e-4


@dataclass(frozen=True, eq=False)
class WithoutFloors:
    """A loss without its floors, of which `floor` is the largest; each node that had one below it is `replaced`."""

    loss: Node
    floor: float
    replaced: Mapping[Node, Node]

    def take_names(self) -> None:
        """Give the names of the nodes to those that replace them."""
        for old, new in self.replaced.items():
            if old.is_named:
                name = old.name
                old.name = f"{name}_with_floor"
                new.name = name


def without_floors(loss: Node) -> WithoutFloors | None:
    """Return the loss again in the same graph, each log(a + floor) of it as log(a); None if it has no floor.

    What is not made of such a logarithm is the same node.
    """
    again: dict[Node, Node] = {}
    floor = 0.0
    with loss.graph.as_default():
        for node in post_order([loss]):
            if not isinstance(node, Operation):
                continue
            inputs = [again.get(each, each) for each in node.inputs]
            if node.kind == "log" and (found := _floor_of(node.inputs[0])) is not None:
                inputs, floor = [again.get(found[0], found[0])], max(floor, found[1])
            if any(new is not old for new, old in zip(inputs, node.inputs, strict=True)):
                made = again[node] = Operation(node.definition, tuple(inputs), node.attributes)
                file, _, line = node.location.rpartition(":")
                made.locate(file, int(line))
    return WithoutFloors(again[loss], floor, again) if loss in again else None


def _floor_of(node: Node) -> tuple[Node, float] | None:
    """Return what a tiny number is added to, and the number."""
    if isinstance(node, Operation) and node.kind == "add":
        for other, added in (node.inputs, node.inputs[::-1]):
            if isinstance(added, Constant) and np.size(added.initial_value) == 1:
                floor = float(np.reshape(added.initial_value, ()))
                if 0 < floor <= _MOST:
                    return other, floor
    return None
