"""The command line: what it prints, what it refuses, and what it does not import."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import minidl_core as dl
from tui_backprop import __version__
from tui_backprop.commands.cli import main
from tui_backprop.lessons import lesson_names, load_lesson, title_of
from tui_backprop.lessons.lesson import Example, Lesson
from tui_backprop.session.opening import Asked, open_session
from tui_backprop.session.session_file import with_ending


def run(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tui_backprop", *arguments], capture_output=True, text=True, timeout=60, **options
    )


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_import_neither_textual_nor_numpy(option: str) -> None:
    script = (
        "import sys\nfrom tui_backprop.commands.cli import main\n"
        f"try: main(['{option}'])\nexcept SystemExit as end: assert end.code == 0\n"
        "assert not {'textual', 'numpy', 'plotext'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert (__version__ if option == "--version" else "examples:") in done.stdout


def test_an_interrupt_while_modules_are_imported_ends_it_without_a_word() -> None:
    script = (
        "import os, signal, weakref\nfrom tui_backprop.programs.collecting import importing\n"
        "class Lock: pass\nlock = Lock()\n"  # as an import has one, whose end is told in a callback
        "let_go = weakref.ref(lock, lambda _: os.kill(os.getpid(), signal.SIGINT))\n"
        "with importing():\n    del lock\n    print('went on')"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")


def test_list_names_every_lesson_with_what_it_shows(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == lesson_names()
    assert all(title_of(line.split()[0]) in line for line in lines)


def test_the_help_names_all_variants(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    said = " ".join(capsys.readouterr().out.split())
    for name in lesson_names():
        if variants := load_lesson(name).variants:
            assert f"{name} --variant {', '.join(variants)}" in said


def test_a_switch_may_stand_before_a_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert main(["--plain", "--ascii", "hunt", "skip", "--seed", "7"]) == 0
    assert "hunt: skip" in capsys.readouterr().out
    assert main(["--once", "exercise", str(tmp_path / "x.py")]) == 3
    assert "0 of 5 gaps" in capsys.readouterr().out
    assert main(["--json", "grade", str(tmp_path / "q.backprop")]) == 2
    with pytest.raises(SystemExit):
        main(["--theme", "dark", "hunt"])
    assert "hunt goes first: backprop-tui hunt, and then the rest" in capsys.readouterr().err


def test_a_file_that_is_no_program_is_called_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for file in ("pic.png", "bob.backprop"):
        Path(file).write_bytes(b"x")
    told = {
        ".": ". is a directory; name a file in it",
        "pic.png": "pic.png is no file that can be opened: those end with .py, .ipynb or .backprop",
        "bob": "there is no lesson 'bob'; did you mean bob.backprop?",
    }
    for typed, said in told.items():
        with pytest.raises(SystemExit):
            main([typed])
        assert said in capsys.readouterr().err


def test_the_name_of_a_session_need_not_have_its_ending(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO("step\nkeep ann\n"))
    assert main(["--plain", "chain", "--save", "bob"]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ann.backprop", "bob.backprop"]
    assert "bob.backprop opens it" in capsys.readouterr().out
    assert with_ending("a.backprop") == "a.backprop"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["percepton"], "there is no lesson 'percepton'; did you mean perceptron? There are: "),
        (["nosuch"], "there is no lesson 'nosuch'; there are: descent, "),
        (["--learning-rate", "fast"], "'fast' is not a number above 0"),
        (["--learning-rate", "0"], "'0' is not a number above 0"),
        (["--learning-rate", "nan"], "'nan' is not a number above 0"),
        (["--learning-rate", "inf"], "'inf' is not a number above 0"),
        (["--seed", "-1"], "'-1' is not a whole number"),
        (["--steps", "1.5"], "'1.5' is not a whole number"),
        (["--colour"], "unrecognized arguments: --colour"),
    ],
)
def test_a_mistake_is_one_line_and_exit_status_2(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    message = capsys.readouterr().err
    assert said in message
    assert message.count("\n") == 1


def test_headless_prints_what_the_chapter_prints(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--headless", "perceptron", "--steps", "100"]) == 0
    out = capsys.readouterr().out.splitlines()
    losses = [line.split() for line in out if " updates " in line]
    assert [int(words[0]) for words in losses] == list(range(0, 101, 10))
    assert [losses[place][-1] for place in (0, -2, -1)] == ["195.440", "5.49431", "5.20003"]
    assert any(line.startswith("W = [[ 0.738848, -0.599889]") for line in out)
    picture = out[-24:]
    marks = "".join(picture)
    assert marks.count("x") > 30
    assert marks.count("o") > 30
    assert "━━" in marks


def test_json_holds_every_loss_and_the_variables(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--json", "perceptron", "--steps", "20", "--seed", "3", "--learning-rate", "0.001"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert list(said) == ["lesson", "seed", "learning_rate", "losses", "variables"]
    assert (said["lesson"], said["seed"], said["learning_rate"]) == ("perceptron", 3, 0.001)
    assert len(said["losses"]) == 21
    assert said["losses"] == sorted(said["losses"], reverse=True)
    assert {name: len(value) for name, value in said["variables"].items()} == {"W": 2, "b": 2}


@pytest.mark.parametrize("name", sorted({*lesson_names()} - {"too-far"}))
def test_every_lesson_trains_towards_its_minimum(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--json", name]) == 0
    losses = json.loads(capsys.readouterr().out)["losses"]
    least = {"chain": 1, "two-paths": 9.75, "perceptron": 5.200, "vanishing": 0.0253, "broadcast": 98.012}
    # after 100 iterations, and of the engine its 20, some are still on their way
    least |= {"softmax": 0.0137, "rates": 0.834, "engine": 0, "attention": 0.0050}
    assert losses[0] > losses[1] > losses[-1]
    assert losses[-1] == pytest.approx(least.get(name, 0), abs=1e-3)


def test_a_loss_that_becomes_infinite_is_one_line_and_exit_status_1() -> None:
    done = run("--headless", "--learning-rate", "1000")
    assert done.returncode == 1
    assert "J = 195.440" in done.stdout
    assert done.stderr.count("\n") == 1
    assert "log 'log' (perceptron.py:" in done.stderr
    assert "because p is 0 there" in done.stderr


def test_the_last_loss_before_a_stop_is_printed_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--headless", "too-far"]) == 1
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert lines[1].split() == ["0", "updates", "J", "=", "1.90139"]
    assert lines[2:] == ["    6 updates   J = 1.30732   the last before the stop"]
    assert "stopped in iteration 8" in captured.err


@pytest.mark.parametrize("picture", ["curve", "map", "data", "layers"])
def test_headless_ends_with_the_picture_that_is_asked_for(picture: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--headless", "xor", "--steps", "3", "--picture", picture]) == 0
    lines = capsys.readouterr().out.splitlines()
    start = next(row for row, line in enumerate(lines) if line.startswith(picture.capitalize()))
    assert max(map(len, lines[start : start + 10])) <= 80
    assert len(lines) > start + 6
    assert main(["--headless", "chain", "--steps", "3", "--picture", "map"]) == 2
    assert "there is no picture 'map' of chain; there are curve, layers" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["chain", "--picture", "curve"])


@pytest.mark.parametrize("arguments", ["--headless --steps 2000", "--plain chain", "hunt --plain"])
def test_a_pipe_that_closes_early_is_no_fault(arguments: str) -> None:
    command = f"yes step | {sys.executable} -m tui_backprop {arguments} | head -n 1; echo ${{PIPESTATUS[1]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr.replace("yes: standard output: Broken pipe\n", "") == ""
    assert done.stdout.splitlines()[1] == "0"


FOREIGN = "\x1b[2J\u202e\x7f"
TEXTS = [
    ["--list"],
    ["--questions", "5", "skip"],
    ["--headless", "xor", "--steps", "3", "--picture", "map"],
    ["--narrate", "softmax"],
    ["xor", "--export", "torch"],
    ["-e", "σ = sigmoid(w*x); σ", "--set", "w=1", "--data", "x=2", "--plain"],
]


@pytest.mark.parametrize("arguments", TEXTS, ids=" ".join)
def test_what_is_printed_is_ascii_where_that_is_asked_for_or_all_there_is(arguments: list[str]) -> None:
    for encoding, option in (("utf-8", ["--ascii"]), ("ascii", []), ("latin-1", [])):
        command = [sys.executable, "-m", "tui_backprop", *arguments, *option]
        surroundings = {**os.environ, "PYTHONIOENCODING": encoding}
        typed = b"\n\nlog\n\xff\nquit\n"  # not all of it UTF-8
        done = subprocess.run(command, capture_output=True, env=surroundings, timeout=60, input=typed)
        assert (done.returncode, done.stderr) == (0, b"")
        assert done.stdout.isascii()
        assert len(done.stdout) > 200


@pytest.mark.parametrize("terminal", ["dumb", "xterm-256color"])
def test_without_a_terminal_the_app_says_so_and_names_headless(terminal: str) -> None:
    done = run(env={"TERM": terminal, "PATH": ""}, stdin=subprocess.DEVNULL)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "--headless" in done.stderr


@pytest.mark.parametrize("headless", [True, False])
def test_a_lesson_that_cannot_be_trained_is_one_line_and_exit_status_2(
    headless: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def build(seed: int) -> Example:
        with dl.Graph().as_default():
            x = dl.placeholder((seed + 3,), name="x")
            return Example(dl.reduce_sum(dl.multiply(x, dl.Variable(1, name="w")), name="loss"), {x: [1, 2]})

    broken = Lesson("broken", "its feed does not fit", build, learning_rate=1)
    monkeypatch.setattr("tui_backprop.programs.opening.load_lesson", lambda name: broken)
    monkeypatch.setattr("tui_backprop.commands.in_terminal.refusal", lambda: None)
    assert main(["chain", "--headless"] if headless else ["chain"]) == 2
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    assert "placeholder 'x' (test_cli.py:" in message
    assert "(2,)" in message


def test_a_kept_session_trains_its_program(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = str(tmp_path / "mine.backprop")
    session = open_session(Asked("xor", seed=3, learning_rate=0.25)).session
    session.keep(Path(kept))
    assert main(["--headless", kept, "--steps", "5", "--json"]) == 0
    of_session = capsys.readouterr()
    assert main(["--headless", "xor", "--seed", "3", "--learning-rate", "0.25", "--steps", "5", "--json"]) == 0
    assert of_session == capsys.readouterr()
    edited = open_session(Asked("two-paths", edits=["2: a = 1"])).session
    edited.keep(Path(kept))
    assert main(["--headless", kept, "--steps", "1"]) == 0
    assert "has edits, which are left out here" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--headless", "--plain"])
def test_a_session_about_no_lesson_is_one_line(option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = tmp_path / "mine.backprop"
    open_session(Asked("chain")).session.keep(kept)
    kept.write_text(kept.read_text(encoding="utf-8").replace('"chain"', '"chane"'), encoding="utf-8")
    assert main([option, str(kept)]) == 2
    assert "is about chane, and there is no such lesson here" in capsys.readouterr().err


def test_a_first_step_that_fails_is_said_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "mine.py"
    script.write_text(
        "import minidl_core as dl\nw = dl.Variable(-1.0)\n"
        "dl.Session().run(dl.train.GradientDescentOptimizer(0.1).minimize(dl.log(w)))\n",
        encoding="utf-8",
    )
    assert main(["--headless", str(script)]) == 1
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [[FOREIGN], [f"--{FOREIGN}"], ["--seed", FOREIGN], ["hunt", FOREIGN], ["--theme", FOREIGN], ["--replay", FOREIGN]],
)
def test_an_argument_that_is_told_is_told_as_escapes(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(arguments)
    said = capsys.readouterr().err
    assert said.endswith("--help\n")
    assert said[:-1].isprintable()
