"""A key at full speed does not wait for what is trained meanwhile."""

from __future__ import annotations

import sys

from .pseudo_terminal import PseudoTerminal

FOR_HOURS = """
import sys
from tui_backprop.debugger import running
running.TRAINING_SECONDS = running.SHOWING_SECONDS = 10_000
from tui_backprop.commands.cli import main
sys.exit(main(["perceptron", "--steps", "0"]))
"""


def test_a_key_ends_a_tick_and_is_answered_before_the_next_one() -> None:
    with PseudoTerminal([sys.executable, "-c", FOR_HOURS]) as terminal:
        terminal.wait_for("not yet")
        terminal.press(*">>>>>>")
        for _ in range(3):
            terminal.press("r")
            terminal.wait_for("running:")
            terminal.press("space")
            terminal.wait_until(lambda: "running:" not in terminal.text and "finished" in terminal.text)
        terminal.press("r")
        terminal.wait_for("running:")
        terminal.press("q")
        assert terminal.wait_for_exit() == 0
        assert terminal.is_clean
