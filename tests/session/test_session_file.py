"""A session as a file, and as a command: opened again it is the same, to the bit, and what does not fit is said."""

from __future__ import annotations

import json
import os
import random
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.sample_graphs import SWEPT
from tests.test_strict_json import read_strictly
from tui_backprop.commands.cli import build_parser, main
from tui_backprop.debugger.followed import Followed
from tui_backprop.debugger.message import Message
from tui_backprop.debugger.steps import Place
from tui_backprop.narration.solution import write_solution
from tui_backprop.notation.conditions import read_breakpoint
from tui_backprop.notation.edits import EditError, branch_label, read_any_edit, read_edit
from tui_backprop.notation.fitting import printable
from tui_backprop.notation.moments import command, read_moment
from tui_backprop.programs.opening import open_program
from tui_backprop.programs.program import ProgramError
from tui_backprop.session import DebugSession
from tui_backprop.session.opening import Asked, open_session
from tui_backprop.session.saving import path_of, save_lines
from tui_backprop.session.session_file import file_of, read_branches, write_branches, write_session


def worked_on(name: str) -> DebugSession:
    """Return a session with two branches, an answered question and a place in the middle of iteration 3."""
    session = open_session(Asked(name)).session
    timeline = session.timeline
    timeline.go_to(Place(2))
    variable = timeline.graph.variables[0]
    target = variable.name if not variable.shape else f"{variable.name}[{','.join('0' * len(variable.shape))}]"
    session.edit(read_edit(f"{target} = 0.12345678901234567", timeline.edited_state, timeline.graph, target))
    session.edit(read_edit("learning rate = 0.001", timeline.edited_state, timeline.graph, target))
    session.ask()
    while session.quiz.question is None:
        session.step()
    session.quiz.skip()
    session.take_answer()
    session.ask()
    session.step("phase")
    session.step("event")
    return session


def same(one: DebugSession, other: DebugSession) -> None:
    assert one.timeline.place == other.timeline.place
    for node in one.moment.graph.variables:
        [twin] = [each for each in other.moment.graph.variables if each.name == node.name]
        assert np.array_equal(one.moment.variable(node), other.moment.variable(twin))
    assert one.moment.loss == other.moment.loss


@pytest.mark.parametrize("name", [name for name in SWEPT if name != "too-far"])
def test_a_kept_session_opens_at_the_same_step_with_the_same_bits(name: str, tmp_path: Path) -> None:
    session, path = worked_on(name), tmp_path / "x.backprop"
    session.keep(path)
    assert session.message is not None
    assert session.message.kind == "kept"
    opened = open_session(Asked(str(path)))
    assert opened.warning == ""
    same(session, opened.session)
    assert [branch.edits.keys() for branch in opened.session.timeline.branches] == [
        branch.edits.keys() for branch in session.timeline.branches
    ]
    for each in (session, opened.session):
        each.switch_branch()
        each.last()
    same(session, opened.session)
    assert path.stat().st_size < 10_000


def do_something(session: DebugSession, chance: random.Random) -> None:
    """Step, ask, drive, answer right or wrong, or give an answer away, by chance."""
    quiz = session.quiz
    question, move = quiz.question, session.driving.move
    if question is None or not quiz.takes_answers:
        whats = ["step"] * 8 + ["ask", "drive", "back", "phase", "iteration"]
        match chance.choice(whats):
            case "ask":
                session.ask()
            case "drive":
                session.drive()
            case "back":
                session.back()
            case stop:
                session.step(stop)
        return
    answer = chance.choice(["right", "wrong", "away"])
    if answer == "away":
        quiz.skip()
    elif move is not None and move.node is not None:
        session.driving.choose_node(move.node if answer == "right" else chance.choice(session.moment.graph.nodes))
    elif question.choices:
        quiz.choose(question.choices.index(question.answer) if answer == "right" else 0)
    else:
        quiz.typed = question.answer if answer == "right" else "123.5"
        quiz.submit()
    session.take_answer()


def written(session: DebugSession) -> Any:
    return json.loads("".join(write_session(session)))


@pytest.mark.parametrize("seed", range(4))
def test_answers_and_driving_are_there_again_and_go_on_as_they_would_have(seed: int, tmp_path: Path) -> None:
    chance, path = random.Random(seed), tmp_path / "x.backprop"
    session = open_session(Asked(chance.choice(["chain", "xor", "two-paths"]))).session
    answered = 0
    for _ in range(6):
        for _ in range(25):
            do_something(session, chance)
        session.keep(path)
        again = open_session(Asked(str(path)))
        assert again.warning == ""
        assert written(again.session) == written(session)
        same(session, again.session)
        ways = random.Random(chance.random()), random.Random()
        ways[1].setstate(ways[0].getstate())
        withdrawn = session.asking.question is not None  # a question is put again by the next step
        for _ in range(0 if withdrawn else 30):
            for each, way in zip((session, again.session), ways, strict=True):
                do_something(each, way)
        if not withdrawn:
            assert written(again.session) == written(session)
        answered += len(session.asking.answers) + len(session.driving.answers)
        session = again.session
    assert answered > 10


def test_a_move_that_is_another_one_here_is_put_anew(tmp_path: Path) -> None:
    session, path = open_session(Asked("two-paths")).session, tmp_path / "x.backprop"
    session.drive()
    session.step("phase")
    session.step()
    session.keep(path)
    says = json.loads(path.read_text())
    says["drive"]["stands"]["question"] = "What is 1 + 1?"
    path.write_text(json.dumps(says))
    again = open_session(Asked(str(path))).session
    assert again.driving.move is not None
    assert again.driving.move.question == session.driving.move.question  # type: ignore[union-attr]
    says["drive"]["stands"]["followed"] = "x"
    path.write_text(json.dumps(says))
    with pytest.raises(ProgramError, match="is damaged"):
        open_session(Asked(str(path)))


@pytest.mark.parametrize("name", ["chain", "perceptron"])
def test_the_command_opens_the_same_step_with_the_edits(name: str) -> None:
    session = worked_on(name)
    words = shlex.split(command(session.timeline))
    asked = build_parser().parse_args(words[1:])
    assert len(asked.edit) == 2
    again = Asked(asked.lesson, asked.seed, asked.learning_rate, at=asked.at, edits=asked.edit)
    same(session, open_session(again).session)


def test_another_seed_and_optimizer_are_kept_and_said_in_the_command(tmp_path: Path) -> None:
    session, path = open_session(Asked("xor")).session, tmp_path / "x.backprop"
    for typed in ("seed = 3", "learning rate = optimizer=Adam", "seed = 4"):
        session.edit(read_any_edit(typed, session.timeline, ""))
    session.step("iteration")
    session.step("iteration")
    session.keep(path)
    opened = open_session(Asked(str(path)))
    assert opened.warning == ""
    same(session, opened.session)
    labels = [branch_label(branch) for branch in opened.session.timeline.branches]
    assert labels == ["original", "seed 26 → 3", "gradient descent → adam", "seed 3 → 4"]
    asked = build_parser().parse_args(shlex.split(command(session.timeline))[1:])
    assert asked.edit == ["1: seed = 3", "1: optimizer = adam", "1: seed = 4"]
    same(session, open_session(Asked("xor", at=asked.at, edits=asked.edit)).session)


def test_two_branches_with_the_same_edits_stay_two(tmp_path: Path) -> None:
    session = open_session(Asked("chain")).session
    timeline = session.timeline
    for iteration in (5, 3):
        timeline.open_branch(timeline.branches[0], Place(3, 0))
        session.edit(read_any_edit("a = 0.5", timeline, ""))
        timeline.go_to(Place(iteration, 4))
    timeline.go_to(Place(3, 2))
    session.keep(path := tmp_path / "twice.backprop")
    again = open_session(Asked(str(path))).session
    same(session, again)
    furthest = [branch.furthest[:2] for branch in again.timeline.branches]
    assert furthest == [branch.furthest[:2] for branch in timeline.branches]
    assert furthest[1:] == [(5, 4), (3, 4)]
    assert again.timeline.branches.index(again.timeline.branch) == 2


def test_branches_that_are_read_again_are_those_that_are_there_though_a_rate_was_nan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("failing.py").write_text(
        "import minidl_core as dl\nw = dl.Variable(3.0, name='w')\nloss = dl.square(w, name='loss')\n"
        "rate = lambda t: 0.1 if t < 3 else None\n"
        "step, session = dl.train.GradientDescentOptimizer(rate).minimize(loss), dl.Session()\n"
        "for _ in range(20): session.run(step)\n"
    )
    timeline = open_session(Asked("failing.py")).session.timeline
    timeline.go_to(Place(3, 0))
    timeline.fork(read_any_edit("learning rate = 0.01", timeline, ""))
    says = json.loads(json.dumps(write_branches(timeline)))
    assert np.isnan(says["branches"][1]["edits"][0]["old"])
    there = list(timeline.branches)
    timeline.take_branches(*read_branches(timeline, says), 1)
    assert timeline.branches == there


def test_a_reset_leaves_the_original_at_its_start() -> None:
    session = worked_on("xor")
    fresh = open_session(Asked("xor")).session
    assert session.reset()
    same(session, fresh)
    assert [branch_label(branch) for branch in session.timeline.branches] == ["original"]
    for each in (session, fresh):
        each.step("iteration")
        each.step("iteration")
    same(session, fresh)


def test_a_session_of_a_script_says_that_the_script_has_changed(tmp_path: Path) -> None:
    script, path = tmp_path / "own.py", tmp_path / "own.backprop"
    text = """import minidl_core as dl
w = dl.Variable(3.0)
step = dl.train.GradientDescentOptimizer(0.1).minimize(w * w)
dl.Session().run(step)
"""
    script.write_text(text)
    session = open_session(Asked(str(script), at="1")).session
    session.keep(path)
    assert open_session(Asked(str(path))).warning == ""
    script.write_text(text.replace("3.0", "4.0"))
    assert "has changed since" in open_session(Asked(str(path))).warning


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (lambda says: {}, 'does not begin with "backprop-tui session"'),
        (lambda says: says | {"backprop-tui session": 99}, "take a newer one"),
        (lambda says: says | {"program": 3}, "is damaged"),
        (lambda says: says | {"at": "1:nobody"}, "There is no node 'nobody'"),
        (lambda says: says | {"branch": 7}, "is damaged"),
        (lambda says: says | {"numbers": {"a": ["one"]}}, "is damaged"),
        (lambda says: says | {"place": [float("inf"), 0, False]}, "is damaged"),
        (lambda says: says | {"branches": [{"edits": [{"node": "q"}]}]}, "is damaged"),
    ],
)
def test_a_damaged_file_is_refused_in_a_sentence(change: Any, wrong: str, tmp_path: Path) -> None:
    session, path = worked_on("chain"), tmp_path / "x.backprop"
    session.keep(path)
    path.write_text(json.dumps(change(json.loads(path.read_text()))))
    with pytest.raises(ProgramError, match=wrong):
        open_session(Asked(str(path)))


@pytest.mark.parametrize("text", [b"{", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_json_is_refused_in_a_sentence(text: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.backprop"
    path.write_bytes(text)
    with pytest.raises(ProgramError, match=r"x\.backprop is (damaged|no session)"):
        open_session(Asked(str(path)))


def test_a_number_that_differs_here_is_named(tmp_path: Path) -> None:
    session, path = worked_on("chain"), tmp_path / "x.backprop"
    session.keep(path)
    says = json.loads(path.read_text())
    says["numbers"]["a"] = [says["numbers"]["a"][0] + 0.5]
    path.write_text(json.dumps(says))
    assert "0.5 away" in open_session(Asked(str(path))).warning


def test_a_loss_that_is_nan_does_not_differ_from_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("too_far.py").write_text(
        "import minidl_core as dl\nw = dl.Variable(3.0, name='w')\nloss = dl.log(w, name='loss')\n"
        "step, session = dl.train.GradientDescentOptimizer(2.0).minimize(loss), dl.Session()\n"
        "for _ in range(20): session.run(step)\n"
    )
    session = open_session(Asked("too_far.py")).session
    session.timeline.go_to(Place(20))
    session.keep(Path("x.backprop"))
    says = read_strictly(Path("x.backprop").read_text())
    assert says["numbers"]["loss"] == ["NaN"]
    assert main(["grade", "x.backprop"]) == 0
    says["numbers"]["loss"] = [float("nan")]
    Path("x.backprop").write_text(json.dumps(says))
    assert "[NaN]" in Path("x.backprop").read_text()  # a file of before
    assert main(["grade", "x.backprop"]) == 0
    says["numbers"]["loss"] = [1.0]
    Path("x.backprop").write_text(json.dumps(says))
    assert main(["grade", "x.backprop"]) != 0


def test_a_file_of_another_kind_is_never_replaced(tmp_path: Path) -> None:
    session, path = worked_on("chain"), tmp_path / "x.backprop"
    path.write_text("homework")
    session.keep(path)
    assert session.message is not None
    assert session.message.kind == "not kept"
    assert path.read_text() == "homework"


def test_a_name_that_no_file_can_have_is_said_and_nothing_is_lost(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    session = worked_on("chain")
    session.keep(path_of("~nobody-of-this-name/x.backprop"))
    assert session.message is not None
    assert (session.message.kind, session.message.data["why"]) == ("not kept", "No such file or directory")
    session.keep(path_of("nul\0l.backprop"))
    assert (session.message.kind, session.message.data["why"]) == ("not kept", "embedded null byte")
    session.keep(path_of("~nobody.backprop"))
    assert (tmp_path / "~nobody.backprop").is_file()


HOSTILE = "w\x1b]52;c;aGkh\x07\u202e\u200b\x9b\x7f\t\n\u2028\ud800名"
SCRIPT = f"""
import minidl_core as dl
w, x = dl.Variable([1.0, 2.0], name={HOSTILE!a}), dl.placeholder(name="x")
loss = dl.reduce_sum(dl.square(w * x))
step = dl.train.GradientDescentOptimizer(0.1).minimize(loss)
dl.Session().run(step, {{x: [1.0, 3.0]}})
"""


def test_names_that_no_terminal_should_see_are_kept_and_are_escapes_in_the_file(tmp_path: Path) -> None:
    script, path = tmp_path / "caf\udce9\u202e.py", tmp_path / "x.backprop"  # the first is no UTF-8
    script.write_text(SCRIPT)
    session = DebugSession(open_program(str(script)))
    session.edit(read_any_edit(f"{HOSTILE}[1] = 5", session.timeline, ""))
    session.go(read_moment(f"1:{HOSTILE}", session.timeline))
    session.keep(path)
    assert session.message == Message("kept", {"path": path})
    assert all(line.isprintable() for line in path.read_text(encoding="utf-8").splitlines())
    again = open_session(Asked(str(path))).session
    assert again.timeline.place == session.timeline.place
    assert len(again.timeline.branch.edits) == 1
    list(save_lines(tmp_path / "x.md", write_solution(session.timeline, Followed())))
    assert all(line.isprintable() for line in (tmp_path / "x.md").read_text(encoding="utf-8").split("\n"))
    where = session.say_where()
    assert where.isprintable()
    assert str(file_of(session.program)).isprintable()
    typed = shlex.split(where)[-1]  # what is shown can be typed
    assert read_moment(typed, session.timeline) == session.timeline.place
    name = printable(HOSTILE)
    assert read_any_edit(f"{name}[1] = 7", session.timeline, "")
    assert read_breakpoint(f"node {name}", session.timeline.graph)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.backprop"
    os.mkfifo(pipe)
    session = DebugSession(open_program("chain"))
    session.keep(pipe)
    assert session.message == Message("not kept", {"path": pipe, "why": "it is there, and is no session"})
    with pytest.raises(ProgramError, match="it is a pipe"):
        open_program(str(pipe.rename(tmp_path / "pipe.py")))


@pytest.mark.parametrize("edit", ["a = 3", "0: a = 3", "x: a = 3", "1: q = 3", "1: a ="])
def test_an_edit_that_makes_no_sense_is_said(edit: str) -> None:
    with pytest.raises(EditError):
        open_session(Asked("chain", edits=[edit]))
