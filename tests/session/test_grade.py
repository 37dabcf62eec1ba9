"""Grading: what was answered is asked and judged again, and what was changed in a file is found out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tui_backprop.commands.cli import main
from tui_backprop.commands.grade import grade
from tui_backprop.notation.edits import read_edit
from tui_backprop.notation.fitting import printable
from tui_backprop.session import DebugSession
from tui_backprop.session.opening import Asked, open_session


def homework(path: Path, name: str = "two-paths", questions: int = 6) -> DebugSession:
    """Answer some questions right, wrong and not at all, in turn, over two branches, and keep the session."""
    session = open_session(Asked(name)).session
    session.ask()
    while len(session.quiz.answers) < questions:
        session.step()
        question = session.quiz.question
        if question is None:
            continue
        turn = len(session.quiz.answers) % 3
        if turn == 2:
            session.quiz.skip()
        elif question.choices:
            wanted = question.choices.index(question.answer)
            session.quiz.choose(wanted if turn == 0 else (wanted + 1) % len(question.choices))
        else:
            assert question.number is not None
            session.quiz.typed = repr(question.number if turn == 0 else question.number + 1)
            session.quiz.submit()
        session.take_answer()
        if len(session.quiz.answers) == 2:
            timeline = session.timeline
            target = timeline.graph.variables[0].name
            session.edit(read_edit(f"{target} = 2.5", timeline.edited_state, timeline.graph, target))
    session.keep(path)
    return session


@pytest.mark.parametrize("name", ["two-paths", "perceptron"])
def test_answers_are_judged_as_they_were(name: str, tmp_path: Path) -> None:
    session = homework(tmp_path / "a.backprop", name)
    found = grade(str(tmp_path / "a.backprop"))
    assert [answer.right for answer in found.answers] == [answer.right for answer in session.quiz.answers]
    assert (found.right, len(found.answers), found.all_doubts) == (2, 6, [])


@pytest.mark.parametrize(
    ("change", "doubt"),
    [
        (lambda says: says["answers"][1].update(right=True), "the file says right of"),
        (lambda says: says["answers"][0].update(question="What is 1 + 1?"), "not 'What is 1 + 1?'"),
        (lambda says: says["answers"][1].update(branch=None), "its branch was forgotten"),
        (lambda says: says["score"].update({next(iter(says["score"])): [9, 0, 0]}), "its score has 9 right of"),
        (lambda says: says["numbers"].update({next(iter(says["numbers"])): [17.5]}), "away"),
    ],
)
def test_what_was_changed_in_a_file_is_found_out(
    change: Any, doubt: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.backprop"
    homework(path)
    says = json.loads(path.read_text())
    change(says)
    path.write_text(json.dumps(says))
    assert main(["grade", str(path)]) == 3
    assert doubt in capsys.readouterr().out


def test_a_table_json_and_results_for_a_service(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, other, results = tmp_path / "a.backprop", tmp_path / "b.backprop", tmp_path / "results.json"
    homework(one)
    homework(other, questions=3)
    assert main(["grade", str(one), str(other), "--program", "two-paths"]) == 0
    table = capsys.readouterr().out
    assert "cannot be told from a file" in table
    assert main(["grade", str(one), str(other), "--json", "--gradescope", str(results)]) == 0
    facts = json.loads(capsys.readouterr().out)["files"]
    assert [(each["right"], each["asked"]) for each in facts] == [(2, 6), (1, 3)]
    assert [test["score"] for test in json.loads(results.read_text())["tests"]] == [1, 0, 0, 1, 0, 0]


def test_files_that_cannot_be_graded_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.backprop"
    homework(path)
    assert main(["grade", str(path), "--program", "chain"]) == 3
    assert "it is about two-paths, not chain" in capsys.readouterr().out
    assert main(["grade", str(tmp_path / "none.backprop")]) == 2
    assert "cannot be opened" in capsys.readouterr().err
    assert main(["grade", str(path), "--gradescope", str(tmp_path / "nowhere" / "results.json")]) == 2
    assert "cannot be written: No such file" in capsys.readouterr().err


HOSTILE = ("\x1b]52;c;ZXZpbA==\x07", "\u202egnp", "=cmd|'/C calc'!A0", "\x9b31m", "+1+1", "@SUM(1)")


def test_names_that_a_terminal_or_a_spreadsheet_would_obey_are_only_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script, results = tmp_path / "=cmd\x1b[2J.py", tmp_path / "results.json"
    script.write_text(
        f"""
import minidl_core as dl
nodes = [dl.Variable(float(n), name=name) for n, name in enumerate({("w", *HOSTILE)!r}, 1)]
loss = nodes[0]
for node in nodes[1:]:
    loss = dl.multiply(loss, node)
step = dl.train.GradientDescentOptimizer(0.0001).minimize(loss)
dl.Session().run(step)
"""
    )
    path = tmp_path / "=cmd\u202e.backprop"
    homework(path, str(script), questions=9)
    says = json.loads(path.read_text())
    for answer, evil in zip(says["answers"], HOSTILE, strict=False):
        answer.update(given=evil, right=True)
    says["answers"][-1].update(question=HOSTILE[2], branch=None)
    path.write_text(json.dumps(says))

    assert main(["grade", str(path), "--gradescope", str(results)]) == 3
    table = capsys.readouterr().out
    assert all(line.isprintable() for line in table.splitlines())
    header, row, *_ = table.splitlines()
    assert row.rindex(f"  {printable(says['program'])}") == header.rindex("  program")
    read = json.loads(results.read_text())
    told = [read["output"], *(test[key] for test in read["tests"] for key in ("name", "output"))]
    assert any("=cmd" in each for each in told)
    for line in (line for each in told for line in each.split("\n")):
        assert line.isprintable()
        assert line.lstrip()[:1] not in tuple("=+-@")
