"""The first line: which lesson and iteration, in which pass and how far, and how large the loss is."""

from __future__ import annotations

from minidl_core import Variable

from .formats import number
from .moment import Moment
from .palette import Line, Span

PHASES = ("forward", "backward", "update")


def draw_header(moment: Moment, width: int) -> Line:
    """Draw the header in one line of this width.

    What is said depends on the width alone and not on the moment, so that nothing jumps from step to step.
    """
    gap = (" " * (3 if width >= 100 else 2 if width >= 76 else 1), "text")
    left = [(" ", "text"), (moment.lesson.name, "title"), gap, ("iteration ", "dim")]
    left += [(str(moment.iteration), "title"), gap, *_phases(moment)]
    left += [gap, (_place(moment), "text")] if width >= 110 else []
    right = [("η ", "dim"), (f"{moment.learning_rate:g}", "text"), gap] if width >= 72 else []
    right += [
        *_loss(moment, " not yet" if width >= 72 else ""),
        *(_loss_before(moment) if width >= 110 else []),
        (" ", "text"),
    ]
    room = width - _length(left) - _length(right)
    return [*left, (" " * max(room, 1), "text"), *right]


def _phases(moment: Moment) -> Line:
    spans: Line = []
    for phase in PHASES:
        now = phase == moment.phase and moment.event is not None
        spans += [(f"[{phase.upper()}]", "phase") if now else (phase, "dim"), ("  ", "text")]
    return spans[:-1]


def _place(moment: Moment) -> str:
    """Say how far the pass is, in nodes."""
    graph, recording = moment.graph, moment.recording
    node = moment.now
    if node is None:
        return "" if moment.event is None else "iteration finished"
    if isinstance(node, Variable) and moment.phase == "update":
        return f"variable {len(moment.updated)} of {len(graph.variables)}"
    if moment.phase == "forward":
        return f"node {graph.position[node] + 1} of {len(graph.nodes)}"
    place = recording.places.get(node)
    return "" if place is None else f"node {place + 1} of {len(graph.nodes)}"


def _loss(moment: Moment, not_yet: str) -> Line:
    name = moment.graph.loss.name
    if moment.loss is None:
        return [(f"{name} ·{not_yet}", "dim")]
    return [(f"{name} ", "dim"), (number(moment.loss), "title")]


def _loss_before(moment: Moment) -> Line:
    previous = moment.recording.previous_loss
    return [] if previous is None else [(f" (was {number(previous)})", "dim")]


def _length(line: list[Span]) -> int:
    return sum(len(text) for text, _ in line)
