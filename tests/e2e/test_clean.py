"""However the app ends, the terminal is as it was before."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from .pseudo_terminal import PseudoTerminal
from .test_session import COMMAND

STAND_IN = [sys.executable, str(Path(__file__).with_name("stand_in.py"))]


@pytest.fixture(params=[False, True], ids=["plain", "modern"])
def started(request: pytest.FixtureRequest) -> Iterator[PseudoTerminal]:
    with PseudoTerminal(STAND_IN, modern=request.param) as terminal:
        terminal.wait_for("sentence of step 0")
        assert {1049, 1000, 1002, 1003, 1006, 2004, 25, 7, 0} <= terminal.modes  # so that the tests can fail
        if terminal.modern:
            terminal.wait_until(lambda: {2048, 1016} <= terminal.modes)
        assert not terminal.is_clean
        yield terminal


def test_after_quitting(started: PseudoTerminal) -> None:
    started.press("q")
    assert started.wait_for_exit() == 0
    assert started.is_clean


def test_after_a_crash(started: PseudoTerminal) -> None:
    started.press("x")
    assert started.wait_for_exit() == 1
    assert started.is_clean
    assert b"this was asked for" in started.output.rpartition(b"\x1b[?1049l")[2]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_after_a_signal(started: PseudoTerminal, number: signal.Signals) -> None:
    started.child.kill(number)
    assert started.wait_for_exit() == 128 + number
    assert started.is_clean


def test_after_a_signal_while_the_event_loop_is_stuck(started: PseudoTerminal) -> None:
    started.press("l")
    started.wait_for("stuck")
    started.child.kill(signal.SIGTERM)
    assert started.wait_for_exit() == 128 + signal.SIGTERM
    assert started.is_clean


def test_after_a_signal_before_the_first_paint() -> None:
    with PseudoTerminal(STAND_IN) as terminal:
        terminal.wait_until(lambda: 1049 in terminal.modes)
        terminal.child.kill(signal.SIGTERM)
        assert terminal.wait_for_exit() == 128 + signal.SIGTERM
        assert terminal.is_clean


@pytest.mark.parametrize("trap", ["-", "''"], ids=["SIGHUP", "SIGHUP ignored"])
def test_after_the_terminal_has_gone(trap: str) -> None:
    with PseudoTerminal(["sh", "-c", f'trap {trap} HUP; exec "$@"', "sh", *STAND_IN]) as terminal:
        terminal.wait_for("sentence of step 0")
        assert terminal.hang_up() == 128 + signal.SIGHUP


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_after_a_signal_when_the_terminal_takes_no_more_output(number: signal.Signals) -> None:
    with PseudoTerminal(STAND_IN) as terminal:
        terminal.wait_for("sentence of step 0")
        terminal.stop_output()
        terminal.press(*["space"] * 200)
        terminal.child.kill(number)
        assert terminal.wait_for_exit() == 128 + number


def test_what_is_painted_waits_for_the_terminal_also_where_another_program_left_it_not_to_wait() -> None:
    begin = "import os, sys; os.set_blocking(2, False); os.execv(sys.argv[1], sys.argv[1:])"
    with PseudoTerminal([sys.executable, "-c", begin, *STAND_IN]) as terminal:
        terminal.wait_for("sentence of step 0")
        flags = Path(f"/proc/{terminal.child.pid}/fdinfo/2").read_text().split("flags:")[1].split()[0]
        assert not int(flags, 8) & os.O_NONBLOCK
        terminal.press("q")
        assert terminal.wait_for_exit() == 0


@pytest.mark.parametrize("term", ["dumb", "unknown"])
def test_a_terminal_that_cannot_show_a_screen_is_refused(term: str) -> None:
    with PseudoTerminal(STAND_IN, environment={"TERM": term}) as terminal:
        assert terminal.wait_for_exit() == 2
        assert terminal.output.decode() == (
            f"this terminal cannot show a screen (TERM={term}); --headless prints the same as text\r\n"
        )


@pytest.mark.parametrize(
    ("redirection", "name"), [("</dev/null", "input"), ("| cat", "output"), ("2>&1 >/dev/null", "output")]
)
def test_a_pipe_is_refused(redirection: str, name: str) -> None:
    command = f"{shlex.join(STAND_IN)} {redirection}; exit ${{PIPESTATUS[0]}}"
    with PseudoTerminal(["bash", "-c", command]) as terminal:
        assert terminal.wait_for_exit() == 2
        assert terminal.output.decode() == (
            f"the standard {name} is not a terminal; --headless prints the same as text\r\n"
        )


def test_after_every_other_signal_that_ends() -> None:
    names = ("QUIT", "USR1", "USR2", "ALRM", "ABRT", "XCPU")
    with ExitStack() as stack:
        terminals = {name: stack.enter_context(PseudoTerminal(STAND_IN)) for name in names}
        for name, terminal in terminals.items():
            terminal.wait_for("sentence of step 0")
            terminal.child.kill(signal.Signals[f"SIG{name}"])
        for name, terminal in terminals.items():
            assert terminal.wait_for_exit() == 128 + signal.Signals[f"SIG{name}"]
            assert terminal.is_clean


def test_after_quitting_while_it_stops_and_goes_on() -> None:
    with PseudoTerminal([*COMMAND, "chain"], modern=True) as terminal:
        terminal.wait_for("not yet")
        terminal.wait_for_rest()
        terminal.press("ctrl+z", "q", "ctrl+z")
        while terminal.child.isalive():
            if not terminal.read(0.2):
                terminal.press("q")  # one that came while it was stopped is dropped with the rest of the input
        assert terminal.wait_for_exit() == 0
        assert terminal.is_clean


def test_a_stop_typed_behind_the_last_key_stops_nothing_of_what_is_left_to_paint() -> None:
    with PseudoTerminal([*COMMAND, "perceptron"], columns=240, rows=80) as terminal:
        terminal.wait_for("not yet")
        terminal.wait_for_rest()
        threads = Path(f"/proc/{terminal.child.pid}/task")
        before = len([*threads.iterdir()])
        terminal.press(*["ctrl+l", "?", "escape"] * 3, "q")  # more than fits into a terminal of which nothing is read
        while len([*threads.iterdir()]) == before:
            assert terminal.child.isalive()
        for _ in range(500):
            terminal.press("ctrl+s")
        assert terminal.wait_for_exit() == 0
        assert terminal.is_clean


def test_an_interrupt_while_it_starts_is_no_traceback() -> None:
    with ExitStack() as stack:
        terminals = [stack.enter_context(PseudoTerminal([*COMMAND, "chain"])) for _ in range(4)]
        for terminal in terminals:
            terminal.read(0.1)
            terminal.child.kill(signal.SIGINT)
        for terminal in terminals:
            while terminal.read(10):
                pass
            assert b"Traceback" not in terminal.output
            assert terminal.is_clean
