"""The list of breakpoints, the palette that sets them, and the sign that they have in the graph."""

from __future__ import annotations

import pytest
from textual.app import SystemCommand
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from minidl_core import Graph, Variable, add, square
from tui_backprop.app import BackpropApp
from tui_backprop.lessons.lesson import Example, Lesson
from tui_backprop.programs.program import program_of
from tui_backprop.screens.breakpoints import BreakpointsScreen
from tui_backprop.screens.main_screen import MainScreen
from tui_backprop.screens.prompt import Prompt

from .on_screen import opened, place, text, wait_for
from .test_breakpoints import go_on
from .test_log import said


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
