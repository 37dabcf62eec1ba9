"""A graph of single numbers, run by loops over floats: forward through the values, back through the gradients.

An operation of whose functions no branch of a loop can be made (floats.py) is computed by them as they are, with
NumPy's numbers. In which order, and by which loops, the structure of the graph says (structure.py).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from .arrays import freeze
from .backprop import Subgraph
from .floats import Floats
from .gradients import EvaluatedOperation, gradient_rule, input_gradients
from .graph import Node
from .structure import BackwardLoop, Structure, sources_of, structure_of


class ScalarGraph:
    """The nodes of a graph of single numbers, and its structure, by whose places the numbers are in lists."""

    def __init__(self, subgraph: Subgraph, structure: Structure) -> None:
        self._subgraph, self._structure = subgraph, structure

    @staticmethod
    def of(subgraph: Subgraph) -> ScalarGraph | None:
        """Return the graph of these nodes; None where not all are single numbers and all operations ours."""
        if {node._shape for node in subgraph.nodes} != {()}:
            return None
        structure = structure_of(subgraph)
        return None if structure is None else ScalarGraph(subgraph, structure)

    def compute(self, given: Sequence[Any]) -> Floats:
        """Return the values of all nodes from those of the leaves."""
        values = [*given]
        for place in self._subgraph.leaves:
            values[place] = float(given[place])
        self._structure.compute(values, self._compute)
        return values

    def _compute(self, values: Floats, place: int, first: Any, second: Any) -> None:
        node: Any = self._subgraph.nodes[place]
        inputs = [np.float64(values[source]) for source in sources_of(first, second)]
        values[place] = float(freeze(node.definition.bind(node.attributes)(*inputs)))

    def backward(self, loss: Node, training: bool) -> BackwardLoop:
        """Return the way back from a loss; when training, only that to its variables."""
        return self._structure.backward(self._subgraph, loss, training)

    def gradients(self, backward: BackwardLoop, values: Floats) -> Floats | None:
        """Return the gradients of the loss at these values; of places that are not visited they mean nothing.

        None where one is not as it should be: then everything is computed again in the ordinary way.
        """
        try:
            gradients = backward.gradients(values, partial(self._pass_back, backward))
        except Exception:
            return None
        return gradients if math.isfinite(sum(gradients)) else None

    def _pass_back(
        self, backward: BackwardLoop, values: Floats, gradients: Floats, place: int, first: Any, second: Any
    ) -> None:
        operation: Any = self._subgraph.nodes[place]
        sources = sources_of(first, second)
        inputs: list[Any] = [np.float64(values[source]) for source in sources]
        output: Any = np.float64(values[place])
        gradient: Any = np.float64(gradients[place])
        needs = backward.needs(sources)
        op = EvaluatedOperation(operation, inputs, output, needs)
        contributions = input_gradients(gradient_rule(operation), op, gradient)
        for source, needed, contribution in zip(sources, needs, contributions, strict=True):
            if needed:
                gradients[source] += float(contribution)
