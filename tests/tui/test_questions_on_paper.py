"""A quiz as Markdown: drawn from the seed, asked by the app at the same moments, its answers the engine's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from minidl_core import Operation
from tui_backprop.commands.cli import main
from tui_backprop.commands.questions import draw_questions, run_questions, write_quiz
from tui_backprop.debugger.followed import Followed
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.notation.moments import read_moment
from tui_backprop.programs.opening import open_program
from tui_backprop.quiz import judge
from tui_backprop.quiz.quiz import Quiz
from tui_backprop.session.opening import Asked


@pytest.mark.parametrize("name", ["chain", "skip", "xor", "perceptron"])
@pytest.mark.parametrize("seed", [0, 5])
def test_each_question_is_asked_by_the_app_at_its_moment_and_has_its_answer(name: str, seed: int) -> None:
    drawn = draw_questions(Timeline(open_program(name)), 6, seed)
    assert len(drawn) == 6
    assert len({each.question.kind for each in drawn}) > 2
    for each in drawn:
        timeline, quiz = Timeline(open_program(name)), Quiz()
        timeline.go_to(read_moment(each.moment, timeline))
        assert quiz.ask(timeline, Followed())
        assert quiz.question is not None
        for fact in ("text", "given", "choices", "answer", "why"):
            assert getattr(quiz.question, fact) == getattr(each.question, fact)
        assert judge(each.question, each.question.answer)


def test_a_seed_draws_the_same_again_and_another_one_others() -> None:
    def quiz(seed: int) -> list[str]:
        timeline = Timeline(open_program("two-paths"))
        return list(write_quiz(timeline, draw_questions(timeline, 5, seed)))

    assert quiz(1) == quiz(1)
    assert quiz(1) != quiz(2)


def test_the_page_has_the_answers_at_its_end_and_gives_no_shape_away() -> None:
    timeline = Timeline(open_program("xor"))
    drawn = draw_questions(timeline, 9, 3)
    text = "\n".join(write_quiz(timeline, drawn))
    questions, _, answers = text.partition("## Answers")
    for number, each in enumerate(drawn, 1):
        assert f"\n{number}. Iteration {each.place.iteration}, " in questions
        [answer] = re.findall(rf"^{number}\. \*\*(?:([a-d])\) )?", answers, re.MULTILINE)
        assert answer == ("abcd"[each.question.choices.index(each.question.answer)] if each.question.choices else "")
    for node in timeline.graph.nodes:
        line = next(line for line in questions.splitlines() if line.startswith(f"- {node.name} "))
        assert line.endswith(")") != isinstance(node, Operation)


def test_nothing_is_asked_about_a_broken_engine(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_questions(Asked("hunt chain --seed 3"), 2) == 2
    assert "is a hunt" in capsys.readouterr().err


def test_a_script_keeps_its_numbers_and_the_seed_chooses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "mine.py"
    script.write_text(
        "import minidl_core as dl\nw = dl.Variable(3.0)\n"
        "dl.Session().run(dl.train.GradientDescentOptimizer(0.1).minimize(w * w))\n",
        encoding="utf-8",
    )
    assert main(["--questions", "3", str(script), "--seed", "2"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("# 3 questions about mine.py")
    assert main(["--questions", "500", str(script)]) == 0
    assert "of 500 questions: the first 4 iterations have no other" in capsys.readouterr().err


def test_a_program_that_cannot_be_opened_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--questions", "3", "nowhere.py"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
