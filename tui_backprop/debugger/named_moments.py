"""Named moments: how `4:b:2`, iteration 4, visit of b, second step, is read and written.

A name is an iteration, then perhaps a node, then perhaps a step: its place is the same in every iteration, because the
graph alone decides on the order of the events. So a slide or an exercise can point into a run.
"""

from __future__ import annotations

import difflib
import re
import shlex

from minidl_core import Variable
from minidl_core.backprop import search

from ..narration.wording import listed
from ..notation.fitting import cut
from .loss_graph import LossGraph
from .steps import Place
from .timeline import Timeline

MOST = 1_000_000
FORMS = "7 (the end of iteration 7), 7:b (its gradient of b), 7:b:2, 7:b:forward, 7:b:update, 7.31 (its event 31)"

_NAME = re.compile(r"(\d{1,18})(?:\.(\d{1,18})|:(.+))?", re.ASCII)


class NoMomentError(ValueError):
    """There is no moment of this name; the message is a sentence that says what there is."""


def read_moment(text: str, graph: LossGraph) -> Place:
    """Return the place of a named moment; raises NoMomentError."""
    match = _NAME.fullmatch(text.strip())
    if match is None:
        wrong = f"'{cut(text.strip(), 40)}' is not a moment. " if text.strip() else ""
        raise NoMomentError(f"{wrong}Type one like {FORMS}.")
    iteration, event, name = int(match[1]), match[2], match[3]
    if iteration > MOST:
        raise NoMomentError(f"Iteration {match[1]} is too far: the last that can be asked for is {MOST:,}.")
    if event is None and name is None:
        return Place(iteration)
    if iteration == 0:
        raise NoMomentError("Iterations count from 1; 0 alone is the start.")
    cursors, events = _cursors(graph)
    if event is not None:
        if not 1 <= int(event) <= events:
            raise NoMomentError(f"An iteration has {events} events here, {iteration}.1 to {iteration}.{events}.")
        return Place(iteration, int(event), fine=True)
    if name not in cursors:
        raise NoMomentError(_what_there_is(name, iteration, graph, cursors))
    return Place(iteration, cursors[name])


def name_moment(timeline: Timeline) -> str:
    """Return the name of the moment at the cursor."""
    iteration, cursor, fine = timeline.place
    if cursor == 0:
        return str(iteration - 1)
    if timeline.at_end_of_iteration:
        return str(iteration)
    if not fine:
        for name, place in _cursors(timeline.graph)[0].items():
            if place == cursor:
                return f"{iteration}:{name}"
    return f"{iteration}.{cursor}"


def command(timeline: Timeline) -> str:
    """Return the command line that opens the app at this moment."""
    words = ["backprop-tui", timeline.lesson.address]
    if timeline.seed != timeline.lesson.seed:
        words += ["--seed", str(timeline.seed)]
    if timeline.learning_rate != timeline.lesson.learning_rate and not callable(timeline.learning_rate):
        words += ["--learning-rate", repr(float(timeline.learning_rate))]
    return shlex.join([*words, "--at", name_moment(timeline)])


def go(timeline: Timeline, place: Place) -> bool:
    """Move to a place, training as far as it needs, and return whether that went anywhere.

    Raises NoMomentError where a mistake stops the training before; the timeline is then where it stopped.
    """
    iteration, cursor, _ = place
    moved = timeline.go_to(place)
    at = timeline.recording.iteration
    if (at, timeline.cursor) < (iteration, cursor or 0):
        asked = f"iteration {iteration}" + (f", event {cursor}" if cursor else "")
        raise NoMomentError(f"There is no {asked}: training stopped in iteration {at}, after event {timeline.cursor}.")
    return moved


def _cursors(graph: LossGraph) -> tuple[dict[str, int], int]:
    """Return behind how many events of an iteration each name without its number stands, and how many there are.

    Of several names for one place, the one to be shown comes first. Where a node is called like another node's step,
    the name is the step's.
    """
    cursors = {f"{node.name}:forward": cursor for cursor, node in enumerate(graph.nodes, 1)}
    cursor = len(graph.nodes) + 1
    with_one_step: dict[str, int] = {}
    with_several: dict[str, int] = {}
    variables = []
    for node, enqueued in search(graph.loss):
        edges = sum(source is node for consumer in graph.consumers(node) for source in consumer.inputs)
        for step in range(1, edges):
            cursors[f"{node.name}:{step}"] = cursor + 1 + step
        cursor += 1 + edges + 1 + bool(enqueued)
        cursors[f"{node.name}:{max(edges, 1)}"] = cursor
        (with_several if edges > 1 else with_one_step)[node.name] = cursor
        if isinstance(node, Variable):
            variables.append(node)
    for node in variables:
        cursor += 1
        cursors[f"{node.name}:update"] = cursor
    others = {name: at for name, at in with_several.items() if name not in cursors}
    return with_one_step | cursors | others, cursor + 1


def _what_there_is(name: str, iteration: int, graph: LossGraph, cursors: dict[str, int]) -> str:
    nodes = [node.name for node in graph.nodes]
    node, _, step = name.rpartition(":")
    if node in nodes:
        steps = [f"{iteration}:{end}" for end in cursors if end.startswith(f"{node}:")]
        return f"{cut(node, 40)} has no step '{cut(step, 40)}'. There are {listed(steps, str, 8)}."
    near = difflib.get_close_matches(name, nodes, n=1)
    if near:
        return f"There is no node '{cut(name, 40)}'; did you mean {cut(near[0], 40)}?"
    return f"There is no node '{cut(name, 40)}'. There are {listed(nodes, lambda node: cut(node, 40), 12)}."
