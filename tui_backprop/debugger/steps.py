"""What counts as one step, one node, one phase: where among the events of an iteration each kind of move stops.

The engine's events are finer than what a learner wants to see next. A leaf's evaluation joins the operation that uses
it; visit, contribution, completion and queueing of a node are one step (with k edges: k steps); the gradients of data
pass with the next step.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import NamedTuple

from minidl_core import (
    BackwardStarted,
    ContributionAdded,
    Event,
    GradientCompleted,
    IterationFinished,
    Node,
    NodesEnqueued,
)

from .event_table import PHASES, TABLE, Phase, node_of, phase_of
from .recording import Recording


class Place(NamedTuple):
    """A place in a training: behind the first `cursor` events of an iteration, None for all of them.

    Where it is `fine`, it is about its last event, else about the step that ends there.
    """

    iteration: int
    cursor: int | None = None
    fine: bool = False


START = Place(1, 0)
"""The place before the first event of the first iteration, which is that behind no iteration, Place(0), too."""

Stop = Callable[[Recording, int], bool]
"""Whether a kind of move stops after the event of this index; it may look at the event behind it."""


def after_event(recording: Recording, index: int) -> bool:  # noqa: ARG001 (a Stop)
    """Stop after every event."""
    return True


def after_step(recording: Recording, index: int) -> bool:
    """Stop where a learner's next step ends."""
    event = recording.events[index]
    if not TABLE[type(event)].ends_step(event, _following(recording, index)):
        return False
    node = node_of(event)
    return node is None or not recording.graph.is_data(node)


def after_node(recording: Recording, index: int) -> bool:
    """Stop where the work on one node ends."""
    event = recording.events[index]
    return TABLE[type(event)].ends_node(event, _following(recording, index))


def after_phase(recording: Recording, index: int) -> bool:
    """Stop where the forward pass, the backward pass or the update ends."""
    following = _following(recording, index)
    return following is None or phase_of(following) != phase_of(recording.events[index])


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


def cursor_before(recording: Recording, cursor: int, stop: Stop) -> int:
    """Return the last cursor before this one where this kind of move stops; 0 where there is none."""
    if stop is after_iteration:
        return 0  # nothing comes behind its end
    if stop is after_phase and cursor:  # in a large graph a pass has very many events
        here = _number_of_phase(recording.events[cursor - 1])
        return bisect_left(recording.events, here, hi=cursor - 1, key=_number_of_phase)
    return next((before for before in range(cursor - 1, 0, -1) if stop(recording, before - 1)), 0)


def _number_of_phase(event: Event) -> int:
    return PHASES.index(phase_of(event))


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


def steps_of(recording: Recording, node: Node) -> Iterator[tuple[Phase, int, int]]:
    """Yield the steps of a node, also of data: the phase, the number there from 1, and the cursor behind it."""
    numbers: dict[Phase, int] = {}
    for index, event in enumerate(recording.events):
        row, following = TABLE[type(event)], _following(recording, index)
        if node_of(event) is node and (row.ends_step(event, following) or row.ends_node(event, following)):
            numbers[row.phase] = numbers.get(row.phase, 0) + 1
            yield row.phase, numbers[row.phase], index + 1


def _following(recording: Recording, index: int) -> Event | None:
    return recording.events[index + 1] if index + 1 < len(recording.events) else None
