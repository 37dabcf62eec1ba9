"""The events of one iteration as they come, and where among them each node changed.

An event's index is its time. A recording only ever grows, so what was true at a time stays true.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Set
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from minidl_core import (
    BackwardStarted,
    ContributionAdded,
    Event,
    GradientCompleted,
    IterationFinished,
    MinidlError,
    Node,
    NodeEvaluated,
    NodesEnqueued,
    NodeVisited,
    Operation,
    State,
    Variable,
    VariableUpdated,
)
from minidl_core.arrays import Array
from minidl_core.gradients import EvaluatedOperation
from minidl_core.plan import Evaluation
from minidl_core.train import Optimizer

from ..beliefs.comparison import Arrival, carry, compare, parts
from ..beliefs.evaluated_graph import magnitudes, passed_on
from ..beliefs.tied_graph import has_ties, is_single
from .edits import Edit, SeedEdit
from .loss_graph import LossGraph

if TYPE_CHECKING:
    from ..programs.recorded import RecordedStep


class PastIteration(NamedTuple):
    """A finished iteration: the state it started from, and the loss there, None where that was another loss.

    `gradients` are those of the variables, where they were recorded.
    """

    start: State
    loss: float | None
    gradients: Mapping[Variable, Array] | None = None


class Recording:
    """One iteration: its number, the state it started from, its events so far, and the mistake that ended it, if any.

    `edits` are the edits of that state; it has them in it. `previous` is the iteration before, if any. `optimizer` has
    the settings of this iteration. `step` is the step of the program whose feeds come in this iteration, None in a
    lesson, and `theirs` are the gradients that the program's own engine found in this iteration, by node.
    `goes_on` tells of a number of finished iterations whether the loss that follows says what the last step brought.
    The dictionaries have for a node the time at which something happened to it; `queue_positions` its position among
    all that ever joined the queue, `visits` the times of all visits, `consumer_visits` those of a node's consumers.
    `crossed` has for an edge, a consumer and the index of its input, when a contribution came over it. `in_reach` and
    `joined` are the nodes in the order in which a first consumer was visited and in which they joined the queue;
    `passed` has for each of `in_reach` when it and all before it had joined.
    `compared` are the times at which a gradient was completed that the program's engine found too, `parted` those of
    the nodes where the two are not the same.
    """

    def __init__(
        self,
        graph: LossGraph,
        optimizer: Optimizer,
        start: State,
        previous: PastIteration | None,
        edits: tuple[Edit, ...] = (),
        step: RecordedStep | None = None,
        theirs: Mapping[Node, Array] | None = None,
        goes_on: Callable[[int], bool] = lambda _: True,
    ) -> None:
        self.graph = graph
        self.optimizer = optimizer
        self.start = start
        self.edits = edits
        self.step = step
        self._goes_on = goes_on
        self.theirs = theirs or {}
        self._carried: dict[Node, Arrival] = {}
        self.iteration = start.finished + 1
        self.previous = previous
        self.previous_loss = None if previous is None else previous.loss
        self.events: list[Event] = []
        self.error: MinidlError | None = None
        self.evaluated: dict[Node, int] = {}
        self.reached: dict[Node, int] = {}
        self.enqueued: dict[Node, int] = {}
        self.queue_positions: dict[Node, int] = {}
        self.in_reach: list[Node] = []
        self.joined: list[Node] = []
        self.passed: list[int] = []
        self.visited: dict[Node, int] = {}
        self.visits: list[int] = []
        self.consumer_visits: defaultdict[Node, list[int]] = defaultdict(list)
        self.contributed: defaultdict[Node, list[int]] = defaultdict(list)
        self.crossed: dict[tuple[Node, int], int] = {}
        self.completed: dict[Node, int] = {}
        self.compared: list[int] = []
        self.parted: dict[Node, int] = {}
        self.updated: dict[Node, int] = {}
        self._first_update_below: dict[Node, int] = {}  # the number of the first update, from 0
        self._updates_traced = 0

    @property
    def times(self) -> Iterator[dict[Any, Any] | list[Any]]:
        """All that grows with its events, and is nobody else's."""
        yield from (self.evaluated, self.reached, self.enqueued, self.queue_positions, self.in_reach, self.joined)
        yield from (self.visited, self.visits, self.consumer_visits, self.contributed, self.crossed, self.completed)
        yield from (self.passed, self.compared, self.parted, self.updated, self._carried, self._first_update_below)

    @cached_property
    def measures_last_step(self) -> bool:
        """Whether the loss says what the last step brought: it is the same loss of the same feeds."""
        return self._goes_on(self.start.finished)

    @cached_property
    def next_measures_step(self) -> bool:
        """Whether the loss of the next iteration will say so of this step; a graph may have to be built to know."""
        return self._goes_on(self.iteration)

    def edits_of(self, node: Node) -> list[Edit]:
        """Return the edits by which a node has the numbers that it has in this iteration."""
        return [
            each
            for each in self.edits
            if each.node is node or (isinstance(each, SeedEdit) and isinstance(node, Variable) and node in each.values)
        ]

    def was_set(self, node: Node) -> bool:
        """Return whether the program itself gave a variable its numbers, after the step before."""
        if self.step is None or self.iteration == 1 or not isinstance(node, Variable):
            return False
        given = self.step.set_before.get(node)
        return given is not None and np.array_equal(given, self.start.variables.get(node, node.initial_value))

    @cached_property
    def update_order(self) -> list[Variable]:
        """The variables in the order in which they are updated, once the backward pass is over."""
        only = None if self.step is None else self.step.trained
        nodes = [node for node in self.graph.variables if node in self.visited and (only is None or node in only)]
        return sorted(nodes, key=self.visited.__getitem__)

    @property
    def gradients(self) -> dict[Variable, Array]:
        """The gradients of the variables that are complete."""
        completed = {node: self.events[self.completed[node]] for node in self.graph.variables if node in self.completed}
        return {node: event.gradient for node, event in completed.items() if isinstance(event, GradientCompleted)}

    def is_outdated(self, node: Node, updates: int) -> bool:
        """Return whether a node's value was computed from a variable that the first so many updates have changed."""
        while self._updates_traced < updates:  # each update once: in a large graph all of them take long
            ahead: list[Node] = [self.update_order[self._updates_traced]]
            while ahead:
                for consumer in self.graph.consumers(ahead.pop()):
                    if consumer not in self._first_update_below:
                        self._first_update_below[consumer] = self._updates_traced
                        ahead.append(consumer)
            self._updates_traced += 1
        return self._first_update_below.get(node, updates) < updates

    @property
    def finished(self) -> bool:
        """Whether nothing can follow: the iteration is over, or a mistake has ended it."""
        return self.error is not None or (bool(self.events) and isinstance(self.events[-1], IterationFinished))

    def append(self, event: Event) -> None:
        """Note an event as the newest."""
        time = len(self.events)
        self.events.append(event)
        match event:
            case NodeEvaluated(node):
                self.evaluated[node] = time
            case BackwardStarted(node):
                self._reach(node, time)
                self._enqueue((node,), time)
            case NodeVisited(node):
                self.visited[node] = time
                self.visits.append(time)
                for source in dict.fromkeys(node.inputs):
                    self.consumer_visits[source].append(time)
                    self._reach(source, time)
            case ContributionAdded(node, consumer, input_index):
                self.contributed[node].append(time)
                self.crossed[consumer, input_index] = time
            case GradientCompleted(node, gradient):
                self.completed[node] = time
                if node in self.theirs:
                    self._compare(node, gradient, time)
                elif self.theirs and isinstance(node, Operation) and (made := carry(self._arrivals(node))) is not None:
                    self._carried[node] = made
            case NodesEnqueued(_, enqueued):
                self._enqueue(enqueued, time)
            case VariableUpdated(node):
                self.updated[node] = time

    def _reach(self, node: Node, time: int) -> None:
        if node not in self.reached:
            self.reached[node] = time
            self.in_reach.append(node)

    def _compare(self, node: Node, gradient: Array, time: int) -> None:
        self.compared.append(time)
        if parts(self.theirs[node], gradient, self._arrivals(node)) and node in self._surely_parted:
            self.parted[node] = time

    @cached_property
    def _surely_parted(self) -> Set[Node]:
        """The nodes whose gradients part by more than rounding in the values, or a choice at a bend, can tell."""
        is_scalar = not any(self._value(node).shape for node in self.evaluated)
        single = is_single(self.theirs.values())
        if is_scalar and not has_ties(self.evaluated, self._value, is_single=single):
            return self.theirs.keys()
        plan = self.graph.plan
        try:
            comparison = compare(Evaluation(plan, list(map(self._value, plan.nodes))), self.graph.loss, self.theirs)
        except MinidlError:  # a gradient further down is not finite
            return self.theirs.keys()
        return {each.node for each in comparison.disagreeing}

    def _arrivals(self, node: Node) -> Iterator[Arrival]:
        """Yield what has come to a gradient over each edge, and what comes of the gradients of the program's engine."""
        for time in self.contributed.get(node, ()):
            event = self.events[time]
            assert isinstance(event, ContributionAdded)
            consumer = event.consumer
            op = self._evaluated_operation(consumer)
            completed = self.events[self.completed[consumer]]
            assert isinstance(completed, GradientCompleted)
            arrived, right, way = None, completed.gradient, self._carried.get(consumer)
            theirs = right
            if consumer not in self.parted:
                theirs = self.theirs.get(consumer, right) if way is None else way.passed_on
                arrived = passed_on(op, np.asarray(theirs, dtype=float)[()])[event.input_index]
            summed = np.fmax(np.abs(right), np.abs(theirs) if way is None else way.magnitude)
            yield Arrival(magnitudes(op, summed)[event.input_index], arrived)

    def _value(self, node: Node) -> Array:
        event = self.events[self.evaluated[node]]
        assert isinstance(event, NodeEvaluated)
        return event.value

    def _evaluated_operation(self, operation: Operation) -> EvaluatedOperation:
        inputs = [self._value(source) for source in operation.inputs]
        return EvaluatedOperation(operation, inputs, self._value(operation), [True] * len(inputs))

    def _enqueue(self, nodes: tuple[Node, ...], time: int) -> None:
        self.joined += nodes
        for node in nodes:
            self.queue_positions[node] = len(self.queue_positions)
            self.enqueued[node] = time
        while len(self.passed) < len(self.in_reach) and self.in_reach[len(self.passed)] in self.enqueued:
            self.passed.append(time)
