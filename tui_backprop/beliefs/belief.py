"""What a belief is: one clause about backpropagation, and the wrong machines that it can make of a right one."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Set
from dataclasses import dataclass

from minidl_core import Node, Operation
from minidl_core.gradients import gradient_rule

from .case import Case
from .evaluated_graph import Edge, EvaluatedGraph
from .machine import Machine, Order, by_search

Use = tuple[str, int | None]
"""A kind of operation, and the index of one of its inputs, None for all of them."""
Change = Callable[[Machine, Case], Machine]


@dataclass(frozen=True, eq=False)
class Cause:
    """One mistake in a certain place: a belief, where it is made, and what it makes of a machine.

    `kind` is the kind of operation whose backward code is to be looked at, None where it is the search, the start or
    the update; `factor` is a number that was found by dividing. `unsure` is what can be said where another cause of
    the same belief and place explains the numbers as well, by another message.
    """

    belief: str
    message: str
    change: Change
    kind: str | None = None
    input_index: int | None = None
    factor: float | None = None
    unsure: str = ""


@dataclass(frozen=True, eq=False)
class Suspicion:
    """Where to look first: a case, a machine, and the first node (a position) where its gradients are not theirs."""

    case: Case
    machine: Machine
    parting: int

    def uses(self) -> list[tuple[str, int]]:
        """Return the uses of the node, and of its consumers as long as nobody knows whether those agree."""
        return list(dict.fromkeys((node.kind, input_index) for node, input_index in self.edges()))

    def edges(self) -> list[tuple[Node, int]]:
        """Return the same uses one by one: the consumer, and the index of its input."""
        graph, found, waiting, seen = self.case.graph, dict[tuple[Node, int], None](), [self.parting], {self.parting}
        while waiting:
            for consumer, input_index in graph.consumers[waiting.pop()]:
                found[graph.nodes[consumer], input_index] = None
                if consumer not in self.case.theirs and consumer not in seen:
                    seen.add(consumer)
                    waiting.append(consumer)
        return list(found)

    def kinds(self) -> list[str]:
        """Return the kinds of operations in its uses, each once."""
        return list(dict.fromkeys(kind for kind, _ in self.uses()))


@dataclass(frozen=True)
class Belief:
    """What somebody may believe: its `name`, a `clause` ("a gradient is ..."), and the `causes` that it suggests.

    Causes are asked for where something parts.
    """

    name: str
    clause: str
    causes: Callable[[Suspicion], Iterator[Cause]]

    @property
    def sentence(self) -> str:
        """The clause as a sentence."""
        return f"{self.clause[0].upper()}{self.clause[1:]}."


@dataclass(frozen=True)
class WrongMachine(Belief):
    """A belief that makes one machine of any graph: what the gradients would be if it were right.

    `label` is the belief in one or two words, `supposed` what one has to suppose to come to its numbers, a clause.
    `build` makes the machine of a graph and of the positions of the variables in which a gradient stood before; `order`
    is that of its visits. A node is done once it has been visited, as in the engine: what comes to it later is too
    late, and nobody passes it on. So an order that is wrong is a machine that leaves the late edges out.
    """

    label: str
    supposed: str
    build: Callable[[EvaluatedGraph, Set[int]], Machine]
    order: Order = by_search

    @property
    def waits(self) -> bool:
        """Whether a node waits for the last of its consumers."""
        return self.order is by_search


@dataclass(frozen=True, eq=False)
class Edges(Container[Edge]):
    """The edges of the operations of a kind, of one of them, or of all, at one of their inputs, or at all."""

    graph: EvaluatedGraph
    kind: str | None = None
    input_index: int | None = None
    only: Node | None = None

    def __contains__(self, edge: object) -> bool:
        assert isinstance(edge, tuple)
        position, input_index = edge
        return (self.kind is None or self.graph.kinds[position] == self.kind) and (
            (self.input_index is None or self.input_index == input_index)
            and (self.only is None or self.graph.nodes[position] is self.only)
        )


def an_operation(case: Case, kind: str) -> Operation:
    """Return an operation of a kind."""
    node = next(node for node in case.graph.nodes if node.kind == kind)
    assert isinstance(node, Operation)
    return node


def right_contribution(case: Case, kind: str, input_index: int) -> str:
    """Return words that say what the operations of a kind pass on to an input, where there is a formula for it."""
    operation = an_operation(case, kind)
    formula = gradient_rule(operation).formula_for(input_index)
    formula = formula.replace("⊙", "·") if case.graph.is_scalar else formula
    return f"; the right contribution is {formula}" if formula else ""


def named(kind: str, input_index: int | None) -> str:
    """Return how a message calls a kind of operation at one of its inputs, or at all."""
    return kind if input_index is None else f"{kind} (to its input {input_index + 1})"
