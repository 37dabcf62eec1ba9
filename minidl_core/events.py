"""What happens in one training iteration, as a stream of frozen events in the order in which a person would do it.

Forward: NodeEvaluated for each node, inputs first. Backward: BackwardStarted; then for each node of the search
NodeVisited, ContributionAdded for each of its edges, GradientCompleted, NodesEnqueued. Update: VariableUpdated for
each variable, then IterationFinished. An event carries what changed; its arrays are read-only and never change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .arrays import Array
from .graph import Node, Operation, Variable
from .train import ComputedTerm


@dataclass(frozen=True, slots=True, eq=False)
class NodeEvaluated:
    """The forward pass has the value of a node."""

    node: Node
    value: Array


@dataclass(frozen=True, slots=True, eq=False)
class BackwardStarted:
    """The loss, whose gradient with respect to itself is 1, is in the queue."""

    node: Node
    gradient: Array


@dataclass(frozen=True, slots=True, eq=False)
class NodeVisited:
    """A node leaves the queue and asks its consumers."""

    node: Node


@dataclass(frozen=True, slots=True, eq=False)
class ContributionAdded:
    """A consumer's contribution to a node's gradient has arrived over one edge.

    `gradient` is the consumer's own, G; `contribution` and `total`, the sum so far, have the node's shape. The edge is
    the `number`-th of `count`.
    """

    node: Node
    consumer: Operation
    input_index: int
    gradient: Array
    contribution: Array
    total: Array
    number: int
    count: int


@dataclass(frozen=True, slots=True, eq=False)
class GradientCompleted:
    """Every consumer has contributed: the sum is the gradient."""

    node: Node
    gradient: Array


@dataclass(frozen=True, slots=True, eq=False)
class NodesEnqueued:
    """Nodes join the queue, because `node` was the last consumer they waited for."""

    node: Node
    enqueued: tuple[Node, ...]


@dataclass(frozen=True, slots=True, eq=False)
class VariableUpdated:
    """A variable has moved against its gradient, from `old` to `new`.

    `learning_rate` is that of this iteration, `terms` are what the optimizer computed, in order, and `numbers` what
    the symbols in their formulas stand for beside W, G and the terms.
    """

    node: Variable
    old: Array
    gradient: Array
    learning_rate: float
    new: Array
    terms: tuple[ComputedTerm, ...]
    numbers: Mapping[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class IterationFinished:
    """An iteration, counted from 1, is over; `loss` is J as its forward pass measured it, before the update."""

    node: Node
    iteration: int
    loss: float


Event = (
    NodeEvaluated
    | BackwardStarted
    | NodeVisited
    | ContributionAdded
    | GradientCompleted
    | NodesEnqueued
    | VariableUpdated
    | IterationFinished
)
