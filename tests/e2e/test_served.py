"""A served class, with OpenSSH's client: the teacher leads, a pupil follows, and there is nothing else to be had."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from .pseudo_terminal import PseudoTerminal
from .test_session import COMMAND

OPTIONS = {
    "StrictHostKeyChecking": "no",
    "UserKnownHostsFile": "/dev/null",
    "LogLevel": "ERROR",
    "PubkeyAuthentication": "no",
    "SendEnv": "LANG",
}
PROGRAM = """
import minidl_core as dl
with open(__file__.replace("own.py", "data.txt")) as file:
    start = float(file.read())
w = dl.Variable(start, name="w")
step = dl.train.GradientDescentOptimizer(0.1).minimize(dl.square(w))
for _ in range(3):
    dl.Session().run(step)
try:
    open(__file__.replace("own.py", "stolen"), "w")
except PermissionError:
    print("no writing")
"""


@pytest.mark.skipif(shutil.which("ssh") is None, reason="needs OpenSSH's client")
def test_a_class_that_is_served(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(PROGRAM)
    (tmp_path / "data.txt").write_text("3.0")
    command = [*COMMAND, "serve", "--class", "monday", "--host", "127.0.0.1", "--port", "0", "--program", "own.py"]
    surroundings = os.environ | {"XDG_DATA_HOME": str(tmp_path / "data"), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, cwd=tmp_path, env=surroundings, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            said = "".join(server.stdout.readline() for _ in range(4))
            port, word = re.findall(r"-p (\d+)", said)[0], re.findall(r"the word (\w+)", said)[0]
            assert "SHA256:" in said
            ssh = ["ssh", "-p", port, *(f"-o{name}={value}" for name, value in OPTIONS.items())]
            with PseudoTerminal([*ssh, "Ann@127.0.0.1"], columns=80, rows=24) as pupil:
                pupil.wait_for("no teacher")
                with PseudoTerminal([*ssh, "lead@127.0.0.1"]) as teacher:
                    teacher.wait_for("Password")
                    teacher.press(word, "enter")
                    teacher.wait_for("1 follow")
                    pupil.wait_for("you follow")
                    teacher.press("i", "i")
                    pupil.wait_for("iteration 2")
                    pupil.press("ctrl+z", "K")
                    pupil.wait_for("went to your terminal")
                    assert b"\x1b]52;c;" in pupil.output
                    pupil.resize(100, 30)
                    pupil.press("b")
                    pupil.wait_for("F follows")
                    teacher.press("q")
                    assert teacher.wait_for_exit() == 0
                pupil.wait_for("no teacher")
                pupil.press("q")
                assert pupil.wait_for_exit() == 0
                assert pupil.is_clean
            for asked in (["join@127.0.0.1", "ls"], ["-s", "join@127.0.0.1", "sftp"]):
                refused = subprocess.run([*ssh, *asked], capture_output=True, text=True, check=False, timeout=10)
                assert refused.returncode == 255
                assert "request failed" in refused.stderr
        finally:
            server.terminate()
            log = server.communicate(timeout=20)[0]
    assert server.returncode == 0
    assert "Ann (127.0.0.1) came" in log
    assert "the teacher (127.0.0.1) left" in log
    assert {path.name for path in tmp_path.iterdir()} == {"own.py", "data.txt", "data"}
