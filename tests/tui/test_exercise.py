"""The exercise: a file with gaps, each judged by itself, checked whenever it is saved, until all of it is right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tui_backprop.commands.cli import main
from tui_backprop.exercise import trial, value, watching
from tui_backprop.exercise.gaps import (
    OPEN,
    RIGHT,
    RUNAWAY,
    WRONG,
    ExerciseError,
    Judgement,
    exercise,
    gaps_of,
    judge_gaps,
    solution,
)
from tui_backprop.exercise.watching import run_exercise

SOLUTION = solution()


def with_gap(number: int, body: str, text: str = SOLUTION) -> str:
    """Return the text with these lines in a gap."""

    def fill(found: re.Match[str]) -> str:
        lines = [f"{found[2]}{line}\n" for line in body.splitlines()]
        return "".join([found[1], *lines, found[3]])

    return re.sub(rf"(( *)# gap {number}:.*\n)(?:.*\n)*?( *# end of gap {number}\n)", fill, text)


def test_all_gaps_are_open_at_first_and_the_file_runs() -> None:
    assert {each.state for each in judge_gaps(exercise())} == {OPEN}
    exec(compile(exercise(), "exercise", "exec"), {"__name__": "exercise"})


def test_the_engine_of_the_lesson_has_no_signs_of_the_exercise() -> None:
    engine = Path(value.__file__).read_text(encoding="utf-8")
    assert "gap " not in engine.replace("gap1", "")
    assert re.sub(r" *# (end of )?gap \d.*\n", "", SOLUTION) == engine


def test_what_was_cut_out_is_right_in_every_gap() -> None:
    assert [each.state for each in judge_gaps(SOLUTION)] == [RIGHT] * 5


@pytest.mark.parametrize(
    ("number", "body", "why"),
    [
        (1, "self.grad = out.grad\nother.grad = out.grad", "in a + a at a = 2: a.grad is 1 and should be 2"),
        (1, "self.grad = out.grad\nother.grad += out.grad", "in (a + b) * a at a = 2, b = -3: a.grad is 2 and should"),
        (1, "self.grad += out.grad\nother.grad = out.grad", "in a + a at a = 2: a.grad is 1 and should be 2"),
        (
            2,
            "other.grad = self.data * out.grad\nself.grad += other.data * out.grad",
            "in (b * a) + a at a = 2, b = -3: a.grad is -3 and should be -2",
        ),
        (2, "self.grad += out.grad\nother.grad += out.grad", "in a * b at a = 2, b = -3: a.grad is 1 and should be -3"),
        (3, "self.grad = (self.data > 0) * out.grad", "in c.relu() * c at c = 0.5: c.grad is 0.5 and should be 1"),
        (3, "self.grad += (self", "'self.grad += (self' is not Python: '(' was never closed"),
        (3, "self.grad += out.gard", "AttributeError is raised by 'self.grad += out.gard': 'Value' object has no"),
        (4, "for node in reversed(order):\n    node.pass_on()", "in a at a = 2: a.grad is 0 and should be 1"),
        (4, "self.grad = 1.0\nfor node in order:\n    node.pass_on()", "in (c * c).relu() + c at c = 0.5: c.grad is 1"),
        (5, "w.data -= 0.1 * w.grad\nb.data -= 0.1 * b.grad", "after the last step w.grad is -3.2297 and should be 0"),
        (5, "raise SystemExit", "SystemExit is raised by 'raise SystemExit'"),
    ],
)
def test_a_wrong_gap_is_shown_by_numbers_and_spoils_no_other(number: int, body: str, why: str) -> None:
    judged = list(judge_gaps(with_gap(number, body)))
    assert [each.number for each in judged if each.state == WRONG] == [number]
    assert judged[number - 1].why.startswith(why)
    alone = list(judge_gaps(with_gap(number, body, exercise())))
    assert [each.state for each in alone] == [WRONG if each.number == number else OPEN for each in alone]


@pytest.mark.parametrize(
    ("number", "body", "why"),
    [
        (4, "i = 0\nwhile i < len(order):\n    order[i].pass_on()", "it did not end: after 0.5 s"),
        (5, "while True:\n    try:\n        pass\n    except BaseException:\n        pass", "it did not end"),
        (3, "input()", "EOFError is raised by 'input()'"),
        (4, "while True:\n    order += order", "MemoryError is raised by 'order += order'"),
        (1, "import os\nos._exit(7)", "it ended the whole process in which it was tried, with status 7"),
    ],
)
def test_a_gap_that_takes_all_ends_and_spoils_no_other(
    number: int, body: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "_LONGEST", 0.5 if why.startswith("it did not") else 60)
    judged = list(judge_gaps(with_gap(number, body, exercise())))
    assert [each.number for each in judged if each.state != OPEN] == [number]
    assert judged[number - 1].why.startswith(why)
    assert judged[number - 1].state == (WRONG if "EOF" in why else RUNAWAY)


def test_a_file_with_an_endless_gap_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judged = [Judgement(1, "", RIGHT), Judgement(4, "", RUNAWAY, "it did not end")]
    monkeypatch.setattr(watching, "judge_gaps", lambda _: iter(judged))
    monkeypatch.setattr(watching, "open_program", lambda _: pytest.fail("it was run"))
    file = tmp_path / "mine.py"
    file.write_text(SOLUTION)
    assert run_exercise(str(file), once=True) == 3


def test_the_next_save_of_a_file_with_an_endless_gap_is_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "_LONGEST", 0.5)
    file = tmp_path / "mine.py"
    file.write_text(with_gap(4, "while True: pass", exercise()))

    def correct(_: float) -> None:
        monkeypatch.setattr(trial, "_LONGEST", 60)
        file.write_text(SOLUTION)

    assert run_exercise(str(file), wait=correct) == 0
    first, second = capsys.readouterr().out.split("gaps are right.")
    assert first.strip().startswith(f"{file}, saved ")
    assert "; checking ...\n" in first
    assert "✗ gap 4" in first
    assert "it did not end" in first
    assert first.endswith("0 of 5 ")
    assert "All of it is right." in second


def test_a_gap_without_its_comments_is_missed() -> None:
    with pytest.raises(ExerciseError, match=r"the lines '# gap 3: \.\.\.' and '# end of gap 3' say where gap 3 is"):
        gaps_of(exercise().replace("# end of gap 3", ""))


def test_it_is_written_once_and_checked_at_each_save(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mine.py"
    saves = [with_gap(1, "self.grad = out.grad\nother.grad = out.grad"), None, "gone", SOLUTION]

    def edit(_: float) -> None:
        text = saves.pop(0)
        if text == "gone":
            file.unlink()
        elif text is not None:
            file.write_text(text, encoding="utf-8")

    assert run_exercise(str(file), wait=edit) == 0
    out = capsys.readouterr().out
    assert out.count("mine.py, saved ") == 3
    assert "0 of 5 gaps are right." in out
    assert "✗ gap 1" in out
    assert "1 of 15 gradients agree" not in out
    assert "✓ Value (mine.py): 15 gradients agree in all 20 steps" in out
    assert out.endswith(f"All of it is right. Step through your own engine: backprop-tui {file}\n")
    assert saves == []


def test_a_save_that_is_not_whole_yet_does_not_end_the_watching(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.py"
    sign = "✓".encode()
    saves = [b"", SOLUTION.encode()[:400], sign[:2], SOLUTION.replace("\n", "\r\n").encode()]
    assert run_exercise(str(file), wait=lambda _: file.write_bytes(saves.pop(0)) and None) == 0
    said = capsys.readouterr()
    assert said.err.count("is no exercise as it is now") == 3
    assert "'# gap 1: ...' and '# end of gap 1' say where gap 1 is; put them back" in said.err
    assert said.out.count("mine.py, saved ") == 2
    assert "All of it is right." in said.out
    assert saves == []


def test_what_is_no_exercise_is_said_and_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "other.py"
    file.write_text("print(1)\n")
    assert main(["exercise", str(file), "--once"]) == 2
    assert main(["exercise", str(tmp_path / "mine.txt"), "--once"]) == 2
    assert main(["exercise", str(tmp_path / "nowhere" / "mine.py"), "--once"]) == 2
    said = capsys.readouterr().err
    assert "is no exercise: the lines '# gap 1: ...'" in said
    assert "give it a name that ends with .py" in said
    assert "cannot be read or written: No such file or directory" in said
    assert file.read_text() == "print(1)\n"
    assert main(["exercise", str(tmp_path / "mine.py"), "--once"]) == 3
