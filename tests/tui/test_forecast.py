"""The forecast of a step, and what it brought: from recorded numbers, however one came to the moment."""

from __future__ import annotations

import re
from decimal import Decimal

import numpy as np
import pytest

from tests.sample_graphs import SWEPT
from tests.tui.on_screen import opened, text
from tui_backprop.debugger.followed import Followed
from tui_backprop.debugger.moment import Moment
from tui_backprop.debugger.steps import after_phase, after_step
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.drawing.palette import plain
from tui_backprop.inspector import draw_inspector
from tui_backprop.inspector.forecast import change_of_step
from tui_backprop.programs.opening import open_program

from .moments import finish, narrate


def at_loss(timeline: Timeline) -> Moment:
    """Move on to where the forward pass has measured the loss, and return that moment."""
    while timeline.moment.now is not timeline.graph.loss:
        timeline.forward(after_step)
    return timeline.moment


def table(moment: Moment, width: int = 61, height: int = 30) -> dict[str, list[Decimal]]:
    shown = plain(draw_inspector(moment, "value", Followed(), width, height, moment.now))
    rows = re.findall(r"^  (forecast|measured) +(\S+) +(\S+) +(\S+)$", shown, re.M)
    return {name: [*map(Decimal, numbers)] for name, *numbers in rows}


@pytest.mark.parametrize("lesson", SWEPT)
def test_what_a_step_brought_is_the_same_to_the_bit_however_one_came_there(lesson: str) -> None:
    stepped, trained = Timeline(open_program(lesson)), Timeline(open_program(lesson))
    finish(stepped, 3)
    stepped.begin_next()
    assert stepped.recording.previous is not None
    assert stepped.recording.previous.gradients
    assert trained.train(3)
    assert trained.recording.previous is not None
    assert trained.recording.previous.gradients is None
    assert at_loss(stepped).loss == at_loss(trained).loss
    assert change_of_step(stepped.recording) == change_of_step(trained.recording)


@pytest.mark.parametrize("lesson", SWEPT)
def test_the_table_adds_up_and_holds_the_engine_s_numbers(lesson: str) -> None:
    timeline = Timeline(open_program(lesson))
    for iteration in range(1, 7):
        finish(timeline, iteration)
        gradients = [timeline.moment.gradient(variable) for variable in timeline.graph.variables]
        squares = sum(float(np.sum(np.square(gradient))) for gradient in gradients if gradient is not None)
        before, rate = timeline.moment.loss, timeline.moment.learning_rate
        timeline.forward(after_step)
        moment = at_loss(timeline)
        assert change_of_step(moment.recording) == pytest.approx(-rate * squares, rel=1e-9)
        rows = table(moment)
        assert rows.keys() == {"forecast", "measured"}
        for started, change, ended in rows.values():
            assert (started + change).quantize(ended) == ended
        shown = rows["forecast"][1]
        assert abs(shown - Decimal(-rate * squares)) <= Decimal("0.51").scaleb(int(shown.as_tuple().exponent))
        assert float(rows["measured"][2]) == pytest.approx(moment.loss, rel=1e-2)
        assert float(rows["measured"][0]) == pytest.approx(before, rel=1e-2)


def test_it_is_the_same_however_one_came_there() -> None:
    def shown(timeline: Timeline) -> dict[str, list[Decimal]]:
        return table(at_loss(timeline))

    stepped = Timeline(open_program("perceptron"))
    for _ in range(3 * 3 + 1):
        stepped.forward(after_phase)
    expected = shown(stepped)
    assert expected
    back, jumped, trained = (Timeline(open_program("perceptron")) for _ in range(3))
    finish(back, 4)
    back.back(after_phase)
    back.back(after_phase)
    assert shown(back) == expected
    finish(jumped, 9)
    finish(jumped, 3)
    jumped.forward(after_step)
    assert shown(jumped) == expected
    finish(trained, 3)
    trained.forward(after_step)
    assert shown(trained) == expected


def test_before_the_first_step_nothing_has_been_brought() -> None:
    moment = at_loss(Timeline(open_program("chain")))
    assert not table(moment)
    assert "brought" not in plain(draw_inspector(moment, "value", Followed(), 61, 30, moment.now))


def test_a_loss_that_rises_is_said_to() -> None:
    timeline = Timeline(open_program("chain", learning_rate=0.3))
    finish(timeline, 1)
    timeline.forward(after_step)
    moment = at_loss(timeline)
    shown = " ".join(plain(draw_inspector(moment, "value", Followed(), 61, 30, moment.now)).split())
    assert "e has become larger instead: the step went past the lowest point" in shown


@pytest.mark.parametrize(("lesson", "iteration", "turned"), [("too-far", 2, True), ("perceptron", 2, False)])
def test_a_slope_that_turned_round_is_said_to_once_it_is_known(lesson: str, iteration: int, turned: bool) -> None:
    timeline = Timeline(open_program(lesson))

    def comparison(moment: Moment) -> str:
        return " ".join(plain(draw_inspector(moment, "value", Followed(), 61, 30, moment.graph.loss)).split())

    finish(timeline, iteration - 1)
    before = [timeline.moment.gradient(variable) for variable in timeline.graph.variables]
    timeline.forward(after_step)
    assert "% of the forecast: the slope changed on the way" in comparison(at_loss(timeline))
    finish(timeline, iteration)
    after = [timeline.moment.gradient(variable) for variable in timeline.graph.variables]
    along = sum(float(np.sum(new * old)) for new, old in zip(after, before, strict=True))  # type: ignore[operator]
    assert (along < 0) is turned
    said = "the step went past the lowest point: the slope turned round"
    assert (said in comparison(timeline.moment)) is turned


@pytest.mark.parametrize("lesson", SWEPT)
@pytest.mark.parametrize("size", [(61, 30), (43, 20)])
def test_what_moved_is_seen_to_move_and_under_which_condition_the_forecast_holds(
    lesson: str, size: tuple[int, int]
) -> None:
    timeline = Timeline(open_program(lesson))
    timeline.forward(after_phase)
    timeline.forward(after_phase)
    timeline.forward(after_step)
    moment, [*variables] = timeline.moment, timeline.graph.variables
    shown = " ".join(plain(draw_inspector(moment, "update", Followed(), *size, moment.now)).split())
    assert "a straight slope" in shown
    assert ("whole step" in shown) is (len(variables) > 1)
    equation = re.search(r"► \S+ = (\S+) - .* = (\S+) [-+] \S+ = (\S+)", shown)
    assert equation is not None
    assert Decimal(equation[1]) == Decimal(equation[2]) != Decimal(equation[3])
    ways = (r"now (\S+) .*(?:, to|of the new \S+) (\S+)", r"(\S+) forecast (\S+)")
    [loss, *_] = filter(None, (re.search(way, shown) for way in ways))
    assert loss[1] != loss[2]


def test_a_step_of_a_fourth_digit_is_seen_in_the_sentence_and_in_the_overview() -> None:
    four = "-e '(sigmoid(sigmoid(sigmoid(sigmoid(w)))) - 0.5)**2' --set w=2"
    timeline = Timeline(open_program(four, learning_rate=1))
    timeline.forward(after_phase)
    timeline.forward(after_phase)
    timeline.forward(after_step)
    assert narrate(timeline.moment).startswith(
        "w moves against its gradient: w - 1·dJ/dw = 2 - 1·0.000347858 = 1.9997."
    )
    finish(timeline, 1)
    assert "w from 2 to 1.9997" in plain(draw_inspector(timeline.moment, "overview", Followed(), 61, 30, None))


async def test_by_keys_forecast_in_the_update_and_what_came_in_the_next_iteration() -> None:
    async with opened() as pilot:
        await pilot.press("p", "p", "space")
        forecast = re.search(r"forecast of the new J +(\S+)", text(pilot, "inspector"))
        assert forecast is not None
        assert "comes with iteration 2" in text(pilot, "inspector")
        await pilot.press("p", "p")
        assert f"{forecast[1]}" in text(pilot, "inspector")
        assert "what the step of iteration 1 brought" in text(pilot, "inspector")
        seen = text(pilot, "inspector")
        await pilot.press("i", "i", "I", "P", "P")
        assert text(pilot, "inspector") == seen
        await pilot.press("i")
        assert "what the step of iteration 1 brought" in text(pilot, "inspector")
        assert "what the whole step should bring, of all variables" in text(pilot, "inspector")


async def test_after_an_edit_the_step_is_not_blamed() -> None:
    async with opened("chain") as pilot:
        await pilot.press("i", "space", "tab")
        await pilot.press("e", *"a=3", "enter", "p")
        shown = " ".join(text(pilot, "inspector").split())
        assert "what the step" not in shown or "an edit came after" in shown


async def test_in_an_earlier_update_stands_what_the_step_did_bring() -> None:
    async with opened() as pilot:
        timeline = pilot.app.timeline
        await pilot.press(*"ppp")
        assert re.search(r"measured new J +· +comes with iteration 2", text(pilot, "inspector"))
        await pilot.press("p")
        measured = timeline.moment.loss
        await pilot.press("P", "b")
        row = re.search(r"measured new J +(\S+) +came with iteration 2", text(pilot, "inspector"))
        assert row is not None
        assert float(row[1]) == pytest.approx(measured, rel=1e-3)
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert f"new J {row[1]} came with iteration 2" in text(pilot, "inspector")


async def test_an_edit_behind_the_update_keeps_the_next_loss_from_being_what_it_brought() -> None:
    async with opened() as pilot:
        await pilot.press("i")
        await pilot.press("e", *".002", "enter", "p", "P", "b")
        assert "iteration 2 starts with an edit" in text(pilot, "inspector")
