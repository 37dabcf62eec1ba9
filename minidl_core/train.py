"""Gradient descent: each variable takes a small step against its gradient."""

from __future__ import annotations

import math
from collections.abc import Mapping, MutableMapping

import numpy as np

from .arrays import Array, is_finite
from .errors import GraphError
from .finite import non_finite_update
from .graph import Node, Variable, post_order
from .plan import check_loss


class GradientDescentOptimizer:
    """Moves every variable by `learning_rate` times its gradient, downhill."""

    def __init__(self, learning_rate: float) -> None:
        try:
            self.learning_rate = float(learning_rate)
        except (TypeError, ValueError):
            self.learning_rate = math.nan
        if not (math.isfinite(self.learning_rate) and self.learning_rate > 0):
            raise GraphError(f"the learning rate must be a number above 0, not {learning_rate!r}.")

    def minimize(self, loss: Node, name: str | None = None) -> Minimization:
        """Return a node that takes one step when it is run.

        Raises ShapeError where the loss is known not to be one number, GraphError where no variable leads to it.
        """
        return Minimization(self, loss, name)

    def updated(self, value: Array, gradient: Array) -> Array:
        """Return the new value of a variable: the old one less the learning rate times its gradient."""
        return value - self.learning_rate * gradient

    def apply(self, variables: MutableMapping[Variable, Array], gradients: Mapping[Node, Array]) -> None:
        """Bind new arrays to the variables; raises NonFiniteError, and changes none, where one would not be finite."""
        new: dict[Variable, Array] = {}
        with np.errstate(all="ignore"):
            for variable, gradient in gradients.items():
                assert isinstance(variable, Variable)
                new[variable] = value = self.updated(variables.get(variable, variable.initial_value), gradient)
                if not is_finite(value):
                    raise non_finite_update(variable, value, self.learning_rate)
        variables.update(new)


class Minimization(Node):
    """One step of an optimizer on a loss: a node to run; it is nobody's input."""

    __slots__ = ("loss", "optimizer", "variables")

    def __init__(self, optimizer: GradientDescentOptimizer, loss: Node, name: str | None) -> None:
        check_loss(loss, loss.shape)
        self.variables = [node for node in post_order([loss]) if isinstance(node, Variable)]
        if not self.variables:
            raise GraphError("no variable leads to it, so there is nothing to train.", loss)
        self.loss = loss
        self.optimizer = optimizer
        super().__init__((), name or "minimize")
