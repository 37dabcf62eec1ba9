"""What a class whose process was killed left is removed by the next one, and nothing else."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tui_backprop.classroom import meeting
from tui_backprop.classroom.left_behind import PREFIX, hold, remove_left_behind

HOLDING = """
import sys
from pathlib import Path
from tui_backprop.classroom.left_behind import hold
hold(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def holder(directory: Path) -> Iterator[subprocess.Popen[str]]:
    """Have another process hold a directory until it is killed."""
    command = [sys.executable, "-c", HOLDING, str(directory)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_the_directory_of_a_served_class_stays_as_long_as_its_process_lives(tmp_path: Path) -> None:
    directory = tmp_path / f"{PREFIX}abc"
    (directory / "scratch-0").mkdir(parents=True)
    (directory / "scratch-0" / "file").touch()
    with holder(directory) as process:
        remove_left_behind(tmp_path)
        assert (directory / "scratch-0" / "file").exists()
        process.kill()
        process.wait()
        remove_left_behind(tmp_path)
    assert not directory.exists()


def test_the_socket_of_a_class_stays_as_long_as_somebody_listens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meeting, "PLACE", tmp_path)
    monday, _ = meeting.meet("monday", None)
    tuesday, _ = meeting.meet("tuesday", None)
    monday.close()
    assert {path.name for path in tmp_path.iterdir()} == {f"{PREFIX}monday", f"{PREFIX}tuesday"}
    wednesday, _ = meeting.meet("wednesday", None)
    assert {path.name for path in tmp_path.iterdir()} == {f"{PREFIX}tuesday", f"{PREFIX}wednesday"}
    with socket.socket(socket.AF_UNIX) as pupil:
        pupil.connect(str(meeting.find("wednesday")[0]))
    for listening in (tuesday, wednesday):
        listening.close()


def test_what_is_no_class_or_somebody_elses_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    os.close(hold(elsewhere))
    (tmp_path / f"{PREFIX}link").symlink_to(elsewhere)
    (tmp_path / f"{PREFIX}file").touch()
    (tmp_path / f"{PREFIX}made-just-now").mkdir()
    theirs = tmp_path / f"{PREFIX}theirs"
    theirs.mkdir()
    os.close(hold(theirs))
    uid = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: uid + 1)
    remove_left_behind(tmp_path)
    assert theirs.exists()
    monkeypatch.undo()
    remove_left_behind(tmp_path)
    assert not theirs.exists()
    assert {path.name for path in tmp_path.iterdir()} == {
        "elsewhere",
        f"{PREFIX}link",
        f"{PREFIX}file",
        f"{PREFIX}made-just-now",
    }
    assert list(elsewhere.iterdir())
