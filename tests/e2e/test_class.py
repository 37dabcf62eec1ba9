"""A teacher and a pupil in terminals of their own: the pupil follows, lets go, answers, and outlives the teacher."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from .pseudo_terminal import PseudoTerminal
from .test_session import COMMAND


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
