"""Mutants: one mistake each, made in an engine that is right otherwise. The forward pass, and so the loss, stays right.

A mistake in a gradient function is one of an operation, wherever that stands in the graph; any other is one of a node.
What is called like a belief (see beliefs/) is what somebody writes who holds it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar

import numpy as np

from minidl_core import Node, Operation, Variable
from minidl_core.arrays import Array, freeze
from minidl_core.backprop import Visit, search, waiting_visits
from minidl_core.gradients import EvaluatedOperation, gradient_rule, input_gradients, is_flat
from minidl_core.graph import post_order

from ..beliefs.at_the_start import NOT_ZEROED, STALE_UPDATE
from ..beliefs.in_a_sum import OVERWRITTEN
from ..beliefs.in_the_search import NO_ORDER


class Mutant:
    """A mistake at a node, or in the gradient function of an operation, for one of its inputs.

    `kind` names it, `sentence` is what a list of kinds says of it. What a method returns here is right, and each kind
    of mutant has one that is not.
    """

    kind: ClassVar[str]
    sentence: ClassVar[str]

    def __init__(self, node: Node, input_index: int = 0) -> None:
        self.node = node
        self.input_index = input_index

    @classmethod
    def all_in(cls, loss: Node) -> Iterator[Mutant]:
        """Yield the mistakes of this kind that can be made in the graph of a loss."""
        raise NotImplementedError

    @property
    def broken(self) -> str:
        """The name of the node, or of the operation, that is broken."""
        return self.node.name

    def breaks(self, name: str) -> bool:
        """Return whether a node or operation of this name is what is broken."""
        return name == self.node.name

    @property
    def reason(self) -> str:
        """What is wrong, and where, in a short sentence without its stop."""
        raise NotImplementedError

    @property
    def rule(self) -> str:
        """What is right, where that is a formula, in a sentence; empty where the reason says it."""
        return ""

    def visits(self, loss: Node) -> list[Visit]:
        """Return the order of the search."""
        return list(search(loss))

    def passed_on(self, op: EvaluatedOperation, gradient: Array, right: list[Array]) -> list[Array]:  # noqa: ARG002
        """Return what an operation passes on of its gradient, for each input, where so much is `right`."""
        return right

    def total(
        self,
        node: Node,  # noqa: ARG002
        so_far: Array | None,
        contribution: Array,
        before: Array | None,  # noqa: ARG002
    ) -> Array:
        """Return a gradient with one contribution more; `before` is what stood there in the iteration before."""
        return contribution if so_far is None else freeze(so_far + contribution)

    def gradient_for_update(self, variable: Variable, gradient: Array, before: Array) -> Array:  # noqa: ARG002
        """Return the gradient that a variable's step is made of; `before` is that of the iteration before."""
        return gradient

    def step(self, variable: Variable, right: Array) -> Array:  # noqa: ARG002
        """Return what is taken off a variable, where so much is `right`."""
        return right


class InAGradientFunction(Mutant):
    """A mistake in what an operation passes on to one of its inputs."""

    @classmethod
    def all_in(cls, loss: Node) -> Iterator[Mutant]:
        """Yield one for each input of each operation that the loss is computed by."""
        operations = {node.kind: node for node in post_order([loss]) if isinstance(node, Operation)}
        for node in operations.values():
            for input_index in range(len(node.inputs)):
                if not is_flat(node, input_index):
                    yield cls(node, input_index)

    @property
    def broken(self) -> str:
        """The name of the operation."""
        return self.node.kind

    def breaks(self, name: str) -> bool:
        """Return whether this is the operation, or one of its nodes."""
        nodes = {node.name for node in self.node.graph.nodes if node.kind == self.node.kind}
        return name == self.node.kind or name in nodes

    @property
    def reason(self) -> str:
        """What is wrong, in which function, and for which input."""
        assert isinstance(self.node, Operation)
        symbols = self.node.definition.symbols
        which = f" in what {symbols[self.input_index]} gets" if len(self.node.inputs) > 1 else ""
        return f"the gradient function of {self.node.kind} {self._does()}{which}"

    @property
    def rule(self) -> str:
        """The right formula, what its letters are, and where it stands."""
        assert isinstance(self.node, Operation)
        rule, formula = gradient_rule(self.node), self.node.definition.formula
        right = rule.formula_for(self.input_index)
        letters = f", where {formula} and G is the gradient of Y" if formula else ""
        return f"The rule is {right}{letters} ({rule.location})." if right else f"It is in {rule.location}."

    def passed_on(self, op: EvaluatedOperation, gradient: Array, right: list[Array]) -> list[Array]:
        """Return what is passed on, of which that for one input is wrong."""
        if op.operation.kind != self.node.kind:
            return right
        wrong = self._wrong(op, gradient, right[self.input_index])
        return [wrong if at == self.input_index else each for at, each in enumerate(right)]

    def _does(self) -> str:
        raise NotImplementedError

    def _wrong(self, op: EvaluatedOperation, gradient: Array, right: Array) -> Array:
        raise NotImplementedError

    def _of(self, op: EvaluatedOperation, inputs: Sequence[Array], output: Array, gradient: Array) -> Array:
        """Return what the right function would pass on if the operation had these arrays."""
        other = EvaluatedOperation(op.operation, inputs, output, op.needs)
        return input_gradients(gradient_rule(op.operation), other, gradient)[self.input_index]


class Sign(InAGradientFunction):
    """A minus too many, or one forgotten."""

    kind = "sign"
    sentence = "The gradient function has the wrong sign."

    def _does(self) -> str:
        return "has the wrong sign"

    def _wrong(self, op: EvaluatedOperation, gradient: Array, right: Array) -> Array:  # noqa: ARG002
        return -right


class Factor(InAGradientFunction):
    """A 2 too many, or, where there should be one, none."""

    kind = "factor"
    sentence = "The gradient function has a factor 2 too many, or lacks one."

    @property
    def _factor(self) -> float:
        assert isinstance(self.node, Operation)
        return 0.5 if gradient_rule(self.node).formula_for(self.input_index).startswith("2·") else 2.0

    def _does(self) -> str:
        return "lacks the factor 2" if self._factor < 1 else "has a factor 2 too many"

    def _wrong(self, op: EvaluatedOperation, gradient: Array, right: Array) -> Array:  # noqa: ARG002
        return self._factor * right


class Operand(InAGradientFunction):
    """Of two inputs the wrong one; of a single one the output in its place, or the other way round."""

    kind = "operand"
    sentence = "The gradient function takes the wrong operand."

    def _does(self) -> str:
        assert isinstance(self.node, Operation)
        return "takes one input for the other" if len(self.node.inputs) > 1 else "takes A and Y for each other"

    def _wrong(self, op: EvaluatedOperation, gradient: Array, right: Array) -> Array:
        inputs, output = op.inputs, op.output
        swapped = (inputs[::-1], output) if len(inputs) > 1 else ([output], inputs[0])
        wrong = self._of(op, *swapped, gradient)
        # where shapes are not the same, nobody can make this mistake unseen
        return wrong if wrong.shape == right.shape else right


class Misprint(InAGradientFunction):
    """The slope of sigmoid as it is printed in a tutorial that many have read."""

    kind = "misprint"
    sentence = "The slope of sigmoid is taken for σ(A)·σ(1 - A), a misprint."

    @classmethod
    def all_in(cls, loss: Node) -> Iterator[Mutant]:
        """Yield one where there is a sigmoid."""
        return (mutant for mutant in super().all_in(loss) if mutant.node.kind == "sigmoid")

    def _does(self) -> str:
        return "takes σ(A)·σ(1 - A) for the slope"

    def _wrong(self, op: EvaluatedOperation, gradient: Array, right: Array) -> Array:  # noqa: ARG002
        return freeze(gradient * op.output / (1.0 + np.exp(op.inputs[0] - 1.0)))


class MissingSum(InAGradientFunction):
    """Only the first of the places counts to which broadcasting copied a number."""

    kind = "missing-sum"
    sentence = "The copies that broadcasting made are not summed: only the first counts."

    @classmethod
    def all_in(cls, loss: Node) -> Iterator[Mutant]:
        """Yield one for each input of an elementwise operation."""
        for mutant in super().all_in(loss):
            assert isinstance(mutant.node, Operation)
            if mutant.node.definition.elementwise and len(mutant.node.inputs) > 1:
                yield mutant

    def _does(self) -> str:
        return "does not sum over the copies that broadcasting made"

    def _wrong(self, op: EvaluatedOperation, gradient: Array, right: Array) -> Array:  # noqa: ARG002
        shape = op.inputs[self.input_index].shape
        padded = (1,) * (gradient.ndim - len(shape)) + shape
        first = tuple(
            slice(1) if small != large else slice(None) for small, large in zip(padded, gradient.shape, strict=True)
        )
        alone = np.zeros(gradient.shape)
        alone[first] = gradient[first]
        return self._of(op, op.inputs, op.output, freeze(alone))


class OfASharedNode(Mutant):
    """A mistake at a node to which more than one contribution comes, and which waits for all of them."""

    @classmethod
    def all_in(cls, loss: Node) -> Iterator[Mutant]:
        """Yield one for each node that is an input more than once."""
        nodes = post_order([loss])
        uses = Counter(source for node in nodes for source in node.inputs)
        return (cls(node) for node in nodes if uses[node] > 1)


class NoOrder(OfASharedNode):
    """A node joins the queue when the first of its consumers has been visited."""

    kind, sentence = NO_ORDER.name, NO_ORDER.sentence

    @property
    def reason(self) -> str:
        """What is wrong, and what is right."""
        return (
            f"{self.node.name} joins the queue after the visit of its first consumer; it has to wait for the last "
            "(backprop.py)"
        )

    def visits(self, loss: Node) -> list[Visit]:
        """Return the order of the search in which this node does not wait."""
        return list(waiting_visits(loss, {self.node: 1}))


class Overwritten(OfASharedNode):
    """A contribution takes the place of the sum."""

    kind, sentence = OVERWRITTEN.name, OVERWRITTEN.sentence

    @property
    def reason(self) -> str:
        """What is wrong, and what is right."""
        return f"the gradient of {self.node.name} is set with = to each contribution, where += is needed"

    def total(self, node: Node, so_far: Array | None, contribution: Array, before: Array | None) -> Array:
        """Return the contribution alone."""
        return super().total(node, None if node is self.node else so_far, contribution, before)


class OfAVariable(Mutant):
    """A mistake in what becomes of a variable from one iteration to the next."""

    @classmethod
    def all_in(cls, loss: Node) -> Iterator[Mutant]:
        """Yield one for each variable."""
        return (cls(node) for node in post_order([loss]) if isinstance(node, Variable))


class NotZeroed(OfAVariable):
    """The gradient of the iteration before is still in the sum."""

    kind, sentence = NOT_ZEROED.name, NOT_ZEROED.sentence

    @property
    def reason(self) -> str:
        """What is wrong, and what is right."""
        name = self.node.name
        return f"the gradient of {name} is not set to 0: that of the iteration before is still in the sum"

    def total(self, node: Node, so_far: Array | None, contribution: Array, before: Array | None) -> Array:
        """Return the sum on top of what stood there."""
        return super().total(node, before if node is self.node and so_far is None else so_far, contribution, before)


class Uphill(OfAVariable):
    """The step is added."""

    kind = "uphill"
    sentence = "An update goes the way of the gradient, not against it."

    @property
    def reason(self) -> str:
        """What is wrong, and what is right."""
        return f"the step of {self.node.name} is added, where it is to be taken off"

    def step(self, variable: Variable, right: Array) -> Array:
        """Return the step with the wrong sign."""
        return -right if variable is self.node else right


class Rate(OfAVariable):
    """Another learning rate."""

    kind = "rate"
    sentence = "An update takes twice the learning rate."

    @property
    def reason(self) -> str:
        """What is wrong, and what is right."""
        return f"the step of {self.node.name} is made with twice the learning rate"

    def step(self, variable: Variable, right: Array) -> Array:
        """Return twice the step."""
        return 2.0 * right if variable is self.node else right


class StaleUpdate(OfAVariable):
    """The step is made before the backward pass, so it takes the gradient that stood there."""

    kind, sentence = STALE_UPDATE.name, STALE_UPDATE.sentence

    @property
    def reason(self) -> str:
        """What is wrong, and what is right."""
        return f"the step of {self.node.name} comes too early: it takes the gradient of the iteration before"

    def gradient_for_update(self, variable: Variable, gradient: Array, before: Array) -> Array:
        """Return the gradient of the iteration before."""
        return before if variable is self.node else gradient


KINDS: tuple[type[Mutant], ...] = (
    *(Sign, Factor, Operand, Misprint, MissingSum),
    *(NoOrder, Overwritten, NotZeroed, Uphill, Rate, StaleUpdate),
)
"""Every kind of mistake, as they are numbered from 1 where somebody guesses."""


def mutants(loss: Node, operations: Iterable[str] = ()) -> list[Mutant]:
    """Return every mistake that can be made in the graph of a loss; with `operations`, only in those."""
    only = set(operations)
    found = [mutant for kind in KINDS for mutant in kind.all_in(loss)]
    return [each for each in found if not only or (isinstance(each, InAGradientFunction) and each.broken in only)]
