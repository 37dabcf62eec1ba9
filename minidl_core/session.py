"""A session: the numbers of one training, and each run of the graph with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .arrays import Array, read_only
from .errors import GraphError
from .graph import Node, Variable
from .plan import Plan
from .train import Minimization


class Run:
    """The values of one evaluation; `gradients` computes what they imply."""

    def __init__(self, plan: Plan, values: list[Array]) -> None:
        self._plan = plan
        self._values = values

    def __getitem__(self, node: Node) -> Array:
        return self._values[self._plan.index[node]]

    def gradients(self, loss: Node, training: bool = False) -> dict[Node, Array]:
        """Return the gradients of the loss; when training, only those of its variables."""
        return self._plan.gradients(loss, self._values, training)


class Session:
    """Evaluates nodes and keeps the current values of the variables, which start from their initial values."""

    def __init__(self) -> None:
        self.variables: dict[Variable, Array] = {}
        self._plans: dict[tuple[Node, ...], Plan] = {}

    def run(self, fetches: Node | Sequence[Node], feed_dict: Mapping[Any, Any] | None = None) -> Any:
        """Return the value of a node, or a list of the values of several, each node being evaluated once.

        Running a minimisation takes one step of training and returns the loss as it was before. All values are those
        before any step. Arrays are read-only; feeds are copied. Raises FeedError, ShapeError, NonFiniteError.
        """
        single = isinstance(fetches, Node)
        asked: tuple[Node, ...] = (fetches,) if isinstance(fetches, Node) else tuple(fetches)
        for node in asked:
            if not isinstance(node, Node):
                raise GraphError(f"{node!r} is not a node; run takes a node or a list of nodes.")
        nodes = tuple(node.loss if isinstance(node, Minimization) else node for node in asked)
        plan = self._plans.get(nodes)
        if plan is None:
            plan = self._plans[nodes] = Plan(nodes)
        values = plan.start(plan.feed(feed_dict), self.variables)
        plan.forward(values)
        run = Run(plan, values)
        for node in nodes:
            node.last_run = run
        for node in asked:
            if isinstance(node, Minimization):
                node.optimizer.apply(self.variables, run.gradients(node.loss, training=True))
        results = [read_only(run[node]) for node in nodes]
        return results[0] if single else results
