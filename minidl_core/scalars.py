"""A graph of single numbers, run by loops over floats: forward through the values, back through the gradients.

An operation of whose functions no branch of a loop can be made (floats.py) is computed by them as they are, with
NumPy's numbers. Backwards, the nodes are gone through in the order of the search; forwards, from the end of that order
to its start: a value is the same in any order in which inputs come before their consumers. So one search is enough.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from .arrays import freeze
from .backprop import Subgraph
from .definition import GradientRule, OperationDefinition, is_ours
from .floats import Backward, Branch, Floats, backward_loop, backward_of, forward_loop, forward_of
from .gradients import EvaluatedOperation, gradient_rule, input_gradients, rule_of
from .graph import Node, Operation, Variable


class _Operations:
    """Operations in the order of a search: their `places` in a subgraph, where their inputs are, the kind of each.

    `definitions` are those of the kinds, the most frequent first: a loop asks for that first.
    """

    def __init__(self, subgraph: Subgraph, visited: Sequence[int]) -> None:
        nodes: list[Any] = subgraph.nodes
        firsts, seconds = subgraph.firsts, subgraph.seconds
        self.places = places = [place for place in visited if firsts[place] is not None]
        self.firsts = [firsts[place] for place in places]
        self.seconds = [seconds[place] for place in places]
        self.definitions: list[OperationDefinition]
        self.definitions, self.kinds = _kinds([nodes[place].definition for place in places])


def _kinds(of_each: list[Any]) -> tuple[list[Any], list[int]]:
    """Return what there is in a list, the most frequent first, and where each of the list is in that."""
    found = [each for each, _ in Counter(of_each).most_common()]
    kind_of = {each: kind for kind, each in enumerate(found)}
    return found, [kind_of[each] for each in of_each]


class ScalarGraph:
    """Single numbers, in the `order` of a search from all fetches."""

    def __init__(self, subgraph: Subgraph, order: list[int], operations: _Operations) -> None:
        self.subgraph, self._order, self.operations = subgraph, order, operations
        self._leaves = [place for place, first in enumerate(subgraph.firsts) if first is None]
        self._loop = forward_loop(tuple(map(_forward_branch, self.operations.definitions)))
        self._backward: dict[tuple[Node, bool], ScalarBackward] = {}

    @staticmethod
    def of(subgraph: Subgraph) -> ScalarGraph | None:
        """Return the graph of these nodes; None where not all are single numbers and all operations ours."""
        if {node._shape for node in subgraph.nodes} != {()}:
            return None
        order = subgraph.visits(subgraph.starts)
        if len(order) < len(subgraph.nodes):  # there is a cycle
            return None
        operations = _Operations(subgraph, order)
        # ours only compute: how often and in which order makes no difference
        if not all(is_ours(each.compute) for each in operations.definitions):
            return None
        return ScalarGraph(subgraph, order, operations)

    def compute(self, given: Sequence[Any]) -> Floats:
        """Return the values of all nodes from those of the leaves."""
        values, of = [*given], self.operations
        for place in self._leaves:
            values[place] = float(given[place])
        steps = reversed(of.kinds), reversed(of.places), reversed(of.firsts), reversed(of.seconds)
        self._loop(values, *steps, self._compute)
        return values

    def _compute(self, values: Floats, place: int, _first: object, _second: object) -> None:
        node: Any = self.subgraph.nodes[place]
        values[place] = float(freeze(node.definition.bind(node.attributes)(*self.inputs(values, node))))

    def inputs(self, values: Floats, operation: Operation) -> list[Any]:
        """Return the values of an operation's inputs as NumPy's numbers."""
        return [np.float64(values[self.subgraph.index[source]]) for source in operation.inputs]

    def backward(self, loss: Node, training: bool) -> ScalarBackward:
        """Return the way back from a loss; when training, only that to its variables."""
        known = self._backward.get((loss, training))
        if known is None:
            known = self._backward[loss, training] = ScalarBackward(self, loss, training)
        return known

    def visited_from(self, loss: Node) -> list[int]:
        """Return the nodes that lead to a loss, in the order of the search."""
        is_all = self._order[0] == self.subgraph.index[loss] and len(self.subgraph.starts) == 1
        return self._order if is_all else self.subgraph.order_from(loss)

    def trained(self) -> list[bool]:
        """Return for each node whether it is a variable or computes from one, so that training needs its gradient."""
        nodes, index = self.subgraph.nodes, self.subgraph.index
        trained = [isinstance(node, Variable) for node in nodes]
        for place in reversed(self.operations.places):
            trained[place] = any(trained[index[source]] for source in nodes[place].inputs)
        return trained


def _forward_branch(definition: OperationDefinition) -> Branch | None:
    return None if definition.attributes else forward_of(definition.compute, len(definition.symbols))


class ScalarBackward:
    """The way back through the nodes that are `visited`, in this order; `variables` are those among them."""

    def __init__(self, graph: ScalarGraph, loss: Node, training: bool) -> None:
        self._graph, self._loss = graph, graph.subgraph.index[loss]
        self.visited = visited = graph.visited_from(loss)
        self._wanted = wanted = graph.trained() if training else None
        if wanted is not None:
            self.visited = [place for place in visited if wanted[place]]
        is_whole = len(self.visited) == len(graph.subgraph.nodes)
        self._operations = graph.operations if is_whole else _Operations(graph.subgraph, self.visited)
        self._kinds = self._operations.kinds
        self._loop: Backward = backward_loop(())
        self._changes = -1

    @cached_property
    def variables(self) -> list[tuple[int, Variable]]:
        """The variables among them, and where they are."""
        nodes = [(place, self._graph.subgraph.nodes[place]) for place in self.visited]
        return [(place, node) for place, node in nodes if isinstance(node, Variable)]

    def gradients(self, values: Floats) -> Floats | None:
        """Return the gradients of the loss at these values; of nodes that are not visited they mean nothing.

        None where one is not as it should be: then everything is computed again in the ordinary way.
        """
        # what is added to minus zero stays as it is to the bit, even zero, so that no first contribution is set apart
        gradients, of = [-0.0] * len(values), self._operations
        gradients[self._loss] = 1.0
        try:
            if self._changes != GradientRule.changes:
                self._bind()
            self._loop(values, gradients, self._kinds, of.places, of.firsts, of.seconds, self._pass_back)
        except Exception:
            return None
        return gradients if math.isfinite(sum(gradients)) else None

    def _bind(self) -> None:
        """Find what operations of each kind pass back, again where a gradient function was registered since."""
        of = self._operations
        if self._wanted is None:
            found: list[Any] = [(each, (True,) * len(each.symbols)) for each in of.definitions]
        else:
            needs = [self._needs(self._graph.subgraph.nodes[place]) for place in of.places]
            found, self._kinds = _kinds(list(zip([of.definitions[kind] for kind in of.kinds], needs, strict=True)))
        self._loop = backward_loop(tuple([_backward_branch(*each) for each in found]))
        self._changes = GradientRule.changes

    def _needs(self, operation: Node) -> tuple[bool, ...]:
        wanted, index = self._wanted, self._graph.subgraph.index
        return tuple([wanted is None or wanted[index[source]] for source in operation.inputs])

    def _pass_back(self, values: Floats, gradients: Floats, place: int, _first: object, _second: object) -> None:
        operation: Any = self._graph.subgraph.nodes[place]
        needs = self._needs(operation)
        output: Any = np.float64(values[place])
        gradient: Any = np.float64(gradients[place])
        op = EvaluatedOperation(operation, self._graph.inputs(values, operation), output, needs)
        contributions = input_gradients(gradient_rule(operation), op, gradient)
        for source, needed, contribution in zip(operation.inputs, needs, contributions, strict=True):
            if needed:
                gradients[self._graph.subgraph.index[source]] += float(contribution)


def _backward_branch(definition: OperationDefinition, needs: tuple[bool, ...]) -> Branch | None:
    rule = rule_of(definition)
    if rule is None or definition.attributes or not is_ours(rule.function):
        return None
    return backward_of(rule.function, needs)
