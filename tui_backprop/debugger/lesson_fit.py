"""Whether what a lesson says fits the graph that it builds: its sentences the events, its names the nodes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from minidl_core import ContributionAdded, Node
from minidl_core.graph import post_order

from ..lessons.lesson import PICTURE_NAMES, Example, Lesson
from ..programs.program import Program, ProgramError
from .event_table import TABLE
from .pages_fit import misfit_of_pages, near

NUMBERS = ("iteration", "history", "loss", "learning_rate")


def check_fit(program: Program) -> None:
    """Raise ProgramError where what a program's lesson says does not fit its graph."""
    wrong = misfit(program.lesson, program.example)
    if wrong:
        raise ProgramError(f"{program.address} has a lesson that does not fit its graph: {wrong}")


def misfit(lesson: Lesson, example: Example) -> str | None:
    """Return what the lesson says of its example that is not so, in one sentence; None where all of it fits."""
    names_of_arrays = {kind.__name__: row.array_name for kind, row in TABLE.items()}
    events = list(_events(example.loss, names_of_arrays)) if lesson.sentences else []
    for key, sentence in lesson.sentences.items():
        if key not in events:
            return f"its sentence '{key}' is for no event of the graph{near(key, events)}"
        numbers = (*NUMBERS, *filter(None, [names_of_arrays[key.split()[0]]]))
        try:
            sentence.format_map(dict.fromkeys(numbers, ""))
        except (KeyError, ValueError, IndexError, AttributeError, TypeError):
            allowed = ", ".join(f"{{{number}}}" for number in numbers)
            return f"its sentence '{key}' can have no other braces than {allowed}"
    names = [node.name for node in example.loss.graph.nodes]
    for field, named in {"labels": lesson.labels, "folds": lesson.folds}.items():
        for name in named:
            if name not in names:
                return f"its {field} '{name}' are for no node of the graph{near(name, names)}"
    on_path = [node.name for node in post_order([example.loss])] if lesson.pages else []
    wrong = misfit_of_pages(lesson, on_path, example.loss.name)
    if wrong:
        return wrong
    if lesson.picture not in (None, *PICTURE_NAMES):
        return f"there is no picture '{lesson.picture}'; there are {', '.join(PICTURE_NAMES)}"
    plane = example.plane
    if plane is not None:
        count = len(example.feeds.get(plane.points, ()))
        shapes = [np.shape(example.feeds.get(node, ())) for node in (plane.points, plane.classes)]
        if [*shapes, plane.weights.shape, plane.bias.shape] != [(count, 2), (count, 2), (2, 2), (2,)]:
            return "its plane needs points (n,2) and classes (n,2) that are fed, weights (2,2) and a bias (2,)"
    regions = example.regions
    if regions is not None:
        count, units = len(example.feeds.get(regions.points, ())), regions.weights.initial_value.shape[-1:]
        shapes = [np.shape(example.feeds.get(node, ())) for node in (regions.points, regions.classes)]
        if [*shapes, regions.weights.shape, regions.bias.shape] != [(count, 2), (count, 1), (2, *units), units]:
            return "its regions need points (n,2) and classes (n,1) that are fed, weights (2,k) and a bias (k,)"
    return None


def _events(loss: Node, kinds: Iterable[str]) -> Iterator[str]:
    """Yield the keys of all events that a lesson's sentences can replace."""
    nodes = post_order([loss])
    for kind in kinds:
        for node in nodes:
            if kind == ContributionAdded.__name__:
                yield from (f"{kind} {source.name} <- {node.name}" for source in node.inputs)
            else:
                yield f"{kind} {node.name}"
