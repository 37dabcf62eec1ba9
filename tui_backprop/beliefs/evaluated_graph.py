"""The part of a graph that leads to a loss, with the numbers of one run: what a wrong machine walks over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from minidl_core import Node, Operation
from minidl_core.arrays import Array, quiet
from minidl_core.backprop import search
from minidl_core.gradients import EvaluatedOperation, gradient_rule, input_gradients
from minidl_core.graph import post_order
from minidl_core.plan import Evaluation

Edge = tuple[int, int]
"""The position of an operation, and the index of one of its inputs."""


@dataclass(frozen=True, eq=False)
class BackwardCall:
    """One backward call of somebody's engine: the run it belongs to, and the gradients that it left.

    `theirs` has the gradients after the call, of the nodes that are to be compared; `before` those that stood in the
    nodes when it began, as far as they were not 0; `previous` those that the call before left.
    """

    evaluation: Evaluation
    loss: Node
    theirs: Mapping[Node, Array]
    before: Mapping[Node, Array] = field(default_factory=dict)
    previous: Mapping[Node, Array] = field(default_factory=dict)


class EvaluatedGraph:
    """The nodes that lead to a loss, numbered in the order of the search (so the loss is 0), with their values.

    `inputs` has the positions of each node's inputs in order, `consumers` the edges that lead to it.
    """

    def __init__(self, evaluation: Evaluation, loss: Node) -> None:
        self.evaluation = evaluation
        self.nodes = [node for node, _ in search(loss)]
        self.index = {node: position for position, node in enumerate(self.nodes)}
        self.inputs = [tuple([self.index[source] for source in node.inputs]) for node in self.nodes]
        self.consumers: list[list[Edge]] = [[] for _ in self.nodes]
        for position, sources in enumerate(self.inputs):
            for input_index, source in enumerate(sources):
                self.consumers[source].append((position, input_index))
        self._slopes: dict[int, list[Array]] = {}

    @cached_property
    def right(self) -> list[Array]:
        """The right gradients, in the order of the search."""
        return list(self.evaluation.gradients(self.nodes[0]).values())

    @cached_property
    def scales(self) -> list[float]:
        """How large what is summed for each node's gradient may be, by position: where it cancels, so much was lost.

        A contribution of an operation whose own gradient cancelled is counted as if it had not.
        """
        scales = [1.0] + [0.0] * (len(self.nodes) - 1)
        for position, sources in enumerate(self.inputs):
            if sources:
                full = np.full(self.evaluation[self.nodes[position]].shape, scales[position])[()]
                for gradient in (self.right[position], full):
                    for source, contribution in zip(sources, self.contributions(position, gradient), strict=True):
                        scales[source] = max(scales[source], float(np.max(np.abs(contribution), initial=0.0)))
        return scales

    @cached_property
    def post_order(self) -> list[int]:
        """The positions in post-order: inputs, first to last, before their consumers."""
        return [self.index[node] for node in post_order([self.nodes[0]])]

    def operation(self, position: int) -> Operation:
        """Return the operation at a position."""
        node = self.nodes[position]
        assert isinstance(node, Operation)
        return node

    def contributions(self, position: int, gradient: Array) -> Sequence[Array]:
        """Return what an operation passes on to each of its inputs, when its own gradient is this."""
        operation = self.operation(position)
        if self.evaluation[operation].shape or any(self.evaluation[source].shape for source in operation.inputs):
            with quiet():
                return input_gradients(gradient_rule(operation), self.evaluation.operation(operation), gradient)
        slopes = self._slopes.get(position)
        if slopes is None:
            slopes = self._slopes[position] = self.slopes(position)
        with quiet():
            return [gradient * slope for slope in slopes]

    def slopes(self, position: int) -> list[Array]:
        """Return the slopes of an elementwise operation for each input, of its output's shape."""
        op = self.evaluation.operation(operation := self.operation(position))
        shape = np.shape(op.output)
        spread = [each if each.shape == shape else np.broadcast_to(each, shape) for each in op.inputs]
        one = np.ones(shape)[()]
        with quiet():
            return input_gradients(
                gradient_rule(operation), EvaluatedOperation(operation, spread, op.output, op.needs), one
            )
