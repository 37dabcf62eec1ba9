"""Looking around in the graph, as a script of keys and clicks, and what is then on the screen; time never moves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual import events
from textual.pilot import Pilot

from minidl_core import Variable, add, sigmoid, square
from tests.sample_graphs import LARGE, SMALL, lesson_of
from tui_backprop.app import BackpropApp
from tui_backprop.lessons.lesson import Example
from tui_backprop.programs.program import program_of
from tui_backprop.screens.find import Finder, FindScreen
from tui_backprop.screens.main_screen import MainScreen
from tui_backprop.widgets.canvas import Canvas

from .on_screen import place, text, wait_for


@asynccontextmanager
async def opened(lesson: str, width: int = 120, height: int = 40) -> AsyncIterator[Pilot[None]]:
    async with BackpropApp(program_of((SMALL | LARGE)[lesson])).run_test(size=(width, height)) as pilot:
        yield pilot


def selected(pilot: Pilot[None]) -> str:
    """Return what stands in reverse in the graph: the title of the selected box or row."""
    canvas = pilot.app.screen_stack[0].query_one("#graph", Canvas)
    strips = [canvas.render_line(y) for y in range(canvas.size.height)]
    marked = [segment.text for strip in strips for segment in strip if segment.style and segment.style.reverse]
    return " ".join(marked).strip()


def cell_of(pilot: Pilot[None], sign: str) -> tuple[int, int]:
    for y, row in enumerate(text(pilot, "graph").splitlines()):
        if sign in row:
            return row.index(sign), y
    raise AssertionError(f"{sign} is not on the screen")


async def test_arrows_and_letters_go_along_edges_and_beside() -> None:
    async with opened("perceptron") as pilot:
        await pilot.press("space", "space")  # add is now
        before = place(pilot)
        for key, there in [
            ("left", "matmul"),
            ("h", "X data"),
            ("down", "W var"),
            ("right", "matmul"),
            ("h", "W var"),
            ("k", "X data"),
            ("k", "X data"),
            ("l", "matmul"),
            ("l", "add"),
            ("right", "p softmax"),
            ("j", "c data"),
        ]:
            await pilot.press(key)
            assert selected(pilot) == there
        assert "c   data" in text(pilot, "inspector-title")
        assert "selected c" in text(pilot, "graph-title")
        assert place(pilot) == before
        await pilot.press("space")
        assert selected(pilot) == ""
        assert "p   softmax" in text(pilot, "inspector-title")


async def test_the_same_keys_in_the_tape_go_from_row_to_row() -> None:
    async with opened("perceptron", 80, 24) as pilot:
        await pilot.press("space", "space")
        for key, there in [("up", "b"), ("up", "matmul"), ("left", "W"), ("right", "matmul"), ("k", "b")]:
            await pilot.press("down" if key == "k" else key)
            assert selected(pilot) == there
        assert "»" in text(pilot, "graph")


async def test_the_first_arrow_selects_where_the_picture_begins() -> None:
    async with opened("perceptron") as pilot:
        await pilot.press("right")
        assert selected(pilot) == "X data"


async def test_tab_goes_through_the_views_and_back_to_the_graph() -> None:
    async with opened("perceptron", 80, 24) as pilot:
        await pilot.press("space")
        for view in ("[value]", "[ledger]", "[code]", "Data"):
            await pilot.press("tab")
            assert "←↑↓→" not in text(pilot, "graph-title")
            assert view in text(pilot, "inspector-title")
        await pilot.press("tab")
        assert "←↑↓→" in text(pilot, "graph-title")
        assert "[value]" in text(pilot, "inspector-title")


async def test_the_other_pane_keeps_the_view() -> None:
    async with opened("perceptron") as pilot:
        await pilot.press("space", "tab", "tab")
        assert "[ledger]" in text(pilot, "inspector-title")
        await pilot.press("shift+tab", "left")
        assert selected(pilot) == "X data"
        assert "[ledger]" in text(pilot, "inspector-title")
        await pilot.press("shift+tab")
        assert "←↑↓→" in text(pilot, "inspector-title")


async def test_in_the_inspector_the_arrows_choose_a_number() -> None:
    async with opened("perceptron") as pilot:
        await pilot.press("space", "tab", "down", "l")
        assert "point 4, column red" in text(pilot, "inspector")
        assert selected(pilot) == ""


async def test_what_stays_in_view_stays_while_time_moves() -> None:
    async with opened("perceptron") as pilot:
        await pilot.press("space", "left", "down", "f")
        await pilot.press("space", "p")
        assert selected(pilot) == "W var"
        assert "stays at W" in text(pilot, "graph-title")
        assert "W   " in text(pilot, "inspector-title")
        await pilot.press("f")
        assert selected(pilot) == ""


async def test_a_click_selects_a_box_and_a_row() -> None:
    for size in ((120, 40), (80, 24)):
        async with opened("perceptron", *size) as pilot:
            before = place(pilot)
            await pilot.press("tab")
            await pilot.click("#graph", offset=cell_of(pilot, "log"))
            assert selected(pilot) == "log"
            assert "←↑↓→" in text(pilot, "graph-title")
            assert place(pilot) == before


async def test_a_click_beside_everything_changes_nothing() -> None:
    async with opened("perceptron") as pilot:
        await pilot.click("#graph", offset=(1, 8))
        await pilot.click("#graph", offset=(1, 0))
        assert selected(pilot) == ""


async def test_dragging_keys_and_the_wheel_move_the_picture_and_a_step_brings_it_back() -> None:
    async with opened("recurrent") as pilot:
        await pilot.press("v")
        canvas = pilot.app.screen.query_one("#graph", Canvas)
        start = text(pilot, "graph")
        await pilot.mouse_down(canvas, offset=(60, 5))
        await pilot.hover(canvas, offset=(20, 5))
        await pilot.mouse_up(canvas, offset=(20, 5))
        dragged = text(pilot, "graph")
        assert dragged != start
        assert selected(pilot) == ""
        await pilot.press("shift+right")
        assert text(pilot, "graph") != dragged
        await pilot.press(*["shift+left"] * 10)
        assert text(pilot, "graph") == start
        await pilot.press(*["shift+right"] * 30, "space")
        assert "m1" in text(pilot, "graph")


async def test_the_wheel_moves_the_tape() -> None:
    async with opened("long-chain", 80, 24) as pilot:
        await pilot.press("Z")
        canvas = pilot.app.screen.query_one("#graph", Canvas)
        event = events.MouseScrollDown(canvas, 3, 3, 0, 0, 0, False, False, False)
        canvas.post_message(event)
        await pilot.pause()
        assert "sigmoid_1 " in text(pilot, "graph").splitlines()[0]


async def test_find_lists_what_matches_and_selects() -> None:
    async with opened("perceptron") as pilot:
        await pilot.press("space", "slash")
        assert isinstance(pilot.app.screen, FindScreen)
        rows = lambda: pilot.app.screen.query_one(Canvas)  # noqa: E731
        await pilot.press("r", "e", "d")
        shown = [rows().render_line(y).text for y in range(4)]
        assert "2 of 12 nodes" in shown[0]
        assert "reduce_sum " in shown[1]
        await pilot.press("down", "enter")
        assert isinstance(pilot.app.screen, MainScreen)
        assert selected(pilot) == "reduce_sum_1"
        await pilot.press("slash", "z", "z", "enter")
        assert isinstance(pilot.app.screen, FindScreen)
        assert "none of 12 nodes" in rows().render_line(0).text
        await pilot.press("escape")
        assert selected(pilot) == "reduce_sum_1"


def test_what_matches_comes_in_order_of_nearness() -> None:
    nodes = SMALL["two-layers"].build(0).loss.graph.nodes

    def names(wanted: str) -> list[str]:
        return [node.name for node in Finder(nodes).matches(wanted)]

    assert names("add") == ["layer1/add", "layer2/add"]
    assert names("W") == ["layer1/W", "layer2/W"]
    assert names("LAYER2") == [node.name for node in nodes if node.name.startswith("layer2/")]
    assert names("placeholder") == ["c", "X"]
    assert len(names("")) == len(nodes)


def test_a_scope_is_found_however_its_letters_are_written() -> None:
    nodes = SMALL["two-layers"].build(0).loss.graph.nodes
    for wanted in ("Net", "net", "NET"):
        assert Finder(nodes, lambda node: "Net" if node is nodes[2] else "").matches(wanted) == [nodes[2]]


async def test_a_fold_shows_how_far_it_has_come_and_opens_by_one_key() -> None:
    async with opened("scalar-network") as pilot:
        assert "layer_1/" in text(pilot, "graph")
        assert "2384 nodes" in text(pilot, "graph")
        await pilot.press("p")
        await wait_for(pilot, lambda: pilot.app.screen.session.running is None)
        await pilot.press("space", "space")
        await wait_for(pilot, lambda: "2 of 17" in text(pilot, "graph"))
        await pilot.press("enter")
        shown = text(pilot, "graph")
        assert "loss/add" in shown or "…/add_2" in shown
        assert "17 nodes" not in shown
        await pilot.press("z")
        assert " of 17" in text(pilot, "graph")


async def test_folding_by_hand_and_all_at_once() -> None:
    async with opened("two-layers") as pilot:
        await pilot.press("v", "Z")
        assert "layer1/matmul" in text(pilot, "graph") or "layer1/…" in text(pilot, "graph")
        await pilot.press("Z")
        assert "5 nodes" in text(pilot, "graph")
        await pilot.press("right", "right")
        assert selected(pilot) == "layer1/"
        assert "layer1/W" in text(pilot, "inspector")
        await pilot.press("enter")
        assert "layer1/" not in selected(pilot).split()
        await pilot.press("z")
        assert selected(pilot) == "layer1/"


async def test_what_cannot_be_folded_says_so() -> None:
    async with opened("skip", 80, 24) as pilot:
        await pilot.press("space", "z")
        assert "x is in no scope" in text(pilot, "keys"), "whole, beside what other keys say"
        await pilot.press("Z")
        assert "no node has a scope" in text(pilot, "keys")


async def test_a_fold_that_would_make_a_circle_is_in_parts() -> None:
    def build() -> Example:
        one = sigmoid(Variable(1.0, name="x"), name="outer/one")
        return Example(add(one, square(one, name="between"), name="outer/J"), {})

    async with BackpropApp(program_of(lesson_of("circle", build))).run_test(size=(120, 40)) as pilot:
        await pilot.press("space", "z")
        assert "outer 1 of 2" in text(pilot, "graph")
        assert "outer 2 of 2" in text(pilot, "graph")


async def test_a_click_in_the_inspector_gives_it_the_arrow_keys() -> None:
    async with opened("perceptron") as pilot:
        await pilot.press("space")
        await pilot.click("#inspector", offset=(5, 5))
        assert "←↑↓→" in text(pilot, "inspector-title")


async def test_a_run_follows_the_action() -> None:
    async with opened("perceptron") as pilot:
        await pilot.press("space", "left", "r", "space")
        assert selected(pilot) == ""


async def test_levels_of_detail() -> None:
    async with opened("perceptron") as pilot:
        await pilot.press("p")
        await pilot.press("left_square_bracket")
        assert "[X ✓· ]" in text(pilot, "graph")
        await pilot.press("right_square_bracket")
        assert "│(100,2)│" in text(pilot, "graph")
        await pilot.press("right_square_bracket", "space")
        assert "v 195.4" in text(pilot, "graph")
        await pilot.press("v")
        assert "v -195.4" in text(pilot, "graph")


async def test_a_graph_too_large_for_boxes_is_a_tape_and_says_so() -> None:
    async with opened("long-chain") as pilot:
        for keys in (("Z",), ("v",), ("space", "v")):
            await pilot.press(*keys)
            assert "too many for boxes" in text(pilot, "graph-title")
            assert "○ x" in text(pilot, "graph")


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_the_perceptron_shows_every_node_unless_boxes_would_not_fit(size: tuple[int, int]) -> None:
    async with opened("perceptron", *size) as pilot:
        assert all(name in text(pilot, "graph") for name in ("log", "multiply", "reduce_sum", "reduce_sum_1", "J"))
        if size == (80, 24):
            await pilot.press("v")
            assert "cross-entropy/ 0/5" in text(pilot, "graph")
            await pilot.press("p", "Z")
            assert "log" in text(pilot, "graph")


@pytest.mark.parametrize("key", ["left", "h", "right", "up", "down"])
async def test_arrows_where_nothing_was_ever_drawn(key: str) -> None:
    async with opened("perceptron", 59, 16) as pilot:
        await pilot.press(key)
        await pilot.resize_terminal(120, 40)
        assert selected(pilot) == ""
        await pilot.press("space", key)


async def test_a_chart_that_gets_a_pane_of_its_own_leaves_the_inspector() -> None:
    async with opened("perceptron", 80, 24) as pilot:
        await pilot.press("space", "tab")
        while "Data" not in text(pilot, "inspector-title"):
            assert "←↑↓→" in text(pilot, "inspector-title")
            await pilot.press("tab")
        await pilot.resize_terminal(120, 40)
        assert "Data" in text(pilot, "picture-title")
        assert "[value]" in text(pilot, "inspector-title")
