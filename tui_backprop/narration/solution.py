"""An iteration as a worked solution, in Markdown: what a student could hand in.

A heading for each pass and each node, a numbered line for each event, and under it the formula with this element's own
numbers in it, as the inspector writes it out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from minidl_core import (
    ContributionAdded,
    Event,
    GradientCompleted,
    Node,
    NodeEvaluated,
    Operation,
    VariableUpdated,
)
from minidl_core.arrays import Array

from ..debugger.edges import operands
from ..debugger.event_table import Phase, array_of, node_of
from ..debugger.followed import Followed, element_at, is_by_point
from ..debugger.moment import Moment
from ..debugger.timeline import Timeline
from ..drawing.glyphs import RIGHT
from ..drawing.palette import Line, plain
from ..notation.edits import label
from ..notation.equation import write_worked
from ..notation.formats import column, element_text, in_full, number, shape_text, worked_sum
from ..notation.formulas import right_side
from ..notation.long_sums import draw_long_sum, long_sum
from ..notation.moments import command, name_moment
from ..notation.names import called, slope_name, text_in_names
from ..notation.optimizer import is_straight, optimizer_text, repeats
from ..notation.update import step_text, update_notations, worked_terms, worked_update
from ..notation.worked import Worked, worked_contribution, worked_value
from .log import edits_sentence
from .narration import narrate_event_line, narrate_line

WIDTH = 100
ROOMS = ((1000, 1),)
SMALL = 12
"""An array of at most so many numbers is written out whole."""

TERMS = 9
"""So many lines has the table of a long sum."""

_PHASES: dict[Phase, str] = {
    "forward": "Forward pass: values",
    "backward": "Backward pass: gradients",
    "update": "Update",
}
_MARKDOWN = re.compile(r"[\\`*<|]|(?<!\w)_|_(?!\w)|(?<=\])(?=\()|^#|~~")


def file_name(timeline: Timeline) -> str:
    """Return the name of the file that a solution is saved in unless another is asked for."""
    lesson = re.sub(r"[^\w-]+", "-", timeline.program.lesson.name)
    return f"backprop-{lesson}-iteration-{timeline.recording.iteration}.md"


def write_solution(timeline: Timeline, followed: Followed, *, full: bool = False) -> Iterator[str]:
    """Yield the lines of the current iteration up to the cursor, worked out for the followed elements.

    In `full`, what each event brought is written a second time, with all its digits.
    """
    moment = timeline.moment
    yield from _head(timeline, moment, in_full if full else number)
    if moment.recording.edits:
        yield from (f"{escaped(edits_sentence(moment.iteration, moment.recording.edits))}.", "")
    phase, heading = "", ""
    for index, event in enumerate(moment.recording.events[: moment.cursor]):
        at = replace(moment, cursor=index + 1, shown=index)
        if at.phase != phase:
            phase, heading = at.phase, ""
            yield from (f"## {_PHASES[at.phase]}", "")
        if heading != (heading := _heading(at, event)):
            yield from (f"### {escaped(heading)}", "")
        start = f"{index + 1}. "
        sentence = plain([narrate_event_line(moment, index, ROOMS)])
        yield from (start + escaped(sentence), "")
        worked = [line for line in _worked(at, event, followed) if line[line.find("= [") + 2 :] not in sentence]
        worked += _in_full(at, event, followed) if full else ()
        if worked:
            yield from (" " * len(start) + line for line in ("```text", *worked, "```"))
            yield ""
    if moment.error is not None:
        yield from (f"**{escaped(plain([narrate_line(moment, {}, ROOMS)]))}**", "")


def _in_full(at: Moment, event: Event, followed: Followed) -> Iterator[str]:
    """Yield all digits of what an event brought: of each number of a small array, else of the followed element."""
    array = array_of(event)
    if array is None or not array.size:
        return
    match event:
        case ContributionAdded(node, consumer):
            name = f"contribution of {called(consumer)} to {called(node)}"
        case GradientCompleted(node):
            name = slope_name(at, node)
        case _:
            name = called(event.node)
    whole = array.size <= SMALL
    for index in np.ndindex(array.shape) if whole else [element_at(at, event.node, array.shape, followed)]:
        yield f"{element_text(name, index)} = {in_full(float(array[index]))}"


def _head(timeline: Timeline, moment: Moment, write: Callable[[float], str]) -> Iterator[str]:
    lesson, loss, before = moment.program.lesson, moment.graph.loss.name, moment.recording.previous_loss
    optimizer = moment.optimizer
    made = sorted((finished, edits) for finished, edits in timeline.branch.edits.items() if finished < moment.iteration)
    edits = [f"before iteration {finished + 1}: {label(edit, 40)}" for finished, edits in made for edit in edits]
    facts = {
        "lesson": f"{lesson.name}: {lesson.summary}" if lesson.summary else lesson.name,
        "seed": "the script's own" if timeline.program.seed is None else str(timeline.program.seed),
        **({} if is_straight(optimizer) else {"optimizer": optimizer_text(optimizer)}),
        **({} if repeats(optimizer) else {"learning rate η": f"{moment.learning_rate:g}"}),
        "iteration": str(moment.iteration),
        f"{loss} of the iteration before": "none: it is the first" if before is None else write(before),
        f"{loss} of this iteration": "not measured yet" if moment.loss is None else write(moment.loss),
        "edits": "; ".join(edits) or "none",
        "events": f"{moment.cursor}, up to the moment {name_moment(timeline)}",
    }
    yield from (f"# Backpropagation, worked out: {escaped(lesson.name)}, iteration {moment.iteration}", "")
    yield from ("| | |", "|---|---|")
    yield from (f"| {escaped(name)} | {escaped(fact)} |" for name, fact in facts.items())
    yield from ("", "This is the moment:", "", f"    {command(timeline)}", "")
    if any(value.ndim for node in moment.graph.nodes if (value := moment.value(node)) is not None):
        yield "Of arrays with more numbers than a page should have, one element is worked out; the others go like it."
        yield ""


def _heading(at: Moment, event: Event) -> str:
    node = event.node
    if node_of(event) is None:
        return "The end of the iteration"
    if at.phase == "update":
        return f"{called(node)} - {step_text(at.optimizer.rule, called(node), slope_name(at, node))}"
    if at.phase == "backward":
        return slope_name(at, node)
    assert isinstance(event, NodeEvaluated)
    computed = f" = {text_in_names(at, node, right_side(node))}" if isinstance(node, Operation) else ""
    return f"{called(node)}{computed}, {shape_text(event.value.shape)}" if event.value.ndim else called(node) + computed


def _worked(at: Moment, event: Event, followed: Followed) -> Iterator[str]:
    """Yield the lines that write an event out in numbers; none where its sentence has done so."""
    brought = array_of(event)
    if brought is None or not brought.size:
        return
    match event:
        case NodeEvaluated(Operation() as node, value):
            inputs, _ = operands(at, node)
            if value.ndim or any(array.ndim for array in inputs):
                worked = worked_value(node, inputs, value, element_at(at, node, value.shape, followed))
                yield from _written(at, worked, "=", followed)
        case NodeEvaluated(node, value):
            yield from _array(at, node, node.name, value, followed)
        case ContributionAdded(node, consumer, input_index, gradient, contribution, total, count):
            if not (contribution.ndim or gradient.ndim):
                return
            index = element_at(at, node, contribution.shape, followed)
            inputs, output = operands(at, consumer)
            assert output is not None, "an operation that contributes has a value"
            worked = worked_contribution(
                consumer, input_index, inputs, output, gradient, contribution, index, hunted=at.program.is_hunted
            )
            yield from _written(at, worked, "gets", followed.at(index, is_by_point(at, node, contribution.shape)))
            if count > 1:
                terms = [float(other.contribution[index]) for other in at.contributions(node)]
                target = element_text(called(node), index)
                yield f"sum for {target}: {worked_sum(terms, float(total[index]))}"
        case GradientCompleted(node, gradient):
            yield from _array(at, node, slope_name(at, node), gradient, followed)
        case VariableUpdated(node, old=old, new=new, terms=terms) if new.ndim or len(terms) > 1:
            index = element_at(at, node, new.shape, followed)
            for worked in worked_terms(event, index) if len(terms) > 1 else ():
                yield from _texts(write_worked(worked, WIDTH))
            yield from _texts(worked_update(event, index, *update_notations(old, terms[-1].value, new, index)))
            yield from _array(at, node, f"{node.name} new", new, followed)


def _written(at: Moment, worked: Worked, relation: str, followed: Followed) -> Iterator[str]:
    """Yield a worked element, and the terms of a sum that is too long for a line, of many a few and the others' sums.

    The followed one is among the terms that are shown.
    """
    yield from _texts(write_worked(worked, WIDTH, relation))
    if worked.long_sum is not None:
        table = long_sum(at, [worked], followed)
        yield from (line.replace(RIGHT, " ") for line in _texts(draw_long_sum(table, WIDTH, TERMS)))


def _array(at: Moment, node: Node, name: str, array: Array, followed: Followed) -> Iterator[str]:
    """Yield an array, or its followed element where it is large; nothing for a single number."""
    if not array.ndim:
        return
    if array.size > SMALL:
        index = element_at(at, node, array.shape, followed)
        yield f"{element_text(name, index)} = {number(float(array[index]))}"
        return
    texts = column(array)
    rows = np.array(texts if array.ndim > 1 else [text.strip() for text in texts], dtype=object).reshape(array.shape)
    start = f"{name} = "
    yield from (start + np.array2string(rows, separator=", ", formatter={"all": str}, prefix=start)).splitlines()


def _texts(lines: list[Line]) -> list[str]:
    """Return lines of the inspector without its margin."""
    return [line[2:] for line in plain(lines).splitlines()]


def escaped(text: str) -> str:
    """Return a text that Markdown shows as it is."""
    return _MARKDOWN.sub(lambda match: "\\" + match[0], text)
