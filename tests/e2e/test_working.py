"""What takes long is seen to be at work, and nothing of that is left when it is done."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from .pseudo_terminal import PseudoTerminal

LONG = """
import sys, time
from pathlib import Path
from tui_backprop.commands.cli import main
from tui_backprop.session import Viewer

def change_scale(viewer):
    while not Path(sys.argv[1]).exists():
        time.sleep(0.001)
    Path(sys.argv[1]).unlink()

Viewer.change_scale = change_scale
sys.exit(main([sys.argv[2]]))
"""


WIDE = """
import minidl_core as dl
w = dl.Variable(2.0, name="重み")
dl.Session().run(dl.train.GradientDescentOptimizer(0.1).minimize(dl.square(w)))
"""
"""Text of characters two cells wide, of which the driver does not know which cells they take."""


@pytest.mark.parametrize("program", ["chain", "wide.py"])
def test_a_key_that_takes_long_is_seen_to_be_at_work(program: str, tmp_path: Path) -> None:
    done = tmp_path / "done"
    (tmp_path / "wide.py").write_text(WIDE, encoding="utf-8")
    command = [sys.executable, "-c", LONG, str(done), program]
    with PseudoTerminal(command, directory=tmp_path) as terminal:
        terminal.wait_for("not yet")
        terminal.press("space", "home")
        terminal.wait_for_rest()
        before = terminal.picture
        for _ in range(2):
            terminal.press("y")
            terminal.wait_until(lambda: terminal.screen.display[-1].endswith(" working "))
            terminal.press("space")  # waits
            done.touch()
            terminal.wait_until(lambda: "working" not in terminal.text)
            terminal.wait_for_rest()
            assert terminal.is_as_painted_afresh()
            terminal.press("home")
            terminal.wait_until(lambda: terminal.picture == before)
        terminal.press("q")
        assert terminal.wait_for_exit() == 0
        assert terminal.is_clean
