"""Editing the past: what an edit means, that no branch loses a bit, and what is said of an edit that cannot be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from minidl_core import Graph, NonFiniteError, Session, Variable
from minidl_core.train import GradientDescentOptimizer, StepRate
from tui_backprop.app import BackpropApp
from tui_backprop.debugger.branches import MOST_BRANCHES, States
from tui_backprop.debugger.edits import Edit, NumberEdit
from tui_backprop.debugger.message import Message
from tui_backprop.debugger.steps import after_event, after_iteration, after_step
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.keys import KEY_OF
from tui_backprop.lessons import load_lesson
from tui_backprop.narration.messages import sentences
from tui_backprop.notation.edits import EditError, branch_label, label, read_edit, written_out
from tui_backprop.notation.formats import number
from tui_backprop.notation.losses_beside import losses_beside
from tui_backprop.programs.program import program_of
from tui_backprop.screens.edit import EditScreen
from tui_backprop.screens.main_screen import MainScreen

from .moments import finish
from .test_keys import opened, place, text
from .test_timeline import fingerprint, open_lesson


def edit_of(timeline: Timeline, typed: str) -> Edit:
    return read_edit(typed, timeline.edited_state, timeline.graph, "")


def fork(timeline: Timeline, typed: str) -> Message:
    return timeline.fork(edit_of(timeline, typed))


def losses_by_hand(edits: dict[int, str], iterations: int) -> list[float]:
    """Train the perceptron with the engine alone; an edit is code that is run after so many iterations."""
    lesson = load_lesson("perceptron")
    example = lesson.build(lesson.seed)
    session, optimizer = Session(), GradientDescentOptimizer(lesson.learning_rate)
    step = optimizer.minimize(example.loss)
    names = {node.name: node for node in example.loss.graph.nodes}
    feeds = {node: array.copy() for node, array in example.feeds.items()}
    losses = []
    for iteration in range(iterations):
        match edits.get(iteration, "").split():
            case ["rate", value]:
                optimizer.learning_rate = float(value)
            case ["X", row, column, value]:
                feeds[names["X"]][int(row), int(column)] = float(value)
            case [name, row, column, value]:
                array = np.array(session.variables.get(names[name], names[name].initial_value))
                array[int(row), int(column)] = float(value)
                session.variables[names[name]] = array
        losses.append(float(session.run(example.loss, feeds)))
        session.run(step, feeds)
    return losses


def losses_of(timeline: Timeline, iterations: int) -> list[float]:
    finish(timeline, iterations)
    return [timeline.losses.loss_at(n) or 0.0 for n in range(1, iterations + 1)]


@pytest.mark.parametrize(
    ("typed", "by_hand"),
    [("W[0,0] = 1", "W 0 0 1"), ("X[3,1] = -2.5", "X 3 1 -2.5"), ("learning rate = 0.002", "rate 0.002")],
)
@pytest.mark.parametrize("finished", [0, 3])
def test_an_edit_trains_on_as_the_engine_does_from_there(typed: str, by_hand: str, finished: int) -> None:
    timeline = open_lesson()
    finish(timeline, 8)
    finish(timeline, finished)
    timeline.forward(after_step)  # in the middle of the iteration, which is computed again
    here = place_of(timeline)
    fork(timeline, typed)
    assert place_of(timeline) == here
    assert losses_of(timeline, 8) == losses_by_hand({finished: by_hand}, 8)


def place_of(timeline: Timeline) -> tuple[int, int]:
    return timeline.recording.iteration, timeline.cursor


@pytest.mark.parametrize("cursor", [1, 8, 20, 45, 58])
def test_in_the_middle_of_an_iteration_it_is_computed_again_up_to_the_same_step(cursor: int) -> None:
    timeline = open_lesson()
    finish(timeline, 2)
    for _ in range(cursor):
        timeline.forward(after_event)
    event = timeline.moment.event
    fork(timeline, "W[1,0] = 0.5")
    assert place_of(timeline) == (3, cursor)
    assert type(timeline.moment.event) is type(event)
    assert timeline.moment.now is event.node
    variable = timeline.graph.variables[0]
    assert timeline.recording.start.variables[variable][1, 0] == 0.5


def test_at_the_end_of_an_iteration_the_next_one_starts_with_the_edit() -> None:
    timeline = open_lesson()
    finish(timeline, 2)
    before = timeline.moment
    fork(timeline, "W[0,0] = 1")
    assert place_of(timeline) == (3, 0)
    assert timeline.moment.recording.previous_loss == before.loss
    assert timeline.moment.variable(timeline.graph.variables[0])[0, 0] == 1
    assert timeline.back(after_step)
    assert fingerprint(timeline.moment) == fingerprint(before)
    assert losses_of(timeline, 6) == losses_by_hand({2: "W 0 0 1"}, 6)


def test_the_losses_of_branches_stand_beside_each_other() -> None:
    timeline = open_lesson()
    finish(timeline, 4)
    assert losses_beside(timeline.moment) == ""
    finish(timeline, 2)
    fork(timeline, "W[0,0] = 1")
    assert losses_beside(timeline.moment) == "", "this branch has not measured its loss yet"
    finish(timeline, 3)
    here, there = (number(losses_by_hand(edits, 3)[2]) for edits in ({2: "W 0 0 1"}, {}))
    assert here != there
    assert losses_beside(timeline.moment) == f"J of iteration 3: {here} here, {there} on original"


def test_every_branch_keeps_its_bits_whichever_way_one_comes() -> None:
    timeline = open_lesson()
    walks = []
    for typed in ("", "W[0,0] = 1", "learning rate = 0.003", "X[0,0] = 9"):
        if typed:
            finish(timeline, len(walks) + 1)
            timeline.forward(after_step)
            fork(timeline, typed)
        timeline.first()
        walk = [fingerprint(timeline.moment)]
        while timeline.recording.iteration < 7:
            timeline.forward(after_iteration)
            walk.append(fingerprint(timeline.moment))
        walks.append((timeline.branch, walk, timeline.furthest))
    for _ in range(2):
        for branch, walk, furthest in walks[::-1]:
            assert timeline.branch is branch
            assert timeline.last() or timeline.place == furthest
            assert timeline.place == furthest
            assert fingerprint(timeline.moment) == walk[-1]
            back = [fingerprint(timeline.moment)]
            while timeline.back(after_iteration):
                back.append(fingerprint(timeline.moment))
            assert back[::-1] == walk
            timeline.last()
            assert timeline.switch()


def test_edits_are_found_again_between_states_that_have_thinned_out() -> None:
    timeline = open_lesson()
    timeline.branch.states = States(most=4)
    timeline.branch.states.keep(timeline.recording.start)
    finish(timeline, 501)
    finish(timeline, 301)
    timeline.forward(after_step)
    fork(timeline, "W[0,1] = 2")
    finish(timeline, 333)
    timeline.forward(after_step)
    fork(timeline, "learning rate = 0.001")
    assert len(timeline.branch.states._states) <= 4
    finish(timeline, 484)
    end = fingerprint(timeline.moment)
    timeline.first()
    timeline.last()
    assert fingerprint(timeline.moment) == end
    by_hand = losses_by_hand({301: "W 0 1 2", 333: "rate 0.001"}, 484)
    assert [timeline.losses.loss_at(n) for n in range(1, 485)] == by_hand


def test_two_edits_of_one_start_are_both_made() -> None:
    timeline = open_lesson()
    timeline.forward(after_step)
    fork(timeline, "W[0,0] = 1")
    fork(timeline, "W[0,1] = 2")
    assert timeline.recording.start.variables[timeline.graph.variables[0]][0].tolist() == [1, 2]
    assert [branch_label(branch) for branch in timeline.branches] == [
        "original",
        "W[0,0] 0.0412 → 1",
        "W[0,1] 0.0978 → 2",
    ]


def test_going_back_before_the_fork_and_on_follows_the_branch() -> None:
    timeline = open_lesson()
    finish(timeline, 6)
    finish(timeline, 3)
    fork(timeline, "W[0,0] = 1")
    finish(timeline, 1)
    finish(timeline, 3)
    timeline.forward(after_event)
    assert timeline.recording.start.variables[timeline.graph.variables[0]][0, 0] == 1
    timeline.first()
    timeline.last()
    assert place_of(timeline) == (4, 1)
    assert timeline.recording.start.variables[timeline.graph.variables[0]][0, 0] == 1


def test_so_many_branches_are_kept_and_never_is_that_of_now_forgotten() -> None:
    timeline = open_lesson("chain")
    for value in range(2 * MOST_BRANCHES):
        message = fork(timeline, f"a = {value + 10}")
        assert len(timeline.branches) <= MOST_BRANCHES
        assert timeline.branch in timeline.branches
    assert "The oldest branch, a " in sentences(message, KEY_OF)[0]
    while timeline.branch is not timeline.branches[0]:
        timeline.switch()
    fork(timeline, "a = 7")
    assert len(timeline.branches) == MOST_BRANCHES


def test_an_edit_that_leads_to_infinity_stops_there_and_the_way_back_is_named() -> None:
    timeline = open_lesson()
    finish(timeline, 2)
    timeline.back(after_step)
    before = fingerprint(timeline.moment)
    fork(timeline, "W[0,0] = 1e12")
    assert isinstance(timeline.moment.error, NonFiniteError)
    assert timeline.moment.error.node.name == "log"
    assert timeline.switch()
    assert timeline.recording.iteration == 2
    assert timeline.moment.error is None
    timeline.last()
    timeline.back(after_step)
    assert fingerprint(timeline.moment) == before


# on the screen


async def press(pilot: Pilot[None], *keys: str) -> None:
    """Press keys; a text in quotes is typed into the field in place of the number in it."""
    for key in keys:
        await pilot.press(*(key[1:-1] if key.startswith("'") else [key]))


def said(pilot: Pilot[None]) -> str:
    return " ".join(text(pilot, "step").split())


def header(pilot: Pilot[None]) -> str:
    return text(pilot, "header")


async def test_a_weight_in_the_past_is_edited_and_the_way_without_it_stays() -> None:
    edited, original = losses_by_hand({3: "W 0 0 1"}, 6), losses_by_hand({}, 6)
    async with opened() as pilot:
        await press(pilot, *"iiiiii", *"III", *"nnn")
        assert place(pilot) == (4, 3)
        await press(pilot, "e")
        assert pilot.app.screen.query_one(Input).value == "W[0,0] = 0.222903"
        assert "Iteration 4 is computed again from its start" in prompt(pilot)
        await press(pilot, "'1'", "enter")
        assert isinstance(pilot.app.screen, MainScreen)
        assert place(pilot) == (4, 3)
        assert said(pilot).startswith(
            "W[0,0] 0.223 → 1: iteration 4 was computed again from its start, to this same step"
        )
        await press(pilot, "N", "n")
        assert "you changed W[0,0] 0.223 → 1" in said(pilot)
        await press(pilot, "p")
        assert f"J {number(edited[3])} (was {number(original[2])})" in header(pilot)
        assert "W[0,0] 0.223 → 1" in text(pilot, "loss-title")
        assert f"original, {number(original[3])}: W[0,0] 0.223" in text(pilot, "loss")
        await press(pilot, "i", "i", "i")
        assert f"J {number(edited[5])} (was {number(edited[4])})" in header(pilot)
        await press(pilot, "E")
        assert place(pilot) == (6, 59)
        assert f"J {number(original[5])} (was {number(original[4])})" in header(pilot)
        assert "This is branch 1 of 2, original, at the same step" in said(pilot)
        assert "original" in text(pilot, "loss-title")
        assert "W[0,0] 0.223 → 1" in text(pilot, "loss")
        await press(pilot, "E", "I", "I", "I")
        assert f"J {number(original[2])}" in header(pilot)
        await press(pilot, "i")
        assert f"J {number(edited[3])} (was {number(original[2])})" in header(pilot)
        await press(pilot, "home", "end")
        assert f"J {number(edited[5])}" in header(pilot)


def test_from_a_branch_that_went_less_far_one_comes_back_to_where_one_was() -> None:
    timeline = open_lesson("perceptron")
    timeline.forward(after_step)
    fork(timeline, "W[0,0] = 1")
    timeline.forward(after_step)
    there = timeline.place
    for same in (False, True, False, True):
        said = timeline.switch()
        assert said is not None
        assert said.data["same"] is same
        assert (timeline.place == there) is same


async def test_between_iterations_the_learning_rate_is_what_is_edited() -> None:
    losses = losses_by_hand({2: "rate 0.002"}, 4)
    async with opened() as pilot:
        await press(pilot, "i", "i", "e")
        assert pilot.app.screen.query_one(Input).value == "learning rate = 0.0005"
        assert "Iteration 3 will start with it" in prompt(pilot)
        await press(pilot, "'.002'", "enter")
        assert place(pilot) == (3, 0)
        assert "η 0.002" in header(pilot)
        assert said(pilot).startswith("η 0.0005 → 0.002: iteration 3 starts with it. E: the branch without it.")
        await press(pilot, "i", "i")
        assert f"J {number(losses[3])}" in header(pilot)
        await press(pilot, "E")
        assert "This is branch 1 of 2, original, which went no further than this" in said(pilot)
        assert place(pilot) == (2, 59)
        assert "η 0.0005" in header(pilot)


async def test_a_fed_value_is_edited_and_the_data_moves() -> None:
    async with opened() as pilot:
        await press(pilot, "n", "n")
        points = text(pilot, "picture")
        await press(pilot, "e")
        assert pilot.app.screen.query_one(Input).value.startswith("X[3,0] = ")
        await press(pilot, "'-4'", "enter")
        assert text(pilot, "picture") != points
        assert "-4" in text(pilot, "inspector")
        await press(pilot, "E")
        assert text(pilot, "picture") == points


async def test_of_an_operation_it_says_what_can_be_edited_instead() -> None:
    async with opened() as pilot:
        await press(pilot, "space", "e")
        assert "matmul is computed from X and W, so it cannot be set" in prompt(pilot)
        assert "W, b, c, X and the learning rate can." in prompt(pilot)
        assert pilot.app.screen.query_one(Input).value == "W[0,0] = 0.0411773", "a variable that it is computed from"
        await press(pilot, "home", "ctrl+k", "'b[1]=2'", "enter")
        assert branch_label(pilot.app.timeline.branch) == "b[1] 1.26 → 2"


async def test_the_palette_edits_the_learning_rate_wherever_one_is() -> None:
    async with opened() as pilot:
        await press(pilot, "n", "n", "n")
        [command] = [c for c in pilot.app.get_system_commands(pilot.app.screen) if "learning rate" in c.title]
        await command.callback()
        await pilot.pause()
        assert pilot.app.screen.query_one(Input).value == "learning rate = 0.0005"


async def test_under_a_schedule_it_says_that_a_number_ends_it() -> None:
    lesson = replace(load_lesson("perceptron"), learning_rate=StepRate(0.001, 0.5, 2))
    app = BackpropApp(program_of(lesson))
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "i", "i", "e")
        assert app.screen.query_one(Input).value == "learning rate = 0.0005"
        assert "ends the schedule" in prompt(pilot)
        await press(pilot, "'0.002'", "enter", "i", "i", "i")
        assert app.timeline.moment.learning_rate == 0.002
        assert "η 0.002" in text(pilot, "header")
    async with opened() as pilot:
        await press(pilot, "e")
        assert "schedule" not in prompt(pilot)


async def test_an_edit_that_is_given_up_or_left_as_it_was_changes_nothing() -> None:
    async with opened() as pilot:
        await press(pilot, "n", "n", "n")
        for key in ("escape", "enter"):
            await press(pilot, "e", key)
            assert isinstance(pilot.app.screen, MainScreen)
            assert len(pilot.app.timeline.branches) == 1
        await press(pilot, "E")
        assert place(pilot) == (1, 3)


BAD = {
    "abc": "'abc' is not a number.",
    "": "Which number? Write it behind the '=', as in W[0,0] = 0.5",
    "nan": "'nan' is not a finite number",
    "-inf": "'-inf' is not a finite number",
    "1e13": "1e13 is far too large; numbers up to 1e+12 in size are allowed.",
    "-1e999": "-1e999 is far too large",
    "1, 2": "'1, 2' are 2 numbers, but W[0,0] is one.",
    "[[1 2] [3 4]]": "'[[1 2] [3 4]]' are 4 numbers, but W[0,0] is one.",
    "1,5": "'1,5' are 2 numbers, but W[0,0] is one. A decimal has a point: 1.5",
    "W[2,0] = 1": "W is (2,2): there is no [2,0] in it, only W[0,0] to W[1,1].",
    "W[0] = 1": "W is (2,2): there is no [0] in it, only W[0,0] to W[1,1].",
    "W[-1,0] = 1": "W is (2,2): there is no [-1,0] in it, only W[0,0] to W[1,1].",
    "W = 1 2 3": "'1 2 3' are 3 numbers; give one for all of W.",
    "p[0,0] = 1": "p is computed from add, so it cannot be set; W, b, c, X and the learning rate can.",
    "V = 1": "There is no 'V'; W, b, c, X and the learning rate can be edited.",
    "learning rate = 0": "The learning rate must be above 0: it says how far an update moves.",
    "eta = -1": "The learning rate must be above 0: it says how far an update moves.",
    "learning rate = 0.0005": "Nothing would change: the learning rate is 0.0005 already.",
}


@pytest.mark.parametrize("size", [(120, 40), (60, 16)])
async def test_what_is_wrong_is_said_where_it_was_typed_and_nothing_changes(size: tuple[int, int]) -> None:
    async with opened(size=size) as pilot:
        await press(pilot, "i", "n", "n", "n", "e")
        before = fingerprint(pilot.app.timeline.moment)
        for typed, wrong in BAD.items():
            field = pilot.app.screen.query_one(Input)
            field.value = typed if "=" in typed else f"W[0,0] = {typed}"
            await press(pilot, "enter")
            assert isinstance(pilot.app.screen, EditScreen)
            assert field.value == (typed if "=" in typed else f"W[0,0] = {typed}")
            for _ in range(20):  # the box grows with what it says
                if wrong in prompt(pilot):
                    break
                await pilot.pause()
            assert wrong in prompt(pilot)
        assert fingerprint(pilot.app.timeline.moment) == before
        assert len(pilot.app.timeline.branches) == 1


def prompt(pilot: Pilot[None]) -> str:
    """Return what the edit's box says; all of it is within the lines that it has."""
    parts = [widget for widget in pilot.app.screen.query("Static").results() if widget.size.height]
    said = [[widget.render_line(y).text.strip() for y in range(widget.size.height)] for widget in parts]
    return " ".join(" ".join(filter(None, lines)) for lines in said)


def test_numbers_alone_all_of_an_array_and_odd_names() -> None:
    timeline = open_lesson()
    start, graph = timeline.edited_state, timeline.graph
    w, *_ = graph.variables
    assert label(read_edit("learning rate = W[1,0] = 2", start, graph, "")) == "W[1,0] -1.28 → 2"
    assert label(read_edit(" 2 ", start, graph, "W[1,0]")) == "W[1,0] -1.28 → 2"
    assert read_edit("W[ 1 , 0 ]=−2", start, graph, "").new == -2
    for twice in ("W[0,0] == 2", "W[0,0] = = 2", "learning rate = W[0,0] == 2"):
        edit = read_edit(twice, start, graph, "learning rate")
        assert (edit.node is not None and edit.node.name, edit.index, edit.new) == ("W", (0, 0), 2)
    assert label(read_edit("W[0,0] = W[1,1] = 3", start, graph, "")) == "W[1,1] -0.519 → 3"
    edit = read_edit("W = 0", start, graph, "")
    assert label(edit) == "all of W → 0"
    assert edit.applied(start).variables[w].tolist() == [[0, 0], [0, 0]]
    assert start.variables == {}
    with pytest.raises(EditError, match="Nothing would change: W is 0 already"):
        read_edit("W = 0", edit.applied(start), graph, "")
    chain = open_lesson("chain")
    with pytest.raises(EditError, match="2 is a constant of the graph, so it stays as it is; a and the learning rate"):
        read_edit("2 = 3", chain.edited_state, chain.graph, "")
    with pytest.raises(EditError, match="a is one number, without an index: write a = "):
        read_edit("a[0] = 3", chain.edited_state, chain.graph, "")


@pytest.mark.parametrize(
    ("old", "new", "short", "long"),
    [
        (0.25001, 0.25, "a 0.25001 → 0.25", "a = 0.25 instead of 0.25001"),
        (0.25, 0.2503, "a 0.25 → 0.2503", "a = 0.2503 instead of 0.25"),
        (0.22289, 1.0, "a 0.223 → 1", "a = 1 instead of 0.2229"),
    ],
)
def test_two_numbers_that_differ_look_different_in_a_label(old: float, new: float, short: str, long: str) -> None:
    with Graph().as_default():
        edit = NumberEdit(Variable(old, name="a"), (), old, new)
    assert (label(edit), written_out(edit)) == (short, long)
