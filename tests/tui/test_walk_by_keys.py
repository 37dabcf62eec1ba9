"""The walk by keys: from number to number and back, and what is said where a way ends."""

from __future__ import annotations

import pytest

from tests.tui.on_screen import opened, text
from tui_backprop.debugger.followed import Followed
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.drawing.palette import plain
from tui_backprop.inspector import draw_inspector
from tui_backprop.inspector.walk import choose_term
from tui_backprop.programs.opening import open_program

from .moments import finish
from .test_walk import node_named


async def test_a_walk_from_a_weight_to_the_loss_and_back() -> None:
    async with opened() as pilot:
        await pilot.press("p", "p", "b", "space")
        assert "W   dJ/dW" in text(pilot, "inspector-title")
        start = text(pilot, "inspector")
        time = pilot.app.timeline.cursor
        moment = pilot.app.timeline.moment
        await pilot.press("tab", "down")
        assert "► W[1,0] gets Σ X[i,1]·G[i,0]" in text(pilot, "inspector")
        await pilot.press("d", "d")
        assert "enter  dJ/dmatmul[5,0]   d  point 5" in text(pilot, "inspector")
        passed = []
        for _ in range(8):
            await pilot.press("enter")
            passed.append(text(pilot, "inspector-title").partition("   dJ/d")[0].split()[-1])
            inspector = text(pilot, "inspector")
            node = node_named(moment, passed[-1])
            gradient = moment.gradient(node)
            assert gradient is not None
            element = gradient[(5, 0)[: gradient.ndim]]
            if node is not moment.graph.loss:
                assert f"{element:.3g}" in inspector
        assert passed == ["matmul", "add", "p", "log", "multiply", "reduce_sum", "reduce_sum_1", "J"]
        assert "dJ/dJ = 1" in text(pilot, "inspector")
        await pilot.press("enter")
        assert "dJ/dJ = 1" in text(pilot, "inspector")
        assert pilot.app.timeline.cursor == time
        for _ in range(8):
            await pilot.press("backspace")
        assert "W   dJ/dW" in text(pilot, "inspector-title")
        await pilot.press("u", "u", "up", "backspace", "shift+tab")
        assert text(pilot, "inspector") == start


async def test_a_walk_to_the_operands_and_the_choice_between_them() -> None:
    async with opened() as pilot:
        await pilot.press("space")
        assert "enter  W[0,0]   d  term 1 of 2   a  edge 2 of 2" in text(pilot, "inspector")
        await pilot.press("d", "enter")
        assert "W   variable" in text(pilot, "inspector-title")
        assert "W[1,0] = -1.283" in text(pilot, "inspector")
        await pilot.press("enter")
        assert "Enter goes no further: W is what the iteration starts from" in text(pilot, "keys")
        await pilot.press("backspace", "a", "d", "enter")
        assert "X[3,1] = 1.847" in text(pilot, "inspector")
        await pilot.press("enter", "backspace", "backspace", "backspace")
        assert "matmul = X·W" in text(pilot, "inspector-title")


async def test_where_a_way_ends_is_said_whole_in_the_room_that_there_is() -> None:
    async with opened("chain", size=(80, 24)) as pilot:
        await pilot.press("n")
        [line] = [line for line in text(pilot, "inspector").splitlines() if "goes no further" in line]
        assert line.split() == ["enter", "goes", "no", "further"]
        await pilot.press("enter")
        assert "Enter goes no further: 2 is written in the graph" in text(pilot, "keys")


async def test_a_move_in_time_ends_the_walk() -> None:
    async with opened("two-paths") as pilot:
        await pilot.press("p", "p")
        await pilot.press("enter", "enter", "space", "backspace")
        assert "update" in text(pilot, "inspector-title")
        assert "a   update" in text(pilot, "inspector-title")


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (120, 40)])
async def test_the_keys_of_the_walk_do_nothing_where_there_is_no_number(size: tuple[int, int]) -> None:
    async with opened(size=size) as pilot:
        before = text(pilot, "inspector")
        await pilot.press("enter", "backspace", "d", "u", "a", "A")
        assert text(pilot, "inspector") == before
        await pilot.press("i", "enter", "backspace", "d", "a")
        assert pilot.app.timeline.at_end_of_iteration


@pytest.mark.parametrize("name", ["W1", "b1", "W2", "b2", "J"])
def test_each_term_that_is_chosen_is_on_the_screen(name: str) -> None:
    timeline = Timeline(open_program("xor"))
    finish(timeline, 1)
    [node] = [node for node in timeline.graph.nodes if node.name == name]
    view, followed, pictures = "value" if name == "J" else "ledger", Followed(), set()
    for _ in range(4):
        drawn = draw_inspector(timeline.moment, view, followed, 43, 16, node)
        assert any(style == "selected" for line in drawn for _, style in line)
        pictures.add(plain([line for line in drawn if not line or line[0][0] != "origin"]))
        followed = choose_term(timeline.moment, view, followed, node, 1)
    assert len(pictures) == 4


@pytest.mark.parametrize(
    ("lesson", "keys", "said"),
    [
        ("chain", "p space d", "the number that is written out has no other term"),
        ("chain", "p space a", "the number that is written out has no other edge"),
        ("two-paths", "p n n n n n a", ""),
        ("broadcast", "p n n n n n d", ""),
        ("chain", "d", "no number is in view; take a step, or select a node"),
        ("perceptron", "V d", "a picture is in view; Tab goes on to other views"),
    ],
)
async def test_a_key_that_finds_no_other_edge_or_term_says_so(lesson: str, keys: str, said: str) -> None:
    async with opened(lesson, (80, 24)) as pilot:
        await pilot.press(*keys.split()[:-1])
        followed = pilot.app.screen.viewer.followed
        await pilot.press(keys.split()[-1])
        assert (pilot.app.screen.viewer.followed == followed) == bool(said)
        assert text(pilot, "keys").strip().startswith(said or "space ")
