"""Breakpoints: where each condition holds, and going on to them both ways."""

from __future__ import annotations

import numpy as np
import pytest
from textual.pilot import Pilot

from minidl_core import GradientCompleted, NodeEvaluated
from tests.sample_graphs import SWEPT
from tui_backprop.app import BackpropApp
from tui_backprop.debugger.breakpoints import Breakpoints
from tui_backprop.debugger.steps import Place, after_iteration
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.narration.messages import sentences
from tui_backprop.notation.conditions import FORMS, ConditionError, read_breakpoint
from tui_backprop.notation.moments import name_moment
from tui_backprop.programs.opening import open_program
from tui_backprop.programs.program import program_of
from tui_backprop.session import DebugSession

from .learners_engine import program_of_theirs
from .on_screen import opened, place, text, wait_for
from .test_log import ten_thousand_nodes


def stops(timeline: Timeline, condition: str, iterations: int) -> list[tuple[int, int]]:
    """Every place in some iterations at which a condition holds, as (iteration, cursor)."""
    point = read_breakpoint(condition, timeline.graph)
    places = []
    for _ in range(iterations):
        timeline.forward(after_iteration)
        recording = timeline.recording
        places += [
            (recording.iteration, index + 1) for index in range(len(recording.events)) if point.stops(recording, index)
        ]
        if recording.error is not None:
            break
    return places


def names(timeline: Timeline, condition: str, iterations: int = 1) -> list[str]:
    found = []
    for iteration, cursor in stops(timeline, condition, iterations):
        timeline.go_to(Place(iteration, cursor))
        found.append(name_moment(timeline))
    return found


# where a condition holds


@pytest.mark.parametrize(
    ("lesson", "condition", "there"),
    [
        ("two-paths", "node b", ["1:b:forward", "1:b:1", "1:b:2"]),
        ("two-paths", "node b forward", ["1:b:forward"]),
        ("two-paths", "node b backward", ["1:b:1", "1:b:2"]),
        ("two-paths", "node a update", ["1:a:update"]),
        ("two-paths", "node b first", ["1:b:forward"]),
        ("two-paths", "operation subtract backward", ["1:d"]),
        ("two-paths", "operation multiply first", ["1:b:forward"]),
        ("two-paths", "b", ["1:b:forward", "1:b:1", "1:b:2"]),
        ("two-paths", "node a", ["1:a:forward", "1:a", "1:a:update"]),
        ("two-paths", "node 10", ["1:10:forward", "1:10"]),
        ("two-paths", "operation square", ["1:c:forward", "1:c"]),
        ("two-paths", "phase forward", ["1:b:forward"]),
        ("two-paths", "phase backward", ["1:e"]),
        ("two-paths", "phase update", ["1:a:update"]),
        ("perceptron", "phase backward", ["1:J"]),
        (
            "perceptron",
            "operation reduce_sum",
            ["1:reduce_sum:forward", "1:reduce_sum_1:forward", "1:reduce_sum_1", "1:reduce_sum"],
        ),
        ("two-paths", "gradient > 11", ["1:a"]),
        ("two-paths", "  |gradient|  >11 ", ["1:a"]),
        ("two-paths", "gradient of a > 11", ["1:a"]),
        ("two-paths", "gradient of b < 1e1", []),
        ("two-paths", "gradient of 10 > 0", ["1:10"]),
    ],
)
def test_where_a_condition_holds(lesson: str, condition: str, there: list[str]) -> None:
    assert names(Timeline(open_program(lesson)), condition) == there


@pytest.mark.parametrize("bound", [0.5, 5, 50])
def test_a_bound_is_compared_with_the_engines_largest_entry(bound: float) -> None:
    timeline = Timeline(open_program("perceptron"))
    for sign in "<>":
        found = {name.partition(":")[2] for name in names(timeline, f"gradient {sign} {bound}")}
        timeline.first()
        timeline.forward(after_iteration)
        for event in timeline.recording.events:
            if isinstance(event, GradientCompleted) and not timeline.graph.is_data(event.node):
                largest = np.abs(event.gradient).max()
                assert (event.node.name in found) == (largest > bound if sign == ">" else largest < bound)
        timeline.first()


@pytest.mark.parametrize(("learning_rate", "ever"), [(0.05, False), (0.2, True)])
def test_the_loss_rises_where_the_engine_measures_more_than_before(learning_rate: float, ever: bool) -> None:
    timeline = Timeline(open_program("skip", learning_rate=learning_rate))
    found = stops(timeline, "loss rises", 6)
    losses = [timeline.losses.loss_at(iteration) for iteration in range(1, 7)]
    rises = [n + 1 for n in range(1, 6) if losses[n] > losses[n - 1]]
    assert [iteration for iteration, _ in found] == rises
    assert bool(rises) is ever
    for iteration, cursor in found:
        timeline.go_to(Place(iteration, cursor, fine=True))
        assert isinstance(timeline.moment.event, NodeEvaluated)
        assert timeline.moment.now is timeline.graph.loss


@pytest.mark.parametrize("above", [False, True])
def test_a_bound_of_the_loss_is_compared_with_what_the_engine_measures(above: bool) -> None:
    timeline = Timeline(open_program("two-paths"))
    for _ in range(6):
        timeline.forward(after_iteration)
    losses = {n: timeline.losses.loss_at(n) for n in range(1, 7)}
    bound = sorted(losses.values())[2]
    there = [n for n, _ in stops(Timeline(open_program("two-paths")), f"loss {'<>'[above]} {bound!r}", 6)]
    assert there == [n for n, loss in losses.items() if (loss > bound if above else loss < bound)]
    assert there


def test_not_finite_is_the_event_with_the_first_such_number() -> None:
    timeline = Timeline(open_program("perceptron", learning_rate=1000))
    assert stops(timeline, "not finite", 5) == [(2, 8)]
    assert stops(Timeline(open_program("perceptron")), "not finite", 5) == []


@pytest.mark.parametrize(
    ("condition", "wrong"),
    [
        ("", "Type a condition of one of these forms."),
        ("when it is good", "'when it is good' is not a condition of one of these forms."),
        ("node", "'node' is only the beginning of a condition, as node b is one."),
        ("node q", "There is no node 'q'; there are 2, a, b, c, 10, d and e."),
        ("operation matmul", "There is no operation 'matmul' here. There are multiply, square, subtract and add."),
        ("phase sideways", "There is no phase 'sideways'. There are forward, backward and update."),
        ("gradient", "'gradient' is only the beginning of a condition, as gradient > 10 is one."),
        ("gradient = 3", "'gradient = 3' is not a condition of one of these forms."),
        ("gradient > much", "'much' is no bound for |gradient|: that is a finite number, 0 or above."),
        ("gradient >", "Which bound? Write it behind the '>', as in gradient > 0.1"),
        ("gradient > nan", "'nan' is no bound"),
        ("gradient > inf", "'inf' is no bound"),
        ("gradient > -1", "'-1' is no bound"),
        ("gradient < 0", "No |gradient| is below 0."),
        ("loss <", "Which bound? Write it behind the '<', as in loss < 0.1"),
        ("loss > nan", "'nan' is no bound for the loss: that is a finite number."),
        ("gradient of q > 1", "There is no node 'q'; there are"),
    ],
)
def test_a_condition_that_makes_no_sense_is_explained(condition: str, wrong: str) -> None:
    with pytest.raises(ConditionError) as error:
        read_breakpoint(condition, Timeline(open_program("two-paths")).graph)
    assert str(error.value).startswith(wrong)
    assert "\n" not in str(error.value)


def test_a_name_that_is_nearly_a_nodes_is_guessed() -> None:
    with pytest.raises(ConditionError, match=r"no node 'matmull'; did you mean matmul\?"):
        read_breakpoint("node matmull", Timeline(open_program("perceptron")).graph)


def test_every_form_that_is_offered_is_taken() -> None:
    graph = Timeline(open_program("two-paths")).graph
    for form in FORMS:
        assert read_breakpoint(read_breakpoint(form, graph).text, graph).text == form


@pytest.mark.parametrize(("right", "there"), [(False, ["1:b:3", "1:a:4"]), (True, [])])
def test_each_gradient_that_parts_is_stopped_at_in_the_order_of_the_search(right: bool, there: list[str]) -> None:
    timeline = Timeline(program_of_theirs(right=right, steps=1))
    assert [name for name in names(timeline, "gradient parts") if name.startswith("1:")] == there


# going on to them


async def go_on(pilot: Pilot[None], key: str) -> str:
    """Press a key that goes on, and return what is said where it ends."""
    await pilot.press(key)
    await wait_for(pilot, lambda: "running" not in text(pilot, "keys"))
    return text(pilot, "keys")


def gone_on(session: DebugSession, *, backwards: bool = False) -> tuple[str, Place]:
    """Go on to the next breakpoint, and return what is said there, and where that is."""
    session.resume(backwards=backwards)
    while session.running is not None:
        session.tick()
    assert session.message is not None
    return sentences(session.message, {})[0], session.timeline.place


@pytest.mark.parametrize("lesson", SWEPT)
@pytest.mark.parametrize("condition", ["phase update", "gradient > 0.1", "loss rises"])
def test_it_goes_on_to_wherever_the_condition_holds_and_back_to_the_same_places(lesson: str, condition: str) -> None:
    session = DebugSession(open_program(lesson), 2)
    session.break_at(read_breakpoint(condition, session.timeline.graph))
    wanted = [Place(*there) for there in stops(Timeline(open_program(lesson)), condition, 2)]
    hit = f"breakpoint: {condition}"
    assert [gone_on(session) for _ in wanted] == [(hit, there) for there in wanted]
    said, there = gone_on(session)
    assert "no breakpoint up to iteration 2, where a run pauses" in said
    assert session.timeline.at_end_of_iteration
    assert [gone_on(session, backwards=True) for _ in wanted] == [(hit, there) for there in reversed(wanted)]
    for _ in range(2):
        said, there = gone_on(session, backwards=True)
        assert "no breakpoint before here: this is the start" in said
        assert there == Place(1, 0)


async def test_c_goes_on_and_shift_c_goes_back() -> None:
    wanted = stops(Timeline(open_program("perceptron")), "phase update", 2)
    async with opened("perceptron", steps=2) as pilot:
        pilot.app.screen.session.breakpoints.add(read_breakpoint("phase update", pilot.app.timeline.graph))
        for key, places in (("c", wanted), ("C", wanted[-2::-1])):
            for there in places:
                assert "breakpoint: phase update" in await go_on(pilot, key)
                assert place(pilot) == there


async def test_x_breaks_on_the_node_in_view_and_again_does_not() -> None:
    async with opened("two-paths") as pilot:
        await pilot.press("x")
        assert "no node is in view" in text(pilot, "keys")
        await pilot.press("c")
        assert "no breakpoint is on: x sets one" in text(pilot, "keys")
        assert place(pilot) == (1, 0)
        await pilot.press("space", "x")
        assert "breakpoint on node b: c goes on to it" in text(pilot, "keys")
        assert "breakpoint: node b" in await go_on(pilot, "c")
        assert "b gets 2·G·b = " in text(pilot, "step")
        await pilot.press("x")
        assert "no breakpoint on node b any more" in text(pilot, "keys")
        await pilot.press("c")
        assert "no breakpoint is on" in text(pilot, "keys")


async def test_space_pauses_on_the_way_to_a_breakpoint_and_c_goes_on() -> None:
    async with BackpropApp("perceptron", steps=0).run_test(size=(80, 24)) as pilot:
        pilot.app.screen.session.breakpoints.add(read_breakpoint("loss rises", pilot.app.timeline.graph))
        await pilot.press("c")
        assert "running: to the next breakpoint" in text(pilot, "keys")
        await pilot.press("space")
        here = place(pilot)
        assert "running" not in text(pilot, "keys")
        await pilot.press("c")
        await wait_for(pilot, lambda: place(pilot) > here)
        await pilot.press("b")
        assert "running" not in text(pilot, "keys")


async def test_going_on_ends_where_the_training_does() -> None:
    async with opened(learning_rate=1000) as pilot:
        for condition, there in (
            ("not finite", "breakpoint: not finite"),
            ("phase update", "no further stop: b steps back"),
        ):
            pilot.app.screen.session.breakpoints = Breakpoints()
            pilot.app.screen.session.breakpoints.add(read_breakpoint(condition, pilot.app.timeline.graph))
            assert there in await go_on(pilot, "c")
            assert place(pilot) == (2, 8)
            assert "Stopped: log makes" in text(pilot, "step")
        for key in ("space", "i", "r", "n"):
            await pilot.press("b", "space")
            assert "stopped" not in text(pilot, "keys")
            await pilot.press(key)
            await wait_for(pilot, lambda: "stopped at log: b steps back, e edits a number" in text(pilot, "keys"))
            assert place(pilot) == (2, 8)
        assert "E returns" not in text(pilot, "keys")
        await pilot.press("e", *"b[0]=1", "enter", "space")
        assert "E returns" in text(pilot, "keys")


async def test_in_a_long_iteration_a_key_is_answered_on_the_way() -> None:
    async with BackpropApp(program_of(ten_thousand_nodes())).run_test(size=(80, 24)) as pilot:
        pilot.app.screen.session.breakpoints.add(read_breakpoint("loss rises", pilot.app.timeline.graph))
        pilot.app.screen.action_continue("forward")
        await pilot.pause(0.1)
        assert pilot.app.screen.session.running
        pilot.app.screen.action_forward("step")
        assert not pilot.app.screen.session.running
        assert 0 < place(pilot)[1] < 55_011
