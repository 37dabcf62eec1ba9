"""Whatever fails, and wherever: a few lines say what and where, a report and the session are kept, nothing hangs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from .pseudo_terminal import PseudoTerminal

BEGINNING = """
import sys
from tui_backprop.__main__ import main

class Speechless(Exception):
    def __str__(self):
        raise self

def fail(*_):
    raise RuntimeError("this was asked\\nfor")

async def fail_later():
    fail()

def fail_speechless(*_):
    raise Speechless

"""
SCREEN = "from tui_backprop.screens.main_screen import MainScreen as there\n"
FAULTS = {
    "a key": (SCREEN + "there.action_viewer = fail", ["chain"], "y"),
    "a worker": (SCREEN + "there.action_viewer = lambda self, *_: self.run_worker(fail_later())", ["chain"], "y"),
    "a timer": (SCREEN + "there.action_viewer = lambda self, *_: self.set_timer(0.01, fail)", ["chain"], "y"),
    "an error without words": (SCREEN + "there.action_viewer = fail_speechless", ["chain"], "y"),
    "the first picture": (SCREEN + "there.compose = fail", ["chain"], ""),
    "the settings": ("import tui_backprop.app as there\nthere.theme_of = fail", ["chain"], ""),
    "the input": ("from tui_backprop.terminal.driver import TerminalInput as there\nthere.take = fail", ["chain"], "y"),
    "the end": ("import tui_backprop.commands.in_terminal as there\nthere.command = fail", ["chain"], "q"),
    "a line": ("import tui_backprop.plain.front_end as there\nthere.do = fail", ["chain", "--plain"], "\r"),
    "the opening": ("import tui_backprop.session.opening as there\nthere.open_program = fail", ["chain"], ""),
    "without a screen": (
        "import tui_backprop.commands.headless as there\nthere.judge = fail",
        ["chain", "--headless"],
        "",
    ),
}
WITHOUT_SESSION = ("the opening", "without a screen")


@pytest.mark.parametrize("where", FAULTS)
def test_a_fault_of_our_own_ends_with_lines_a_report_and_status_1(where: str, tmp_path: Path) -> None:
    fault, arguments, key = FAULTS[where]
    script = tmp_path / "broken.py"
    script.write_text(f"{BEGINNING}{fault}\nsys.argv[1:] = {arguments}\nsys.exit(main())\n")
    with PseudoTerminal([sys.executable, str(script)], environment={"XDG_STATE_HOME": str(tmp_path)}) as terminal:
        if key:
            terminal.wait_for("not measured yet" if "--plain" in arguments else "not yet", 30)
            terminal.wait_for_rest()
            terminal.press(key)
        assert terminal.wait_for_exit(30) == 1
        assert terminal.is_clean
        left = terminal.output.decode().rpartition("\x1b[?1004l")[2]
    said = [line for line in left.splitlines() if line.startswith("backprop-tui: ")]
    assert "Traceback" not in left
    assert len(said) == (2 if where in WITHOUT_SESSION else 3)
    assert said[0].startswith("backprop-tui: ended because of a fault of its own, ")
    expected = (
        "Speechless" if where == "an error without words" else r"RuntimeError: this was asked\nfor (broken.py:10)"
    )
    assert expected in said[0]
    assert len(list(tmp_path.glob("backprop-tui/*.txt"))) == 1
    assert len(list(tmp_path.glob("backprop-tui/*.backprop"))) == len(said) - 2
