"""The Step pane: what its last row says of the queue, and that it never changes its size."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from minidl_core import (
    BackwardStarted,
    ContributionAdded,
    Graph,
    NodesEnqueued,
    NodeVisited,
    Variable,
    VariableUpdated,
    add,
)
from minidl_core.graph import Node
from tests.sample_graphs import SWEPT
from tui_backprop.debugger.moment import Moment
from tui_backprop.debugger.steps import after_event, after_step
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.drawing.palette import STYLES, plain
from tui_backprop.keys import KEY_OF
from tui_backprop.lessons.lesson import Example
from tui_backprop.panes.step_pane import draw_step
from tui_backprop.programs.opening import open_program
from tui_backprop.programs.program import program_of

from .moments import finish
from .random_timelines import lesson_of, timelines


def moments(timeline: Timeline, iterations: int = 1) -> list[Moment]:
    """Every moment of some iterations, event by event."""
    found = [timeline.moment]
    while timeline.forward(after_event) and timeline.recording.iteration <= iterations:
        found.append(timeline.moment)
    return found


def last_row(moment: Moment, width: int = 118) -> str:
    return plain(draw_step(moment, width, 2 if width >= 118 else 3, KEY_OF)).splitlines()[-1].strip()


def perceptron_at(node: str, kind: type) -> Moment:
    timeline = Timeline(open_program("perceptron"))
    finish(timeline, 3)
    while timeline.forward(after_step):
        event = timeline.moment.event
        if event is not None and isinstance(event, kind) and event.node.name == node:
            return timeline.moment
    raise AssertionError


def test_the_row_of_the_backward_pass() -> None:
    moment = perceptron_at("b", ContributionAdded)
    assert last_row(moment) == (
        "visited  J reduce_sum_1 reduce_sum multiply c log p add matmul    now  b    queue  q1 X  q2 W    waiting  none"
    )
    assert last_row(moment, 80) == "visited 9   now b   queue q1 X  q2 W   waiting none   G comes from add"


def test_the_row_of_the_update() -> None:
    moment = perceptron_at("b", VariableUpdated)
    assert last_row(moment) == "updated  none    now  b    next  W    unchanged  c X (data)"
    moment = perceptron_at("W", VariableUpdated)
    assert last_row(moment) == "updated  b    now  W    next  iteration finished    unchanged  c X (data)"
    assert last_row(moment, 80) == "updated 1   now W   next iteration finished"


def test_the_row_of_the_forward_pass() -> None:
    timeline = Timeline(open_program("perceptron"))
    assert last_row(timeline.moment).startswith("done  none    now  none    next  c X W matmul b add p")
    timeline.forward(after_step)
    assert last_row(timeline.moment) == (
        "done  c X W    now  matmul    next  b add p log multiply reduce_sum reduce_sum_1 J"
    )
    assert last_row(timeline.moment, 80) == "done 3   now matmul   next b add p log multiply reduce_sum reduce_sum_1 J"


def test_a_node_that_waits_is_shown_with_the_number_of_consumers_it_waits_for() -> None:
    rows = [last_row(moment) for moment in moments(Timeline(open_program("two-paths")))]
    assert "visited  e    now  c    queue  q1 d    waiting  b (for 1)" in rows


def test_a_constant_is_not_taken_for_a_number() -> None:
    timeline = Timeline(open_program("skip"))
    rows = [last_row(moment) for moment in moments(timeline)]
    assert "visited  J y sigmoid x    now  x    queue  q1 '2'  q2 w    waiting  none" in rows
    assert "done  '2' w x    now  sigmoid    next  y J" in rows


def test_what_a_step_passes_over_is_named_with_the_key_that_shows_it() -> None:
    timeline = Timeline(open_program("skip"))
    finish(timeline, 1)
    while timeline.moment.event is None or (timeline.moment.phase, timeline.moment.now) != (
        "backward",
        timeline.graph.variables[0],
    ):
        timeline.forward(after_step)
    row = "visited  J y sigmoid x '2'    now  w    queue  none    waiting  none"
    assert last_row(timeline.moment) == f"{row}    (the last is a constant: s shows it)"
    assert last_row(timeline.moment, 78).endswith("waiting none   also visited: '2'")
    remapped = plain(draw_step(timeline.moment, 118, 2, {**KEY_OF, "inside": "f4"}))
    assert remapped.endswith("(the last is a constant: f4 shows it)")


def test_the_row_says_when_the_iteration_is_finished() -> None:
    timeline = Timeline(open_program("chain"))
    finish(timeline, 1)
    assert last_row(timeline.moment).startswith("updated  a    now  iteration finished    next  iteration 2")


def test_the_sentence_stands_in_two_lines_where_one_is_too_short() -> None:
    lines = plain(draw_step(perceptron_at("b", ContributionAdded), 80, 3, KEY_OF)).splitlines()
    assert lines[:2] == [
        " b gets G summed over the rows, (100,2) to (2,): b[j] was added in 100 places,",
        " so their 100 slopes add up.",
    ]


@pytest.mark.parametrize("width", [60, 80, 118])
def test_long_lists_are_counted_and_what_is_now_is_never_cut(width: int) -> None:
    with Graph().as_default():
        row: list[Node] = [Variable(1, name=f"a_rather_long_name_{number}") for number in range(256)]
        while len(row) > 1:
            row = [add(first, second) for first, second in zip(row[::2], row[1::2], strict=True)]
    in_the_middle = [
        moment for moment in moments(Timeline(program_of(lesson_of(Example(row[0], {}))))) if len(moment.queue) == 256
    ]
    assert in_the_middle
    for moment in in_the_middle:
        row_of_pane = last_row(moment, width)
        assert moment.now is not None
        assert "now" in row_of_pane
        assert moment.now.name in row_of_pane
        assert re.search(r"q1 \S+.*  \+2\d\d", row_of_pane)


@pytest.mark.parametrize("name", SWEPT)
def test_every_style_is_in_the_palette(name: str) -> None:
    for moment in moments(Timeline(open_program(name))):
        for line in draw_step(moment, 118, 2, KEY_OF):
            assert all(style in STYLES for _, style in line)


@settings(deadline=None, max_examples=25)
@given(timelines(), st.integers(60, 160), st.integers(2, 5))
def test_the_pane_never_changes_its_size(timeline: Timeline, width: int, height: int) -> None:
    for moment in moments(timeline):
        lines = draw_step(moment, width, height, KEY_OF)
        assert len(lines) == height
        assert all(sum(cell_len(text) for text, _ in line) <= width for line in lines)
        if moment.now is not None and moment.phase == "forward":
            assert " now" in plain(lines[-1:])


@settings(deadline=None, max_examples=40)
@given(timelines())
def test_queue_and_waiting_nodes_are_those_that_a_plain_count_finds(timeline: Timeline) -> None:
    for moment in moments(timeline):
        events = moment.recording.events[: moment.cursor]
        visited = [event.node for event in events if isinstance(event, NodeVisited)]
        joined = [node for event in events if isinstance(event, NodesEnqueued) for node in event.enqueued]
        started = [event.node for event in events if isinstance(event, BackwardStarted)]
        assert moment.queue == [node for node in started + joined if node not in visited]
        assert moment.last_visited(3) == visited[-3:]
        assert moment.visit_count == len(visited)
        waiting = {
            node: sum(consumer not in visited for consumer in moment.graph.consumers(node))
            for node in moment.graph.nodes
            if node not in started + joined and any(node in consumer.inputs for consumer in visited)
        }
        # while its last consumer is being visited, a node waits for nobody and has not joined the queue yet
        waiting = {node: count for node, count in waiting.items() if count}
        assert dict(moment.waiting) == waiting
        assert moment.waiting_count == len(waiting)
