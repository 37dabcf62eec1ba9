"""A cast of what a screen shows: of a session at a terminal, and of a kept one that is replayed without anybody."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pyte
import pytest

from tests.e2e.pseudo_terminal import PseudoTerminal
from tests.e2e.test_session import COMMAND
from tui_backprop.app import BackpropApp
from tui_backprop.commands.cli import main
from tui_backprop.hunt.hunt import Guess
from tui_backprop.hunt.planting import hunt_address
from tui_backprop.notation.edits import read_edit
from tui_backprop.programs.opening import open_program
from tui_backprop.session import DebugSession
from tui_backprop.session.opening import Asked, open_session
from tui_backprop.session.replay import replay
from tui_backprop.session.session_file import read_session


def play(path: Path) -> tuple[dict[str, Any], list[str], list[str]]:
    """Return the header of a cast, its markers, and the last picture, as a player has them."""
    header, *events = map(json.loads, path.read_text().splitlines())
    screen = pyte.Screen(header["term"]["cols"], header["term"]["rows"])
    stream = pyte.Stream(screen)
    for after, code, data in events:
        assert after >= 0
        assert code in "omr"
        if code == "o":
            stream.feed(data)
        elif code == "r":
            columns, rows = map(int, data.split("x"))
            screen.resize(rows, columns)
    return header, [data for _, code, data in events if code == "m"], screen.display


def test_a_session_at_a_terminal_is_recorded(tmp_path: Path) -> None:
    command = [*COMMAND, "chain", "--record", "lesson.cast"]
    with PseudoTerminal(command, columns=80, rows=24, directory=tmp_path) as terminal:
        terminal.wait_for("iteration 1")
        terminal.resize(100, 30)
        terminal.press("p", "i", "space")
        terminal.wait_for("iteration 2")
        terminal.wait_for_rest()
        shown = terminal.screen.display
        terminal.press("q")
        assert terminal.wait_for_exit() == 0
    header, markers, display = play(tmp_path / "lesson.cast")
    assert (header["version"], header["term"]["cols"], header["term"]["rows"]) == (3, 80, 24)
    assert markers[-1] == "iteration 2 forward"
    assert display == shown
    assert "\\u001b[?1000" not in (tmp_path / "lesson.cast").read_text()  # no mouse in the player's terminal


def test_a_recording_for_which_there_is_no_more_room_ends_and_the_app_goes_on(tmp_path: Path) -> None:
    begin = 'ulimit -f 16; exec "$@"'  # of 512 or of 1024 bytes
    command = ["sh", "-c", begin, "sh", *COMMAND, "chain", "--record", "lesson.cast"]
    with PseudoTerminal(command, directory=tmp_path, environment={"XDG_DATA_HOME": str(tmp_path)}) as terminal:
        terminal.wait_for("iteration 1")
        for iteration in range(2, 6):
            terminal.press("p", "p", "p", "ctrl+l")
            terminal.wait_for(f"iteration {iteration}")
        terminal.press("q")
        assert terminal.wait_for_exit() == 0
    assert b"lesson.cast is not whole: File too large" in terminal.output


def kept(path: Path) -> DebugSession:
    """Keep a session with a right answer, one given away, an edit, and a run."""
    session = DebugSession(open_program("chain"))
    session.ask()
    session.step()
    question = session.quiz.question
    assert question is not None
    if question.choices:
        session.quiz.choose(question.choices.index(question.answer))
    else:
        session.quiz.typed = question.answer
        session.quiz.submit()
    session.take_answer()
    session.step()
    session.quiz.skip()
    session.take_answer()
    session.quiz.stop()
    session.step("iteration")
    session.edit(read_edit("a = 2", session.timeline.edited_state, session.timeline.graph, "a"))
    for _ in range(5):
        session.step("iteration")
    session.step("phase")
    session.step()
    session.keep(path)
    return session


async def test_a_kept_session_is_replayed(tmp_path: Path) -> None:
    path = tmp_path / "x.backprop"
    before = kept(path)
    opened = open_session(Asked(str(path)))
    assert opened.warning == ""
    session = opened.session
    passes = set()
    for _ in replay(session, read_session(str(path))):
        assert session.running is None
        passes.add((session.timeline.branches.index(session.timeline.branch), session.timeline.place.iteration))
    assert passes == {(0, 1), *((1, iteration) for iteration in range(2, 8))}
    assert session.timeline.place == before.timeline.place
    assert session.moment.loss == before.moment.loss
    again = [(answer.where.place, answer.given, answer.right) for answer in session.quiz.answers]
    assert again == [(answer.where.place, answer.given, answer.right) for answer in before.quiz.answers]


def test_moves_and_guesses_are_made_again(tmp_path: Path) -> None:
    path = tmp_path / "x.backprop"
    driven = open_session(Asked("two-paths")).session
    driven.drive()
    driven.step("phase")
    driven.step()
    for number in range(20):
        move, driving = driven.driving.move, driven.driving
        if move is None:  # the end of an iteration
            driven.step("phase")
            driven.step()
            continue
        if number % 4 == 3:
            driving.skip()
            driving.skip()
        elif move.node is not None:
            others = [node for node in driven.moment.graph.nodes if node is not move.node]
            for node in [*others[: number % 4], move.node]:
                driving.choose_node(node)
        else:
            driving.typed = move.question.answer if number % 4 < 2 else "77"
            driving.submit()
            driving.skip()
            driving.skip()
        driven.take_answer()
    hunting = open_session(Asked(hunt_address(3, "skip"))).session
    for guess in (Guess("x", "overwritten"), Guess("", None)):
        hunting.guess(guess)
    for before in (driven, hunting):
        before.keep(path)
        session = open_session(Asked(str(path)), has_files=False).session
        for _ in replay(session, read_session(str(path))):
            assert session.running is None
        assert session.timeline.place[:2] == before.timeline.place[:2]
        assert sorted(moves_of(session)) == sorted(moves_of(before))
    assert len(moves_of(driven)) > 5
    assert session.hunt is not None
    assert hunting.hunt is not None
    assert session.hunt.guesses == hunting.hunt.guesses
    assert session.hunt.is_over


def moves_of(session: DebugSession) -> list[str]:
    """Return the moves that a learner has made, as text."""
    return [f"{each.where.place[:2]} {each.question} {each.given} {each.right}" for each in session.driving.answers]


async def rows_of(path: Path) -> list[str]:
    async with BackpropApp(open_session(Asked(str(path))).session).run_test(size=(80, 24)) as pilot:
        return ["".join(part.text for part in row) for row in pilot.app.screen._compositor.render_strips()]


def test_a_replay_is_recorded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, record = tmp_path / "x.backprop", tmp_path / "x.cast"
    kept(path)
    arguments = ["--replay", str(path), "--record", str(record)]
    assert main(arguments) == 0
    _, markers, display = play(record)
    assert markers[:3] == ["iteration 1", "iteration 1 forward", "iteration 1 backward"]
    assert markers[-1] == "iteration 7 backward"
    assert display[:-1] == asyncio.run(rows_of(path))[:-1]  # all but the message
    assert main(arguments) == 2
    assert "exists" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["--replay", str(path)])
    with pytest.raises(SystemExit):
        main(["--headless", "--record", str(record)])
