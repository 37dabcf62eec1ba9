"""The installed command, in a terminal: two iterations by hand, resized on the way, and out again."""

from __future__ import annotations

import sys
from base64 import b64encode
from pathlib import Path

import pytest

from minidl_core import Session
from minidl_core.train import GradientDescentOptimizer
from tui_backprop.lessons import load_lesson
from tui_backprop.notation.formats import number

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
    with PseudoTerminal([*COMMAND, "perceptron"], modern=modern) as terminal:

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


def test_the_path_leads_into_a_lesson() -> None:
    with PseudoTerminal(COMMAND) as terminal:
        terminal.wait_for("backprop-tui: 0 of 14 goals reached")
        terminal.press("enter")
        terminal.wait_for("Page   1 of")
        terminal.press("T", "L")
        terminal.wait_for("» …  1 descent")
        terminal.press("q", "q")
        assert terminal.wait_for_exit() == 0
        assert terminal.is_clean


def test_a_command_that_points_into_a_run() -> None:
    with PseudoTerminal([*COMMAND, "two-paths", "--at", "4:b:2"]) as terminal:
        terminal.wait_for("b gets -G = -1 from d: 2 of 2 contributions")
        terminal.press("w")
        terminal.wait_for("come back with: backprop-tui two-paths --at 4:b:2")
        assert b"\x1b]52;c;" + b64encode(b"backprop-tui two-paths --at 4:b:2") in terminal.output
        terminal.press("q")
        assert terminal.wait_for_exit() == 0
        assert terminal.is_clean


@pytest.mark.parametrize("before", [(), ("?",)], ids=["stepping", "help"])
def test_everything_is_painted_again_where_something_else_wrote_on_the_screen(before: tuple[str, ...]) -> None:
    with PseudoTerminal([*COMMAND, "chain"]) as terminal:
        seen = ["node 3 of 8", *(["how to read", "q close"] if before else ["b = 2"]), "q quit"]
        terminal.wait_for("not yet")
        terminal.press("space", *before)
        for text in seen:
            terminal.wait_for(text)
        terminal.screen.erase_in_display(2)
        terminal.press("ctrl+l")
        for text in seen:
            terminal.wait_for(text)


SCRIPT = """
import minidl_core as dl

w = dl.Variable(3.0)
step = dl.train.GradientDescentOptimizer(0.25).minimize(dl.square(w, name="J"))
session = dl.Session()
print("step size", input("many steps? "))
for _ in range({steps}):
    session.run(step)
print("w is", session.run(w))
"""


def test_a_script_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "my model.py"
    path.write_text(SCRIPT.format(steps=2))
    with PseudoTerminal([*COMMAND, str(path), "--at", "1"]) as terminal:
        terminal.wait_for("many steps?")
        terminal.press("yes", "enter")
        terminal.wait_until(lambda: "my model.py" in terminal.screen.display[0])
        terminal.wait_until(lambda: "J 9" in terminal.screen.display[0])
        terminal.press("w")
        terminal.wait_for("backprop-tui '")
        terminal.press("q")
        assert terminal.wait_for_exit() == 0
        assert terminal.is_clean
        assert b"step size yes\r\nw is 0.75\r\n" in terminal.output


def test_a_script_that_does_not_end_is_opened_by_an_interrupt(tmp_path: Path) -> None:
    path = tmp_path / "endless.py"
    endless = "import threading, time\nthreading.Thread(target=time.sleep, args=[1000]).start()\n"
    step = "    session.run(step)\n"
    script = SCRIPT.format(steps=10**12)
    assert step in script
    path.write_text(endless + script.replace(step, f"{step}    if not _: print('it took one')\n"))
    with PseudoTerminal([*COMMAND, str(path)]) as terminal:
        terminal.wait_for("many steps?")
        terminal.press("yes", "enter")
        terminal.wait_for("it took one")
        terminal.press("\x03")
        terminal.wait_until(lambda: "endless.py" in terminal.screen.display[0])
        terminal.press("q")
        assert terminal.wait_for_exit() == 0
        assert terminal.is_clean
        assert b"Traceback" not in terminal.output


def test_a_silent_script_says_that_it_runs(tmp_path: Path) -> None:
    path = tmp_path / "silent.py"
    path.write_text("while True: pass")
    with PseudoTerminal([*COMMAND, str(path)]) as terminal:
        terminal.wait_for("running silent.py ... 1 s (Ctrl+C opens what it has so far)")
        terminal.press("\x03")
        assert terminal.wait_for_exit() == 130
        assert terminal.is_clean
        said = "".join(terminal.text.replace("^C", "").split("\n"))
        assert said.replace(" ", "") == f"backprop-tui:{path}:1wasinterruptedbeforeittookastep"


def test_what_takes_long_to_open_is_said_until_it_is_there(tmp_path: Path) -> None:
    code = """
import sys
from threading import Event
from tui_backprop.commands import in_terminal
from tui_backprop.commands.cli import main

open_session, go_on = in_terminal.open_session, Path(sys.argv[1])

def open_late(*asked, **options):
    opened = open_session(*asked, **options)
    while not go_on.exists():
        Event().wait(0.001)
    return opened

in_terminal.open_session = open_late
sys.exit(main([sys.argv[2]]))
"""
    go_on = tmp_path / "go_on"
    command = [sys.executable, "-c", f"from pathlib import Path{code}", str(go_on)]
    with PseudoTerminal([*command, "chain"]) as terminal:
        terminal.wait_for("opening chain ...")
        terminal.wait_for("opening chain ... 1 s")
        go_on.touch()
        terminal.wait_for("not yet")
        terminal.press("q")
        assert terminal.wait_for_exit() == 0
        assert terminal.is_clean
        before, _, _ = terminal.output.partition(b"\x1b[?1049h")
        assert before.endswith(b"\r\x1b[K")


HANGS = """
import sys
import minidl_core as dl

@dl.operation(formula="Y = A", elementwise=True, samples=[((2,),)])
def hanging(a, /):
    "A."
    if a < 2:
        print("it hangs now", file=sys.stderr, flush=True)
        while True:
            pass
    return a + 0

@dl.RegisterGradient("hanging", formulas=("G",))
def gradient(op, grad):
    "G."
    return [grad]

w = dl.Variable(3.0, name="w")
step = dl.train.GradientDescentOptimizer(0.1).minimize(dl.square(hanging(w), name="loss"))
session = dl.Session()
session.run(step)
"""


def test_a_command_that_takes_long_is_interrupted_and_the_session_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "hangs.py"
    path.write_text(HANGS)
    with PseudoTerminal([*COMMAND, "--plain", str(path)]) as terminal:
        terminal.wait_for("not measured yet")
        terminal.press("go 4\r")
        terminal.wait_for("it hangs now")
        terminal.press("\x03")
        terminal.wait_for("Interrupted.")
        terminal.press("go 2\r")
        terminal.wait_for("Moment 2: iteration 2")
        terminal.wait_for("The loss is 5.76")
        terminal.press("quit\r")
        assert terminal.wait_for_exit() == 0
        assert b"Traceback" not in terminal.output
