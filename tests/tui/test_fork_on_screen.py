"""Editing the past on the screen: the box, what it says of an edit that cannot be, and branches beside each other."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from minidl_core.train import StepRate
from tui_backprop.app import BackpropApp
from tui_backprop.lessons import load_lesson
from tui_backprop.notation.edits import branch_label
from tui_backprop.notation.formats import number
from tui_backprop.programs.program import program_of
from tui_backprop.screens.edit import EditScreen
from tui_backprop.screens.main_screen import MainScreen

from .on_screen import opened, place, text
from .test_fork import losses_by_hand
from .test_timeline import fingerprint


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
    "learning rate =": "Which number? Write it behind the '=', as in learning rate = 0.5",
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
