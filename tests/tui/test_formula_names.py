"""A formula says what is computed also where nodes stand in scopes: no name in it can be read as a quotient."""

from __future__ import annotations

import re
from math import isclose

import pytest

from minidl_core import (
    Constant,
    ContributionAdded,
    Node,
    NodeEvaluated,
    Operation,
    Variable,
    add,
    divide,
    multiply,
    name_scope,
    square,
    subtract,
    tanh,
)
from tui_backprop.debugger.followed import Followed
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.drawing.palette import plain
from tui_backprop.inspector import draw_inspector
from tui_backprop.lessons.lesson import Example
from tui_backprop.programs.program import program_of

from ..sample_graphs import lesson_of
from .moments import finish, narrate_event

NAME = re.compile(r"\d+\.[A-Za-z_][A-Za-z0-9_]*|[A-Za-z_][A-Za-z0-9_.]*")
SIGNS = str.maketrans({"·": "*", "²": "**2"})  # type: ignore[arg-type]


def in_scopes() -> Example:
    """Numbers in scopes that are called as layers of torch are, some of whose names differ by their scopes alone."""
    with name_scope("0"):
        x = Variable(0.5, name="x")
    with name_scope("1"):
        first = tanh(multiply(x, x))
    with name_scope("2"):
        second = tanh(first)
        quotient = divide(second, x)
    with name_scope("loss"):
        return Example(square(subtract(quotient, 0.2), name="J"), {})


def computed(formula: str, operation: Operation, known: dict[Node, float], **others: float) -> float:
    """What a formula comes to, each of its names being that of just one node of the operation."""

    def value(match: re.Match[str]) -> str:
        if match[0] in others:
            return repr(others[match[0]])
        nodes = {operation, *operation.inputs}
        called = [node for node in nodes if match[0] in (node.name.rpartition("/")[2], node.name.replace("/", "."))]
        assert len(called) == 1, match[0]
        return f"({known[called[0]]!r})"

    return float(eval(NAME.sub(value, formula).translate(SIGNS), {"__builtins__": {}}))


def test_a_formula_of_nodes_in_scopes_comes_to_what_is_computed() -> None:
    timeline = Timeline(program_of(lesson_of("scopes", in_scopes)))
    finish(timeline, 1)
    events = timeline.moment.recording.events
    known = {event.node: float(event.value) for event in events if isinstance(event, NodeEvaluated)}
    gets = 0
    for index, event in enumerate(events):
        said = narrate_event(timeline.moment, index)
        if isinstance(event, ContributionAdded) and (match := re.search(r" gets (\S.*?) = .* from", said)):
            gets += 1
            comes_to = computed(match[1], event.consumer, known, G=float(event.gradient))
            assert isclose(comes_to, float(event.contribution)), said
    assert gets > 5


@pytest.mark.parametrize("view", ["value", "ledger"])
def test_what_the_inspector_writes_out_has_no_stroke_but_those_that_divide(view: str) -> None:
    timeline = Timeline(program_of(lesson_of("scopes", in_scopes)))
    finish(timeline, 1)
    for node in timeline.graph.nodes:
        if isinstance(node, Operation) or view == "ledger":
            drawn = plain(draw_inspector(timeline.moment, view, Followed(), 100, 30, node))
            steps = re.findall(r"^  \S+(?: gets)? = (.*\(.*)$|^  \S+ gets (.*)$", drawn, re.MULTILINE)
            assert not [text for pair in steps for text in pair if re.search(r"\b(?:\d|loss)/[a-zJ]", text)], drawn


def test_what_only_has_another_sign_is_said_once_or_in_the_same_digits() -> None:
    timeline = Timeline(program_of(lesson_of("sign", lambda: Example(square(subtract(Variable(0.123456), 0.7)), {}))))
    finish(timeline, 1)
    said = [narrate_event(timeline.moment, index) for index in range(len(timeline.moment.recording.events))]
    [sentence] = [each for each in said if " gets -G" in each]
    assert re.search(r"gets -G = (-\(-1\.153\) = )?1\.153 from", sentence), sentence


def test_a_node_that_is_called_as_the_gradient_is_told_from_it() -> None:
    def build() -> Example:
        a, g = Variable(2.0, name="a"), Variable(3.0, name="G")
        return Example(square(multiply(a, g, name="m"), name="J"), {})

    timeline = Timeline(program_of(lesson_of("gradient", build)))
    finish(timeline, 1)
    events = timeline.moment.recording.events
    said = [narrate_event(timeline.moment, n) for n, event in enumerate(events) if isinstance(event, ContributionAdded)]
    assert [each.partition(" from ")[0] for each in said[1:]] == ["a gets G·'G' = 12·3 = 36", "G gets G·a = 12·2 = 24"]
    a = next(node for node in timeline.graph.nodes if node.name == "a")
    assert "a gets G·'G' = (12)(3) = 36" in plain(draw_inspector(timeline.moment, "ledger", Followed(), 60, 30, a))


def test_another_constant_of_a_number_is_that_number_in_a_formula() -> None:
    def build() -> Example:
        def one() -> Node:
            return Constant(1.0, name="1")

        x, twenty = Variable(0.5, name="x"), Constant(20.0, name="1_7")
        first = divide(one(), add(one(), x, name="sum"), name="first")
        return Example(divide(one(), add(first, twenty, name="more"), name="J"), {})

    timeline = Timeline(program_of(lesson_of("ones", build)))
    finish(timeline, 1)
    said = {}
    for index, event in enumerate(timeline.moment.recording.events):
        if isinstance(event, NodeEvaluated):
            said[event.node.name] = narrate_event(timeline.moment, index)
    for name, value in (("1", ""), ("1_1", ": 1."), ("1_2", ": 1."), ("1_7", ": 20.")):
        assert f"{name} is a constant{value or ':'}" in said[name]
    formulas = {name: re.sub(r"^.*? (?:=|computes) ", "", sentence) for name, sentence in said.items()}
    assert formulas["sum"].startswith("1 + x = 1 + 0.5 = 1.5")
    assert formulas["first"].startswith("1/sum = 1/1.5")
    assert formulas["more"].startswith("first + 1_7 = "), "it is called so, but is 20"
    assert formulas["J"].startswith("1/more = 1/")
