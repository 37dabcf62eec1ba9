"""The installed command, in a terminal: two iterations by hand, resized on the way, and out again."""

from __future__ import annotations

import sys
from base64 import b64encode
from pathlib import Path

import pytest

from minidl_core import Session
from minidl_core.train import GradientDescentOptimizer
from tui_backprop.lessons import load_lesson
from tui_backprop.words.formats import number

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

        def wait_for_header(*words: str) -> None:
            terminal.wait_until(lambda: all(word in terminal.screen.display[0] for word in words))

        wait_for_header("perceptron", "J · not yet")
        terminal.press(*["space"] * 20)
        wait_for_header("iteration 1 ", "variable 2 of 2")
        terminal.press("space")
        wait_for_header("iteration 1 ", "iteration finished", f"J {first}")

        terminal.press(*["s"] * 58)
        wait_for_header("iteration 2 ", "variable 2 of 2")
        terminal.press("s")
        wait_for_header("iteration 2 ", "iteration finished", f"J {second} (was {first})")

        terminal.resize(59, 16)
        terminal.wait_for("needs 60x16")
        terminal.resize(80, 24)
        wait_for_header("iteration 2 ", f"J {second}")
        terminal.press("q")
        assert terminal.wait_for_exit() == 0
        assert terminal.is_clean


def test_a_command_that_points_into_a_run() -> None:
    with PseudoTerminal([*COMMAND, "two-paths", "--at", "4:b:2"]) as terminal:
        terminal.wait_for("b gets -G = -1 from d: 2 of 2 contributions")
        terminal.press("w")
        terminal.wait_for("copied: backprop-tui two-paths --at 4:b:2")
        assert b"\x1b]52;c;" + b64encode(b"backprop-tui two-paths --at 4:b:2") in terminal.output
        terminal.press("q")
        assert terminal.wait_for_exit() == 0
        assert terminal.is_clean


@pytest.mark.parametrize("before", [(), ("?",)], ids=["stepping", "help"])
def test_everything_is_painted_again_where_something_else_wrote_on_the_screen(before: tuple[str, ...]) -> None:
    with PseudoTerminal([*COMMAND, "chain"]) as terminal:
        seen = (
            ["node 3 of 8", "b = 2", "q quit"] if before == () else ["node 3 of 8", "How to read", "q close", "q quit"]
        )
        terminal.wait_for("not yet")
        terminal.press("space", *before)
        for text in seen:
            terminal.wait_for(text)
        terminal.screen.erase_in_display(2)
        terminal.press("ctrl+l")
        for text in seen:
            terminal.wait_for(text)
