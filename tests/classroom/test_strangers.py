"""What a stranger at the socket can do: nothing that anybody else notices."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest

from tests.classroom.meeting_room import room, until
from tui_backprop.classroom import lead, meeting
from tui_backprop.classroom.context import DAMAGED, take_up, write_context
from tui_backprop.classroom.link import LONGEST_OF_PUPIL, VERSION, read, write
from tui_backprop.classroom.pupil import NoClassError, first_context
from tui_backprop.commands import in_class
from tui_backprop.commands.cli import main
from tui_backprop.session.session_file import hash_of

HELLO = write({"class": VERSION, "name": "x"})


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\xff\x00\n",
        b"[1, 2]\n",
        b"[" * 50_000 + b"\n",
        b'{"a": ' + b"1" * 5000 + b"}\n",
        b"x" * (LONGEST_OF_PUPIL + 2),
        b'{"class": 99, "name": "x"}\n',
        HELLO + b'{"drawn": "all", "alone": 1}\n',
        HELLO + b'{"answer to": 1, "answer": "' + b"7" * 100 + b'"}\n',
        HELLO + b'{"drawn": 1, "alone": false}\n' * 3000,
    ],
    ids=str,
)
async def test_what_is_no_message_ends_the_connection_and_nobody_elses(tmp_path: Path, sent: bytes) -> None:
    async with room(tmp_path) as place:
        teacher = await place.lead("chain")
        pupil = await place.join(lesson="chain")
        await until(lambda: pupil.company.is_there)
        reader, writer = await asyncio.open_unix_connection(place.path)
        writer.write(sent)
        async with asyncio.timeout(5):
            try:
                while await reader.read(65536):
                    pass
            except ConnectionError:
                pass
        writer.close()
        await until(lambda: len(teacher.company.members) == 1)
        teacher.session.step("phase")
        teacher.show()
        await until(lambda: pupil.fingerprint == teacher.fingerprint)


async def test_who_does_not_read_gets_one_context_and_is_slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui_backprop.classroom.lead.SLOW", 0.0)
    async with room(tmp_path) as place:
        teacher = await place.lead("chain")
        reader, writer = await asyncio.open_unix_connection(place.path)
        writer.write(HELLO)
        async with asyncio.timeout(5):
            await reader.readline()
        [member] = teacher.company.members.values()
        for _ in range(20):
            teacher.session.step("step")
            teacher.show()
        assert member.sent == 1
        await until(lambda: member.is_slow)
        writer.close()


async def test_a_context_is_small_and_one_that_is_damaged_is_refused(tmp_path: Path) -> None:
    async with room(tmp_path) as place:
        teacher = await place.lead()
        pupil = await place.join()
        await until(lambda: pupil.company.is_there)
        good = read(write(write_context(teacher.session, teacher.viewer, 1)))
        assert good is not None
        assert len(json.dumps(good)) < 1000
        for key, value in {
            "at": [1],
            "branch": 7,
            "branches": [{"edits": [{"node": "J"}], "furthest": [1, 0]}],
            "points at": ["nobody", None, 0, []],
            "question": [1, -1, []],
        }.items():
            with pytest.raises(DAMAGED):
                take_up({**good, key: value}, None, pupil.session, pupil.viewer)
            pupil.company.context = {**good, key: value}
            pupil.show()
            assert pupil.session.standing is not None
            assert pupil.session.standing.data["wrong"]


def test_a_class_meets_where_only_its_group_may_enter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meeting, "PLACE", tmp_path)
    listening, _ = meeting.meet("monday", None)
    directory = tmp_path / "backprop-tui-monday"
    assert directory.stat().st_mode & 0o777 == 0o750
    assert (directory / "socket").stat().st_mode & 0o777 == 0o660
    with pytest.raises(NoClassError, match="you lead monday already"):
        meeting.meet("monday", None)
    listening.close()  # as after kill -9: the socket is still there
    path, _ = meeting.find("monday")
    with pytest.raises(NoClassError, match="does not answer"):
        first_context(path, "")
    again, _ = meeting.meet("monday", None)
    again.close()
    meeting.part("monday")
    assert not directory.exists()
    with pytest.raises(NoClassError, match="there is no class monday here"):
        meeting.find("monday")


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".", "-x", "x" * 41, "a\nb"])
def test_a_class_has_a_name_that_is_no_path(name: str) -> None:
    with pytest.raises(NoClassError, match="cannot be called"):
        meeting.find(name)


def test_a_directory_of_somebody_else_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meeting, "PLACE", tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "backprop-tui-a").symlink_to(elsewhere)
    (tmp_path / "backprop-tui-b").mkdir()
    me = os.getuid()
    with pytest.raises(NoClassError, match="take another name"):
        meeting.meet("a", None)
    monkeypatch.setattr(os, "getuid", lambda: me + 1)
    with pytest.raises(NoClassError, match="take another name"):
        meeting.meet("b", None)
    (tmp_path / "backprop-tui-b").chmod(0o777)
    with pytest.raises(NoClassError, match="nobody knows who leads it"):
        meeting.find("b")
    with pytest.raises(NoClassError, match="no group there-is-none"):
        meeting.meet("c", "there-is-none")


def test_a_class_that_is_not_there_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--join", f"none{os.getpid()}"]) == 2
    assert "there is no class" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["--join", "x", "--headless"])
    assert "without --headless" in capsys.readouterr().err


async def test_one_account_cannot_fill_the_class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    me = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: me + 1)
    monkeypatch.setattr(lead, "MOST_OF_ONE", 2)
    async with room(tmp_path) as place:
        teacher = await place.lead("chain")
        ends = [await asyncio.open_unix_connection(place.path) for _ in range(3)]
        async with asyncio.timeout(5):
            assert b"full" in await ends[2][0].readline()
        assert len(teacher.company.members) == 2
        for _, writer in ends:
            writer.close()


def test_nothing_but_a_lesson_or_a_file_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = tmp_path / "x.backprop"
    kept.write_text("{}")
    for program in ("no-lesson", str(kept), "x.backprop"):
        context = {"program": program, "seed": None, "learning rate": None, "sha256": hash_of(str(kept))}
        monkeypatch.setattr(in_class, "find", lambda name: (tmp_path, "ann"))
        monkeypatch.setattr(in_class, "first_context", lambda path, name, context=context: context)
        assert main(["--join", "monday"]) == 2
