"""`kill -9` of any process of a served class: none is left, terminals are clean, and the class is taken up again."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .pseudo_terminal import PseudoTerminal
from .test_served import OPTIONS
from .test_session import COMMAND

pytestmark = pytest.mark.skipif(shutil.which("ssh") is None, reason="needs OpenSSH's client")


class Server:
    """A served class, and who comes to it."""

    def __init__(self, process: subprocess.Popen[str], port: str, word: str) -> None:
        self.process = process
        self._port = port
        self._word = word

    def come(self, user: str) -> PseudoTerminal:
        options = [f"-o{name}={value}" for name, value in OPTIONS.items()]
        return PseudoTerminal(["ssh", "-p", self._port, *options, f"{user}@127.0.0.1"])

    def lead(self) -> PseudoTerminal:
        teacher = self.come("lead")
        teacher.wait_for("Password", 20)
        teacher.press(self._word, "enter")
        teacher.wait_for("class monday", 20)
        return teacher

    @property
    def processes(self) -> list[int]:
        return _below(self.process.pid)


def _below(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [each for child in map(int, children) for each in (child, *_below(child))]


@contextmanager
def server(directory: Path) -> Iterator[Server]:
    command = [*COMMAND, "serve", "--class", "monday", "--host", "127.0.0.1", "--port", "0", "--program", "chain"]
    surroundings = os.environ | {
        "XDG_DATA_HOME": str(directory / "data"),
        "TMPDIR": str(directory),
        "PYTHONUNBUFFERED": "1",
    }
    with subprocess.Popen(command, env=surroundings, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = "".join(process.stdout.readline() for _ in range(4))
        try:
            yield Server(process, re.findall(r"-p (\d+)", said)[0], re.findall(r"the word (\w+)", said)[0])
        finally:
            process.terminate()
            process.stdout.read()


def _wait_until_gone(processes: list[int]) -> None:
    end = time.monotonic() + 20
    while any(Path(f"/proc/{pid}/cmdline").exists() and _is_alive(pid) for pid in processes):
        assert time.monotonic() < end, "a process is left"


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_any_process_may_be_killed(tmp_path: Path) -> None:
    with server(tmp_path) as served, served.lead() as teacher:
        [leads] = _of_sessions(served)
        with served.come("Ann") as ann:
            ann.wait_for("you follow", 20)
            [pupil] = {*_of_sessions(served)} - {leads}
            os.kill(pupil, signal.SIGKILL)
            assert ann.wait_for_exit() == signal.SIGKILL
            assert ann.is_clean
        teacher.wait_for("0 follow")
        with served.come("Bob") as bob:
            bob.wait_for("you follow", 20)
            os.kill(leads, signal.SIGKILL)
            assert teacher.wait_for_exit() == signal.SIGKILL
            assert teacher.is_clean
            bob.wait_for("no teacher")
            with served.lead() as again:
                again.wait_for("1 follow", 20)
                bob.wait_for("you follow")
                forks = next(pid for pid in served.processes if _below(pid))
                sessions = _of_sessions(served)
                os.kill(forks, signal.SIGKILL)
                for terminal in (again, bob):
                    terminal.wait_for_exit()
                    assert terminal.is_clean
                _wait_until_gone(sessions)
        with served.lead() as last, served.come("Cem") as cem:
            cem.wait_for("you follow", 20)
            processes = served.processes
            served.process.kill()
            for terminal in (last, cem):
                assert terminal.wait_for_exit() == 255
            _wait_until_gone(processes)


def _of_sessions(served: Server) -> list[int]:
    """Return the processes of those who came: what the one forks that has everything imported."""
    return [session for pid in served.processes for session in _below(pid)]
