"""The fast path: a graph turned into two lists of steps, forward and backward, that run without any search.

Everything that depends only on the graph is found once, when the plan is made; a run is then one loop over the nodes
and one loop back. The stepping path (stepper.py) calls the same functions in the same order, so it gets the same bits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from .arrays import Array, Shape, copy_in, is_finite, settle, written
from .backprop import search
from .errors import FeedError, GraphError, MinidlError, ShapeError
from .finite import non_finite_gradient, non_finite_leaf, non_finite_value
from .gradients import Evaluated, GradientRule, gradient_rule, input_gradients
from .graph import Constant, Node, Operation, Placeholder, Variable, post_order


class Plan:
    """How to evaluate some nodes: `nodes` in the order of evaluation; values are lists in that order."""

    def __init__(self, fetches: Sequence[Node]) -> None:
        self.fetches = tuple(fetches)
        self.nodes = post_order(fetches)
        self.index = {node: position for position, node in enumerate(self.nodes)}
        self.placeholders = [node for node in self.nodes if isinstance(node, Placeholder)]
        self.variables = [node for node in self.nodes if isinstance(node, Variable)]
        # the steps forward: where the value goes, what computes it, and where its inputs are
        self._forward = [
            (position, node.definition.bind(node.attributes), self.inputs_of(node))
            for position, node in enumerate(self.nodes)
            if isinstance(node, Operation)
        ]
        self._compute = {position: (compute, sources) for position, compute, sources in self._forward}
        self._constants: list[Any] = [node.initial_value if isinstance(node, Constant) else None for node in self.nodes]
        self._backward: dict[tuple[Node, bool], list[_Backward]] = {}

    def inputs_of(self, node: Node) -> tuple[int, ...]:
        """Return the positions of a node's inputs."""
        return tuple([self.index[source] for source in node.inputs])

    def feed(self, feed_dict: Mapping[Any, Any] | None) -> dict[Placeholder, Array]:
        """Return float64 copies of the feeds, of exactly the placeholders that this plan needs.

        Raises FeedError where one is missing, misshapen, not needed or not numbers, NonFiniteError.
        """
        feeds: dict[Placeholder, Array] = {}
        for node, value in (feed_dict or {}).items():
            if not isinstance(node, Placeholder):
                named = f"{node.describe()}: it" if isinstance(node, Node) else repr(node)
                raise FeedError(f"{named} cannot be fed; the keys of feed_dict are placeholders.")
            if node not in self.index:
                asked = ", ".join(fetch.name for fetch in self.fetches)
                raise FeedError(f"it is fed, but {asked} does not need it; take it out of feed_dict.", node)
            try:
                feed = feeds[node] = copy_in(value)
            except (TypeError, ValueError) as error:
                raise FeedError(f"its feed is not an array of numbers: {error}.", node) from error
            if node.shape is not None and feed.shape != node.shape:
                said = f"its feed is {written(feed.shape)}, but it was made for {written(node.shape)}."
                raise FeedError(said, node)
            if not is_finite(feed):
                raise non_finite_leaf(node, feed)
        for node in self.placeholders:
            if node not in feeds:
                raise FeedError(f"it has no value; feed it: feed_dict={{{node.name}: ...}}.", node)
        return feeds

    def start(self, feeds: Mapping[Placeholder, Array], variables: Mapping[Variable, Array]) -> list[Array]:
        """Return the list of values with those of the leaves in it."""
        values = self._constants.copy()
        for placeholder in self.placeholders:
            values[self.index[placeholder]] = feeds[placeholder]
        for variable in self.variables:
            values[self.index[variable]] = variables.get(variable, variable.initial_value)
        return values

    def run(self, feeds: Mapping[Placeholder, Array], variables: Mapping[Variable, Array]) -> Run:
        """Return the values of all nodes; raises NonFiniteError at the first that makes a NaN or an infinity."""
        values = self.start(feeds, variables)
        with np.errstate(all="ignore"):
            for position, _, _ in self._forward:
                self.evaluate(position, values)
                if not is_finite(values[position]):
                    raise self.non_finite(position, values)
        return Run(self, values)

    def evaluate(self, position: int, values: list[Array]) -> None:
        """Compute the value of one operation."""
        compute, sources = self._compute[position]
        try:
            values[position] = settle(compute(*[values[source] for source in sources]))
        except Exception as error:
            raise self._failure(position, values, error) from error

    def non_finite(self, position: int, values: list[Array]) -> MinidlError:
        """Return the error that says why this node's value is the first that is not finite."""
        node = self.nodes[position]
        assert isinstance(node, Operation)
        inputs = [values[source] for source in self.inputs_of(node)]
        trained = [v for v in self.variables if values[self.index[v]] is not v.initial_value]
        return non_finite_value(node, values[position], inputs, trained)

    def _failure(self, position: int, values: list[Array], error: Exception) -> MinidlError:
        node = self.nodes[position]
        assert isinstance(node, Operation)
        shapes = tuple([values[source].shape for source in self.inputs_of(node)])
        try:
            node.definition.output_shape(shapes, node.attributes)
        except ValueError as misfit:
            return node.misfit(shapes, misfit)
        mend = "; its inputs belong to others: return a new array" if "read-only" in str(error) else ""
        return GraphError(f"computing it raised {type(error).__name__}: {error}{mend}.", node)

    def backward(self, loss: Node, training: bool) -> list[_Backward]:
        """Return the steps of the backward pass; when training, only those on the way to a variable."""
        if (loss, training) not in self._backward:
            wanted = [not training] * len(self.nodes)
            if training:
                for position, node in enumerate(self.nodes):
                    wanted[position] = isinstance(node, Variable) or any(wanted[i] for i in self.inputs_of(node))
            steps = []
            for node, _ in search(loss):
                position, sources = self.index[node], self.inputs_of(node)
                if wanted[position]:
                    rule = gradient_rule(node) if isinstance(node, Operation) else None
                    steps.append(_Backward(position, node, rule, sources, tuple([wanted[i] for i in sources])))
            self._backward[loss, training] = steps
        return self._backward[loss, training]


class _Backward(NamedTuple):
    """One step back: the gradient at `position` is complete, and a gradient function passes it on to the `sources`."""

    position: int
    node: Node
    rule: GradientRule | None
    sources: tuple[int, ...]
    needs: tuple[bool, ...]


class Run:
    """The values of one evaluation, and the gradients that they imply."""

    def __init__(self, plan: Plan, values: list[Array]) -> None:
        self._plan = plan
        self._values = values

    def __getitem__(self, node: Node) -> Array:
        return self._values[self._plan.index[node]]

    def gradients(self, loss: Node) -> dict[Node, Array]:
        """Return the gradient of the loss for every node that leads to it, in the order of the search."""
        steps = self._plan.backward(loss, training=False)
        gradients = self._backward(loss, steps)
        _check_finite(steps, gradients)
        return {step.node: gradients[step.position] for step in steps}

    def variable_gradients(self, loss: Node) -> dict[Variable, Array]:
        """Return the gradient of the loss for each of its variables, in the order of the search; computes no other."""
        steps = self._plan.backward(loss, training=True)
        gradients = self._backward(loss, steps)
        return {step.node: gradients[step.position] for step in steps if isinstance(step.node, Variable)}

    def _backward(self, loss: Node, steps: list[_Backward]) -> list[Any]:
        values = self._values
        check_loss(loss, self[loss].shape)
        gradients: list[Any] = [None] * len(values)
        gradients[self._plan.index[loss]] = np.float64(1.0)
        with np.errstate(all="ignore"):
            for position, node, rule, sources, needs in steps:
                if rule is None:
                    continue
                grad = gradients[position]
                if not is_finite(grad):
                    _check_finite(steps, gradients)
                assert isinstance(node, Operation)
                op = Evaluated(node, [values[source] for source in sources], values[position], needs)
                for source, contribution in zip(sources, input_gradients(rule, op, grad), strict=True):
                    if contribution is not None:
                        # a second contribution makes a new array, because two inputs may share the first one
                        so_far = gradients[source]
                        gradients[source] = contribution if so_far is None else settle(so_far + contribution)
        return gradients


def _check_finite(steps: Iterable[_Backward], gradients: list[Any]) -> None:
    for step in steps:
        if not is_finite(gradients[step.position]):
            raise non_finite_gradient(step.node, gradients[step.position])


def check_loss(loss: Node, shape: Shape | None) -> None:
    """Raise ShapeError where a loss of this shape is not a single number."""
    if shape:
        said = f"a loss must be one number, but it is {written(shape)}; reduce_sum makes one number of it."
        raise ShapeError(said, loss)
