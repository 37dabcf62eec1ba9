"""The fast path: a graph turned into two lists of steps, forward and backward, that run without any search.

Everything that depends only on the graph is found once, when the plan is made; a run is then one loop over the nodes
and one loop back. The stepping path (stepper.py) calls the same functions in the same order, so it gets the same bits.
So does a graph of single numbers, though these functions are branches of a loop over floats there (scalars.py).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from .arrays import Array, freeze, is_finite, quiet, read_only
from .backprop import Subgraph
from .definition import GradientRule
from .errors import MinidlError, NonFiniteError
from .failures import failure
from .finite import non_finite_gradient, non_finite_leaf, non_finite_value
from .gradients import EvaluatedOperation, check_loss, gradient_rule, input_gradients
from .graph import Node, Operation, Placeholder, Variable
from .leaves import Leaves
from .order import numbered
from .scalars import ScalarGraph

_Step = tuple[int, Operation, GradientRule, Sequence[int], Sequence[bool], bool]


class Plan:
    """How to evaluate some nodes: `nodes` in the order of evaluation; values are lists in that order.

    A NaN or an infinity that reaches a result stops a run, and the error names the first node that has one. One that
    does not, as that of exp in 1/(1 + exp(1000)), is no mistake. Where an array has no entries, all values are looked
    at, for in such an array it would be lost.
    """

    def __init__(self, fetches: Sequence[Node]) -> None:
        self.fetches = tuple(fetches)
        self.subgraph = Subgraph(self.fetches)
        self.scalars = ScalarGraph.of(self.subgraph)
        if self.scalars is None:
            leaves = [position for position, node in enumerate(self.nodes) if not node.inputs]
            self._leaves = Leaves(self.fetches, self.nodes, leaves)
        else:
            self._leaves = Leaves(self.fetches, self.subgraph.nodes, self.subgraph.leaves)
        self._backward: dict[tuple[Node, bool], _BackwardPlan] = {}

    @cached_property
    def index(self) -> dict[Node, int]:
        """Where each node is."""
        return numbered(self.fetches)

    @cached_property
    def nodes(self) -> list[Node]:
        """All nodes, inputs before their consumers."""
        return list(self.index)

    @cached_property
    def sources(self) -> list[tuple[int, ...]]:
        """Where the inputs of each node are."""
        return [tuple([self.index[source] for source in node.inputs]) for node in self.nodes]

    @cached_property
    def _forward(self) -> list[tuple[int, Callable[..., Any], Sequence[int], bool]]:
        """The steps forward: where a value goes, what computes it, where its inputs are, whether that is unchecked."""
        operations = [(position, node) for position, node in enumerate(self.nodes) if isinstance(node, Operation)]
        return [
            (at, each.definition.bind(each.attributes, each.shape), self.sources[at], each.definition.unchecked)
            for at, each in operations
        ]

    @property
    def placeholders(self) -> list[Placeholder]:
        """The placeholders among the nodes."""
        return self._leaves.placeholders

    def feed(self, feed_dict: Mapping[Any, Any] | None) -> dict[Placeholder, Array]:
        """Return the feeds, each checked; raises FeedError, NonFiniteError."""
        return self._leaves.feed(feed_dict)

    def start(self, feeds: Mapping[Placeholder, Array], variables: Mapping[Variable, Array]) -> list[Array]:
        """Return the list of values with those of the leaves in it; raises GraphError, ShapeError or NonFiniteError."""
        values = self._leaves.start(feeds, variables)
        if self.scalars is None:
            return values
        of_leaves: list[Any] = [None] * len(self.nodes)
        for place in self.subgraph.leaves:
            of_leaves[self.index[self.subgraph.nodes[place]]] = values[place]
        return of_leaves

    def run(self, feeds: Mapping[Placeholder, Array], variables: Mapping[Variable, Array]) -> Evaluation:
        """Return the values of all nodes.

        Raises ShapeError or GraphError where an operation cannot be computed, NonFiniteError.
        """
        if self.scalars is not None and (evaluation := self._run_scalars(self.scalars, feeds, variables)) is not None:
            return evaluation
        values = self.start(feeds, variables)
        position = 0
        try:
            for position, compute, sources, unchecked in self._forward:
                inputs = [values[source] for source in sources]
                if unchecked:
                    values[position] = compute(*inputs)
                else:
                    values[position] = freeze(compute(*map(freeze, inputs)))
        except Exception as error:
            self._raise_non_finite(values)
            raise self._failure(position, values, error) from error
        evaluation = Evaluation(self, values)
        if evaluation.has_empty or not all(is_finite(evaluation[node]) for node in self.fetches):
            self._raise_non_finite(values)
        return evaluation

    def _run_scalars(
        self, scalars: ScalarGraph, feeds: Mapping[Placeholder, Array], variables: Mapping[Variable, Array]
    ) -> Evaluation | None:
        """Return the values of all nodes, each a single number; None where something is wrong.

        Then everything is computed again in the ordinary way, which says what it is.
        """
        try:
            given = self._leaves.start(feeds, variables)
            floats = scalars.compute(given)
        except Exception:
            return None
        is_sound = all(math.isfinite(floats[self.subgraph.index[node]]) for node in self.fetches)
        return _ScalarEvaluation(self, scalars, given, floats) if is_sound else None

    def is_spoiled(self, position: int, values: list[Array], loss: Node) -> bool:
        """Return whether a value that is not finite, the last so far, reaches the loss or a gradient on the way."""
        values = values.copy()
        try:
            for later in range(position + 1, len(self.nodes)):
                if isinstance(self.nodes[later], Operation):
                    self.evaluate(later, values)
            evaluation = Evaluation(self, values)
            evaluation.check_training(loss)
        except MinidlError:
            return True
        return evaluation.has_empty or not is_finite(evaluation[loss])

    def evaluate(self, position: int, values: list[Array]) -> None:
        """Compute the value of one operation from those before it; raises ShapeError or GraphError."""
        node = self.nodes[position]
        assert isinstance(node, Operation)
        inputs = [values[source] for source in self.sources[position]]
        try:
            values[position] = freeze(node.definition.bind(node.attributes, node.shape)(*inputs))
        except Exception as error:
            raise self._failure(position, values, error) from error

    def _raise_non_finite(self, values: list[Any]) -> None:
        for position, value in enumerate(values):
            if value is not None and not is_finite(value):
                raise self.non_finite(position, values)

    def non_finite(self, position: int, values: list[Array]) -> MinidlError:
        """Return the error that says why this node's value is the first that is not finite."""
        node = self.nodes[position]
        if not isinstance(node, Operation):
            return non_finite_leaf(node, values[position])
        inputs = [(self.nodes[source].name, values[source]) for source in self.sources[position]]
        trained = [
            variable.name
            for variable, value in zip(self.nodes, values, strict=True)
            if isinstance(variable, Variable) and value is not variable.initial_value
        ]
        error = non_finite_value(node, values[position], inputs, node.definition.elementwise, trained)
        if node.kind == "log" and node.inputs[0].kind == "softmax":
            remedy = "; ".join(filter(None, ["log_softmax finds it without a probability of 0", error.remedy]))
            return NonFiniteError(error.finding, remedy, node, error.entry)
        return error

    def _failure(self, position: int, values: list[Array], error: Exception) -> MinidlError:
        node = self.nodes[position]
        assert isinstance(node, Operation)
        return failure(node, [values[source] for source in self.sources[position]], error)

    def trained(self) -> list[bool]:
        """Return for each node whether it is a variable or computes from one, so that training needs its gradient."""
        trained = [isinstance(node, Variable) for node in self.nodes]
        for position, sources in enumerate(self.sources):
            trained[position] = trained[position] or any(trained[source] for source in sources)
        return trained

    def backward(self, loss: Node, training: bool) -> _BackwardPlan:
        """Return the steps back from the loss; when training, only those on the way to its variables."""
        if (loss, training) not in self._backward:
            self._backward[loss, training] = _BackwardPlan(self, loss, training)
        return self._backward[loss, training]


class _BackwardPlan:
    """The steps back from a loss; `visited` has the nodes whose gradients are wanted, in the order of the search."""

    def __init__(self, plan: Plan, loss: Node, training: bool) -> None:
        self._plan, self._loss, self.training = plan, plan.index[loss], training
        self._wanted = plan.trained() if training else None
        order = [plan.index[plan.subgraph.nodes[place]] for place in plan.subgraph.order_from(loss)]
        self.visited = order if self._wanted is None else [each for each in order if self._wanted[each]]

    @cached_property
    def variables(self) -> list[tuple[int, Variable]]:
        """The variables among them."""
        nodes = [(position, self._plan.nodes[position]) for position in self.visited]
        return [(position, node) for position, node in nodes if isinstance(node, Variable)]

    @cached_property
    def steps(self) -> list[_Step]:
        """Where G is, whose gradient function takes it, to which inputs, which of them need theirs, if unchecked."""
        wanted, steps = self._wanted, list[_Step]()
        for position in self.visited:
            node, sources = self._plan.nodes[position], self._plan.sources[position]
            if isinstance(node, Operation):
                needs = tuple([wanted is None or wanted[source] for source in sources])
                steps.append((position, node, gradient_rule(node), sources, needs, node.definition.unchecked))
        return steps


class Evaluation:
    """The values that one run of a plan computed, and the gradients that they imply."""

    def __init__(self, plan: Plan, values: list[Array]) -> None:
        self._plan = plan
        self._values = values
        # in an array without entries a NaN is lost
        self.has_empty = 0 in [value.size for value in values]

    def __getitem__(self, node: Node) -> Array:
        return self._values[self._plan.index[node]]

    def operation(self, node: Operation) -> EvaluatedOperation:
        """Return an operation as its gradient function sees it when the gradients of all inputs are wanted."""
        inputs = [self[source] for source in node.inputs]
        return EvaluatedOperation(node, inputs, self[node], [True] * len(inputs))

    def gradients(self, loss: Node) -> dict[Node, Array]:
        """Return the gradient of the loss for every node that leads to it, in the order of the search, read-only.

        Raises NonFiniteError for the first of them that is not finite.
        """
        backward = self._plan.backward(loss, training=False)
        gradients = self._gradients(loss, backward)
        self._check_finite(gradients, backward)
        nodes = self._plan.nodes
        return {nodes[position]: read_only(gradients[position]) for position in backward.visited}

    def trained(self, loss: Node) -> list[tuple[Variable, Array, Array]]:
        """Return each variable of the loss with its value and its gradient, in the order of the search.

        The gradients may not be finite; `check_training` then tells where that began. It is asked at once where an
        array without entries could hide it.
        """
        if self.has_empty:
            self.check_training(loss)
        backward = self._plan.backward(loss, training=True)
        gradients = self._gradients(loss, backward)
        return [(variable, self._values[place], gradients[place]) for place, variable in backward.variables]

    def check_training(self, loss: Node) -> None:
        """Raise NonFiniteError for the first gradient on the way to a variable that is not finite, if there is one."""
        gradients = self._gradients(loss, self._plan.backward(loss, training=False))
        self._check_finite(gradients, self._plan.backward(loss, training=True))

    def downstream(self, node: Node) -> list[Operation]:
        """Return the operations whose values depend on this node's, in the order of their evaluation."""
        nodes, sources, start = self._plan.nodes, self._plan.sources, self._plan.index[node]
        changed, found = {start}, []
        for position in range(start + 1, len(nodes)):
            if not changed.isdisjoint(sources[position]) and isinstance(each := nodes[position], Operation):
                changed.add(position)
                found.append(each)
        return found

    def what_if(self, node: Node, fetch: Node) -> Callable[[Array], Array]:
        """Return a function: the value that `fetch` would have in this evaluation if `node` had the given one."""
        plan, changed = self._plan, {self._plan.index[each] for each in self.downstream(node)}
        steps = [step for step in plan._forward if step[0] in changed]

        def evaluate(value: Array) -> Array:
            values = self._values.copy()
            values[plan.index[node]] = value
            for position, compute, sources, unchecked in steps:
                value = compute(*[values[source] for source in sources])
                values[position] = value if unchecked else freeze(value)
            return values[plan.index[fetch]]

        return evaluate

    def rounded(self, share: float) -> Evaluation:
        """Return what this evaluation could have been if each operation had been given numbers that were a little off.

        They are off by up to a share of themselves, at random but always the same; whole numbers are exact. What comes
        out tells how far rounding goes (Monte Carlo arithmetic: D. S. Parker, 1997). It may not be finite.
        """
        draw = np.random.default_rng(0)
        values = self._values.copy()

        def off(value: Array) -> Array:
            moved = value * (1 + share * draw.uniform(-1, 1, value.shape))
            return np.where(value == np.rint(value), value, moved)[()]

        with quiet():
            for position, compute, sources, _ in self._plan._forward:
                values[position] = freeze(compute(*[off(values[source]) for source in sources]))
        return Evaluation(self._plan, values)

    def _gradients(self, loss: Node, backward: _BackwardPlan) -> list[Any]:
        values = self._values
        check_loss(loss, self[loss].shape)
        gradients: list[Any] = [None] * len(values)
        gradients[self._plan.index[loss]] = np.float64(1.0)
        for position, operation, rule, sources, needs, unchecked in backward.steps:
            gradient = gradients[position]
            # the promise of an operation is one about the gradient function that it came with
            if not (unchecked and not rule.replaced) and not is_finite(freeze(gradient)) and backward.training:
                self.check_training(loss)  # raises for the first one that is not finite
            op = EvaluatedOperation(operation, [values[source] for source in sources], values[position], needs)
            contributions = input_gradients(rule, op, gradient)
            for input_index, source in enumerate(sources):
                if needs[input_index]:
                    # a second contribution makes a new array, because two inputs may share the first one
                    so_far, contribution = gradients[source], contributions[input_index]
                    gradients[source] = contribution if so_far is None else so_far + contribution
        return gradients

    def _check_finite(self, gradients: list[Any], backward: _BackwardPlan) -> None:
        for position in backward.visited:
            if not is_finite(gradients[position]):
                self._plan._raise_non_finite(self._values)
                raise non_finite_gradient(self._plan.nodes[position], gradients[position])


class LaterEvaluation(Evaluation):
    """An evaluation of which the numbers were not kept: they are computed again when somebody asks for them."""

    def __init__(self, plan: Plan, feeds: Mapping[Placeholder, Array], variables: Mapping[Variable, Array]) -> None:
        self._plan = plan
        self._from = feeds, variables

    def __getattr__(self, name: str) -> Any:
        if name not in ("_values", "has_empty"):
            raise AttributeError(name)
        with quiet():
            evaluation = self._plan.run(*self._from)
        self._values, self.has_empty = evaluation._values, evaluation.has_empty
        return vars(self)[name]


class _ScalarEvaluation(Evaluation):
    """An evaluation of single numbers, which are Python's; NumPy's are made of them when somebody asks.

    Where a gradient is not finite, all are computed again in the ordinary way, which says where that began.
    """

    has_empty = False

    def __init__(self, plan: Plan, scalars: ScalarGraph, given: list[Array], floats: list[float]) -> None:
        self._plan, self._scalars = plan, scalars
        self._given = given  # those of the leaves, and None
        self._floats = floats

    @cached_property
    def _values(self) -> list[Any]:  # type: ignore[override]
        given = zip(self._given, self._floats, strict=True)
        numbers = [np.float64(number) if leaf is None else leaf for leaf, number in given]
        return [numbers[self._plan.subgraph.index[node]] for node in self._plan.nodes]

    def __getitem__(self, node: Node) -> Array:
        value: Any = np.float64(self._floats[self._plan.subgraph.index[node]])
        return value  # type: ignore[no-any-return]

    def gradients(self, loss: Node) -> dict[Node, Array]:
        backward = self._scalars.backward(loss, training=False)
        gradients = self._scalars.gradients(backward, self._floats)
        if gradients is None:
            return super().gradients(loss)
        nodes, visited = self._plan.subgraph.nodes, backward.visited
        numbers = np.array([gradients[place] for place in visited])
        return dict(zip([nodes[place] for place in visited], numbers, strict=True))

    def trained(self, loss: Node) -> list[tuple[Variable, Array, Array]]:
        backward = self._scalars.backward(loss, training=True)
        gradients = self._scalars.gradients(backward, self._floats)
        if gradients is None:
            return super().trained(loss)
        nodes: list[Any] = self._plan.subgraph.nodes
        found: list[Any] = [(nodes[at], self._given[at], np.float64(gradients[at])) for at in backward.variables]
        return found
