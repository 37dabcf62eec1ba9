"""A graph of single numbers, run by loops over floats: forward through the values, back through the gradients.

An operation of whose functions no branch of a loop can be made (floats.py) is computed by them as they are, with
NumPy's numbers. Backwards, the nodes are gone through in the order of the search; forwards, from the end of that order
to its start: a value is the same in any order in which inputs come before their consumers. So one search is enough,
and one for all graphs that are built alike: a program may build the same graph anew in each step of its training.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np

from .arrays import Array, freeze
from .backprop import Subgraph
from .definition import GradientRule, OperationDefinition, is_ours
from .floats import Backward, Branch, Floats, backward_loop, backward_of, forward_loop, forward_of
from .gradients import EvaluatedOperation, gradient_rule, input_gradients, rule_of
from .graph import Node, Variable

_MOST_KEPT = 200_000
"""So many nodes the structures that are kept for graphs to come may have together; one is kept however large it is."""
_kept: tuple[Structure, ...] = ()


class ScalarGraph:
    """The nodes of a graph of single numbers, and its structure, by whose places the numbers are in lists."""

    def __init__(self, subgraph: Subgraph, structure: Structure) -> None:
        self._subgraph, self._structure = subgraph, structure

    @staticmethod
    def of(subgraph: Subgraph) -> ScalarGraph | None:
        """Return the graph of these nodes; None where not all are single numbers and all operations ours."""
        if {node._shape for node in subgraph.nodes} != {()}:
            return None
        structure = _structure_of(subgraph)
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
        inputs = [np.float64(values[source]) for source in _sources(first, second)]
        values[place] = float(freeze(node.definition.bind(node.attributes)(*inputs)))

    def backward(self, loss: Node, training: bool) -> ScalarBackward:
        """Return the way back from a loss; when training, only that to its variables."""
        return self._structure.backward(self._subgraph, loss, training)

    def gradients(self, backward: ScalarBackward, values: Floats) -> Floats | None:
        """Return the gradients of the loss at these values; of places that are not visited they mean nothing.

        None where one is not as it should be: then everything is computed again in the ordinary way.
        """
        try:
            gradients = backward.gradients(values, partial(self._pass_back, backward))
        except Exception:
            return None
        return gradients if math.isfinite(sum(gradients)) else None

    def by_node(self, backward: ScalarBackward, gradients: Floats) -> ScalarGradients:
        """Return the gradients of the nodes that are visited, in this order."""
        return ScalarGradients(self._subgraph, backward.visited, gradients)

    def _pass_back(
        self, backward: ScalarBackward, values: Floats, gradients: Floats, place: int, first: Any, second: Any
    ) -> None:
        operation: Any = self._subgraph.nodes[place]
        sources = _sources(first, second)
        inputs: list[Any] = [np.float64(values[source]) for source in sources]
        output: Any = np.float64(values[place])
        gradient: Any = np.float64(gradients[place])
        needs = backward.needs(sources)
        op = EvaluatedOperation(operation, inputs, output, needs)
        contributions = input_gradients(gradient_rule(operation), op, gradient)
        for source, needed, contribution in zip(sources, needs, contributions, strict=True):
            if needed:
                gradients[source] += float(contribution)


class ScalarGradients(Mapping[Node, Array]):
    """The gradients of nodes in the order of the search; NumPy's numbers are made of Python's when somebody asks."""

    def __init__(self, subgraph: Subgraph, visited: list[int], floats: Floats) -> None:
        nodes = subgraph.nodes
        self._nodes, self._visited, self._floats = nodes, visited, floats
        is_all = len(visited) == len(nodes)
        self._places = subgraph.index if is_all else {nodes[place]: place for place in visited}

    def __getitem__(self, node: Node) -> Array:
        return np.float64(self._floats[self._places[node]])  # type: ignore[return-value]

    def __iter__(self) -> Iterator[Node]:
        return map(self._nodes.__getitem__, self._visited)

    def __len__(self) -> int:
        return len(self._visited)

    def __repr__(self) -> str:
        return repr(dict(self))


def _sources(first: Any, second: int | None) -> tuple[int, ...]:
    """Return the places of an operation's inputs, as a subgraph has them."""
    return first if second is None else (first, second)


class Structure:
    """How single numbers are computed from each other, by their places in a subgraph, and nothing of the nodes there.

    `definitions` has that of each operation, and None of a leaf; `variables` says which leaves are variables; `order`
    is that of the search from all fetches.
    """

    def __init__(
        self,
        subgraph: Subgraph,
        order: list[int],
        definitions: list[OperationDefinition | None],
        variables: list[int],
    ) -> None:
        self.size = len(definitions)
        self._key = _key(subgraph, definitions, variables)
        self._firsts, self._seconds, self._definitions = subgraph.firsts, subgraph.seconds, definitions
        self._order, self._variables = order, variables
        self._operations = operations = self._visited(order)
        self._loop = forward_loop(tuple(map(_forward_branch, operations.definitions)))
        self._backward: dict[tuple[int, bool], ScalarBackward] = {}

    def _visited(self, visited: Sequence[int]) -> _Operations:
        return _Operations(visited, self._firsts, self._seconds, self._definitions)

    def is_of(self, subgraph: Subgraph, definitions: Sequence[object], variables: Sequence[int]) -> bool:
        """Return whether a subgraph of these definitions and variables has this structure."""
        return self._key == _key(subgraph, definitions, variables)

    def compute(self, values: Floats, otherwise: Any) -> None:
        """Put the values of all operations where those of the leaves are."""
        of = self._operations
        self._loop(
            values, reversed(of.kinds), reversed(of.places), reversed(of.firsts), reversed(of.seconds), otherwise
        )

    def backward(self, subgraph: Subgraph, loss: Node, training: bool) -> ScalarBackward:
        """Return the way back from a loss in a subgraph; when training, only that to its variables."""
        place = subgraph.index[loss]
        known = self._backward.get((place, training))
        if known is None:
            is_all = self._order[0] == place and len(subgraph.starts) == 1
            visited = self._order if is_all else subgraph.order_from(loss)
            wanted = self._trained() if training else None
            if wanted is not None:
                visited = [each for each in visited if wanted[each]]
            operations = self._operations if len(visited) == self.size else self._visited(visited)
            known = self._backward[place, training] = ScalarBackward(place, visited, wanted, operations)
        return known

    def _trained(self) -> list[bool]:
        """Return for each place whether a variable is there, or what computes from one: training needs its gradient."""
        of, trained = self._operations, [False] * self.size
        for place in self._variables:
            trained[place] = True
        for place, first, second in zip(reversed(of.places), reversed(of.firsts), reversed(of.seconds), strict=True):
            trained[place] = any(trained[source] for source in _sources(first, second))
        return trained


def _structure_of(subgraph: Subgraph) -> Structure | None:
    """Return the structure of single numbers: that of a graph before, where this one is built alike.

    None where there is a cycle, or an operation of others: ours only compute, so that how often and in which order
    makes no difference.
    """
    global _kept
    nodes: list[Any] = subgraph.nodes
    definitions = [
        None if first is None else node.definition for node, first in zip(nodes, subgraph.firsts, strict=True)
    ]
    variables = [place for place in subgraph.leaves if isinstance(nodes[place], Variable)]
    for known in _kept:
        if known.is_of(subgraph, definitions, variables):
            return known
    order = subgraph.visits(subgraph.starts)
    if len(order) < len(nodes) or not all(each is None or is_ours(each.compute) for each in set(definitions)):
        return None
    made = Structure(subgraph, order, definitions, variables)
    _kept = (made, *_few(_kept, _MOST_KEPT - made.size))
    return made


def _few(structures: Iterable[Structure], most: int) -> Iterator[Structure]:
    """Yield the first of them that have so many places together."""
    for each in structures:
        most -= each.size
        if most < 0:
            return
        yield each


def _key(subgraph: Subgraph, definitions: Sequence[object], variables: Sequence[int]) -> tuple[object, ...]:
    return subgraph.firsts, subgraph.seconds, definitions, variables, subgraph.starts


class _Operations:
    """Operations in the order of a search: their `places`, where their inputs are, the kind of each.

    `definitions` are those of the kinds, the most frequent first: a loop asks for that first.
    """

    def __init__(
        self, visited: Sequence[int], firsts: Sequence[Any], seconds: Sequence[Any], definitions: Sequence[Any]
    ) -> None:
        self.places = places = [place for place in visited if firsts[place] is not None]
        self.firsts = [firsts[place] for place in places]
        self.seconds = [seconds[place] for place in places]
        self.definitions: list[OperationDefinition]
        self.definitions, self.kinds = _kinds([definitions[place] for place in places])


def _kinds(of_each: list[Any]) -> tuple[list[Any], list[int]]:
    """Return what there is in a list, the most frequent first, and where each of the list is in that."""
    found = [each for each, _ in Counter(of_each).most_common()]
    kind_of = {each: kind for kind, each in enumerate(found)}
    return found, [kind_of[each] for each in of_each]


def _forward_branch(definition: OperationDefinition) -> Branch | None:
    return None if definition.attributes else forward_of(definition.compute, len(definition.symbols))


class ScalarBackward:
    """The way back from a loss through the places that are `visited`, in this order; where only some are `wanted`."""

    def __init__(self, loss: int, visited: list[int], wanted: list[bool] | None, operations: _Operations) -> None:
        self._loss, self.visited, self._wanted, self._operations = loss, visited, wanted, operations
        self._bound: tuple[int, Backward, Sequence[int]] | None = None

    def gradients(self, values: Floats, otherwise: Any) -> Floats:
        """Return the gradients of the loss at these values, those that are visited."""
        bound = self._bound
        if bound is None or bound[0] != GradientRule.changes:
            bound = self._bound = self._bind()
        _, loop, kinds = bound
        # what is added to minus zero stays as it is to the bit, even zero, so that no first contribution is set apart
        gradients, of = [-0.0] * len(values), self._operations
        gradients[self._loss] = 1.0
        loop(values, gradients, kinds, of.places, of.firsts, of.seconds, otherwise)
        return gradients

    def _bind(self) -> tuple[int, Backward, Sequence[int]]:
        """Return the loop for what operations of each kind pass back, and the kinds; functions are registered anew."""
        changes, of, kinds = GradientRule.changes, self._operations, self._operations.kinds
        if self._wanted is None:
            found: list[Any] = [(each, (True,) * len(each.symbols)) for each in of.definitions]
        else:
            needs = [self.needs(_sources(*each)) for each in zip(of.firsts, of.seconds, strict=True)]
            found, kinds = _kinds(list(zip([of.definitions[kind] for kind in kinds], needs, strict=True)))
        return changes, backward_loop(tuple([_backward_branch(*each) for each in found])), kinds

    @cached_property
    def variables(self) -> list[int]:
        """Where the variables are, which are the leaves among those that are wanted."""
        operations = set(self._operations.places)
        return [place for place in self.visited if place not in operations]

    def needs(self, sources: tuple[int, ...]) -> tuple[bool, ...]:
        """Return which of an operation's inputs need their gradients."""
        wanted = self._wanted
        return tuple([wanted is None or wanted[source] for source in sources])


def _backward_branch(definition: OperationDefinition, needs: tuple[bool, ...]) -> Branch | None:
    rule = rule_of(definition)
    if rule is None or definition.attributes or not is_ours(rule.function):
        return None
    return backward_of(rule.function, needs)
