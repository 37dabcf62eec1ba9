"""A class on a machine with accounts: a teacher, pupils and a stranger, each with one, come to it by plain ssh."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from .machine import SSHD, Machine, machine
from .pseudo_terminal import PseudoTerminal

pytestmark = [
    pytest.mark.skipif(SSHD is None or shutil.which("ssh") is None, reason="needs OpenSSH's client and server"),
    pytest.mark.skipif(os.getuid() != 0 or shutil.which("useradd") is None, reason="only root can make accounts"),
]
PROGRAM = """
import os
import minidl_core as dl
with open(os.path.expanduser("~/ran"), "w") as file:
    file.write(str(os.getuid()))
w = dl.Variable(3.0, name="w")
step = dl.train.GradientDescentOptimizer(0.1).minimize(dl.square(w))
for _ in range(3):
    dl.Session().run(step)
"""
INTRUDES = """
import os, socket, sys
room = sys.argv[1]
for name, tried in {
    "list": lambda: os.listdir(room),
    "enter": lambda: socket.socket(socket.AF_UNIX).connect(f"{room}/socket"),
    "remove": lambda: os.unlink(f"{room}/socket"),
    "replace": lambda: os.rename(room, f"{room}-old"),
    "open up": lambda: os.chmod(room, 0o777),
}.items():
    try:
        tried()
    except OSError:
        continue
    print("not refused:", name)
print("done")
"""


def said(command: list[str]) -> tuple[int, str]:
    """Return how a command ended, and all that it wrote."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30, stdin=subprocess.DEVNULL)
    return done.returncode, " ".join((done.stdout + done.stderr).split())


def test_a_class_of_several_accounts(tmp_path: Path) -> None:
    with machine(members=("tina", "ann", "bob"), others=("sam",)) as there:
        name = there.group
        room = Path(f"/tmp/backprop-tui-{name}")
        own = there.home / "tina" / "own.py"
        own.write_text(PROGRAM)
        lead = there.app("tina", str(own), "--class", name, "--group", there.group)
        with PseudoTerminal(lead) as teacher:
            teacher.wait_for("0 follow", 20)
            (there.home / "tina" / "ran").unlink()
            for path, mode in ((room, 0o750), (room / "socket", 0o660)):
                found = path.stat()
                assert stat.S_IMODE(found.st_mode) == mode
                assert (path.owner(), path.group()) == (there.account("tina"), there.group)
            _has_no_way_for_a_stranger(there, room)
            with (
                PseudoTerminal(there.app("ann", "--join", name, "--name", "Ann"), columns=80, rows=24) as ann,
                PseudoTerminal(there.app("bob", "--join", name, "--plain")) as bob,
            ):
                for pupil in (ann, bob):
                    pupil.wait_until(lambda pupil=pupil: b"Go on? [y/N]" in pupil.output, 20)
                    assert f"is led by {there.account('tina')}, and opens".encode() in pupil.output
                    pupil.press("y", "enter")
                    pupil.wait_for("you follow", 20)
                for each in ("ann", "bob"):
                    ran = there.home / each / "ran"
                    assert ran.owner() == there.account(each)
                    assert ran.read_text() == str(ran.stat().st_uid)
                assert not (there.home / "tina" / "ran").exists()
                teacher.wait_for("2 follow")
                teacher.press("i")
                ann.wait_for("iteration 1")
                bob.wait_for("Iteration 1 is done")
                assert not re.search(rb"\x1b\[[\d;]*[A-HJKm]", bob.output.partition(b"you follow")[2])
                ann.resize(100, 30)
                ann.press("b")
                ann.wait_for("F follows")
                teacher.wait_for("1 follow, 1 own")
                teacher.child.kill(9)  # her client: the terminal that the app has is gone
                ann.wait_for("no teacher", 20)
                bob.wait_for("the teacher is not there", 20)
                with PseudoTerminal(lead) as again:
                    again.wait_for("1 follow, 1 own", 20)
                    ann.press("F")
                    again.wait_for("2 follow")
                    again.press("q")
                    assert again.wait_for_exit() == 0
                    assert again.is_clean
                bob.press("quit", "enter")
                assert bob.wait_for_exit() == 0
                ann.press("q")
                assert ann.wait_for_exit() == 0
                assert ann.is_clean
        assert not room.exists()


def _has_no_way_for_a_stranger(there: Machine, room: Path) -> None:
    """See that who is not of the group gets nowhere, and that a member can enter, but change nothing."""
    name = there.group
    assert said(there.app("sam", "--join", name)) == (
        2,
        f"backprop-tui: --join {name}: only the group {there.group} may join {name}; "
        "the teacher can name another by --group",
    )
    for taken in (name, f"{name}b"):
        status, why = said(there.app("sam", "chain", "--class", taken, "--group", there.group))
        assert status == 2
        assert ("take another name" if taken == name else f"you are not in the group {there.group}") in why
    assert not Path(f"{room}b").exists()
    assert said(there.by_ssh("sam", "-c", INTRUDES, str(room))) == (0, "done")
    assert said(there.by_ssh("ann", "-c", INTRUDES, str(room))) == (
        0,
        "not refused: list not refused: enter done",
    )
