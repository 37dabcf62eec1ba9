"""A served class, with OpenSSH's client: the teacher leads, a pupil follows, and there is nothing else to be had."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
from pathlib import Path

import aiohttp
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


async def follow_in_a_browser(address: str) -> None:
    async with aiohttp.ClientSession() as browser, browser.get(address) as page:
        [seat] = re.findall(r'websocket-url="(.*?)"', await page.text())
        async with asyncio.timeout(10), browser.ws_connect(seat) as socket:
            seen = b""
            while b"you follow" not in seen:
                seen += await socket.receive_bytes()


@pytest.mark.skipif(shutil.which("ssh") is None, reason="needs OpenSSH's client")
def test_a_class_that_is_served(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(PROGRAM)
    (tmp_path / "data.txt").write_text("3.0")
    command = [*COMMAND, "serve", "--class", "monday", "--host", "127.0.0.1", "--port", "0", "--web", "0"]
    command += ["--program", "own.py"]
    surroundings = os.environ | {"XDG_DATA_HOME": str(tmp_path / "data"), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, cwd=tmp_path, env=surroundings, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            said = "".join(server.stdout.readline() for _ in range(5))
            port, word = re.findall(r"-p (\d+)", said)[0], re.findall(r"the word (\w+)", said)[0]
            assert "SHA256:" in said
            assert "only who sits at this machine" in said
            [address] = re.findall(r"(http:\S+)", said)
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
                    asyncio.run(follow_in_a_browser(address))
                    with PseudoTerminal([*ssh, "Bob+plain@127.0.0.1"]) as reads:
                        reads.wait_for("you follow monday")
                        assert b"\x1b" not in reads.output
                        reads.press("keep x.backprop", "enter")
                        reads.wait_for("There are no files here")
                    with PseudoTerminal([*ssh, "join+nocolor@127.0.0.1"]) as grey:
                        grey.wait_for("iteration 2")
                        assert not re.search(rb"\x1b\[(\d+;)*[34][0-8](;\d+)*m", grey.output)
                    pupil.resize(100, 30)
                    pupil.press("b")
                    pupil.wait_for("F follows")
                    with PseudoTerminal([*ssh, "lead@127.0.0.1"]) as again:
                        again.wait_for("Password")
                        again.press(word, "enter")
                        again.wait_for("iteration 2", 20)
                        teacher.wait_for("another terminal leads the class now")
                        again.press("i")
                        again.wait_for("iteration 3")
                        again.hang_up()
                pupil.wait_for("no teacher", 20)
                with PseudoTerminal([*ssh, "lead@127.0.0.1"]) as teacher:
                    teacher.wait_for("Password")
                    teacher.press(word, "enter")
                    teacher.wait_for("iteration 3", 20)
                    teacher.wait_for("1 own")
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
