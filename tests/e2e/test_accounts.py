"""A class on a machine with accounts: OpenSSH's own server, a teacher and a pupil who come by plain ssh."""

from __future__ import annotations

import getpass
import os
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .pseudo_terminal import PseudoTerminal
from .test_session import COMMAND

SSHD = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/usr/bin")
pytestmark = pytest.mark.skipif(SSHD is None or shutil.which("ssh") is None, reason="needs OpenSSH's client and server")


@contextmanager
def server(directory: Path) -> Iterator[list[str]]:
    """Run OpenSSH's server with keys of its own, and yield the command that logs in to it by one."""
    for name in ("host", "own"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", directory / name], check=True)
    shutil.copy(directory / "own.pub", directory / "authorized_keys")
    if os.getuid() == 0:  # it does not begin without a place to lock itself in
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {
        "ListenAddress": "127.0.0.1",
        "Port": port,
        "HostKey": directory / "host",
        "AuthorizedKeysFile": directory / "authorized_keys",
        "PidFile": "none",
        "StrictModes": "no",
        "PasswordAuthentication": "no",
        "KbdInteractiveAuthentication": "no",
        "PermitRootLogin": "prohibit-password",
        "UsePAM": "no",
    }
    options = [f"-o{name}={value}" for name, value in settings.items()]
    assert SSHD is not None
    with subprocess.Popen([SSHD, "-D", "-q", "-f", "/dev/null", *options]) as running:
        try:
            end = time.monotonic() + 10
            while not _answers(port):
                assert running.poll() is None, "the server did not begin"
                assert time.monotonic() < end, "the server does not answer"
            client = ["ssh", "-F", "/dev/null", "-t", "-p", str(port), "-i", str(directory / "own")]
            known = [f"-oUserKnownHostsFile={directory / 'known'}", "-oStrictHostKeyChecking=no", "-oLogLevel=ERROR"]
            yield [*client, *known, f"{getpass.getuser()}@127.0.0.1"]
        finally:
            running.terminate()


def _answers(port: int) -> bool:
    with socket.socket() as made:
        made.settimeout(1)
        return made.connect_ex(("127.0.0.1", port)) == 0


def test_a_class_through_openssh(tmp_path: Path) -> None:
    name = f"a{os.getpid()}"
    there = shlex.join(["env", f"PYTHONPATH={os.pathsep.join(sys.path)}", f"XDG_DATA_HOME={tmp_path}", *COMMAND])
    with server(tmp_path) as ssh, PseudoTerminal([*ssh, f"{there} chain --class {name}"]) as teacher:
        teacher.wait_for("0 follow", 20)
        with (
            PseudoTerminal([*ssh, f"{there} --join {name} --name Ann"], columns=80, rows=24) as pupil,
            PseudoTerminal([*ssh, f"NO_COLOR=1 {there} --join {name} --plain"]) as reads,
        ):
            pupil.wait_for("you follow", 20)
            reads.wait_for("you follow", 20)
            teacher.wait_for("2 follow")
            teacher.press("i")
            pupil.wait_for("iteration 1")
            reads.wait_for("Iteration 1 is done")
            pupil.resize(100, 30)
            pupil.press("b")
            pupil.wait_for("F follows")
            teacher.wait_for("1 follow, 1 own")
            reads.press("quit", "enter")
            assert reads.wait_for_exit() == 0
            pupil.press("q")
            assert pupil.wait_for_exit() == 0
            assert pupil.is_clean
        teacher.press("q")
        assert teacher.wait_for_exit() == 0
        assert teacher.is_clean
    assert not Path(f"/tmp/backprop-tui-{name}").exists()
