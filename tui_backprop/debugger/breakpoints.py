"""Breakpoints: conditions at which going on stops, written as a person says them.

A condition is a pure function of a recording and an index, as every kind of stop is, so it holds at the same places
forwards and backwards. All but those about a whole pass stop where a step of a node ends.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from minidl_core import (
    BackwardStarted,
    ContributionAdded,
    GradientCompleted,
    IterationFinished,
    Node,
    NodeEvaluated,
    NodesEnqueued,
    NodeVisited,
    Operation,
    VariableUpdated,
)
from minidl_core.arrays import is_finite

from ..narration.wording import listed
from ..notation.fitting import cut
from .loss_graph import LossGraph
from .recording import Recording
from .steps import Stop, after_node, after_step

FORMS = (
    "node b",
    "operation add",
    "phase backward",
    "gradient > 10",
    "gradient of b < 1e-6",
    "loss rises",
    "not finite",
)
"""What a condition may look like."""

IN_WORDS = {
    "at the first NaN or infinity": "not finite",
    "when the loss rises": "loss rises",
    "when |gradient| is above a bound": "gradient > ",
    "when |gradient| is below a bound": "gradient < ",
    "at a phase": "phase ",
    "at an operation": "operation ",
    "at a node": "node ",
}
"""Every kind of condition as the palette says it, and how it is written; one that ends in a blank only begins so."""

_PASSES = {
    "forward": (NodeEvaluated,),
    "backward": (BackwardStarted, NodeVisited, ContributionAdded, GradientCompleted, NodesEnqueued),
    "update": (VariableUpdated,),
}
_GRADIENT = re.compile(r"\|?gradient(?: of (.+?))?\|? *([<>]) *(\S*)")


class ConditionError(ValueError):
    """A condition makes no sense; the message is a sentence that says why."""


@dataclass(frozen=True)
class Breakpoint:
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
        changed = [replace(new, on=old.on) if point is old else point for point in self]
        self._by_text = {point.text: point for point in changed}

    def hit(self, recording: Recording, index: int) -> Breakpoint | None:
        """Return the first breakpoint that is on and stops after the event of this index."""
        return next((point for point in self if point.on and point.stops(recording, index)), None)


def read_breakpoint(text: str, graph: LossGraph) -> Breakpoint:
    """Return the breakpoint with this condition; raises ConditionError."""
    text = " ".join(text.split())
    kind, _, rest = text.partition(" ")
    match = _GRADIENT.fullmatch(text)
    if match is not None:
        return _at_gradient(match[1], match[2], match[3], graph)
    if kind == "node" and rest:
        return at_node(_node(rest, graph))
    if kind == "operation" and rest:
        return _at_operation(rest, graph)
    if kind == "phase" and rest:
        if rest not in _PASSES:
            raise ConditionError(f"There is no phase '{cut(rest, 40)}'. There are {listed(list(_PASSES), str)}.")
        return Breakpoint(text, lambda recording, index: _begins(recording, index, rest))
    if text == "loss rises":
        return Breakpoint(text, _loss_rises)
    if text == "not finite":
        return Breakpoint(text, _not_finite)
    if text in {node.name for node in graph.nodes}:
        return at_node(_node(text, graph))
    if not text:
        raise ConditionError("Type a condition of one of these forms.")
    begun = next((form for form in FORMS if form.startswith(f"{text} ")), None)
    if begun is not None:
        raise ConditionError(f"'{text}' is only the beginning of a condition, as {begun} is one.")
    raise ConditionError(f"'{cut(text, 40)}' is not a condition of one of these forms.")


def at_node(node: Node) -> Breakpoint:
    """Return the breakpoint at every step of a node."""
    return Breakpoint(f"node {node.name}", lambda recording, index: _step_of(recording, index) is node, (node,))


def _at_operation(name: str, graph: LossGraph) -> Breakpoint:
    operations = [node for node in graph.nodes if isinstance(node, Operation)]
    names = list(dict.fromkeys(node.definition.name for node in operations))
    if name not in names:
        raise ConditionError(f"There is no operation '{cut(name, 40)}' here. There are {listed(names, str, 12)}.")

    def stops(recording: Recording, index: int) -> bool:
        node = _step_of(recording, index)
        return isinstance(node, Operation) and node.definition.name == name

    return Breakpoint(f"operation {name}", stops, tuple(node for node in operations if node.definition.name == name))


def _at_gradient(name: str | None, sign: str, written: str, graph: LossGraph) -> Breakpoint:
    only = None if name is None else _node(name, graph)
    try:
        bound = float(written)
    except ValueError:
        bound = math.nan
    if not written:
        raise ConditionError(f"Which bound? Write it behind the '{sign}', as in gradient {sign} 0.1")
    if not 0 <= bound < math.inf:
        raise ConditionError(f"'{cut(written, 40)}' is no bound for |gradient|: that is a finite number, 0 or above.")
    if sign == "<" and bound == 0:
        raise ConditionError("No |gradient| is below 0.")

    def stops(recording: Recording, index: int) -> bool:
        event = recording.events[index]
        if not isinstance(event, GradientCompleted | NodesEnqueued) or not after_node(recording, index):
            return False
        node = event.node
        if node is not only if only is not None else recording.graph.is_data(node):
            return False
        completed = recording.events[recording.completed[node]]
        assert isinstance(completed, GradientCompleted)
        largest = float(np.max(np.abs(completed.gradient), initial=0))
        return largest > bound if sign == ">" else largest < bound

    whose, nodes = ("", ()) if only is None else (f" of {only.name}", (only,))
    return Breakpoint(f"gradient{whose} {sign} {written}", stops, nodes)


def _node(name: str, graph: LossGraph) -> Node:
    nodes = {node.name: node for node in graph.nodes}
    if name in nodes:
        return nodes[name]
    near = difflib.get_close_matches(name, nodes, n=1)
    there_are = f"did you mean {cut(near[0], 40)}?" if near else f"there are {listed(list(nodes), _cut, 12)}."
    raise ConditionError(f"There is no node '{cut(name, 40)}'; {there_are}")


def _cut(name: str) -> str:
    return cut(name, 40)


def _step_of(recording: Recording, index: int) -> Node | None:
    """Return the node of which a step ends after this event."""
    event = recording.events[index]
    if isinstance(event, IterationFinished):
        return None
    ends = after_node(recording, index) or after_step(recording, index)
    return event.node if ends else None


def _begins(recording: Recording, index: int, phase: str) -> bool:
    """Return whether the first step of a pass ends after this event."""
    kinds = _PASSES[phase]
    if not isinstance(recording.events[index], kinds) or not after_step(recording, index):
        return False
    for before in range(index - 1, -1, -1):
        if not isinstance(recording.events[before], kinds):
            return True
        if after_step(recording, before):
            return False
    return True


def _loss_rises(recording: Recording, index: int) -> bool:
    match recording.events[index]:
        case NodeEvaluated(node, value) if node is recording.graph.loss and recording.previous_loss is not None:
            return not float(value) <= recording.previous_loss
    return False


def _not_finite(recording: Recording, index: int) -> bool:
    match recording.events[index]:
        case NodeEvaluated(value=array) | GradientCompleted(gradient=array) | VariableUpdated(new=array):
            return not is_finite(array)
    return False
