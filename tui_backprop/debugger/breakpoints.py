"""Breakpoints: where going on stops. A condition is a pure function of a recording and an index, as every stop is.

So it holds at the same places forwards and backwards. All but those about a whole phase stop where a step of a node
ends.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

import numpy as np

from minidl_core import ContributionAdded, GradientCompleted, Node, NodeEvaluated
from minidl_core.arrays import is_finite

from .event_table import Phase, array_of, node_of, phase_of
from .recording import Recording
from .steps import Stop, after_node, after_step


class Breakpoint(NamedTuple):
    """A condition, as it is written and as a stop; `nodes` are those it is about, `on` is whether it stops anything."""

    text: str
    stops: Stop
    nodes: tuple[Node, ...] = ()
    on: bool = True


class Breakpoints:
    """The breakpoints that are set, in the order in which they were added; no condition is there twice."""

    def __init__(self) -> None:
        self._by_text: dict[str, Breakpoint] = {}

    def __iter__(self) -> Iterator[Breakpoint]:
        return iter(self._by_text.values())

    def __len__(self) -> int:
        return len(self._by_text)

    @property
    def on(self) -> list[Breakpoint]:
        """Those that stop anything."""
        return [point for point in self if point.on]

    def add(self, point: Breakpoint) -> None:
        """Set a breakpoint; where its condition is there already, it is on from now."""
        self._by_text[point.text] = point

    def remove(self, point: Breakpoint) -> bool:
        """Take away the breakpoint with this condition, and return whether there was one."""
        return self._by_text.pop(point.text, None) is not None

    def change(self, old: Breakpoint, new: Breakpoint) -> None:
        """Put a breakpoint in the place of another, on or off as that was."""
        changed = [new._replace(on=old.on) if point is old else point for point in self]
        self._by_text = {point.text: point for point in changed}

    def hit(self, recording: Recording, index: int) -> Breakpoint | None:
        """Return the first breakpoint that is on and stops after the event of this index."""
        return next((point for point in self if point.on and point.stops(recording, index)), None)


def at_nodes(nodes: Collection[Node], phase: Phase | None = None) -> Stop:
    """Return the stop at every step of these nodes, or at those of one phase."""

    def stops(recording: Recording, index: int) -> bool:
        event = recording.events[index]
        if node_of(event) not in nodes or phase not in (None, phase_of(event)):
            return False
        return after_node(recording, index) or after_step(recording, index)

    return stops


def at_first(stop: Stop) -> Stop:
    """Return the stop where another one stops for the first time in an iteration."""

    def stops(recording: Recording, index: int) -> bool:
        return stop(recording, index) and not any(stop(recording, before) for before in range(index))

    return stops


def at_gradient(only: Node | None, bound: float, *, above: bool) -> Stop:
    """Return the stop where the largest |gradient| of a node, or of any that is no data, is above or below a bound."""

    def stops(recording: Recording, index: int) -> bool:
        event = recording.events[index]
        node = node_of(event)
        if node is None or phase_of(event) != "backward" or not after_node(recording, index):
            return False
        if node is not only if only is not None else recording.graph.is_data(node):
            return False
        completed = recording.events[recording.completed[node]]
        assert isinstance(completed, GradientCompleted)
        largest = float(np.max(np.abs(completed.gradient), initial=0))
        return largest > bound if above else largest < bound

    return stops


def gradient_parts(recording: Recording, index: int) -> bool:
    """Stop where the gradient of a learner's own engine, or of a library, parts from the right one."""
    event = recording.events[index]
    return phase_of(event) == "backward" and node_of(event) in recording.parted and after_node(recording, index)


def at_phase(phase: Phase) -> Stop:
    """Return the stop where the first step of a phase ends."""

    def stops(recording: Recording, index: int) -> bool:
        if phase_of(recording.events[index]) != phase or not after_step(recording, index):
            return False
        for before in range(index - 1, -1, -1):
            if phase_of(recording.events[before]) != phase:
                return True
            if after_step(recording, before):
                return False
        return True

    return stops


def at_loss(bound: float, *, above: bool) -> Stop:
    """Return the stop where the loss is measured and is above or below a bound."""

    def stops(recording: Recording, index: int) -> bool:
        match recording.events[index]:
            case NodeEvaluated(node, value) if node is recording.graph.loss:
                return float(value) > bound if above else float(value) < bound
        return False

    return stops


def loss_rises(recording: Recording, index: int) -> bool:
    """Stop where the loss is measured and is larger than in the iteration before, or not finite."""
    match recording.events[index]:
        case NodeEvaluated(node, value) if node is recording.graph.loss and recording.previous_loss is not None:
            return not float(value) <= recording.previous_loss
    return False


def not_finite(recording: Recording, index: int) -> bool:
    """Stop where a value, a complete gradient or an updated variable has a NaN or an infinity."""
    event = recording.events[index]
    array = None if isinstance(event, ContributionAdded) else array_of(event)
    return array is not None and not is_finite(array)
