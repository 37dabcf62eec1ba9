"""Named moments: how `4:b:2`, iteration 4, visit of b, second step, is read and written.

A name is an iteration, then perhaps a node, then perhaps a step. Which steps a node has, and where they end, is looked
up in the events of an iteration. So a slide or an exercise can point into a run.
"""

from __future__ import annotations

import difflib
import re
import shlex

from minidl_core import Node

from ..debugger.event_table import Phase, node_of
from ..debugger.recording import Recording
from ..debugger.steps import Place, after_node, steps_of
from ..debugger.timeline import Timeline
from ..programs import words_of
from .edits import exact_edit
from .fitting import cut
from .listing import listed
from .names import by_name

MOST = 1_000_000
FORMS = "7 (the end of iteration 7), 7:b (its gradient of b), 7:b:2, 7:b:forward, 7:b:update, 7.31 (its event 31)"

_NAME = re.compile(r"(\d{1,18})(?:\.(\d{1,18})|:(.+))?", re.ASCII | re.DOTALL)


class NoMomentError(ValueError):
    """There is no moment of this name; the message names those that there are."""


def read_moment(text: str, timeline: Timeline) -> Place:
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
    whole = timeline.whole_iteration()
    last = len(whole.events)
    if event is None:
        cursor = _cursor(name, whole)
        if cursor is None:
            raise NoMomentError(_what_there_is(name, iteration, whole))
        return Place(iteration, cursor)
    if int(event) == 0:
        return Place(iteration, 0)
    if int(event) > last:
        raise NoMomentError(f"An iteration has {last} events here, {iteration}.1 to {iteration}.{last}.")
    return Place(iteration, int(event), fine=True)


def name_moment(timeline: Timeline) -> str:
    """Return the name of the moment at the cursor; the start of an iteration has its own where an edit begins it."""
    begins = timeline.branch.made[-1][0] + 1 if timeline.branch.made else 1
    if timeline.cursor == 0 and timeline.recording.iteration == begins > 1:
        return f"{begins}.0"
    return name_place(timeline.recording, timeline.cursor, fine=timeline.place.fine)


def name_place(recording: Recording, cursor: int, *, fine: bool) -> str:
    """Return the name of the moment behind so many events of an iteration."""
    iteration = recording.iteration
    if cursor == 0:
        return str(iteration - 1)
    if recording.finished and cursor == len(recording.events):
        return str(iteration)
    node = node_of(recording.events[cursor - 1])
    steps = () if fine or node is None else steps_of(recording, node)
    found = next((step for step in steps if step[2] == cursor), None)
    if node is None or found is None:
        return f"{iteration}.{cursor}"
    phase, number, _ = found
    names = [f"{node.name}:{_called(phase, number)}"]
    if (phase, number) == ("backward", 1) and after_node(recording, cursor - 1):
        names.insert(0, node.name)
    # where a node is called like another node's step, the name is the step's
    return next(f"{iteration}:{name}" for name in names if name != node.name or _step(name, recording) is None)


def command(timeline: Timeline) -> str:
    """Return the command line that opens the app at this moment, with the edits that led to it."""
    program = timeline.program
    words = ["backprop-tui", *words_of(program.address)]
    if program.seed != program.lesson.seed:
        words += ["--seed", str(program.seed)]
    rate = program.learning_rate
    if rate != program.lesson.learning_rate and not callable(rate):
        words += ["--learning-rate", repr(rate)]
    made = sorted((finished, edits) for finished, edits in timeline.branch.edits.items())
    for finished, edit in ((finished, edit) for finished, edits in made for edit in edits):
        if finished < timeline.recording.iteration:
            words += ["--edit", f"{finished + 1}: {exact_edit(edit)}"]
    return shlex.join([*words, "--at", name_moment(timeline)])


def _cursor(name: str, recording: Recording) -> int | None:
    """Return the cursor behind the step of a name without its iteration; a node alone is the last of its visit."""
    step = _step(name, recording)
    if step is not None:
        return step
    node = _node(name, recording)
    visit = [] if node is None else [cursor for phase, _, cursor in steps_of(recording, node) if phase == "backward"]
    return visit[-1] if visit else None


def _step(name: str, recording: Recording) -> int | None:
    owner, _, called = name.rpartition(":")
    node = _node(owner, recording)
    return None if node is None else _steps(node, recording).get(called)


def _steps(node: Node, recording: Recording) -> dict[str, int]:
    return {_called(phase, number): cursor for phase, number, cursor in steps_of(recording, node)}


def _called(phase: Phase, number: int) -> str:
    return str(number) if phase == "backward" else phase


def _node(name: str, recording: Recording) -> Node | None:
    return by_name(recording.graph.nodes).get(name)


def _what_there_is(name: str, iteration: int, whole: Recording) -> str:
    names = [node.name for node in whole.graph.nodes]
    owner, _, called = name.rpartition(":")
    node = _node(owner, whole)
    if whole.error is not None and (node is not None or name in names):
        stopped = f"training stopped in iteration {whole.iteration}, after event {len(whole.events)}"
        return f"There is no {iteration}:{cut(name, 40)}: {stopped}."
    if node is not None:
        steps = [f"{iteration}:{owner}:{step}" for step in _steps(node, whole)]
        return f"{cut(owner, 40)} has no step '{cut(called, 40)}'. There are {listed(steps, str, 8)}."
    near = difflib.get_close_matches(name, names, n=1)
    if near:
        return f"There is no node '{cut(name, 40)}'; did you mean {cut(near[0], 40)}?"
    return f"There is no node '{cut(name, 40)}'. There are {listed(names, lambda node: cut(node, 40), 12)}."
