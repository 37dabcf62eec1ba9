"""The installed command, in a terminal: two iterations by hand, resized on the way, and out again."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from minidl_core import Session
from minidl_core.train import GradientDescentOptimizer
from tui_backprop.formats import number
from tui_backprop.lessons import load_lesson

from .pseudo_terminal import PseudoTerminal

INSTALLED = Path(sys.executable).with_name("backprop-tui")
COMMAND = [str(INSTALLED)] if INSTALLED.exists() else [sys.executable, "-m", "tui_backprop"]


def losses(count: int) -> list[str]:
    lesson = load_lesson("perceptron")
    example = lesson.build(lesson.seed)
    session = Session()
    step = GradientDescentOptimizer(lesson.learning_rate).minimize(example.loss)
    found = []
    for _ in range(count):
        found.append(number(float(session.run(example.loss, example.feeds))))
        session.run(step, example.feeds)
    return found


@pytest.mark.parametrize("modern", [False, True], ids=["plain", "modern"])
def test_two_iterations_by_hand(modern: bool) -> None:
    first, second = losses(2)
    with PseudoTerminal(COMMAND, modern=modern) as terminal:
        terminal.wait_for("J · not yet")
        terminal.press(*["space"] * 20)
        terminal.wait_for("variable 2 of 2")
        assert "iteration 1 " in terminal.text
        terminal.press("space")
        terminal.wait_for("iteration finished")
        assert f"J {first}" in terminal.text

        terminal.press(*["s"] * 58)
        terminal.wait_for("variable 2 of 2")
        assert "iteration 2 " in terminal.text
        terminal.press("s")
        terminal.wait_for("iteration finished")
        assert f"J {second} (was {first})" in terminal.text

        terminal.resize(59, 16)
        terminal.wait_for("needs 60x16")
        terminal.resize(80, 24)
        terminal.wait_for(f"J {second}")
        terminal.press("q")
        assert terminal.wait_for_exit() == 0
        assert terminal.is_clean
