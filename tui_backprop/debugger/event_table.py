"""The event table: of each kind of event its phase, whether a step or the work on a node ends with it, its array.

Whoever asks in which phase an event is or what ends with it asks here, so that a new event is one row.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from minidl_core import (
    BackwardStarted,
    ContributionAdded,
    Event,
    GradientCompleted,
    IterationFinished,
    Node,
    NodeEvaluated,
    NodesEnqueued,
    NodeVisited,
    Operation,
    VariableUpdated,
)
from minidl_core.arrays import Array

Phase = Literal["forward", "backward", "update"]
PHASES: tuple[Phase, ...] = ("forward", "backward", "update")

Ends = Callable[[Any, Event | None], bool]
"""Whether something ends with an event; the second one is the event behind it, None where nothing follows."""


class Row(NamedTuple):
    """What is true of a kind of event.

    `array` is the attribute with the array that it brings, and `array_name` what a lesson's sentence calls that; both
    are empty where it brings none. `has_node` is whether it happens to a node.
    """

    phase: Phase
    ends_step: Ends
    ends_node: Ends
    array: str = ""
    array_name: str = ""
    has_node: bool = True


def _always(event: Event, following: Event | None) -> bool:  # noqa: ARG001 (an Ends)
    return True


def _never(event: Event, following: Event | None) -> bool:  # noqa: ARG001 (an Ends)
    return False


def _unless_nodes_join(event: Event, following: Event | None) -> bool:  # noqa: ARG001 (an Ends)
    return not isinstance(following, NodesEnqueued)


TABLE: dict[type[Any], Row] = {
    # a leaf's evaluation joins the step of the operation that uses it
    NodeEvaluated: Row("forward", lambda event, _: isinstance(event.node, Operation), _always, "value", "value"),
    BackwardStarted: Row("backward", _never, _never),
    NodeVisited: Row("backward", _never, _never),
    ContributionAdded: Row("backward", lambda event, _: event.number < event.count, _never, "total", "total"),
    GradientCompleted: Row("backward", _unless_nodes_join, _unless_nodes_join, "gradient", "gradient"),
    NodesEnqueued: Row("backward", _always, _always),
    VariableUpdated: Row("update", _always, _always, "new", "value"),
    IterationFinished: Row("update", _always, _always, has_node=False),
}


def phase_of(event: Event | None) -> Phase:
    """Return the phase of an event; before the first event it is the forward pass."""
    return "forward" if event is None else TABLE[type(event)].phase


def node_of(event: Event | None) -> Node | None:
    """Return the node to which an event happens; None where it happens to none."""
    return event.node if event is not None and TABLE[type(event)].has_node else None


def array_of(event: Event) -> Array | None:
    """Return the array that an event brings, so far summed up where it is a sum; None where it brings none."""
    array = TABLE[type(event)].array
    return getattr(event, array) if array else None
