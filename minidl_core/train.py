"""Gradient descent: each variable takes a small step against its gradient."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from .arrays import Array, copy_in, freeze, is_finite
from .errors import GraphError
from .finite import non_finite_update
from .graph import Node, Variable, check_has_value, post_order
from .plan import Evaluation, check_loss
from .watching import notify


class GradientDescentOptimizer:
    """Moves every variable by `learning_rate` times its gradient, downhill."""

    def __init__(self, learning_rate: float) -> None:
        self.learning_rate = learning_rate

    @property
    def learning_rate(self) -> float:
        """How far a variable moves for a gradient of 1; may be changed at any time.

        Setting it raises GraphError where it is not a number above 0.
        """
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        try:
            number = copy_in(value).item()
        except (TypeError, ValueError):
            number = math.nan
        if not 0 < number < math.inf:
            raise GraphError(f"the learning rate must be a number above 0, not {value!r}.")
        self._learning_rate = number

    def minimize(self, loss: Node, name: str | None = None) -> Minimization:
        """Return a node that takes one step when it is run.

        Raises ShapeError where the loss is known not to be one number, GraphError where no variable leads to it.
        """
        return Minimization(self, loss, name)

    def updated(self, value: Array, gradient: Array) -> Array:
        """Return the new value of a variable: the old one less the learning rate times its gradient."""
        change = self._learning_rate * gradient
        return freeze(np.subtract(value, change, out=change) if change.ndim else value - change)

    def step(self, evaluation: Evaluation, loss: Node, variables: Mapping[Variable, Array]) -> dict[Variable, Array]:
        """Return the variables after one step down from where the evaluation was, as new arrays.

        Raises NonFiniteError where a gradient or a new value is not finite.
        """
        after = dict(variables)
        for variable, gradient in evaluation.variable_gradients(loss).items():
            new = self.updated(variables.get(variable, variable.initial_value), gradient)
            if not is_finite(new):
                evaluation.check_training(loss)  # raises if one of the gradients is the reason
                raise non_finite_update(variable, new, self._learning_rate)
            after[variable] = new
        return after


class Minimization(Node):
    """One step of an optimizer on a loss: a node to run, in the graph of its loss; it is nobody's input."""

    __slots__ = ("_why_no_value", "loss", "optimizer", "variables")

    def __init__(self, optimizer: GradientDescentOptimizer, loss: Node, name: str | None) -> None:
        self.variables = trained_variables(loss)
        self.loss = loss
        self.optimizer = optimizer
        self._why_no_value = f"is a step of training and has no value; use its loss, {loss.name}"
        super().__init__(name, graph=loss.graph)
        self._join(None)
        notify(self, None)


def trained_variables(loss: Node) -> list[Variable]:
    """Return the variables that lead to a loss, in the order of evaluation.

    Raises ShapeError where the loss is known not to be one number, GraphError where no variable leads to it.
    """
    check_has_value(loss)
    check_loss(loss, loss.shape)
    variables = [node for node in post_order([loss]) if isinstance(node, Variable)]
    if not variables:
        raise GraphError("no variable leads to it, so there is nothing to train.", loss)
    return variables
