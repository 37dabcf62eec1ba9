"""Named moments: a name leads to its moment, a moment to its name, and a name that leads nowhere is explained."""

from __future__ import annotations

import shlex

import numpy as np
import pytest
from hypothesis import given, settings

from minidl_core import Graph, Variable, add, multiply, square
from tests.sample_graphs import SWEPT
from tui_backprop.commands.cli import main
from tui_backprop.commands.parsers import build_parser
from tui_backprop.debugger.steps import Stop, after_event, after_step
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.lessons.lesson import Example
from tui_backprop.notation.moments import NoMomentError, command, name_moment, read_moment
from tui_backprop.programs.opening import open_program
from tui_backprop.programs.program import program_of

from .moments import finish, narrate
from .random_timelines import lesson_of, timelines


def at(timeline: Timeline) -> tuple[int, int, int]:
    return timeline.recording.iteration, timeline.cursor, timeline.moment.shown


def open_command(line: str) -> Timeline:
    """Open what a command line opens, without a terminal."""
    program, *arguments = shlex.split(line)
    assert program == "backprop-tui"
    asked = build_parser().parse_args(arguments)
    timeline = Timeline(open_program(asked.lesson, asked.seed, asked.learning_rate))
    timeline.go_to(read_moment(asked.at, timeline))
    return timeline


@pytest.mark.parametrize("name", SWEPT)
@pytest.mark.parametrize("stop", [after_step, after_event])
def test_every_moment_of_every_lesson_is_reached_by_its_name(name: str, stop: object) -> None:
    timeline, other = Timeline(open_program(name)), Timeline(open_program(name))
    while timeline.recording.iteration < 3:
        said = name_moment(timeline)
        other.go_to(read_moment(said, other))
        assert at(other) == at(timeline), said
        assert timeline.forward(stop)


@pytest.mark.parametrize("stop", [after_event, after_step, lambda recording, index: index % 4 == 3])
def test_a_place_says_the_same_however_one_came_there(stop: Stop) -> None:
    timeline, other = Timeline(open_program("skip")), Timeline(open_program("skip"))
    while timeline.forward(stop) and timeline.recording.iteration == 1:
        said, place = narrate(timeline.moment), timeline.place
        timeline.first()
        timeline.last()
        assert (timeline.place, narrate(timeline.moment)) == (place, said)
        other.go_to(read_moment(name_moment(timeline), other))
        assert narrate(other.moment) == said


def test_the_command_has_the_learning_rate_as_a_person_writes_it() -> None:
    for learning_rate, written in ((0.3, "0.3"), (1e-5, "1e-05"), (np.float64(0.1) + 0.2, "0.30000000000000004")):
        timeline = Timeline(open_program("chain", learning_rate=learning_rate))
        assert command(timeline) == f"backprop-tui chain --learning-rate {written} --at 0"


@pytest.mark.parametrize("options", [{}, {"seed": 5, "learning_rate": 0.00123}])
def test_the_command_that_is_copied_opens_the_same_moment_with_the_same_numbers(options: dict[str, float]) -> None:
    timeline = Timeline(open_program("perceptron", **options))
    finish(timeline, 4)
    timeline.forward(after_step)
    assert command(timeline).endswith(" --at 5:matmul:forward")
    opened = open_command(command(timeline))
    assert at(opened) == at(timeline)
    assert opened.moment.value(opened.moment.now).tobytes() == timeline.moment.value(timeline.moment.now).tobytes()


@settings(max_examples=40, deadline=None)
@given(timelines())
def test_on_any_graph_every_step_is_reached_by_its_name(timeline: Timeline) -> None:
    seen = []
    while timeline.forward(after_step) and timeline.recording.iteration == 1:
        seen.append((name_moment(timeline), at(timeline)))
        if timeline.recording.error is not None:
            break
    assert len({name for name, _ in seen}) == len(seen)
    for name, there in reversed(seen):
        timeline.go_to(read_moment(name, timeline))
        assert at(timeline) == there, name


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("0", "Press space for the first step"),
        ("4", "Iteration 4 is done."),
        ("4:b:forward", "b = 2·a = "),
        ("4:b:1", "b gets 2·G·b = "),
        ("4:b:2", "b gets -G = -1 from d: 2 of 2 contributions"),
        ("4:b", "b gets -G = -1 from d: 2 of 2 contributions"),
        ("4:a:update", "a moves against its gradient"),
        ("4.9", "e is visited first"),
    ],
)
def test_what_each_form_means(name: str, sentence: str) -> None:
    timeline = Timeline(open_program("two-paths"))
    timeline.go_to(read_moment(f" {name} ", timeline))
    assert narrate(timeline.moment).startswith(sentence)
    assert timeline.recording.iteration == (1 if name == "0" else 4)


def test_a_node_called_like_another_nodes_step_can_be_named() -> None:
    with Graph().as_default():
        a = Variable(1.0, name="a")
        b = square(a, name="a:1")
        loss = add(b, multiply(a, b, name="it's $5"), name="J")
    timeline = Timeline(program_of(lesson_of(Example(loss, {}))))
    while timeline.forward(after_step) and timeline.recording.iteration == 1:
        there = at(timeline)
        again = Timeline(timeline.program)
        again.go_to(read_moment(shlex.split(command(timeline))[-1], again))
        assert at(again) == there


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Type one like 7 (the end of iteration 7), 7:b"),
        ("-1", "'-1' is not a moment."),
        ("four", "'four' is not a moment."),
        ("4:", "'4:' is not a moment."),
        ("4.", "'4.' is not a moment."),
        ("4.5.6", "'4.5.6' is not a moment."),
        ("٤", "'٤' is not a moment."),
        ("1000001", "Iteration 1000001 is too far: the last that can be asked for is 1,000,000."),
        ("0:b", "Iterations count from 1; 0 alone is the start."),
        ("4.35", "An iteration has 34 events here, 4.1 to 4.34."),
        ("4:q", "There is no node 'q'. There are 2, a, b, c, 10, d and e."),
        ("4:q:1", "There is no node 'q:1'. There are"),
        ("4:b:3", "b has no step '3'. There are 4:b:forward, 4:b:1 and 4:b:2."),
        ("4:b:update", "b has no step 'update'."),
        ("4:a:0", "a has no step '0'. There are 4:a:forward, 4:a:1 and 4:a:update."),
    ],
)
def test_a_moment_that_does_not_exist_is_explained(text: str, said: str) -> None:
    with pytest.raises(NoMomentError) as error:
        read_moment(text, Timeline(open_program("two-paths")))
    assert str(error.value).startswith(said)
    assert "\n" not in str(error.value)


def test_a_name_that_is_nearly_a_nodes_is_guessed() -> None:
    with pytest.raises(NoMomentError, match=r"no node 'matmull'; did you mean matmul\?"):
        read_moment("4:matmull", Timeline(open_program("perceptron")))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--at", "4:q"], "--at 4:q: There is no node 'q'. There are c, X, W,"),
        (["--at", "soon"], "--at soon: 'soon' is not a moment."),
        (["--learning-rate", "1000", "--at", "4"], "There is no iteration 4: training stopped in iteration 2,"),
    ],
)
def test_on_the_command_line_such_a_moment_is_one_line_and_exit_status_2(
    arguments: list[str], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tui_backprop.commands.in_terminal.refusal", lambda: None)
    assert main(arguments) == 2
    message = capsys.readouterr().err
    assert said in message
    assert message.count("\n") == 1


def test_headless_has_no_moments(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--headless", "--at", "4"])
    assert end.value.code == 2
    assert "for the screen" in capsys.readouterr().err
