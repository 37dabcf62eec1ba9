"""The first line: which lesson and iteration, in which pass and how far, and how large the loss is."""

from __future__ import annotations

from minidl_core import Variable

from .formats import number
from .moment import Moment
from .palette import Line, Span

PHASES = ("forward", "backward", "update")


def draw_header(moment: Moment, width: int) -> Line:
    """Draw the header in one line of this width; what is least needed is left out first."""
    rate = [("η ", "dim"), (f"{moment.learning_rate:g}", "text")]
    loss, before = _loss(moment)
    place = _place(moment)
    for gap, with_place, with_before, with_rate in (
        (3, True, True, True),
        (3, True, False, True),
        (2, False, False, True),
        (1, False, False, True),
        (1, False, False, False),
    ):
        space = (" " * gap, "text")
        left = [(" ", "text"), (moment.lesson.name, "title"), space, ("iteration ", "dim")]
        left += [(str(moment.iteration), "title"), space, *_phases(moment)]
        left += [space, (place, "text")] if with_place and place else []
        right = [*rate, space] if with_rate else []
        right += [*loss, *(before if with_before else []), (" ", "text")]
        room = width - _length(left) - _length(right)
        if room >= 1:
            break
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


def _loss(moment: Moment) -> tuple[Line, Line]:
    previous = moment.recording.previous_loss
    before: Line = [] if previous is None else [(f" (was {number(previous)})", "dim")]
    if moment.loss is None:
        return [("J · not yet", "dim")], before
    return [("J ", "dim"), (number(moment.loss), "title")], before


def _length(line: list[Span]) -> int:
    return sum(len(text) for text, _ in line)
