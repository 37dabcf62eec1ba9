"""The part of a graph that leads to a loss, with the numbers of one run: what a wrong machine walks over."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from math import isfinite
from typing import Any

import numpy as np

from minidl_core import Node, Operation
from minidl_core.arrays import Array, quiet
from minidl_core.backprop import search
from minidl_core.definition import definitions
from minidl_core.gradients import EvaluatedOperation, gradient_rule, input_gradients
from minidl_core.plan import Evaluation
from minidl_core.sums import sum_to_shape

Edge = tuple[int, int]
"""The position of an operation, and the index of one of its inputs."""


@dataclass(frozen=True, eq=False)
class BackwardCall:
    """One backward call of somebody's engine: the run it belongs to, and the gradients that it left.

    `theirs` has the gradients after the call, of the nodes that are to be compared; `before` those that stood in the
    nodes when it began, as far as they were not 0; `stale` the numbers of leaves that were no longer those of the run;
    `children` the inputs of operations in the order in which their own container goes through them, where it is known.
    """

    evaluation: Evaluation
    loss: Node
    theirs: Mapping[Node, Array]
    before: Mapping[Node, Array] = field(default_factory=dict)
    stale: Mapping[Node, Array] = field(default_factory=dict)
    children: Mapping[Node, Sequence[Node]] = field(default_factory=dict)


class EvaluatedGraph:
    """The nodes that lead to a loss, numbered in the order of the search (so the loss is 0), with their values.

    `inputs` has the positions of each node's inputs in order, `consumers` the edges that lead to it, `children` the
    inputs in the order of the engine's own container. Where every value is a single number, `is_scalar`, gradients
    are plain floats.
    """

    def __init__(
        self, evaluation: Evaluation, loss: Node, children: Mapping[Node, Sequence[Node]] | None = None
    ) -> None:
        self.evaluation = evaluation
        self.nodes, self.index, self.inputs, self.consumers = _connections(loss)
        self.kinds = [node.kind for node in self.nodes]
        self.values = [evaluation[node] for node in self.nodes]
        self.is_scalar = not any(value.shape for value in self.values)
        self._children = children or {}
        self._measured: dict[tuple[int, bytes], list[Any]] = {}
        self._slopes: dict[int, list[Array]] = {}

    @cached_property
    def children(self) -> list[Sequence[int]]:
        """The positions of what each node's own container goes through; its inputs where that is not known."""
        known = self._children
        return [
            [self.index[child] for child in known[node] if child in node.inputs] if node in known else sources
            for node, sources in zip(self.nodes, self.inputs, strict=True)
        ]

    @cached_property
    def right(self) -> list[Any]:
        """The right gradients, in the order of the search; raises NonFiniteError where one is not finite."""
        if not self.is_scalar:
            return list(self.evaluation.gradients(self.nodes[0]).values())
        gradients = [1.0] + [0.0] * (len(self.nodes) - 1)
        for gradient, sources, slopes in zip(gradients, self.inputs, self._numbers, strict=True):
            for source, slope in zip(sources, slopes, strict=True):
                gradients[source] += gradient * slope
        if not all(map(isfinite, gradients)):
            self.evaluation.gradients(self.nodes[0])  # raises the error that names the first of them
        return gradients

    @cached_property
    def _numbers(self) -> list[Sequence[float]]:
        """The slopes of each node of a scalar graph for its inputs, those of one kind of operation found at once."""
        found: list[Sequence[float]] = [()] * len(self.nodes)
        alike: defaultdict[Hashable, list[int]] = defaultdict(list)
        for position, node in enumerate(self.nodes):
            if isinstance(node, Operation):
                # a function of the learner's own takes one number at a time
                own = position if is_own(node) else None
                alike[node.kind, own, len(node.inputs), repr(node.attributes) if node.attributes else ""].append(
                    position
                )
        for positions in alike.values():
            operation = self.operation(positions[0])
            if operation.definition.elementwise and not is_own(operation):
                op = self.together(positions)
                slopes = passed_on(op, np.ones(len(positions)))
                for position, *row in zip(positions, *[slope.tolist() for slope in slopes], strict=True):
                    found[position] = row
            else:
                for position in positions:
                    found[position] = [float(each) for each in self._contributions(position, 1.0, {})]
        return found

    def together(self, positions: Sequence[int]) -> EvaluatedOperation:
        """Return elementwise operations of one kind in a scalar graph as one over arrays."""
        operation = self.operation(positions[0])
        inputs = [
            np.array([self.values[self.inputs[position][index]] for position in positions])
            for index in range(len(operation.inputs))
        ]
        output = np.array([self.values[position] for position in positions])
        return EvaluatedOperation(operation, inputs, output, [True] * len(inputs))

    def operation(self, position: int) -> Operation:
        """Return the operation at a position."""
        node = self.nodes[position]
        assert isinstance(node, Operation)
        return node

    def contributions(self, position: int, gradient: Any, stale: Mapping[int, Array] | None = None) -> list[Any]:
        """Return what an operation passes on to each of its inputs, when its own gradient is this.

        `stale` has numbers that stand in inputs in place of those of the run.
        """
        if stale is None and self.is_scalar:
            return [gradient * slope for slope in self._numbers[position]]
        operation = self.operation(position)
        if stale is None and is_own(operation):  # what it passes on is measured, which takes long
            key = position, np.asarray(gradient).tobytes()
            if key not in self._measured:
                self._measured[key] = self._contributions(position, gradient, {})
            return self._measured[key]
        return self._contributions(position, gradient, stale or {})

    def _contributions(self, position: int, gradient: Any, stale: Mapping[int, Array]) -> list[Any]:
        inputs = [stale.get(source, self.values[source]) for source in self.inputs[position]]
        given = np.float64(gradient) if not np.shape(gradient) else gradient
        found = passed_on(self._evaluated(position, inputs), given)
        return [float(each) for each in found] if self.is_scalar else found

    def slopes(self, position: int) -> list[Array]:
        """Return the slopes of an elementwise operation for each input, of its output's shape."""
        if position not in self._slopes:
            shape = self.values[position].shape
            inputs = [np.broadcast_to(self.values[source], shape)[()] for source in self.inputs[position]]
            self._slopes[position] = passed_on(self._evaluated(position, inputs), np.ones(shape)[()])
        return self._slopes[position]

    def _evaluated(self, position: int, inputs: Sequence[Array]) -> EvaluatedOperation:
        return EvaluatedOperation(self.operation(position), inputs, self.values[position], [True] * len(inputs))

    def magnitudes(self, position: int, gradient: Any) -> list[Any]:
        """Return for each input how large the numbers are that are summed for it, when the gradient is this."""
        if self.is_scalar:
            # a slope that is measured at a bend of its slopes is known to seven digits
            uncertain = 1e3 if is_own(self.operation(position)) else 1.0
            return [uncertain * abs(each) for each in self.contributions(position, gradient)]
        return magnitudes(self.evaluation.operation(self.operation(position)), gradient)


def magnitudes(op: EvaluatedOperation, gradient: Array) -> list[Array]:
    """Return for each input how large the numbers are that an operation sums for it, when its gradient is this.

    For an elementwise operation and a product of matrices that is so entry by entry; where another operation mixes
    entries, it is the largest of them all.
    """
    shape = np.shape(op.output)
    if op.operation.definition.elementwise:
        spread = [each if each.shape == shape else np.broadcast_to(each, shape) for each in op.inputs]
        found = passed_on(EvaluatedOperation(op.operation, spread, op.output, op.needs), gradient)
        return [
            sum_to_shape(np.abs(each), source.shape) if each.shape else abs(each)
            for each, source in zip(found, op.inputs, strict=True)
        ]
    if op.operation.kind == "matmul":
        positive = EvaluatedOperation(op.operation, [np.abs(each) for each in op.inputs], op.output, op.needs)
        return passed_on(positive, np.abs(gradient))
    both = [passed_on(op, each) for each in (gradient, np.abs(gradient))]
    rule = op.operation.definition.rule
    uncertain = (
        1e4 if rule is not None and rule.measured else 1.0
    )  # a measured slope is known to ten digits, not to sixteen
    return [
        np.full(mixed.shape, uncertain * max(np.max(np.abs(mixed), initial=0.0), np.max(np.abs(full), initial=0.0)))[()]
        for mixed, full in zip(*both, strict=True)
    ]


def is_own(operation: Operation) -> bool:
    """Return whether an operation is a function of the learner's own, whose slope is measured."""
    return definitions.get(operation.definition.name) is not operation.definition


def passed_on(op: EvaluatedOperation, gradient: Any) -> list[Array]:
    """Return what an operation passes on to each of its inputs, when its own gradient is this."""
    with quiet():
        return input_gradients(gradient_rule(op.operation), op, gradient)


@lru_cache(maxsize=4)
def _connections(loss: Node) -> tuple[list[Node], dict[Node, int], list[tuple[int, ...]], list[list[Edge]]]:
    """Return nodes, positions, inputs and consumers; the steps of a run have one graph."""
    nodes = [node for node, _ in search(loss)]
    index = {node: position for position, node in enumerate(nodes)}
    inputs = [tuple([index[source] for source in node.inputs]) for node in nodes]
    consumers: list[list[Edge]] = [[] for _ in nodes]
    for position, sources in enumerate(inputs):
        for input_index, source in enumerate(sources):
            consumers[source].append((position, input_index))
    return nodes, index, inputs, consumers
