"""A graph of single numbers, run by functions of floats: forward through the values, back through the gradients.

Nodes are their positions in the order of evaluation. An operation whose functions cannot be made functions of floats
(floats.py) is computed by them as they are, with NumPy's numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .arrays import freeze
from .definition import OperationDefinition, is_ours
from .floats import Backward, Floats, backward_of, forward_of
from .gradients import EvaluatedOperation, gradient_rule, input_gradients
from .graph import Operation

Sources = Sequence[tuple[int, ...]]


class ScalarGraph:
    """Nodes in the order of evaluation, each a single number; `sources` has where the inputs of each are."""

    def __init__(self, nodes: Sequence[Any], sources: Sources, definitions: list[OperationDefinition]) -> None:
        self.nodes, self.sources = nodes, sources
        self.leaves = [position for position, inputs in enumerate(sources) if not inputs]
        self._operations = [position for position, inputs in enumerate(sources) if inputs]
        self._inputs = [inputs for inputs in sources if inputs]
        functions = {
            each: (None if each.attributes else forward_of(each.compute, len(each.symbols))) or self._compute
            for each in set(definitions)
        }
        self._functions = [functions[each] for each in definitions]

    @staticmethod
    def of(nodes: Sequence[Any], sources: Sources) -> ScalarGraph | None:
        """Return the graph of these nodes, if all are single numbers, and all operations ours, which only compute."""
        if {node._shape for node in nodes} != {()}:
            return None
        definitions = [node.definition for node in nodes if node.inputs]
        if not all(is_ours(each.compute) for each in set(definitions)):
            return None
        return ScalarGraph(nodes, sources, definitions)

    def compute(self, values: Floats) -> None:
        """Compute the values of all operations from those of the leaves."""
        for function, position, inputs in zip(self._functions, self._operations, self._inputs, strict=True):
            function(values, position, inputs)

    def _compute(self, values: Floats, position: int, inputs: Sequence[int]) -> None:
        node = self.nodes[position]
        numbers = [np.float64(values[source]) for source in inputs]
        values[position] = float(freeze(node.definition.bind(node.attributes)(*numbers)))


class ScalarBackward:
    """The way back through the nodes that are visited, in this order, to those that are `wanted`; None means to all."""

    def __init__(self, graph: ScalarGraph, visited: Sequence[int], wanted: Sequence[bool] | None) -> None:
        self._nodes, self._wanted = graph.nodes, wanted
        self._operations = [position for position in visited if graph.sources[position]]
        self._inputs = [graph.sources[position] for position in self._operations]
        kinds: list[Any] = [self._nodes[position].definition for position in self._operations]
        if wanted is not None:
            kinds = [(kind, *self._needs(inputs)) for kind, inputs in zip(kinds, self._inputs, strict=True)]
        # what one operation of a kind passes back is computed as that of all others
        examples = dict(zip(kinds, self._operations, strict=True))
        functions = {kind: self._function(self._nodes[at], graph.sources[at]) for kind, at in examples.items()}
        self._functions = [functions[kind] for kind in kinds]

    def _needs(self, inputs: Sequence[int]) -> list[bool]:
        wanted = self._wanted
        return [wanted is None or wanted[source] for source in inputs]

    def _function(self, operation: Operation, inputs: Sequence[int]) -> Backward:
        function = gradient_rule(operation).function
        may_be_traced = is_ours(function) and not operation.attributes
        return (backward_of(function, tuple(self._needs(inputs))) if may_be_traced else None) or self._pass_back

    def gradients(self, values: Floats, loss: int) -> Floats:
        """Return the gradients of the loss at these values; of nodes that are not visited they mean nothing."""
        # what is added to minus zero stays as it is to the bit, even zero, so that no first contribution is set apart
        gradients = [-0.0] * len(values)
        gradients[loss] = 1.0
        for function, position, inputs in zip(self._functions, self._operations, self._inputs, strict=True):
            function(values, gradients, position, inputs)
        return gradients

    def _pass_back(self, values: Floats, gradients: Floats, position: int, inputs: Sequence[int]) -> None:
        operation, needs = self._nodes[position], self._needs(inputs)
        numbers: list[Any] = [np.float64(values[source]) for source in inputs]
        output: Any = np.float64(values[position])
        gradient: Any = np.float64(gradients[position])
        op = EvaluatedOperation(operation, numbers, output, needs)
        contributions = input_gradients(gradient_rule(operation), op, gradient)
        for source, needed, contribution in zip(inputs, needs, contributions, strict=True):
            if needed:
                gradients[source] += float(contribution)
