"""Breakpoints: where each condition holds, going on to them both ways, and the list that is changed with keys."""

from __future__ import annotations

import numpy as np
import pytest
from textual.app import SystemCommand
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from minidl_core import GradientCompleted, Graph, NodeEvaluated, Variable, add, square
from tests.sample_graphs import SWEPT
from tui_backprop.app import BackpropApp
from tui_backprop.debugger.breakpoints import Breakpoints
from tui_backprop.debugger.steps import Place, after_iteration
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.lessons.lesson import Example, Lesson
from tui_backprop.notation.conditions import FORMS, ConditionError, read_breakpoint
from tui_backprop.notation.moments import name_moment
from tui_backprop.programs.opening import open_program
from tui_backprop.programs.program import program_of
from tui_backprop.screens.breakpoints import BreakpointsScreen
from tui_backprop.screens.main_screen import MainScreen
from tui_backprop.screens.prompt import Prompt

from .learners_engine import program_of_theirs
from .on_screen import opened, place, text, wait_for
from .test_log import said, ten_thousand_nodes


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


# going on to them


async def go_on(pilot: Pilot[None], key: str) -> str:
    """Press a key that goes on, and return what is said where it ends."""
    await pilot.press(key)
    await wait_for(pilot, lambda: "running" not in text(pilot, "keys"))
    return text(pilot, "keys")


@pytest.mark.parametrize("lesson", SWEPT)
@pytest.mark.parametrize("condition", ["phase update", "gradient > 0.1", "loss rises"])
async def test_c_stops_wherever_the_condition_holds_and_shift_c_at_the_same_places(lesson: str, condition: str) -> None:
    wanted = stops(Timeline(open_program(lesson)), condition, 2)
    async with opened(lesson, steps=2) as pilot:
        screen = pilot.app.screen
        screen.session.breakpoints.add(read_breakpoint(condition, pilot.app.timeline.graph))
        for there in wanted:
            assert f"breakpoint: {condition}" in await go_on(pilot, "c")
            assert place(pilot) == there
        assert "no breakpoint up to iteration 2, where a run pauses" in await go_on(pilot, "c")
        assert pilot.app.timeline.at_end_of_iteration
        for there in reversed(wanted):
            assert f"breakpoint: {condition}" in await go_on(pilot, "C")
            assert place(pilot) == there
        for _ in range(2):
            assert "no breakpoint before here: this is the start" in await go_on(pilot, "C")
            assert place(pilot) == (1, 0)


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


# the list


def listed(pilot: Pilot[None]) -> list[str]:
    options = pilot.app.screen.query_one(OptionList)
    return [str(options.get_option_at_index(place).prompt) for place in range(options.option_count)]


async def test_the_list_is_seen_switched_edited_and_deleted_from() -> None:
    async with opened("two-paths") as pilot:
        await pilot.press("space", "x", "X")
        assert isinstance(pilot.app.screen, BreakpointsScreen)
        assert listed(pilot) == ["✓ node b"]
        await pilot.press("a", *"gradient > 1e9", "enter", "a", *"loss rises", "enter")
        assert listed(pilot) == ["✓ node b", "✓ gradient > 1e9", "✓ loss rises"]
        await pilot.press("a", *"node b", "enter")
        assert len(listed(pilot)) == 3
        await pilot.press("space")
        assert listed(pilot)[0] == "· off: node b"
        await pilot.press("down", "enter", *["backspace"] * 3, *"11", "enter")
        assert listed(pilot) == ["· off: node b", "✓ gradient > 11", "✓ loss rises"]
        await pilot.press("j", "d", "k", "e", "backspace", "2", "enter")
        assert listed(pilot) == ["· off: node 2", "✓ gradient > 11"]
        await pilot.press("q")
        assert isinstance(pilot.app.screen, MainScreen)
        assert "breakpoint: gradient > 11" in await go_on(pilot, "c")
        await pilot.press("X", "down", "delete", "space", "X")
        assert "breakpoint: node 2" in await go_on(pilot, "c")


async def test_no_condition_is_in_the_list_twice() -> None:
    async with opened("two-paths") as pilot:
        await pilot.press("X", "a", "b", "enter", "space", "a", "c", "enter")
        assert listed(pilot) == ["· off: node b", "✓ node c"]
        await pilot.press("e", "backspace", "b", "enter")
        assert listed(pilot) == ["✓ node b"]
        await pilot.press("space", "a", "c", "enter", "a", "b", "enter")
        assert listed(pilot) == ["✓ node b", "✓ node c"]  # who adds it again wants it to stop
        assert pilot.app.screen.query_one(OptionList).highlighted == 0


async def test_the_list_goes_on_to_the_next_breakpoint() -> None:
    async with opened("two-paths", (80, 24)) as pilot:
        await pilot.press("X", "a", *"node b backward", "enter", "c")
        await wait_for(pilot, lambda: "breakpoint: node b" in text(pilot, "keys"))
        there = place(pilot)
        await pilot.press("c")
        await wait_for(pilot, lambda: place(pilot) != there and "breakpoint: node b" in text(pilot, "keys"))
        await pilot.press("X", "C")
        await wait_for(pilot, lambda: place(pilot) == there)


async def test_an_empty_list_says_how_to_add_and_takes_no_other_key() -> None:
    async with opened("two-paths", size=(60, 16)) as pilot:
        await pilot.press("X")
        assert said(pilot, "#none") == "No breakpoint yet: a adds a condition."
        await pilot.press("d", "e", "space", "enter", "down")
        assert isinstance(pilot.app.screen, BreakpointsScreen)
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, MainScreen)


async def test_a_wrong_condition_is_explained_where_it_is_typed_and_kept() -> None:
    async with opened("two-paths", size=(60, 16)) as pilot:
        await pilot.press("X", "a", *"gradient > lots", "enter")
        assert isinstance(pilot.app.screen, Prompt)
        assert said(pilot, "#wrong") == "'lots' is no bound for |gradient|: that is a finite number, 0 or above."
        assert pilot.app.screen.query_one(Input).value == "gradient > lots"
        await pilot.press(*["backspace"] * 4, "3", "enter")
        assert listed(pilot) == ["✓ gradient > 3"]


def command(pilot: Pilot[None], title: str) -> SystemCommand:
    [found] = [found for found in pilot.app.get_system_commands(pilot.app.screen) if found.title == title]
    return found


async def test_the_palette_sets_a_whole_condition_at_once() -> None:
    async with opened("skip") as pilot:
        for title, condition in (("first NaN or infinity", "not finite"), ("loss rises", "loss rises")):
            start = "Break at the " if "NaN" in title else "Break when the "
            await command(pilot, start + title).callback()
            await pilot.pause()
            assert [*pilot.app.screen.session.breakpoints][-1].text == condition
            assert f"breakpoint: {condition}; c goes on to it" in text(pilot, "keys")


@pytest.mark.parametrize(
    ("title", "begins", "wrong", "said", "typed", "condition"),
    [
        ("when |gradient| is above a bound", "gradient > ", "much", "no bound for |gradient|", "11", "gradient > 11"),
        ("when |gradient| is below a bound", "gradient < ", "0", "No |gradient| is below 0", "1e-6", "gradient < 1e-6"),
        ("at a phase", "phase ", "sideways", "There is no phase 'sideways'", "update", "phase update"),
        ("at an operation", "operation ", "divide", "no operation 'divide' here", "add", "operation add"),
        ("at a node", "node ", "z", "There is no node 'z'", "b", "node b"),
    ],
)
async def test_the_palette_asks_for_the_rest_of_a_condition(
    title: str, begins: str, wrong: str, said: str, typed: str, condition: str
) -> None:
    async with opened("two-paths") as pilot:
        await pilot.press("space")
        await command(pilot, f"Break {title}").callback()
        await pilot.pause()
        field = pilot.app.screen.query_one(Input)
        assert field.value == begins
        await pilot.press(*wrong, "enter")
        assert said in str(pilot.app.screen.query_one("#wrong").render())
        assert field.value == begins + wrong
        assert not len(pilot.app.screen_stack[0].session.breakpoints)
        await pilot.press(*["backspace"] * len(wrong), *typed, "enter")
        assert [point.text for point in pilot.app.screen.session.breakpoints] == [condition]


async def test_the_palette_asks_also_where_a_node_is_called_like_what_it_asks_for() -> None:
    def build(seed: int) -> Example:
        with Graph().as_default():
            nodes = [Variable(1.0, name=name) for name in ("phase", "node", "operation")]
            return Example(square(add(nodes[0], add(*nodes[1:])), name="J"), {})

    async with BackpropApp(program_of(Lesson("own", "", build, 0.1))).run_test(size=(120, 40)) as pilot:
        for title in ("a phase", "an operation", "a node"):
            await command(pilot, f"Break at {title}").callback()
            await pilot.pause()
            assert isinstance(pilot.app.screen, Prompt)
            await pilot.press("escape")
        assert not len(pilot.app.screen.session.breakpoints)


async def test_a_breakpoint_has_its_sign_in_diagram_and_tape_and_a_folded_scope() -> None:
    async with opened("perceptron") as pilot:
        await pilot.press("space")
        assert "■" not in text(pilot, "graph")
        await pilot.press("x")
        rows = text(pilot, "graph").splitlines()
        [at] = [row.index("■") for row in rows if "■" in row and "breakpoint" not in row]
        assert any(row[at + 1 :].startswith("matmul") for row in rows)
        assert "■ breakpoint" in rows[-1]
        await pilot.press("v")
        [row] = [row for row in text(pilot, "graph").splitlines() if "■" in row]
        assert " matmul " in row
        assert "■v► g·" in row
        await pilot.press("X", "space", "escape")
        assert "■" not in text(pilot, "graph")
        await pilot.press("X", "space", "a", *"operation reduce_sum", "enter", "escape")
        marked = [row for row in text(pilot, "graph").splitlines() if "■" in row]
        assert len(marked) == 3
        assert sum("reduce_sum" in row for row in marked) == 2
        await pilot.press("x", "left_square_bracket")
        assert sum("■" in row for row in text(pilot, "graph").splitlines()) == 2


@pytest.mark.parametrize(("right", "there"), [(False, ["1:b:3", "1:a:4"]), (True, [])])
def test_each_gradient_that_parts_is_stopped_at_in_the_order_of_the_search(right: bool, there: list[str]) -> None:
    timeline = Timeline(program_of_theirs(right=right, steps=1))
    assert [name for name in names(timeline, "gradient parts") if name.startswith("1:")] == there
