"""Forward mode on the screen: the pass, the Jacobian where it is small, the costs, and what is too large."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from minidl_core import Graph, Variable, reduce_sum, square
from tests.sample_graphs import SWEPT
from tui_backprop.debugger.followed import Followed
from tui_backprop.debugger.steps import Place
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.drawing.palette import plain
from tui_backprop.inspector import draw_inspector
from tui_backprop.inspector.forward_view import ForwardView
from tui_backprop.lessons.lesson import Example, Lesson
from tui_backprop.programs.opening import open_program
from tui_backprop.programs.program import program_of

from .on_screen import opened, text
from .test_no_numbers import EMPTY


def drawn(timeline: Timeline, name: str, followed: Followed | None = None) -> str:
    [node] = [node for node in timeline.graph.nodes if node.name == name]
    return plain(draw_inspector(timeline.moment, "forward mode", followed or Followed(), 60, 30, node))


def test_a_chain_is_written_out_with_its_products() -> None:
    shown = drawn(Timeline(open_program("two-paths")), "e")
    for line in (
        "da/da = 1",
        "db/da = 2·1 = 2",
        "dc/da = 12·2 = 24",
        "dd/da = (-1)·2 = -2",
        "de/da = 1·24 + 1·(-2) = 22",
    ):
        assert line in shown
    assert "forward: 1 pass, one for each number of the variables" in shown


def test_another_variable_can_be_chosen_and_the_jacobian_is_drawn() -> None:
    timeline = Timeline(open_program("xor"))
    shown = drawn(timeline, "J", replace(Followed(), term=1))
    assert "if b1[0] changes?" in " ".join(shown.split())
    assert "the Jacobian: a row for each number of J, a column for each of b1" in " ".join(shown.split())
    assert "term 2 of 4" in shown


def test_what_is_too_large_is_said() -> None:
    def build(_: int) -> Example:
        with Graph().as_default():
            return Example(reduce_sum(square(Variable(np.ones(2000), name="w")), name="J"), {})

    shown = drawn(Timeline(program_of(Lesson("large", "", build, 0.1))), "J")
    assert "more than 500 numbers" in " ".join(shown.split())


@pytest.mark.parametrize("name", SWEPT)
def test_it_fits_its_room_for_every_node(name: str) -> None:
    timeline = Timeline(open_program(name))
    for node in timeline.graph.nodes:
        for width, height in ((38, 10), (78, 20)):
            lines = draw_inspector(timeline.moment, "forward mode", Followed(), width, height, node)
            assert len(lines) <= height
            assert max(len(line) for line in plain(lines).splitlines()) <= width


@pytest.mark.parametrize("height", range(8, 14))
def test_the_change_of_the_last_node_is_the_last_that_is_hidden(height: int) -> None:
    timeline = Timeline(open_program("vanishing"))
    lines = draw_inspector(timeline.moment, "forward mode", Followed(), 38, height, timeline.graph.loss)
    shown = plain(lines)
    assert "dJ/dw = " in shown
    assert re.search(r"\d more lines?(: enlarge the window|; enlarge the window to see them)?\n", shown)


async def test_the_key_shows_it_and_shows_what_was_before() -> None:
    async with opened("two-paths") as pilot:
        await pilot.press("p", "J")
        assert "forward mode" in text(pilot, "inspector")
        await pilot.press("J")
        assert "forward mode" not in text(pilot, "inspector")


async def test_at_the_end_of_an_iteration_it_leads_to_the_loss_and_goes_away_again() -> None:
    async with opened("two-paths") as pilot:
        await pilot.press("i")
        before = text(pilot, "inspector")
        await pilot.press("J")
        assert "de/da = 1·24 + 1·(-2) = 22" in text(pilot, "inspector")
        await pilot.press("J")
        assert text(pilot, "inspector") == before


def test_from_a_variable_it_goes_to_the_loss() -> None:
    timeline = Timeline(open_program("two-paths"))
    shown = drawn(timeline, "a")
    assert "de/da = 1·24 + 1·(-2) = 22" in shown
    assert "0 multiplications" not in shown


def test_its_numbers_are_there_in_full() -> None:
    timeline = Timeline(open_program("xor"))
    [loss] = [node for node in timeline.graph.nodes if node.name == "J"]
    [variable] = [node for node in timeline.graph.nodes if node.name == "b1"]
    timeline.go_to(Place(1))
    view = ForwardView()
    slopes = view.numbers(timeline.moment, replace(Followed(), term=1), loss)
    assert slopes == view.numbers(timeline.moment, Followed(), variable)
    start = variable.initial_value
    assert slopes == {
        "b1[0]": float(start[0]),
        "dJ/db1[0]": pytest.approx(float(timeline.moment.gradient(variable)[0]), rel=1e-12),
    }


def test_a_variable_without_numbers_is_not_chosen() -> None:
    timeline = Timeline(program_of(EMPTY))
    view = ForwardView()
    starts = set()
    for term in range(4):
        followed = replace(Followed(), term=term)
        for node in timeline.graph.nodes:
            draw_inspector(timeline.moment, "forward mode", followed, 60, 30, node)
            view.numbers(timeline.moment, followed, node)
        starts |= set(view.numbers(timeline.moment, followed, timeline.graph.loss))
    assert {start for start in starts if start.startswith(("W", "N", "E"))} == {"W[0,0]"}
    [nothing] = [node for node in timeline.graph.nodes if node.name == "z"]
    origin = view.origin(timeline.moment, Followed(), nothing)
    assert origin == "goes nowhere: no number of a variable leads to z"
