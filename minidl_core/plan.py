"""The fast path: a graph turned into two lists of steps, forward and backward, that run without any search.

Everything that depends only on the graph is found once, when the plan is made. A run is then one loop over the nodes
and one loop back, with the same functions in the same order as the stepping path (stepper.py), so the same bits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .arrays import Array, copy_in, is_finite
from .backprop import search
from .errors import FeedError, GraphError, MinidlError, ShapeError
from .finite import non_finite_gradient, non_finite_value
from .gradients import Evaluated, gradient_rule, input_gradients
from .graph import Constant, Node, Operation, Placeholder, Variable, post_order


def _strict() -> np.errstate:
    """Raise where a number stops being finite, to be looked for then; underflow to 0 is no mistake."""
    return np.errstate(over="raise", divide="raise", invalid="raise")


class Plan:
    """How to evaluate some nodes: `nodes` in the order of evaluation; values are lists in that order."""

    def __init__(self, fetches: Sequence[Node]) -> None:
        self.fetches = tuple(fetches)
        self.nodes = post_order(fetches)
        self.index = {node: position for position, node in enumerate(self.nodes)}
        self.placeholders = [node for node in self.nodes if isinstance(node, Placeholder)]
        self.variables = [node for node in self.nodes if isinstance(node, Variable)]
        self._forward = [
            (position, node.definition.bind(node.attributes), [self.index[source] for source in node.inputs])
            for position, node in enumerate(self.nodes)
            if isinstance(node, Operation)
        ]
        self._backward: dict[tuple[Node, bool], _Backward] = {}

    def feed(self, feed_dict: Mapping[Any, Any] | None) -> dict[Placeholder, Array]:
        """Return float64 copies of the feeds, of exactly the placeholders that this plan needs.

        Raises FeedError where one is missing, misshapen, not needed or not numbers.
        """
        feeds: dict[Placeholder, Array] = {}
        for node, value in (feed_dict or {}).items():
            if not isinstance(node, Placeholder):
                named = node.describe() if isinstance(node, Node) else repr(node)
                raise FeedError(f"{named} cannot be fed; the keys of feed_dict are placeholders.")
            if node not in self.index:
                asked = ", ".join(fetch.name for fetch in self.fetches)
                raise FeedError(f"it is fed, but {asked} does not need it; take it out of feed_dict.", node)
            try:
                feeds[node] = copy_in(value)
            except (TypeError, ValueError) as error:
                raise FeedError(f"its feed is not an array of numbers: {error}.", node) from error
            if node.shape is not None and feeds[node].shape != node.shape:
                raise FeedError(f"its feed is {feeds[node].shape}, but it was made for {node.shape}.", node)
        for node in self.placeholders:
            if node not in feeds:
                raise FeedError(f"it has no value; feed it: feed_dict={{{node.name}: ...}}.", node)
            if not is_finite(feeds[node]):
                raise non_finite_value(node, feeds[node], ())
        return feeds

    def start(self, feeds: Mapping[Placeholder, Array], variables: Mapping[Variable, Array]) -> list[Array]:
        """Return the list of values with those of the leaves in it."""
        values: list[Any] = [None] * len(self.nodes)
        for position, node in enumerate(self.nodes):
            if isinstance(node, Placeholder):
                values[position] = feeds[node]
            elif isinstance(node, Variable):
                values[position] = variables.get(node, node.initial_value)
            elif isinstance(node, Constant):
                values[position] = node.initial_value
        return values

    def forward(self, values: list[Array]) -> None:
        """Compute every operation's value, in place of the None in its position.

        Raises NonFiniteError at the first node that makes a NaN or an infinity.
        """
        position = 0
        try:
            with _strict():
                for position, compute, sources in self._forward:
                    values[position] = compute(*[values[source] for source in sources])
        except FloatingPointError:
            self._forward_checked(values)
        except Exception as error:
            raise self.failure(position, values, error) from error
        for fetch in self.fetches:
            if not is_finite(values[self.index[fetch]]):
                self._forward_checked(values)

    def _forward_checked(self, values: list[Array]) -> None:
        for position in range(len(self.nodes)):
            self.evaluate(position, values)
            if not is_finite(values[position]):
                raise self.non_finite(position, values)

    def evaluate(self, position: int, values: list[Array]) -> None:
        """Compute the value of one node; leaves have theirs."""
        node = self.nodes[position]
        if isinstance(node, Operation):
            inputs = [values[self.index[source]] for source in node.inputs]
            try:
                with np.errstate(all="ignore"):
                    values[position] = node.definition.compute(*inputs, **node.attributes)
            except Exception as error:
                raise self.failure(position, values, error) from error

    def non_finite(self, position: int, values: list[Array]) -> MinidlError:
        """Return the error that says why this node's value is the first that is not finite."""
        node = self.nodes[position]
        return non_finite_value(node, values[position], [values[self.index[source]] for source in node.inputs])

    def failure(self, position: int, values: list[Array], error: Exception) -> MinidlError:
        """Return the error that says which operation could not compute, and why."""
        node = self.nodes[position]
        assert isinstance(node, Operation)
        if isinstance(error, ValueError):
            return node.misfit([values[self.index[source]].shape for source in node.inputs], error)
        return GraphError(f"computing it raised {type(error).__name__}: {error}", node)

    def gradients(self, loss: Node, values: list[Array], training: bool) -> dict[Node, Array]:
        """Return the gradient of the loss for the nodes that lead to it; when training, only for its variables."""
        try:
            backward = self._backward[loss, training]
        except KeyError:
            backward = self._backward[loss, training] = _Backward(self, loss, training)
        return backward.run(values)


def check_loss(loss: Node, shape: tuple[int, ...] | None) -> None:
    """Raise ShapeError where a loss of this shape is not a single number."""
    if shape:
        raise ShapeError(f"a loss must be one number, but it is {shape}; reduce_sum makes one number of it.", loss)


class _Backward:
    """The steps of one backward pass: whose gradient function runs, and to whom its results go."""

    def __init__(self, plan: Plan, loss: Node, training: bool) -> None:
        self.plan = plan
        self.loss = plan.index[loss]
        visits = list(search(loss))
        wanted = set(plan.nodes)
        if training:
            wanted = set()
            for node in plan.nodes:
                if isinstance(node, Variable) or any(source in wanted for source in node.inputs):
                    wanted.add(node)
        self.wanted = [node for node, *_ in visits if node in wanted]
        self.results = [node for node in self.wanted if not training or isinstance(node, Variable)]
        self.steps = []
        for node in self.wanted:
            if isinstance(node, Operation):
                sources = [plan.index[source] for source in node.inputs]
                needs = [source in wanted for source in node.inputs]
                targets = [(slot, source) for slot, source in enumerate(sources) if needs[slot]]
                self.steps.append((plan.index[node], node, gradient_rule(node), sources, needs, targets))

    def run(self, values: list[Array]) -> dict[Node, Array]:
        check_loss(self.plan.nodes[self.loss], values[self.loss].shape)
        gradients: list[Any] = [None] * len(values)
        gradients[self.loss] = np.ones(())
        try:
            with _strict():
                self._sum_contributions(values, gradients)
        except FloatingPointError:
            with np.errstate(all="ignore"):
                gradients = [None] * len(values)
                gradients[self.loss] = np.ones(())
                self._sum_contributions(values, gradients)
            for node in self.wanted:
                if not is_finite(gradients[self.plan.index[node]]):
                    raise non_finite_gradient(node, gradients[self.plan.index[node]]) from None
        return {node: gradients[self.plan.index[node]] for node in self.results}

    def _sum_contributions(self, values: list[Array], gradients: list[Any]) -> None:
        for position, node, rule, sources, needs, targets in self.steps:
            op = Evaluated(node, [values[source] for source in sources], values[position], needs)
            contributions = input_gradients(rule, op, gradients[position])
            for slot, source in targets:
                so_far = gradients[source]
                gradients[source] = contributions[slot] if so_far is None else so_far + contributions[slot]
