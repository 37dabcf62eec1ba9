"""What counts as one step, one node, one phase: where among the events of an iteration each kind of move stops.

The engine's events are finer than what a learner wants to see next. A leaf's evaluation joins the operation that uses
it; visit, contribution, completion and queueing of a node are one step (with k edges: k steps); the gradients of data
pass with the next step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from minidl_core import (
    BackwardStarted,
    ContributionAdded,
    Event,
    GradientCompleted,
    IterationFinished,
    NodeEvaluated,
    NodesEnqueued,
    Operation,
    VariableUpdated,
)

from .recording import Recording


class Place(NamedTuple):
    """A place in a training: behind the first `cursor` events of an iteration, None for all of them.

    Where it is `fine`, it is about its last event, else about the step that ends there.
    """

    iteration: int
    cursor: int | None = None
    fine: bool = False


Stop = Callable[[Recording, int], bool]
"""Whether a kind of move stops after the event of this index; it may look at the event behind it."""


def after_event(recording: Recording, index: int) -> bool:  # noqa: ARG001 (a Stop)
    """Stop after every event."""
    return True


def after_step(recording: Recording, index: int) -> bool:
    """Stop where a learner's next step ends."""
    event = recording.events[index]
    match event:
        case NodeEvaluated(node):
            return isinstance(node, Operation)
        case ContributionAdded(node):
            return event.number < event.count and not recording.graph.is_data(node)
        case GradientCompleted(node) | NodesEnqueued(node):
            return not recording.graph.is_data(node) and after_node(recording, index)
        case _:
            return isinstance(event, VariableUpdated | IterationFinished)


def after_node(recording: Recording, index: int) -> bool:
    """Stop where the work on one node ends."""
    event = recording.events[index]
    if isinstance(event, GradientCompleted):
        return not isinstance(_event_at(recording, index + 1), NodesEnqueued)
    return isinstance(event, NodeEvaluated | NodesEnqueued | VariableUpdated | IterationFinished)


def after_phase(recording: Recording, index: int) -> bool:
    """Stop where the forward pass, the backward pass or the update ends."""
    following = _event_at(recording, index + 1)
    if isinstance(recording.events[index], NodeEvaluated):
        return not isinstance(following, NodeEvaluated)
    if isinstance(recording.events[index], GradientCompleted | NodesEnqueued):
        return following is None or isinstance(following, VariableUpdated | IterationFinished)
    return isinstance(recording.events[index], IterationFinished)


def after_iteration(recording: Recording, index: int) -> bool:
    """Stop where the iteration ends."""
    return isinstance(recording.events[index], IterationFinished)


STOPS: dict[str, Stop] = {
    "event": after_event,
    "step": after_step,
    "node": after_node,
    "phase": after_phase,
    "iteration": after_iteration,
}
"""The kinds of moves, by the names that the keys use."""


def headline(recording: Recording, cursor: int) -> int:
    """Return the index of the event that says what the step ending at this cursor is about.

    For a visited node that is the contribution it got, for the loss the start of the backward pass. Inside a step it
    is the last event.
    """
    index = cursor - 1
    if not (after_step(recording, index) or after_node(recording, index)):
        return index
    while index > 0 and isinstance(recording.events[index], GradientCompleted | NodesEnqueued):
        index -= 1
    if not isinstance(recording.events[index], ContributionAdded):
        started = index - 1
        if started >= 0 and isinstance(recording.events[started], BackwardStarted):
            return started
    return index


def _event_at(recording: Recording, index: int) -> Event | None:
    return recording.events[index] if index < len(recording.events) else None
