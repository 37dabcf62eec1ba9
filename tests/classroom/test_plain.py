"""A pupil without a screen: what the teacher does is told in words, once."""

from __future__ import annotations

import asyncio
import io
import sys
from pathlib import Path

import pytest

from tests.classroom.meeting_room import room, until
from tui_backprop.classroom.pupil import Pupil
from tui_backprop.plain import following
from tui_backprop.plain.commands import KEYS
from tui_backprop.plain.following import Following
from tui_backprop.programs.opening import open_program
from tui_backprop.session import DebugSession, Viewer


async def test_a_class_is_followed_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(following, "PAUSE", 0)
    lines: asyncio.Queue[str] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    class Typed(io.StringIO):
        def __iter__(self) -> Typed:
            return self

        def __next__(self) -> str:
            line = asyncio.run_coroutine_threadsafe(lines.get(), loop).result()
            if line == "end":
                raise StopIteration
            return line

    monkeypatch.setattr(sys, "stdin", Typed())
    said = ""

    def heard(words: str) -> bool:
        nonlocal said
        said += capsys.readouterr().out
        return words in said

    async with room(tmp_path) as meeting:
        teacher = await meeting.lead("chain")
        viewer = Viewer(DebugSession(open_program("chain")), KEYS)
        pupil = asyncio.create_task(Following(viewer, Pupil(meeting.path, "", "monday")).go_on())
        await until(lambda: heard("you follow monday"))
        teacher.session.step("iteration")
        teacher.show()
        await until(lambda: heard("Iteration 1 is done"))
        node = next(node for node in teacher.session.timeline.graph.nodes if node.name == "c")
        teacher.viewer.look_at(node, "ledger", teacher.viewer.followed)
        teacher.show()
        await until(lambda: heard("The teacher points at c, in the view ledger."))
        teacher.viewer.next_picture()
        teacher.show()
        await until(lambda: heard(f"The teacher shows the picture {teacher.viewer.picture}; picture reads it."))
        teacher.session.ask()
        teacher.session.ask()
        teacher.session.step("step")
        teacher.show()
        await until(lambda: heard("Question: "))
        lines.put_nowait("1")
        await until(lambda: heard("Your answer is "))
        await until(lambda: teacher.session.quiz.answers_of_class)
        teacher.session.step("step")
        teacher.show()
        await until(lambda: heard("1 of 1 answered"))
        lines.put_nowait("back")
        await until(lambda: heard("on your own since "))
        await until(lambda: teacher.session.standing and teacher.session.standing.data["alone"] == 1)
        teacher.session.step("iteration")
        teacher.show()
        lines.put_nowait("offer")
        await until(lambda: heard("the teacher may look at your session, and point into it; offer ends that"))
        [member] = teacher.company.members.values()
        await until(lambda: member.offers)
        teacher.company.look_at(member)
        await until(lambda: member.shows)
        teacher.company.point(["a", "value", 0, []])
        await until(lambda: heard("The teacher points at this.\n"))
        lines.put_nowait("follow")
        await until(lambda: heard("Iteration 2 is done"))
        first, teacher.session = teacher.session, DebugSession(open_program("two-paths"))
        teacher.viewer = Viewer(teacher.session, KEYS)
        teacher.show()
        await until(lambda: heard("The teacher opens two-paths: "))
        teacher.session.step("step")
        teacher.show()
        await until(lambda: heard("b is 2 times a."))
        teacher.session, teacher.viewer = first, Viewer(first, KEYS)
        teacher.show()
        await until(lambda: heard("The teacher opens chain: "))
        lines.put_nowait("end")
        await pupil
    assert (said.count("Question: "), said.count("Iteration 2 is done")) == (1, 2)  # back from the other lesson
    assert not heard("the teacher is not there")
