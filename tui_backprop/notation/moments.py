"""Named moments: how `4:b:2`, iteration 4, visit of b, second step, is read and written.

A name is an iteration, then perhaps a node, then perhaps a step. Which steps a node has, and where they end, is looked
up in the events of an iteration. So a slide or an exercise can point into a run.
"""

from __future__ import annotations

import difflib
import re
import shlex

from minidl_core import Node

from ..debugger.event_table import Phase
from ..debugger.steps import NamedStep, Place, after_node, steps_of
from ..debugger.timeline import Timeline
from .fitting import cut
from .listing import listed

MOST = 1_000_000
FORMS = "7 (the end of iteration 7), 7:b (its gradient of b), 7:b:2, 7:b:forward, 7:b:update, 7.31 (its event 31)"

_NAME = re.compile(r"(\d{1,18})(?:\.(\d{1,18})|:(.+))?", re.ASCII)


class NoMomentError(ValueError):
    """There is no moment of this name; the message is a sentence that says what there is."""


def read_moment(text: str, timeline: Timeline) -> Place | NamedStep:
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
    if event is None:
        return _read_step(iteration, name, timeline)
    recording = timeline.whole_iteration()
    last = len(recording.events)
    if int(event) < 1 or (int(event) > last and recording.error is None):
        raise NoMomentError(f"An iteration has {last} events here, {iteration}.1 to {iteration}.{last}.")
    return Place(iteration, int(event), fine=True)


def write_moment(place: Place | NamedStep) -> str:
    """Return how a sentence calls a place: iteration 4, event 12; 4:b:2."""
    if isinstance(place, NamedStep):
        step = f":{_step_name(place)}" if place.number else ""
        return f"{place.iteration}:{cut(place.node.name, 40)}{step}"
    return f"iteration {place.iteration}" + (f", event {place.cursor}" if place.cursor else "")


def name_moment(timeline: Timeline) -> str:
    """Return the name of the moment at the cursor."""
    iteration, cursor, fine = timeline.place
    if cursor == 0:
        return str(iteration - 1)
    if timeline.at_end_of_iteration:
        return str(iteration)
    node = timeline.recording.events[timeline.cursor - 1].node
    step = None if fine else next((s for s, i in steps_of(timeline.recording, node) if i == timeline.cursor - 1), None)
    if step is None:
        return f"{iteration}.{cursor}"
    only = (step.phase, step.number) == ("backward", 1) and after_node(timeline.recording, timeline.cursor - 1)
    if only and _step_called(node.name, timeline) is None:
        return f"{iteration}:{node.name}"
    return f"{iteration}:{node.name}:{_step_name(step)}"


def command(timeline: Timeline) -> str:
    """Return the command line that opens the app at this moment."""
    program = timeline.program
    words = ["backprop-tui", program.address]
    if program.seed != program.lesson.seed:
        words += ["--seed", str(program.seed)]
    rate = program.learning_rate
    if rate != program.lesson.learning_rate and not callable(rate):
        words += ["--learning-rate", repr(rate)]
    return shlex.join([*words, "--at", name_moment(timeline)])


def _read_step(iteration: int, name: str, timeline: Timeline) -> NamedStep:
    # where a node is called like another node's step, the name is the step's
    found = _step_called(name, timeline)
    if found is not None:
        node, phase, number = found
        return NamedStep(iteration, node, phase, number)
    nodes = {node.name: node for node in timeline.graph.nodes}
    if name in nodes:
        return NamedStep(iteration, nodes[name], "backward")
    owner, _, step = name.rpartition(":")
    if owner in nodes:
        steps = [f"{iteration}:{owner}:{step}" for step in _steps(nodes[owner], timeline)]
        raise NoMomentError(f"{cut(owner, 40)} has no step '{cut(step, 40)}'. There are {listed(steps, str, 8)}.")
    near = difflib.get_close_matches(name, nodes, n=1)
    if near:
        raise NoMomentError(f"There is no node '{cut(name, 40)}'; did you mean {cut(near[0], 40)}?")
    there_are = listed(list(nodes), lambda node: cut(node, 40), 12)
    raise NoMomentError(f"There is no node '{cut(name, 40)}'. There are {there_are}.")


def _step_called(name: str, timeline: Timeline) -> tuple[Node, Phase, int] | None:
    """Return the node, the phase and the number of the step of this name, such as b:2; None where it is none's."""
    owner, _, step = name.rpartition(":")
    node = next((node for node in timeline.graph.nodes if node.name == owner), None)
    if node is None:
        return None
    if step not in _steps(node, timeline) and timeline.recording.error is None:
        return None
    if step in ("forward", "update"):
        return node, "forward" if step == "forward" else "update", 1
    return (node, "backward", int(step)) if step.isdecimal() and step.isascii() and int(step) else None


def _steps(node: Node, timeline: Timeline) -> list[str]:
    """Return the names of a node's steps; where an error ended the iteration, of those before it."""
    return [_step_name(step) for step, _ in steps_of(timeline.whole_iteration(), node)]


def _step_name(step: NamedStep) -> str:
    return str(step.number) if step.phase == "backward" else step.phase
