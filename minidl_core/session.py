"""A session: the numbers of one training, and each run of the graph with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from .arrays import Array, quiet, read_only
from .errors import GraphError
from .graph import Node, Variable
from .plan import Plan, Run
from .train import Memory, Minimization, Optimizer
from .train.step import take_step
from .watching import notify

_NOTHING = Memory()


class Session:
    """Evaluates nodes and keeps the variables, which start from their initial values, and what optimizers remember."""

    def __init__(self) -> None:
        self.variables: dict[Variable, Array] = {}
        self.memories: dict[Optimizer, Memory] = {}
        self._plans: dict[tuple[Node, ...], Plan] = {}

    def run(self, fetches: Node | Sequence[Node], feed_dict: Mapping[Any, Any] | None = None) -> Any:
        """Return the value of a node, or a list of the values of several, each node being evaluated once.

        Running a minimisation takes one step of training and returns the loss as it was before. All values are those
        before any step, and each step is taken once. Arrays are read-only; feeds are copied.

        Raises FeedError, ShapeError, NonFiniteError.
        """
        asked = (fetches,) if isinstance(fetches, Node) else _nodes(fetches)
        nodes = tuple(node.loss if isinstance(node, Minimization) else node for node in asked)
        plan = self._plans.get(nodes)
        if plan is None:
            plan = self._plans[nodes] = Plan(nodes)
        feeds = plan.feed(feed_dict)
        for node in asked:
            notify(node, feeds)
        with quiet():
            run = plan.run(feeds, self.variables)
            for node in nodes:
                node.last_run = run
            moved: dict[Variable, Array] = {}
            for node in dict.fromkeys(asked):
                if isinstance(node, Minimization):
                    moved |= self.take_step(node, run, moved)
        results = [read_only(run[node]) for node in nodes]
        return results[0] if isinstance(fetches, Node) else results

    def take_step(
        self, minimization: Minimization, run: Run, moved: Mapping[Variable, Array] = MappingProxyType({})
    ) -> Mapping[Variable, Array]:
        """Take one step of an optimizer down from where a run was; return the variables that it moves.

        `moved` are variables that have been moved since the run. Raises NonFiniteError, GraphError; then nothing has
        changed.
        """
        optimizer = minimization.optimizer
        after, memory = take_step(optimizer, run, minimization.loss, moved, self.memory_of(optimizer))
        self.variables, self.memories[optimizer] = {**self.variables, **after}, memory
        return after

    def memory_of(self, optimizer: Optimizer) -> Memory:
        """Return what an optimizer remembers of its steps in this session."""
        return self.memories.get(optimizer, _NOTHING)


def _nodes(fetches: Any) -> tuple[Node, ...]:
    if not isinstance(fetches, list | tuple):
        raise GraphError(f"{fetches!r} is not a node; run takes a node or a list of nodes.")
    for node in fetches:
        if not isinstance(node, Node):
            raise GraphError(f"{node!r} is not a node; run takes a node or a list of nodes.")
    return tuple(fetches)
