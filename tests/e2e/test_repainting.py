"""What stands on the terminal is what a fresh paint shows, whatever became of its size and of the process."""

from __future__ import annotations

import os
import shlex
import signal
import sys

import pytest

from .pseudo_terminal import PseudoTerminal
from .test_session import COMMAND

SIZES = [(120, 40), (80, 24), (120, 40)]


@pytest.mark.parametrize("modern", [False, True], ids=["plain", "modern"])
def test_after_changes_of_size_that_cancel_out(modern: bool) -> None:
    with PseudoTerminal([*COMMAND, "perceptron"], modern=modern) as terminal:
        terminal.wait_for("not yet")
        terminal.press("i")
        for overlay in ((), ("L",), ("q", "o")):
            terminal.press(*overlay)
            terminal.wait_for_rest()
            change_sizes(terminal)


def change_sizes(terminal: PseudoTerminal) -> None:
    for sizes in (SIZES, [(100, 30), (120, 40)], [(59, 16), (120, 40)], [(80, 24)], [(120, 40)]):
        for size in sizes:
            terminal.scribble()  # what a terminal does with its cells when its size changes is not known
            terminal.resize(*size)
        assert terminal.is_as_painted_afresh()


def test_a_size_that_is_the_same_as_before_is_painted_again() -> None:
    with PseudoTerminal([*COMMAND, "chain"]) as terminal:
        terminal.wait_for("not yet")
        terminal.wait_for_rest()
        before = terminal.picture
        terminal.scribble()
        terminal.child.kill(signal.SIGWINCH)
        terminal.wait_until(lambda: terminal.picture == before)


@pytest.mark.parametrize("modern", [False, True], ids=["plain", "modern"])
def test_after_it_was_stopped_and_goes_on(modern: bool) -> None:
    with PseudoTerminal(["bash", "--norc", "--noprofile", "-i"], modern=modern) as terminal:
        terminal.press(shlex.join([*COMMAND, "chain"]), "enter")
        terminal.wait_for("not yet")
        terminal.press("space")
        terminal.wait_for("node 3 of 8")
        terminal.wait_for_rest()
        before = terminal.picture
        for stop in (lambda: terminal.press("ctrl+z"), lambda: os.kill(terminal.job, signal.SIGTSTP)):
            stop()
            terminal.wait_for("Stopped")
            assert not terminal.modes - {2004}  # which is the shell's, too
            terminal.scribble()
            terminal.press("fg", "enter")
            terminal.wait_until(lambda: terminal.picture == before)
            terminal.wait_for_rest()  # what the terminal has answered is read
        os.kill(terminal.job, signal.SIGSTOP)  # of which nobody is told
        terminal.wait_for("Stopped")
        terminal.scribble()
        terminal.press("fg", "enter")
        terminal.wait_until(lambda: terminal.picture == before)
        terminal.press("space")
        terminal.wait_for("node 5 of 8")
        terminal.press("q")
        terminal.wait_until(lambda: 1049 not in terminal.modes)
        terminal.wait_for_rest()  # what is typed before the shell asks is dropped with the app's other input
        terminal.press("exit $?", "enter")
        assert terminal.wait_for_exit() == 0


def test_without_a_shell_that_could_let_it_go_on_it_does_not_stop() -> None:
    with PseudoTerminal([*COMMAND, "chain"]) as terminal:
        terminal.wait_for("not yet")
        terminal.press("ctrl+z", "space")
        terminal.wait_until(lambda: terminal.output.count(b"\x1b[?1049h") == 2)
        terminal.press("space")  # the one before may have been dropped, or done by now
        terminal.wait_until(lambda: "node 3 of 8" in terminal.text or "node 5 of 8" in terminal.text)


FAILING = """
import sys
from tui_backprop.app import BackpropApp
from tui_backprop.commands.cli import main
from tui_backprop.screens.help import HelpScreen

BackpropApp.NOTIFICATION_TIMEOUT = 1
HelpScreen.compose = lambda screen: 1 / 0
sys.exit(main(["chain"]))
"""


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
def test_of_more_notes_than_fit_nothing_is_left(size: tuple[int, int]) -> None:
    columns, rows = size
    with PseudoTerminal([sys.executable, "-c", FAILING], columns=columns, rows=rows) as terminal:
        terminal.wait_for("not yet")
        terminal.wait_for_rest()
        before = terminal.picture
        for _ in range(12):
            terminal.press("?")
            terminal.wait_for("This failed")
        terminal.press("space", "home")
        terminal.wait_until(lambda: terminal.picture == before)
