"""What is kept of a learner's progress: it comes back, and never stands in the way."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tui_backprop.commands.cli import main
from tui_backprop.keys import KEY_OF
from tui_backprop.programs.opening import open_program
from tui_backprop.session import DebugSession, Viewer
from tui_backprop.session.progress import Progress, progress_path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "progress.json"


def test_what_was_reached_and_read_comes_back(path: Path) -> None:
    progress = Progress(path)
    assert not path.parent.exists()
    assert (progress.next_lesson, progress.page_of("chain")) == ("descent", 0)
    progress.note("descent", 4, reached=True)
    progress.note("descent", 0, reached=False)
    progress.note("chain", 2, reached=False)
    again = Progress(path)
    assert (again.next_lesson, again.page_of("chain"), again.page_of("descent")) == ("chain", 2, 0)
    assert [again.is_reached(name) for name in ("descent", "chain")] == [True, False]
    assert [again.is_begun(name) for name in ("descent", "chain", "skip")] == [True, True, False]
    assert set(json.loads(path.read_text())) == {"backprop-tui progress", "lessons"}
    again.forget()
    assert not path.exists()
    assert Progress(path).next_lesson == again.next_lesson == "descent"


def test_two_terminals_do_not_lose_each_others(path: Path) -> None:
    one, other = Progress(path), Progress(path)
    one.note("descent", 0, reached=True)
    other.note("chain", 1, reached=True)
    assert Progress(path).next_lesson == "two-paths"


def test_only_built_in_lessons_are_kept(path: Path) -> None:
    for name in ("my_lesson.py", "perceptron --data moons"):
        Progress(path).note(name, 1, reached=True)
    assert not path.exists()


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "5", "null", '{"lessons": {}}', '{"backprop-tui progress": 1}', "[" * 100_000),
        '{"backprop-tui progress": 1, "lessons": {"chain": 5}}',
        '{"backprop-tui progress": 1, "lessons": {"chain": {"page": -1}}}',
        '{"backprop-tui progress": 1, "lessons": [1]}',
    ],
)
def test_a_damaged_file_is_kept_aside_and_begun_anew(text: str, path: Path) -> None:
    path.parent.mkdir()
    path.write_text(text)
    progress = Progress(path)
    assert progress.problem == f"{path} was damaged: it is kept as progress.json.damaged, and begun anew"
    assert path.with_name("progress.json.damaged").read_text() == text
    progress.note("descent", 1, reached=True)
    assert Progress(path).next_lesson == "chain"
    assert Progress(path).problem == ""


def test_a_file_of_a_newer_version_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    path.write_text('{"backprop-tui progress": 2, "lessons": {}}')
    progress = Progress(path)
    assert "is of version 2" in progress.problem
    progress.note("descent", 1, reached=True)
    assert '": 2' in path.read_text()
    assert progress.is_reached("descent")


def test_where_nothing_can_be_written_it_is_said_and_known_until_the_end(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file" / "progress.json", Path("/dev/null/progress.json")):
        progress = Progress(path)
        assert progress.problem == ""
        progress.note("descent", 1, reached=True)
        assert f"{path} cannot be written, so your progress is not kept: " in progress.problem
        assert progress.next_lesson == "chain"


def test_what_is_no_text_is_kept_aside_and_what_is_no_file_left_alone(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"\xff\xfe")
    assert "was damaged" in Progress(path).problem
    assert path.with_name("progress.json.damaged").read_bytes() == b"\xff\xfe"
    path.mkdir()
    progress = Progress(path)
    assert "cannot be read" in progress.problem
    progress.note("descent", 1, reached=True)
    assert path.is_dir()


def test_a_viewer_tells_the_page_and_the_goal(path: Path) -> None:
    viewer = Viewer(DebugSession(open_program("two-edges")), KEY_OF)
    viewer.tell(Progress(path))
    viewer.turn_page(1)
    viewer.turn_page(1)
    assert Progress(path).page_of("two-edges") == 1
    for _ in range(30):
        viewer.session.step("iteration")
        viewer.follow_lesson()
    assert Progress(path).is_reached("two-edges")
    again = Viewer(DebugSession(open_program("two-edges")), KEY_OF)
    again.tell(Progress(path))
    again.turn_page(1)
    assert again.reading.number == 1


def test_forget_forgets(capsys: pytest.CaptureFixture[str]) -> None:
    Progress().note("descent", 0, reached=True)
    assert progress_path().exists()
    assert main(["--forget"]) == 0
    assert not progress_path().exists()
    assert main(["--forget"]) == 0
    assert capsys.readouterr().out.count("forgotten") == 2
