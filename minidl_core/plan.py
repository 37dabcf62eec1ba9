"""The fast path: a graph turned into two lists of steps, forward and backward, that run without any search.

Everything that depends only on the graph is found once, when the plan is made; a run is then one loop over the nodes
and one loop back. The stepping path (stepper.py) calls the same functions in the same order, so it gets the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from .arrays import Array, Shape, as_text, copy_in, freeze, is_finite, is_frozen, is_kept, quiet
from .backprop import edges_to_wait_for, positions, visits
from .definition import GradientRule
from .errors import FeedError, GraphError, MinidlError, NonFiniteError, ShapeError
from .finite import non_finite_gradient, non_finite_leaf, non_finite_value
from .gradients import EvaluatedOperation, gradient_rule, input_gradients
from .graph import Constant, Node, Operation, Placeholder, Variable, numbered


class Plan:
    """How to evaluate some nodes: `nodes` in the order of evaluation; values are lists in that order.

    A NaN or an infinity that reaches a result stops a run, and the error names the first node that has one. One that
    does not, as that of exp in 1/(1 + exp(1000)), is no mistake. Where an array has no entries, all values are looked
    at, for in such an array it would be lost.
    """

    def __init__(self, fetches: Sequence[Node]) -> None:
        self.fetches = tuple(fetches)
        self.index = index = numbered(fetches)
        self.nodes = list(index)
        self.sources = positions(index)
        self._placeholders: list[tuple[int, Placeholder]] = []
        self._variables: list[tuple[int, Variable]] = []
        self._constants: list[Array | None] = [None] * len(index)
        # a step forward: where the value goes, what computes it, where its inputs are, whether that is unchecked
        self._forward: list[tuple[int, Callable[..., Any], Sequence[int], bool]] = []
        for position, node in enumerate(self.nodes):
            if isinstance(node, Operation):
                definition, sources = node.definition, self.sources[position]
                self._forward.append((position, definition.bind(node.attributes), sources, definition.unchecked))
            elif isinstance(node, Variable):
                self._variables.append((position, node))
            elif isinstance(node, Placeholder):
                self._placeholders.append((position, node))
            elif isinstance(node, Constant):
                self._constants[position] = node.initial_value
        self._backward: dict[tuple[Node, bool], _BackwardPlan] = {}

    @property
    def placeholders(self) -> list[Placeholder]:
        """The placeholders, in the order of evaluation."""
        return [placeholder for _, placeholder in self._placeholders]

    def feed(self, feed_dict: Mapping[Any, Any] | None) -> dict[Placeholder, Array]:
        """Return the feeds as read-only float64, of exactly the placeholders that this plan needs.

        Each is copied, unless it is read-only float64 that owns its numbers: `array.setflags(write=False)` says that
        nobody changes them.
        Raises FeedError where one is missing, misshapen, not needed or not numbers, NonFiniteError.
        """
        feeds: dict[Placeholder, Array] = {}
        if not isinstance(feed_dict, Mapping | None):
            raise FeedError(f"feed_dict must be a dictionary of placeholders and their data, not {feed_dict!r}.")
        for node, value in (feed_dict or {}).items():
            if not isinstance(node, Placeholder):
                named = f"{node.describe()}: it" if isinstance(node, Node) else repr(node)
                raise FeedError(f"{named} cannot be fed; the keys of feed_dict are placeholders.")
            if node not in self.index:
                asked = ", ".join(fetch.name for fetch in self.fetches)
                raise FeedError(f"it is fed, but {asked} does not need it; take it out of feed_dict.", node)
            try:
                feed = feeds[node] = value if is_kept(value) else copy_in(value)
            except (TypeError, ValueError) as error:
                raise FeedError(f"its feed is not an array of numbers: {error}.", node) from error
            if node.shape is not None and feed.shape != node.shape:
                wrong = f"its feed is {as_text(feed.shape)}, but it was made for {as_text(node.shape)}."
                raise FeedError(wrong, node)
            if not is_finite(feed):
                raise non_finite_leaf(node, feed)
        for _, node in self._placeholders:
            if node not in feeds:
                raise FeedError(f"it has no value; feed it: feed_dict={{{node.name}: ...}}.", node)
        return feeds

    def start(self, feeds: Mapping[Placeholder, Array], variables: Mapping[Variable, Array]) -> list[Array]:
        """Return the list of values with those of the leaves in it.

        Raises GraphError, ShapeError or NonFiniteError where a variable was given something else than its like.
        """
        values: list[Any] = self._constants.copy()
        for position, placeholder in self._placeholders:
            values[position] = feeds[placeholder]
        for position, variable in self._variables:
            value = variables.get(variable, variable.initial_value)
            values[position] = value if is_frozen(value, variable.initial_value.shape) else _assigned(variable, value)
        return values

    def run(self, feeds: Mapping[Placeholder, Array], variables: Mapping[Variable, Array]) -> Evaluation:
        """Return the values of all nodes.

        Raises ShapeError or GraphError where an operation cannot be computed, NonFiniteError.
        """
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
            values[position] = freeze(node.definition.bind(node.attributes)(*inputs))
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
        trained = [variable.name for at, variable in self._variables if values[at] is not variable.initial_value]
        error = non_finite_value(node, values[position], inputs, node.definition.elementwise, trained)
        if node.kind == "log" and node.inputs[0].kind == "softmax":
            remedy = "; ".join(filter(None, ["log_softmax finds it without a probability of 0", error.remedy]))
            return NonFiniteError(error.finding, remedy, node, error.entry)
        return error

    def _failure(self, position: int, values: list[Array], error: Exception) -> MinidlError:
        node = self.nodes[position]
        assert isinstance(node, Operation)
        shapes = tuple([values[source].shape for source in self.sources[position]])
        try:
            node.definition.output_shape(shapes, node.attributes)
        except ValueError as misfit:
            return node.misfit(shapes, misfit)
        if isinstance(error, GraphError):  # what an operation itself finds wrong with its inputs
            return GraphError(str(error), node)
        remedy = "; its inputs belong to others: return a new array" if "read-only" in str(error) else ""
        return GraphError(f"computing it raised {type(error).__name__}: {error}{remedy}.", node)

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
        self.training = training
        wanted = plan.trained() if training else [True] * len(plan.nodes)
        self.visited: list[int] = []
        self.variables: list[tuple[int, Variable]] = []
        # a step back: where G is, whose gradient function takes it, to which inputs, which of them need theirs
        self.steps: list[tuple[int, Operation, GradientRule, Sequence[int], Sequence[bool], bool]] = []
        for position in visits(plan.sources, edges_to_wait_for(plan.sources, plan.index[loss]))[0]:
            if not wanted[position]:
                continue
            node = plan.nodes[position]
            self.visited.append(position)
            if isinstance(node, Operation):
                sources = plan.sources[position]
                needs = tuple([wanted[source] for source in sources])
                self.steps.append((position, node, gradient_rule(node), sources, needs, node.definition.unchecked))
            elif isinstance(node, Variable):
                self.variables.append((position, node))


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
        """Return the gradient of the loss for every node that leads to it, in the order of the search.

        Raises NonFiniteError for the first of them that is not finite.
        """
        backward = self._plan.backward(loss, training=False)
        gradients = self._gradients(loss, backward)
        self._check_finite(gradients, backward)
        nodes = self._plan.nodes
        return {nodes[position]: gradients[position] for position in backward.visited}

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
        plan, changed = self._plan, {self._plan.index[node]}
        for position, sources in enumerate(plan.sources):
            if not changed.isdisjoint(sources):
                changed.add(position)
        changed.discard(plan.index[node])
        return [each for each in plan.nodes if isinstance(each, Operation) and plan.index[each] in changed]

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
            if not unchecked and not is_finite(freeze(gradient)) and backward.training:
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
            vars(self).update(vars(self._plan.run(*self._from)))
        return vars(self)[name]


def _assigned(variable: Variable, value: Any) -> Array:
    """Return a copy of what somebody gave a variable, such as `session.variables[w] = [1.0, 2.0]`, as an array."""
    try:
        array = copy_in(value)
    except (TypeError, ValueError) as error:
        raise GraphError(f"the value given to it is not an array of numbers: {error}.", variable) from error
    wanted = variable.initial_value.shape
    if array.shape != wanted:
        raise ShapeError(f"the value given to it is {as_text(array.shape)}, but it is {as_text(wanted)}.", variable)
    if not is_finite(array):
        raise non_finite_leaf(variable, array)
    return array


def check_loss(loss: Node, shape: Shape | None) -> None:
    """Raise ShapeError where a loss of this shape is not a single number."""
    if shape:
        wrong = f"a loss must be one number, but it is {as_text(shape)}; reduce_sum makes one number of it."
        raise ShapeError(wrong, loss)
