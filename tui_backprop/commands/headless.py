"""Training without a screen: the losses, the variables and the picture as text, or JSON for programs."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Mapping

import numpy as np

from minidl_core import MinidlError, NonFiniteError, Placeholder
from minidl_core.arrays import Array
from minidl_core.train import trained_variables

from ..complaints import complain
from ..debugger.course import Course
from ..debugger.followed import Followed
from ..debugger.lesson_fit import check_fit
from ..debugger.steps import after_phase
from ..debugger.timeline import Timeline
from ..drawing.palette import plain
from ..lessons.lesson import Plane
from ..notation.fitting import printable, prose
from ..notation.formats import number
from ..notation.optimizer import is_straight, name_of, optimizers_text, repeats, schedule_text, settings_of
from ..pictures import picture_named, pictures_of
from ..pictures.picture import Focus
from ..pictures.points import data_legend, draw_data, separator
from ..pictures.weights import first_weight
from ..programs.collecting import collecting_rarely
from ..programs.opening import open_program
from ..session.opening import NOT_OPENED, Asked, open_session, why_not
from ..session.session_file import is_session
from ..strict_json import to_json
from ..verdict import judge

DEFAULT_STEPS = 100
EVERY = 10
PICTURE_WIDTH, PICTURE_HEIGHT = 72, 24
HEADLESS_WIDTH = 80


@collecting_rarely()
def run_headless(
    name: str,
    seed: int | None,
    learning_rate: float | None,
    steps: int | None,
    *,
    as_json: bool,
    picture: str | None = None,
) -> int:
    """Train a program, print what came of it, and return the exit status.

    `picture` is the name of the one that is printed at the end, None for that of the data if they have one.

    That is 2 where it cannot be opened, or its graph or feeds are wrong, 1 where a number stopped being finite, 3 where
    an engine of its own found a wrong gradient, also where that is why a number stopped being finite.
    """
    try:
        if is_session(name):
            kept = open_session(Asked(name)).session
            program = kept.program
            if any(branch.made for branch in kept.timeline.branches):
                complain(f"{name} has edits, which are left out here; backprop-tui --plain {name} goes on with them")
        else:
            program = open_program(name, seed, learning_rate, math.inf if steps is None else max(steps, 1))
        example = program.example
        if program.warning:
            complain(program.warning)
        course = Course(program)
        count = (len(program.steps) or DEFAULT_STEPS) if steps is None else steps
        rate, schedule, optimizer = course.stepper.state().rate, program.learning_rate, program.optimizer
        check_fit(program)
        timeline = None if picture is None else Timeline(program)
        if timeline is not None and picture not in (there := pictures_of(timeline.moment)):
            complain(f"there is no picture '{picture}' of {name}; there are {', '.join(there)}")
            return 2
        verdict = judge(program)
    except NOT_OPENED as error:
        complain(why_not(name, error))
        return 2
    losses: list[float] = []
    several = len({(step.loss, step.owner) for step in program.steps}) > 1
    which: list[str] = []
    if not as_json:
        drawn = "" if program.seed is None else f"   seed {program.seed}"
        by = optimizers_text([step.optimizer for step in program.steps] or [optimizer], rate)
        print(printable(f"{program.lesson.name}{drawn}   {by}"))
    try:
        for updates in range(count):
            course.restore(course.state({}), {})
            losses.append(course.run())
            which += _label(course, updates)
            if not as_json and updates % EVERY == 0:
                print(_line(course, updates, losses[-1]))
        if steps is not None or not program.steps:  # the losses of a script's own run are those that it saw
            course.restore(course.state({}), {})
            feeds = course.stepper.state().feeds
            losses.append(float(course.stepper.session.run(course.stepper.loss, feeds)))
            which += _label(course, count)
    except MinidlError as error:
        if losses and not as_json and (len(losses) - 1) % EVERY:
            print(f"{_line(course, len(losses) - 1, losses[-1])}   the last before the stop")
        sys.stdout.flush()
        if not _is_said(error, program.warning):
            complain(f"training stopped in iteration {course.finished + 1}: {error}")
        if verdict is not None and verdict.status:  # that is why it stopped
            if as_json:
                print(to_json({"lesson": name, "losses": losses, "engine": verdict.facts()}, default=repr))
            else:
                print("\n".join(verdict.lines()))
            return verdict.status
        return 1 if isinstance(error, NonFiniteError) else 2
    session = course.stepper.session
    trained = dict.fromkeys(
        node for loss in [example.loss, *[step.loss for step in program.steps]] for node in trained_variables(loss)
    )
    variables = {node.name: session.run(node) for node in trained}
    if as_json:
        facts: dict[str, object] = {"lesson": program.lesson.name, "seed": program.seed}
        facts["learning_rate"] = None if repeats(optimizer) else rate
        if callable(schedule):
            facts["schedule"] = schedule_text(schedule)
        if not is_straight(optimizer):
            facts["optimizer"] = {"name": name_of(optimizer), **settings_of(optimizer)}
        facts |= {"losses": losses, "variables": {name: value.tolist() for name, value in variables.items()}}
        if several:
            facts["steps"] = which
        if verdict is not None:
            facts["engine"] = verdict.facts()
        print(to_json(facts, default=repr))
        return 0 if verdict is None else verdict.status
    print(_line(course, len(losses) - 1, losses[-1]))
    for variable, value in variables.items():
        before = f"{printable(variable)} = "
        print(before + np.array2string(value, precision=6, separator=", ", prefix=before))
    if timeline is not None and picture is not None:
        print("\n".join(_picture_after(timeline, count, picture)))
    elif example.plane is not None:
        print(_picture(example.plane, example.feeds, variables))
    if verdict is None:
        return 0
    print("\n".join(verdict.lines()))
    return verdict.status


def _is_said(error: MinidlError, warning: str) -> bool:
    """Return whether the run stops where the script's own did, which the warning tells by the names of then."""
    where = "" if error.node is None else error.node.describe().rpartition("(")[2]
    return isinstance(error, NonFiniteError) and f"raised {type(error).__name__}: " in warning and where in warning


def _line(course: Course, updates: int, loss: float) -> str:
    """Say what the loss is after so many updates, and of which step it is where there are several."""
    label = "".join(f"   {printable(label)}" for label in _label(course, updates))
    return f"{updates:5} updates{label}   {printable(course.graph_of(updates).loss.name)} = {number(loss, 6)}"


def _label(course: Course, finished: int) -> list[str]:
    step = course.step_of(finished)
    return [step.label] if step is not None and step.label else []


def _picture_after(timeline: Timeline, count: int, name: str) -> Iterator[str]:
    """Yield the lines of a picture at the end of the backward pass that comes after so many updates."""
    timeline.train(count)
    for _ in ("forward", "backward"):
        timeline.forward(after_phase)
    moment = timeline.moment
    focus, picture = Focus(first_weight(moment.graph), Followed()), picture_named(name)
    work = picture.work(moment, focus)
    if work is not None:
        work.finish()
    yield plain([picture.title(moment, focus, HEADLESS_WIDTH)])
    yield plain(picture.draw(moment, focus, HEADLESS_WIDTH, PICTURE_HEIGHT))
    for fact in picture.facts(moment, focus):
        yield plain(prose(fact, HEADLESS_WIDTH, indent=2))


def _picture(plane: Plane, feeds: Mapping[Placeholder, Array], variables: Mapping[str, Array]) -> str:
    line = separator(variables[plane.weights.name], variables[plane.bias.name])
    classes = np.argmax(feeds[plane.classes], axis=1)
    drawing = draw_data(
        feeds[plane.points], classes, now=line, before={}, followed=None, width=PICTURE_WIDTH, height=PICTURE_HEIGHT
    )
    return plain([data_legend(None, PICTURE_WIDTH), *drawing])
