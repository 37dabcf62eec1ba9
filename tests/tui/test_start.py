"""What is imported before the first paint, and what soon after it."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest
from textual.drivers.headless_driver import HeadlessDriver

import tui_backprop.app
from tui_backprop.app import BackpropApp
from tui_backprop.later import imported_later
from tui_backprop.programs.collecting import importing

FIRST_PAINT = """
import asyncio, sys
from tui_backprop.__main__ import main
from tui_backprop.commands.cli import build_parser, session_of
from tui_backprop.app import BackpropApp
from tui_backprop.session.opening import open_session
from tui_backprop.session.progress import Progress
from tui_backprop.settings import read_settings

async def paint():
    opened = open_session(session_of(build_parser().parse_args(["perceptron"])))
    app = BackpropApp(opened.session, progress=Progress(), begins=True)
    app.set_up(read_settings())
    async with app.run_test(size=(120, 40)):
        print(*sys.modules, sep="\\n")

asyncio.run(paint())
"""

NOT_BEFORE = {
    # what opens other programs than lessons
    *("tui_backprop.programs.script", "tui_backprop.programs.engine", "tui_backprop.programs.recorder"),
    *("tui_backprop.programs.numpy_run", "tui_backprop.programs.pytorch", "tui_backprop.programs.formula"),
    *("tui_backprop.programs.learners_engine", "tui_backprop.programs.recorded", "tui_backprop.programs.updates"),
    # what is to be asked for
    *("tui_backprop.hunt", "tui_backprop.driving.moves", "tui_backprop.panes.driving_pane", "tui_backprop.export"),
    *("tui_backprop.quiz.questions", "tui_backprop.quiz.of_numbers", "tui_backprop.beliefs.belief"),
    *("tui_backprop.beliefs.diagnosis", "tui_backprop.debugger.diagnosing", "tui_backprop.screens.overlays"),
    *("tui_backprop.screens.lessons", "tui_backprop.session.hunting", "tui_backprop.narration.solution"),
    # what only a node in view needs
    *("tui_backprop.inspector.view_table", "tui_backprop.inspector.ledger_view", "tui_backprop.inspector.arrays"),
    *("tui_backprop.notation.expression", "tui_backprop.notation.worked", "tui_backprop.debugger.measuring"),
    # what others bring
    *("numpy.ma", "numpy.polynomial", "numpy.fft", "pygments", "asyncssh", "multiprocessing"),
}


def test_nothing_is_imported_before_the_first_paint_that_it_does_not_show() -> None:
    done = subprocess.run([sys.executable, "-c", FIRST_PAINT], capture_output=True, text=True, timeout=60, check=True)
    assert NOT_BEFORE & set(done.stdout.split()) == set()


def test_all_of_it_can_be_imported_and_is() -> None:
    code = (
        "import asyncio, sys, tui_backprop.later as later\n"
        "asyncio.run(later.import_later())\n"
        "print(*[name for name in later.imported_later() if name not in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == []


def test_what_the_keys_need_is_imported_soon_after_the_first_paint() -> None:
    rooms = ("inspector", "notation", "screens", "quiz", "panes")
    assert {name for name in NOT_BEFORE if name.split(".")[1:2] and name.split(".")[1] in rooms} <= {*imported_later()}


@pytest.mark.parametrize("in_terminal", [True, False])
async def test_only_in_a_terminal_is_anything_imported_that_is_not_asked_for(
    in_terminal: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = []

    async def note() -> None:
        begun.append(True)

    monkeypatch.setattr(tui_backprop.app, "import_later", note)
    if in_terminal:
        monkeypatch.setattr(tui_backprop.app, "DifferenceDriver", HeadlessDriver)
        monkeypatch.setattr(HeadlessDriver, "forget", lambda self: None, raising=False)
    async with BackpropApp("chain").run_test() as pilot:
        await pilot.pause()
        assert begun == [True] * in_terminal


def test_nothing_is_looked_through_for_garbage_while_modules_are_imported_nor_what_they_made_later() -> None:
    looked: list[int] = []
    watch = lambda phase, about: looked.append(about["generation"])  # noqa: E731 (it is taken away again)
    gc.callbacks.append(watch)
    try:
        with importing():
            made = [[] for _ in range(2 * gc.get_threshold()[0])]
        assert looked == []
        assert not any(each is made for each in gc.get_objects())
    finally:
        gc.callbacks.remove(watch)
    assert gc.isenabled()
