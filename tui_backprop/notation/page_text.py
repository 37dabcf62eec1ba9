"""The texts of a lesson's pages, with the numbers that stand for their {placeholders}."""

from __future__ import annotations

from collections.abc import Mapping

from minidl_core import Event, GradientCompleted, NodeEvaluated, VariableUpdated
from minidl_core.arrays import Array

from ..debugger.pages_fit import KEY, PLACEHOLDER, Number, read_placeholder
from ..debugger.recording import Recording
from ..drawing.glyphs import NOT_YET
from ..lessons.pages import Page
from .formats import number

Numbers = dict[str, float]


def numbers_of(page: Page, recording: Recording) -> Numbers:
    """Return the numbers of a recorded iteration that a page names, by their placeholders, those that it has."""
    texts = (page.text, page.why, page.answer, *page.choices, *page.choices.values())
    names = {name for text in texts for name in PLACEHOLDER.findall(text)}
    return {name: x for name in names if (x := _number(name, recording)) is not None}


def fill(text: str, numbers: Numbers, keys: Mapping[str, str]) -> str:
    """Return a text with its numbers and keys; a number that is not known is a sign that says so."""

    def filled(name: str) -> str:
        if name.startswith(KEY):
            return keys.get(name.removeprefix(KEY), name.removeprefix(KEY))
        return number(numbers[name]) if name in numbers else NOT_YET

    return PLACEHOLDER.sub(lambda match: filled(match[1]), text)


def _number(name: str, recording: Recording) -> float | None:
    nodes = {node.name: node for node in recording.graph.nodes}
    asked = read_placeholder(name, nodes, recording.graph.loss.name)
    match name:
        case "iteration" if asked is None:
            return recording.iteration
        case "learning rate" if asked is None:
            return recording.start.rate
        case "loss" if asked is None:
            asked = Number("value", recording.graph.loss.name)
    if asked is None:
        return None
    times = {"value": recording.evaluated, "gradient": recording.completed, "new value": recording.updated}[asked.of]
    time = times.get(nodes[asked.node])
    array = None if time is None else _array(recording.events[time])
    try:
        return None if array is None else array[asked.element].item()
    except (IndexError, ValueError):  # there is no such element, or it is an array
        return None


def _array(event: Event) -> Array | None:
    match event:
        case NodeEvaluated(value=array) | GradientCompleted(gradient=array) | VariableUpdated(new=array):
            return array
    return None
