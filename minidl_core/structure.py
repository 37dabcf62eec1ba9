"""The structure of a graph of single numbers: what is found once for all graphs that are built alike.

A program may build the same graph anew in each step of its training. Backwards, the nodes are gone through in the order
of the search; forwards, from the end of that order to its start: a value is the same in any order in which inputs come
before their consumers. So one search is enough. Of the nodes themselves nothing is kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from .backprop import Subgraph
from .definition import GradientRule, OperationDefinition, is_ours
from .floats import Branch, Floats, Loop, backward_loop, backward_of, forward_loop, forward_of
from .gradients import rule_of
from .graph import Node, Variable

_Key = tuple[int, list[Any], list[int | None], list[OperationDefinition | None], list[int]]

_MOST_KEPT = 4
_LARGEST_KEPT = 100_000
_kept: tuple[Structure, ...] = ()


def structure_of(subgraph: Subgraph) -> Structure | None:
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
    key = subgraph.fetch_count, subgraph.firsts, subgraph.seconds, definitions, variables
    found = next((known for known in _kept if known.key == key), None)
    if found is None:
        order = subgraph.visits(subgraph.starts)
        if len(order) < len(nodes) or not all(each is None or is_ours(each.compute) for each in set(definitions)):
            return None
        found = Structure(key, order)
    if found.size <= _LARGEST_KEPT:  # the last that was asked for stands first
        _kept = (found, *[known for known in _kept if known is not found][: _MOST_KEPT - 1])
    return found


class Structure:
    """How single numbers are computed from each other, by their places in a subgraph, and nothing of the nodes there.

    The `key` has all that it depends on: how many of them are fetches, where the inputs of each are, the definitions of
    the operations, with None for a leaf, and which leaves are variables. `order` is that of a search from all fetches.
    """

    def __init__(self, key: _Key, order: list[int]) -> None:
        self.key, self._order = key, order
        _, self._firsts, self._seconds, self._definitions, self._variables = key
        self.size = len(order)
        self._operations = operations = self._visited(order)
        self._loop = forward_loop(tuple(map(_forward_branch, operations.definitions)))
        self._backward: dict[tuple[int, bool], BackwardLoop] = {}

    def _visited(self, visited: Sequence[int]) -> _Operations:
        return _Operations(visited, self._firsts, self._seconds, self._definitions)

    def compute(self, values: Floats, otherwise: Any) -> None:
        """Put the values of all operations where those of the leaves are."""
        of = self._operations
        self._loop(
            values, reversed(of.kinds), reversed(of.places), reversed(of.firsts), reversed(of.seconds), otherwise
        )

    def backward(self, subgraph: Subgraph, loss: Node, training: bool) -> BackwardLoop:
        """Return the way back from a loss in a subgraph; when training, only that to its variables."""
        place = subgraph.index[loss]
        known = self._backward.get((place, training))
        if known is None:
            visited = self._order if subgraph.starts == [place] else subgraph.order_from(loss)
            wanted = self._trained() if training else None
            if wanted is not None:
                visited = [each for each in visited if wanted[each]]
            operations = self._operations if len(visited) == self.size else self._visited(visited)
            known = self._backward[place, training] = BackwardLoop(place, visited, wanted, operations)
        return known

    def _trained(self) -> list[bool]:
        """Return for each place whether a variable is there, or what computes from one: training needs its gradient."""
        of, trained = self._operations, [False] * self.size
        for place in self._variables:
            trained[place] = True
        for place, first, second in zip(reversed(of.places), reversed(of.firsts), reversed(of.seconds), strict=True):
            trained[place] = any(trained[source] for source in sources_of(first, second))
        return trained


def sources_of(first: Any, second: int | None) -> tuple[int, ...]:
    """Return the places of an operation's inputs, as a subgraph has them."""
    return first if second is None else (first, second)


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


class BackwardLoop:
    """The loop back from a loss through the places that are `visited`, in this order; where only some are `wanted`."""

    def __init__(self, loss: int, visited: list[int], wanted: list[bool] | None, operations: _Operations) -> None:
        self._loss, self.visited, self._wanted, self._operations = loss, visited, wanted, operations
        self._bound: tuple[int, Loop, Sequence[int]] | None = None

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

    def _bind(self) -> tuple[int, Loop, Sequence[int]]:
        """Return the loop for what operations of each kind pass back, and the kinds; functions are registered anew."""
        changes, of, kinds = GradientRule.changes, self._operations, self._operations.kinds
        if self._wanted is None:
            found: list[Any] = [(each, (True,) * len(each.symbols)) for each in of.definitions]
        else:
            needs = [self.needs(sources_of(*each)) for each in zip(of.firsts, of.seconds, strict=True)]
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
