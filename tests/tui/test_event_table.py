"""The event table: each kind of event has a row and a sentence, and a new one needs no more than these two."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import get_args

import pytest

from minidl_core import Event, GradientCompleted, Node, Operation, Stepper
from tui_backprop.debugger.event_table import TABLE, Row
from tui_backprop.debugger.followed import Followed
from tui_backprop.debugger.lesson_fit import misfit
from tui_backprop.debugger.steps import STOPS, after_event, after_node, after_step
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.lessons import load_lesson
from tui_backprop.narration.sentences import SENTENCES
from tui_backprop.narration.solution import write_solution
from tui_backprop.narration.wording import Words
from tui_backprop.notation.conditions import read_breakpoint
from tui_backprop.notation.moments import name_moment, read_moment
from tui_backprop.programs.opening import open_program
from tui_backprop.programs.program import program_of

from .moments import narrate


@dataclass(frozen=True, slots=True, eq=False)
class GradientClipped:
    """Something that the engine does not do yet, behind every complete gradient of an operation."""

    node: Node


def test_every_kind_of_event_has_a_row_and_a_sentence() -> None:
    assert set(TABLE) == set(get_args(Event)) == set(SENTENCES)


@pytest.fixture
def clipped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the engine have an event more, with its row and its sentence."""
    backward = Stepper.backward

    def with_clipping(self: Stepper) -> Iterator[Event | GradientClipped]:
        for event in backward(self):
            yield event
            if isinstance(event, GradientCompleted) and isinstance(event.node, Operation):
                yield GradientClipped(event.node)

    monkeypatch.setattr(Stepper, "backward", with_clipping)
    row = Row("backward", lambda event, following: True, lambda event, following: False)
    monkeypatch.setitem(TABLE, GradientClipped, row)
    monkeypatch.setitem(SENTENCES, GradientClipped, lambda at, event, name: Words((f"{name(event.node)} is clipped",)))


@pytest.mark.usefixtures("clipped")
def test_a_new_event_is_stepped_through_said_found_and_named() -> None:
    timeline = Timeline(open_program("chain"))
    seen = []
    while timeline.forward(after_step) and not timeline.at_end_of_iteration:
        if isinstance(timeline.recording.events[timeline.cursor - 1], GradientClipped):
            assert timeline.moment.phase == "backward"
            assert narrate(timeline.moment) == f"{timeline.moment.now.name} is clipped."
            seen.append((timeline.moment.now, name_moment(timeline), timeline.place))
    operations = [node for node in timeline.graph.nodes if isinstance(node, Operation)]
    assert [node for node, _, _ in seen] == operations[::-1]
    for node, name, place in seen:
        timeline.first()
        timeline.go_to(read_moment(name, timeline))
        assert timeline.place == place
        stops = read_breakpoint(f"node {node.name}", timeline.graph).stops
        assert stops(timeline.recording, place.cursor - 1)
    timeline.last()
    assert sum("is clipped" in line for line in write_solution(timeline, Followed())) == len(operations)
    for move in STOPS.values():
        timeline.first()
        while timeline.forward(move) and not timeline.at_end_of_iteration:
            pass
        assert timeline.recording.error is None


class GradientsMeasured:
    """Something that the engine does not do yet, and that happens to no node."""


def test_a_new_event_may_be_of_no_node(monkeypatch: pytest.MonkeyPatch) -> None:
    update = Stepper.update

    def with_measuring(self: Stepper) -> Iterator[Event | GradientsMeasured]:
        yield GradientsMeasured()
        yield from update(self)

    monkeypatch.setattr(Stepper, "update", with_measuring)
    always = TABLE[GradientCompleted]._replace(
        phase="update", ends_step=lambda *_: True, ends_node=lambda *_: True, has_node=False
    )
    monkeypatch.setitem(TABLE, GradientsMeasured, always)
    for name, move in STOPS.items():
        timeline, seen = Timeline(open_program("chain")), []
        while timeline.forward(move) and not timeline.at_end_of_iteration:
            if isinstance(timeline.recording.events[timeline.cursor - 1], GradientsMeasured):
                seen.append((name_moment(timeline), timeline.place))
        assert bool(seen) == (name in ("event", "step", "node"))
        for called, place in seen:
            assert called == f"1.{place.cursor}"
            assert read_moment(called, timeline).cursor == place.cursor


@pytest.mark.usefixtures("clipped")
def test_a_lesson_may_say_a_new_event_in_its_own_words() -> None:
    said = {"GradientClipped d": "d is cut in iteration {iteration}."}
    own = replace(load_lesson("chain"), sentences=said)
    assert misfit(own, own.build(0)) is None
    timeline = Timeline(program_of(own))
    heard = []
    while timeline.forward(after_event) and not timeline.at_end_of_iteration:
        heard.append(narrate(timeline.moment))
    assert "d is cut in iteration 1." in heard


def test_a_row_decides_where_a_step_and_a_node_end(monkeypatch: pytest.MonkeyPatch) -> None:
    def ends(stop: object) -> list[int]:
        timeline, found = Timeline(open_program("two-paths")), []
        while timeline.forward(stop) and not timeline.at_end_of_iteration:
            found.append(timeline.cursor)
        return found

    steps, nodes = ends(after_step), ends(after_node)
    never = TABLE[GradientCompleted]._replace(ends_step=lambda *_: False, ends_node=lambda *_: False)
    monkeypatch.setitem(TABLE, GradientCompleted, never)
    assert set(ends(after_step)) < set(steps)
    assert set(ends(after_node)) < set(nodes)
