"""The header fits every width, and says the loss whole."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from tui_backprop.debugger.message import Message
from tui_backprop.debugger.steps import Place, after_step
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.notation.formats import number
from tui_backprop.panes.header import HeaderPane, draw_header
from tui_backprop.panes.pane import Size
from tui_backprop.programs.opening import open_program
from tui_backprop.session import DebugSession, Viewer

from .moments import finish


@pytest.mark.parametrize("learning_rate", [0.0005, 0.000123456, 1e-5])
@pytest.mark.parametrize("iteration", [1, 100, 12_345])
def test_the_header_fits_and_the_loss_is_whole(learning_rate: float, iteration: int) -> None:
    timeline = Timeline(open_program("perceptron", learning_rate=learning_rate))
    finish(timeline, iteration)
    for _ in range(22):
        for width in range(60, 160):
            line = draw_header(timeline.moment, width)
            text = "".join(part for part, _ in line)
            assert cell_len(text) == width
            assert f"iteration {timeline.moment.iteration}" in text
            loss = timeline.moment.loss
            assert ("J · not yet" if loss is None else f"J {number(loss)} ") in text
        timeline.forward(after_step)


def test_what_there_is_room_for_stays_from_step_to_step() -> None:
    timeline = Timeline(open_program("perceptron"))
    finish(timeline, 3)
    for width in (60, 72, 80, 100, 120):
        finish(timeline, 3)
        columns = set()
        for _ in range(21):
            timeline.forward(after_step)
            text = "".join(part for part, _ in draw_header(timeline.moment, width))
            columns.add((text.index("iteration 4"), "η" in text))
        assert len(columns) == 1


@pytest.mark.parametrize("width", [60, 80, 110, 140])
def test_how_one_stands_to_a_class_is_always_in_view(width: int) -> None:
    session = DebugSession(open_program("perceptron"))
    viewer = Viewer(session, {"class": "F"})
    session.timeline.go_to(Place(2))
    there = {"name": "monday", "wrong": "", "there": True, "offers": False, "looked at": False}
    for kind, data in {
        "leads a class": {"name": "monday", "follow": 30, "alone": 12, "slow": 3},
        "follows a class": {**there, "same": True},
        "on one's own in a class": {**there, "since": "12:reduce_sum_1:2"},
        "other program in class": there,
    }.items():
        session.standing = Message(kind, data)
        [line] = HeaderPane().draw(session.moment, viewer, Size(width, 1))
        text = "".join(part for part, _ in line)
        assert cell_len(text) == width
        assert any(said in text for said in ("30 follow", "you follow", "F follows", "join"))
        assert f"J {number(session.moment.loss)} " in text


def test_a_loss_that_reads_as_the_one_before_stands_there_once() -> None:
    timeline = Timeline(open_program("perceptron", learning_rate=1e-12))
    finish(timeline, 2)
    text = "".join(part for part, _ in draw_header(timeline.moment, 140))
    assert timeline.moment.loss != timeline.moment.recording.previous_loss
    assert "(was" not in text
