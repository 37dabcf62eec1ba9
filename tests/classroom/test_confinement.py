"""A served process reads Python and the program and writes in one directory; its keys do not even try anything else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.test_layers import ROOT
from tui_backprop.app import BackpropApp
from tui_backprop.keys import SECTIONS
from tui_backprop.plain.commands import COMMANDS, KEYS
from tui_backprop.plain.front_end import do
from tui_backprop.programs.opening import open_program
from tui_backprop.session import DebugSession, Viewer

TRIES = """
import os, shutil, socket, subprocess, sys, tempfile
from pathlib import Path
from tui_backprop.classroom.confinement import confine

program, scratch, secret, door = map(Path, sys.argv[1:])
listening = socket.socket(socket.AF_UNIX)
listening.bind(str(door))
listening.listen()
confine([program.parent], scratch, door)

def connect(path):
    with socket.socket(socket.AF_UNIX) as made:
        made.connect(str(path))

for name, allowed in {
    "program": program.read_text,
    "scratch": lambda: (scratch / "x").write_text("x"),
    "its own": (scratch / "x").unlink,
    "python": lambda: __import__("wave"),
    "door": lambda: connect(door),
    "nothing": lambda: open("/dev/null", "w").close(),
}.items():
    allowed()
for name, refused in {
    "read": secret.read_text,
    "etc": lambda: open("/etc/passwd"),
    "proc": lambda: open("/proc/self/environ"),
    "dots": lambda: open(f"{scratch}/../secret/word"),
    "low": lambda: os.open(str(secret), os.O_RDONLY),
    "bytes": lambda: open(os.fsencode(secret)),
    "write": lambda: (program.parent / "new").write_text("x"),
    "append": lambda: open(program, "a"),
    "list": lambda: os.listdir("/home"),
    "here": lambda: os.listdir(str(secret.parent)),
    "remove": program.unlink,
    "rename": lambda: program.rename(scratch / "program"),
    "take": lambda: (scratch / "y").symlink_to(secret) or (scratch / "y").read_text(),
    "link": lambda: os.link(secret, scratch / "z"),
    "make": lambda: (program.parent / "d").mkdir(),
    "mode": lambda: program.chmod(0o777),
    "run": lambda: subprocess.run(["true"]),
    "system": lambda: os.system("true"),
    "exec": lambda: os.execv("/bin/true", ["true"]),
    "fork": os.fork,
    "kill": lambda: os.kill(os.getppid(), 0),
    "net": lambda: socket.create_connection(("127.0.0.1", 22)),
    "name": lambda: socket.getaddrinfo("localhost", 22),
    "other": lambda: connect("/tmp/other"),
    "listen": lambda: socket.socket(socket.AF_UNIX).bind(str(scratch / "s")),
}.items():
    try:
        refused()
    except PermissionError as error:
        assert "may not do this" in str(error), (name, error)
    else:
        print("not refused:", name)
print("done")
"""


def test_what_a_served_process_may_do(tmp_path: Path) -> None:
    for name in ("program", "scratch", "secret"):
        (tmp_path / name).mkdir()
    program, secret = tmp_path / "program" / "own.py", tmp_path / "secret" / "word"
    program.write_text("x = 1")
    secret.write_text("secret")
    done = subprocess.run(
        [sys.executable, "-c", TRIES, program, tmp_path / "scratch", secret, tmp_path / "socket"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("done\n", "")


seen: list[tuple[str, Any]] | None = None
ACTS = ("open", "os.exec", "os.kill", "os.remove", "os.rename", "os.mkdir", "os.system", "subprocess.Popen")


def watch(event: str, args: tuple[Any, ...]) -> None:
    if seen is not None and event in ACTS:
        seen.append((event, args))


sys.addaudithook(watch)


async def test_no_key_of_a_served_session_reaches_for_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    keys = [binding.key.split(",")[0] for section in SECTIONS.values() for binding in section]
    app = BackpropApp(DebugSession(open_program("chain"), has_files=False))
    sent: list[str] = []
    monkeypatch.setattr(app, "copy_to_clipboard", sent.append)
    watched: list[tuple[str, Any]] = []
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("i", "space")
        monkeypatch.setattr(sys.modules[__name__], "seen", watched)
        for key in [*keys, "ctrl+z", "ctrl+s", "ctrl+o"]:
            if key != "q":
                await pilot.press(key, *(["s", "S"] if key == "o" else []))
                while len(app.screen_stack) > 1:
                    await pilot.press("escape")
        titles = {command.title for command in app.get_system_commands(app.screen)}
        monkeypatch.setattr(sys.modules[__name__], "seen", None)
    assert not {"Screenshot", "Keys"} & titles
    assert len(sent) == 4  # the place, the session, the solution with few digits and with all
    assert list(tmp_path.iterdir()) == []
    assert watched
    only_reads_what_it_may(watched)


def test_no_command_of_a_served_class_in_words_writes_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    viewer = Viewer(DebugSession(open_program("chain"), has_files=False), KEYS)
    watched: list[tuple[str, Any]] = []
    said = list(do(viewer, "iteration"))
    monkeypatch.setattr(sys.modules[__name__], "seen", watched)
    for name in COMMANDS:
        for rest in ("", "x", "x.backprop", "x.md", "/tmp/x.md"):
            said += do(viewer, f"{name} {rest}")
    monkeypatch.setattr(sys.modules[__name__], "seen", None)
    assert sum("There are no files here" in line for line in said) >= 6
    assert list(tmp_path.iterdir()) == []
    only_reads_what_it_may(watched)


def only_reads_what_it_may(watched: list[tuple[str, Any]]) -> None:
    readable = (sys.prefix, sys.base_prefix, str(ROOT), "/dev/null", *filter(None, sys.path))
    for event, args in watched:
        assert event == "open", (event, args)
        path, mode, _ = args
        if not isinstance(path, int):
            assert not set(mode or "r") & set("wax+"), args
            assert str(path).startswith(readable), args
