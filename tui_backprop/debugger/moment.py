"""A moment: everything that can be shown at the cursor, as a pure function of the events before it.

Nothing is copied: a node's state is looked up as its last change before the cursor, so a moment costs the same on a
graph of ten nodes and of ten thousand.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from functools import cached_property
from itertools import islice, takewhile

from minidl_core import (
    ContributionAdded,
    Event,
    GradientCompleted,
    MinidlError,
    Node,
    NodeEvaluated,
    Operation,
    Placeholder,
    State,
    Variable,
    VariableUpdated,
)
from minidl_core.arrays import Array, Shape
from minidl_core.train import Optimizer

from ..programs.program import Program
from .branches import Branch
from .edits import Edit
from .event_table import Phase, node_of, phase_of
from .loss_graph import LossGraph
from .recording import Recording


class Mark(Enum):
    """How far a node's value or gradient is."""

    NOT_YET = auto()
    NOW = auto()
    DONE = auto()
    UPDATED = auto()
    STALE = auto()
    QUEUED = auto()
    WAITING = auto()
    HIDDEN = auto()


@dataclass(frozen=True)
class Moment:
    """The state of a training after the first `cursor` events of an iteration.

    `shown` is the index of the event that the moment is about (-1 before the first), `branch` is one of the `branches`,
    oldest first.
    """

    program: Program
    branches: tuple[Branch, ...]
    branch: Branch
    recording: Recording
    cursor: int
    shown: int

    @property
    def graph(self) -> LossGraph:
        """The nodes that lead to the loss."""
        return self.recording.graph

    @property
    def iteration(self) -> int:
        """The number of the iteration, from 1."""
        return self.recording.iteration

    @property
    def event(self) -> Event | None:
        """The event that the moment is about; None before the first."""
        return self.recording.events[self.shown] if self.shown >= 0 else None

    @property
    def now(self) -> Node | None:
        """The node that the event is about."""
        return node_of(self.event)

    @property
    def phase(self) -> Phase:
        """The pass in which the event is."""
        return phase_of(self.event)

    @property
    def milestones(self) -> list[tuple[int, State]]:
        """The states after 0, 1, 3 and 10 iterations, as far as they were passed."""
        return [(n, state) for n, state in sorted(self.branch.milestones.items()) if n < self.iteration]

    @property
    def next_loss(self) -> float | None:
        """J of the next iteration, if that was ever computed."""
        return self.branch.losses.loss_at(self.iteration + 1)

    @property
    def next_edits(self) -> tuple[Edit, ...]:
        """The edits that the next iteration starts with."""
        return self.branch.edits.get(self.iteration, ())

    @property
    def error(self) -> MinidlError | None:
        """The mistake that keeps the iteration from going on, once the cursor has come to it."""
        return self.recording.error if self.cursor == len(self.recording.events) else None

    @property
    def optimizer(self) -> Optimizer:
        """The optimizer of this iteration's update, with its settings."""
        return self.recording.optimizer

    @property
    def learning_rate(self) -> float:
        """The learning rate of this iteration's update."""
        return self.recording.start.rate

    @property
    def feeds(self) -> Mapping[Placeholder, Array]:
        """What the placeholders are fed with in this iteration."""
        return self.recording.start.feeds

    @property
    def loss(self) -> float | None:
        """J, once this iteration's forward pass has measured it."""
        value = self.evaluated_value(self.graph.loss)
        return None if value is None else float(value)

    def _past(self, times: dict[Node, int], node: Node) -> int | None:
        time = times.get(node)
        return time if time is not None and time < self.cursor else None

    def _event(self, times: dict[Node, int], node: Node) -> Event | None:
        time = self._past(times, node)
        return None if time is None else self.recording.events[time]

    def value(self, node: Node) -> Array | None:
        """Return the node's value in this iteration, of an updated variable the new one; None if there is none yet."""
        match self._event(self.recording.updated, node) or self._event(self.recording.evaluated, node):
            case NodeEvaluated(_, value) | VariableUpdated(new=value):
                return value
        return None

    def shape(self, node: Node) -> Shape | None:
        """Return the shape of the node's value; before there is one it is what follows from the feeds, if it does."""
        value = self.value(node)
        return self.graph.shapes.get(node) if value is None else value.shape

    def variable(self, node: Variable) -> Array:
        """Return what a variable holds, whether or not this iteration's forward pass has come to it."""
        value = self.value(node)
        return self.recording.start.variables.get(node, node.initial_value) if value is None else value

    def evaluated_value(self, node: Node) -> Array | None:
        """Return the value that this iteration's forward pass used, also of a variable that has been updated."""
        event = self._event(self.recording.evaluated, node)
        return event.value if isinstance(event, NodeEvaluated) else None

    def gradient(self, node: Node) -> Array | None:
        """Return dJ/dnode, once it is complete."""
        event = self._event(self.recording.completed, node)
        return event.gradient if isinstance(event, GradientCompleted) else None

    def theirs(self, node: Node) -> Array | None:
        """Return dJ/dnode as the program's own engine found it, once ours is complete; None where it found none."""
        return None if self.gradient(node) is None else self.recording.theirs.get(node)

    def agrees(self, node: Node) -> bool | None:
        """Return whether the program's own engine found the right gradient; None while or where there are not both."""
        return None if self.theirs(node) is None else node not in self.recording.parted

    @property
    def backward_is_over(self) -> bool:
        """Whether the gradients of all nodes that lead to the loss are complete."""
        completed = self.recording.completed
        return len(completed) == len(self.graph.nodes) and next(reversed(completed.values())) < self.cursor

    @property
    def compared(self) -> int:
        """How many gradients have been compared with those that the program's own engine found."""
        return bisect_left(self.recording.compared, self.cursor)

    @cached_property
    def parted(self) -> list[Node]:
        """The nodes for which the program's own engine found another gradient, in the order of the search."""
        return list(takewhile(lambda node: self.recording.parted[node] < self.cursor, self.recording.parted))

    def contributions(self, node: Node) -> list[ContributionAdded]:
        """Return the contributions that have arrived at a node, in order."""
        times = self.recording.contributed.get(node, [])
        events = [self.recording.events[time] for time in times[: bisect_left(times, self.cursor)]]
        return [event for event in events if isinstance(event, ContributionAdded)]

    def update(self, node: Node) -> VariableUpdated | None:
        """Return the update of a variable, once it has happened."""
        event = self._event(self.recording.updated, node)
        return event if isinstance(event, VariableUpdated) else None

    @cached_property
    def updated(self) -> list[Node]:
        """The variables that have been updated, in order."""
        # the dictionary is filled in the order of time
        return list(takewhile(lambda node: self.recording.updated[node] < self.cursor, self.recording.updated))

    @property
    def queue_is_hidden(self) -> bool:
        """Whether the queue must not be shown, because a question asks for it."""
        return False

    @property
    def losses_until(self) -> int | None:
        """The last iteration whose loss may be seen; None for all."""
        return None

    @property
    def queue(self) -> list[Node]:
        """The nodes in the queue, first to be visited first."""
        return self.recording.joined[self.visit_count : self._joined]

    @property
    def visit_count(self) -> int:
        """How many nodes the search has visited, the one of now included."""
        return bisect_left(self.recording.visits, self.cursor)

    def last_visited(self, most: int) -> list[Node]:
        """Return the nodes visited last, at most so many, in order, the one of now included."""
        count = self.visit_count
        return [self.recording.events[time].node for time in self.recording.visits[max(count - most, 0) : count]]

    @property
    def _joined(self) -> int:
        return bisect_left(self.recording.joined, self.cursor, key=self.recording.enqueued.__getitem__)

    @property
    def waiting_count(self) -> int:
        """How many nodes wait for consumers."""
        in_reach = bisect_left(self.recording.in_reach, self.cursor, key=self.recording.reached.__getitem__)
        return in_reach - self._joined - len(self._about_to_join)

    @property
    def _about_to_join(self) -> list[Node]:
        """The inputs of the visited node that wait for nothing but the end of its visit."""
        inputs = dict.fromkeys(self.now.inputs) if self.now is not None and self.phase == "backward" else ()
        past = self.recording
        return [
            node
            for node in inputs
            if self._past(past.reached, node) is not None
            and self._past(past.enqueued, node) is None
            and not self.waits_for(node)
        ]

    @property
    def waiting(self) -> Iterator[tuple[Node, int]]:
        """The nodes that wait for consumers, each with how many it waits for."""
        left = self.waiting_count
        enqueued, cursor = self.recording.enqueued, self.cursor
        start = bisect_left(self.recording.passed, cursor)  # most have joined the queue long ago
        for node in islice(self.recording.in_reach, start, None):
            if not left:
                break
            if enqueued.get(node, cursor) >= cursor and (pending := self.waits_for(node)):
                left -= 1
                yield node, pending

    def waits_for(self, node: Node) -> int:
        """Return how many distinct consumers that lead to the loss have not been visited."""
        visits = self.recording.consumer_visits.get(node, [])
        return len(self.graph.consumers(node)) - bisect_left(visits, self.cursor)

    def unvisited(self, node: Node) -> list[Operation]:
        """Return the consumers that a node waits for: those that lead to the loss and have not been visited."""
        past = self.recording.visited
        return [each for each in self.graph.consumers(node) if self._past(past, each) is None]

    def value_mark(self, node: Node) -> Mark:
        """Return how far the node's value is."""
        if node is self.now and self.phase != "backward":
            return Mark.NOW
        if self._past(self.recording.updated, node) is not None:
            return Mark.UPDATED
        if self._past(self.recording.evaluated, node) is None:
            return Mark.NOT_YET
        return Mark.STALE if self.recording.is_outdated(node, len(self.updated)) else Mark.DONE

    def gradient_mark(self, node: Node) -> tuple[Mark, int]:
        """Return how far the node's gradient is, with its position in the queue or how many it waits for, else 0."""
        if node is self.now and self.phase == "backward" and self._past(self.recording.visited, node) is not None:
            return Mark.NOW, 0
        if self._past(self.recording.completed, node) is not None:
            return Mark.DONE, 0
        if self._past(self.recording.reached, node) is None:
            return Mark.NOT_YET, 0
        if self._past(self.recording.enqueued, node) is None:
            pending = self.waits_for(node)
            return (Mark.WAITING, pending) if pending else (Mark.NOT_YET, 0)
        return Mark.QUEUED, self.recording.queue_positions[node] - self.visit_count + 1

    def went(self, consumer: Operation, input_index: int) -> bool:
        """Return whether a contribution has come back over the edge into this input of a consumer."""
        time = self.recording.crossed.get((consumer, input_index))
        return time is not None and time < self.cursor
