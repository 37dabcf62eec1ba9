"""A teacher and a pupil in terminals of their own: the pupil follows, lets go, answers, and outlives the teacher."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from .pseudo_terminal import PseudoTerminal
from .test_session import COMMAND


@pytest.mark.parametrize("way", ["leads", "reads"])
def test_a_terminal_that_hangs_up_leaves_what_was_to_be_kept(tmp_path: Path, way: str) -> None:
    name = f"h{os.getpid()}"
    options = ["--class", name] if way == "leads" else ["--plain"]
    with PseudoTerminal([*COMMAND, "chain", *options, "--save", "x.backprop"], directory=tmp_path) as terminal:
        terminal.wait_for("0 follow" if way == "leads" else "> ")
        terminal.press(*(["i", "i", "r"] if way == "leads" else ["iteration", "enter"] * 2))
        terminal.wait_for("iteration 2" if way == "leads" else "Iteration 2 is done")
        assert terminal.hang_up() == (128 + signal.SIGHUP if way == "leads" else 130)
    assert not Path(f"/tmp/backprop-tui-{name}").exists()
    with PseudoTerminal([*COMMAND, "x.backprop"], directory=tmp_path) as again:
        again.wait_for("iteration 2" if way == "reads" else "iteration")
        again.press("q")
        assert again.wait_for_exit() == 0


def test_a_class_on_one_machine(tmp_path: Path) -> None:
    name = f"t{os.getpid()}"
    (tmp_path / "own.py").write_text(
        "import minidl_core as dl\nw = dl.Variable(3.0, name='w')\n"
        "step = dl.train.GradientDescentOptimizer(0.1).minimize(dl.square(w))\n"
        "for _ in range(3): dl.Session().run(step)\n"
    )
    with PseudoTerminal([*COMMAND, "own.py", "--class", name], directory=tmp_path) as teacher:
        teacher.wait_for("0 follow")
        with PseudoTerminal([*COMMAND, "--join", name, "--name", "Ann"], columns=80, rows=24) as pupil:
            pupil.wait_for("own.py, which then runs here as you. Go on?")
            pupil.press("y", "enter")
            pupil.wait_for("you follow")
            teacher.wait_for("1 follow")
            teacher.press("i", "i")
            pupil.wait_for("iteration 2")
            pupil.press("b")
            pupil.wait_for("F follows")
            teacher.wait_for("0 follow, 1 own")
            pupil.press("O")
            pupil.wait_for("the teacher may look")
            teacher.press("i", "F")
            teacher.wait_for("look at mine")
            teacher.press("1")
            teacher.wait_for("you look at Ann")
            pupil.wait_for("teacher looks")
            teacher.press("q")
            teacher.wait_for("0 follow, 1 own")
            pupil.press("O")
            pupil.press("F")
            pupil.wait_for("iteration 3")
            teacher.press("m", "m", "space")
            teacher.wait_for("0 of 1 have answered")
            pupil.wait_for("the class is asked")
            os.kill(teacher.child.pid, signal.SIGKILL)
            pupil.wait_for("no teacher")
            pupil.press("?")
            pupil.wait_for("Every key")
            pupil.press("q", "q")
            assert pupil.wait_for_exit() == 0
            assert pupil.is_clean
    with PseudoTerminal([*COMMAND, "chain", "--class", name]) as again:
        again.wait_for("0 follow")
        again.press("q")
        assert again.wait_for_exit() == 0
    assert not Path(f"/tmp/backprop-tui-{name}").exists()
