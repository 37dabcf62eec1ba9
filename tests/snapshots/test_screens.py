"""Whole screens at the moments that matter, as a script of keys and the picture that is then there.

After a change that is meant: `pytest tests/snapshots --snapshot-update`, then look at the pictures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from minidl_core.train import AdamOptimizer
from tests.tui.learners_engine import program_of_theirs
from tui_backprop.app import BackpropApp
from tui_backprop.lessons import load_lesson
from tui_backprop.programs.program import program_of
from tui_backprop.screens.main_screen import MainScreen
from tui_backprop.session.progress import Progress

MOMENTS = {
    "start": [],
    "forward at matmul": ["i"] * 3 + ["space"],
    "backward, add contributes to b": ["i"] * 3 + ["space"] * 17,
    "update of W": ["i"] * 3 + ["space"] * 20,
}
SIZES = {"120x40": (120, 40), "80x24": (80, 24)}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("moment", MOMENTS)
def test_perceptron(snap_compare: Callable[..., bool], moment: str, size: str) -> None:
    assert snap_compare(BackpropApp("perceptron"), press=MOMENTS[moment], terminal_size=SIZES[size])


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("lesson", "steps"), [("chain", 7), ("two-paths", 9), ("skip", 6)])
def test_small_graphs(snap_compare: Callable[..., bool], lesson: str, steps: int, size: str) -> None:
    assert snap_compare(BackpropApp(lesson), press=["space"] * steps, terminal_size=SIZES[size])


@pytest.mark.parametrize("size", SIZES)
def test_a_fork_and_the_ghost_of_what_was(snap_compare: Callable[..., bool], size: str) -> None:
    keys = [*"iiiiiiii", *"IIIII", *"nnn", "e", "1", "enter", *"iiiiiiii"]
    assert snap_compare(BackpropApp("perceptron"), press=keys, terminal_size=SIZES[size])


@pytest.mark.parametrize("size", SIZES)
def test_adams_update(snap_compare: Callable[..., bool], size: str) -> None:
    lesson = replace(load_lesson("xor"), optimizer=AdamOptimizer, learning_rate=0.05)
    press = ["i", "i", "p", "p", "space", "space"]
    assert snap_compare(BackpropApp(program_of(lesson)), press=press, terminal_size=SIZES[size])


def test_an_edit_that_cannot_be(snap_compare: Callable[..., bool]) -> None:
    assert snap_compare(BackpropApp("perceptron"), press=["space", "e", "p", "enter"], terminal_size=(80, 24))


def test_a_belief(snap_compare: Callable[..., bool]) -> None:
    assert snap_compare(BackpropApp("skip"), press=["t"], terminal_size=(80, 24))


def test_the_path_of_the_lessons(snap_compare: Callable[..., bool], tmp_path: Path) -> None:
    app = BackpropApp("chain", offers_path=True, progress=Progress(tmp_path / "progress.json"))
    assert snap_compare(app, terminal_size=(80, 24))


@pytest.mark.parametrize("size", SIZES)
def test_a_page_that_was_answered(snap_compare: Callable[..., bool], size: str) -> None:
    assert snap_compare(BackpropApp("chain", begins=True), press=["T", "T", "2"], terminal_size=SIZES[size])


def test_a_terminal_that_is_too_small(snap_compare: Callable[..., bool]) -> None:
    assert snap_compare(BackpropApp("chain"), terminal_size=(59, 16))


def test_help(snap_compare: Callable[..., bool]) -> None:
    assert snap_compare(BackpropApp("perceptron"), press=["question_mark"], terminal_size=(80, 24))


def test_a_loss_that_became_infinite(snap_compare: Callable[..., bool]) -> None:
    app = BackpropApp("perceptron", learning_rate=1000)
    assert snap_compare(app, press=["i", "i"], terminal_size=(80, 24))


@pytest.mark.parametrize("size", SIZES)
def test_a_question(snap_compare: Callable[..., bool], size: str) -> None:
    assert snap_compare(BackpropApp("perceptron"), press=["p", *["n"] * 8, "m", "space"], terminal_size=SIZES[size])


def test_the_score_of_an_iteration(snap_compare: Callable[..., bool]) -> None:
    press = ["p", *["n"] * 8, "m", *["space", "1"] * 3, "i"]
    assert snap_compare(BackpropApp("perceptron"), press=press, terminal_size=SIZES["80x24"])


@pytest.mark.parametrize("size", SIZES)
def test_a_gradient_of_the_learners_own_engine_that_parts(snap_compare: Callable[..., bool], size: str) -> None:
    app = BackpropApp(program_of_theirs())
    assert snap_compare(app, press=["p", *["n"] * 8], terminal_size=SIZES[size])


def test_the_verdict_at_the_end_of_an_iteration(snap_compare: Callable[..., bool]) -> None:
    assert snap_compare(BackpropApp(program_of_theirs()), press=["i"], terminal_size=SIZES["80x24"])


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("picture", "lesson"), [("curve", "two-paths"), ("map", "xor"), ("layers", "vanishing")])
def test_pictures(snap_compare: Callable[..., bool], picture: str, lesson: str, size: str) -> None:
    async def look(pilot: Pilot[None]) -> None:
        screen = pilot.app.screen
        assert isinstance(screen, MainScreen)
        viewer = screen.viewer
        while viewer.picture != picture or ("picture" in viewer.other_views and viewer.view != "picture"):
            await pilot.press("V")
        while screen._goes_on:
            await pilot.pause()

    press = ["i"] * 3 + ["p"] * 2
    assert snap_compare(BackpropApp(lesson), press=press, terminal_size=SIZES[size], run_before=look)


@pytest.mark.parametrize("size", SIZES)
def test_the_regions_of_a_network(snap_compare: Callable[..., bool], size: str) -> None:
    press = ["i"] * 30 + (["V"] if size == "80x24" else [])
    assert snap_compare(BackpropApp("xor"), press=press, terminal_size=SIZES[size])


def test_a_move_of_a_learner_who_drives(snap_compare: Callable[..., bool]) -> None:
    press = ["D", "p", "space", "space", "down", "up", "enter"]
    assert snap_compare(BackpropApp("two-paths"), press=press, terminal_size=(80, 24))
