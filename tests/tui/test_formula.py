"""A formula from the command line: what it builds, the command that comes back, and what is said where it is none."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest

from minidl_core import Placeholder, Session, Variable
from minidl_core.graph import post_order
from tui_backprop.commands.cli import address_of, main
from tui_backprop.commands.parsers import build_parser
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.notation.moments import command
from tui_backprop.programs.opening import open_program
from tui_backprop.programs.program import Program, ProgramError
from tui_backprop.session.opening import Asked, open_session

SET = "a=[1,2] b=[3,-1] M=[[1,2],[3,4]] s=0.5"
A, B, M, S = np.array([1.0, 2.0]), np.array([3.0, -1.0]), np.array([[1.0, 2.0], [3.0, 4.0]]), 0.5


def opened(formula: str, *options: str) -> Program:
    return open_program(shlex.join(["-e", formula, *options]))


def loss_of(formula: str, *options: str) -> float:
    example = opened(formula, *options).example
    return float(Session().run(example.loss, example.feeds))


@pytest.mark.parametrize(
    ("formula", "wanted"),
    [
        ("s**2 - 3*s + 1/s", S**2 - 3 * S + 1 / S),
        ("-s", -S),
        ("a @ b", A @ B),
        ("M @ a", (M @ A).sum()),
        ("M.T @ a", (M.T @ A).sum()),
        ("sum(a*b)", A @ B),
        ("np.mean(np.exp(a), axis=0)", np.exp(A).mean()),
        ("M.sum(axis=1)[0] * M[1, 1] + M[:, 0].max()", 3 * 4 + 3),
        ("max(a, 1.5) @ b", np.maximum(A, 1.5) @ B),
        ("max(M)", 4),
        ("where(a > 1, a, 2*b).mean()", 4),
        ("concatenate([a, b])[2]", 3),
        ("stack([a, b], axis=1)[1, 0]", 2),
        ("einsum('ij,j->i', M, a)", (M @ A).sum()),
        ("clip(a, 0, 1.5)", 2.5),
        ("reshape(M, (4,))[2] * pi / np.pi", 3),
        ("a.reshape(2, 1) @ b.reshape(1, 2)", np.outer(A, B).sum()),
        ("np.linalg.norm(a)", np.sqrt(5)),
        ("dot(M, a)", (M @ A).sum()),
        ("cross_entropy(M, [0, 1])", (np.log(np.exp(M).sum(1)) - [1, 4]).sum()),
        ("h = tanh(s); h*h + h", np.tanh(S) ** 2 + np.tanh(S)),
        ("sigmoid(s) - dl.sigmoid(s) + e", np.e),
    ],
)
def test_a_formula_comes_to_what_python_says(formula: str, wanted: float) -> None:
    names = set(re.findall(r"\b[abMs]\b", formula))
    options = [each for each in SET.split() if each.split("=")[0] in names]
    assert loss_of(formula, "--set", *options) == pytest.approx(wanted, rel=1e-12)


def test_what_is_set_is_a_variable_and_what_comes_from_a_file_is_data(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("rooms;miles\n1;2\n\n3;4\n", encoding="utf-8")
    np.save(tmp_path / "y.npy", [1.0, 0.0])
    program = opened("(x@w - y)**2", "--set", "w=[1,1]", f"x=@{tmp_path}/x.csv", f"y=@{tmp_path}/y.npy")
    nodes = post_order([program.example.loss])
    assert [node.name for node in nodes if isinstance(node, Variable)] == ["w"]
    assert {node.name: node.shape for node in nodes if isinstance(node, Placeholder)} == {"x": (2, 2), "y": (2,)}
    assert program.warning == "the formula is (2,), and a loss is one number, so its entries are summed"
    assert program.lesson.summary.startswith(
        "w: set, so moved by training; x and y: data, so left as given; the formula"
    )
    assert opened("x*w", "--set", "w=1", "--data", "x=2").example.feeds
    (tmp_path / "n.txt").write_text("1\n2\n3\n")
    assert opened("n*w", "--set", "w=1", f"n=@{tmp_path}/n.txt").example.loss.inputs[0].shape == (3,)


@pytest.mark.parametrize(
    ("formula", "options", "said", "caret"),
    [
        ("sigmoid(w*x + ", "--set w=1 x=2", "'(' was never closed", 7),
        ("w*x + c", "--set w=1 x=2", "c has no value; add --set c=2", 6),
        ("2*sigmiod(w)", "--set w=1", "there is no function sigmiod; did you mean sigmoid?", 2),
        ("np.sing(w)", "--set w=1", "there is no function sing; did you mean sin?", 3),
        ("foo(w)", "--set w=1", "there are exp, log", 0),
        ("exp + w", "--set w=1", "exp is a function; write exp(...)", 0),
        ("w if w else 1", "--set w=1", "write where(condition, a, b)", 0),
        ("[i for i in w]", "--set w=1", "write the list out", 0),
        ("__import__('os').system('ls')", "--set w=1", "there is no function", 0),
        ("(w*x - 1)^2", "--set w=1 x=2", "use ** for a power", 0),
        ("w.__class__", "--set w=1", "is no formula", 0),
        ("(lambda: 3)()", "--set w=1", "only a function by its name can be called", 0),
        ("exp(w, name='x')", "--set w=1", "name a part of the formula", 0),
        ("import os", "--set w=1", "the last part must be a formula", 0),
        ("w += 1; w", "--set w=1", "only a name can stand before the formula", 0),
        ("1 + M@a", "--set M=[[1,2]] a=[1,2,3]", "M is (1,2) but a is (3,); the columns of M must equal", 4),
        ("a[5]", "--set a=[1,2]", "select 'select'", 0),
        ("sum(a, axis=3)", "--set a=[1,2]", "axis must name dimensions that a has, each once, not 3", 0),
        ("exp(a, b, 3)", "--set a=1 b=2", "exp takes (a, name=None)", 0),
        ("9**9**9*w", "--set w=1", "out of range", 0),
        ("w*[1,2]*'x'", "--set w=1", "it is not an array of numbers", 0),
    ],
)
def test_what_is_no_formula_is_shown_with_its_place(formula: str, options: str, said: str, caret: int) -> None:
    with pytest.raises(ProgramError) as error:
        opened(formula, *options.split())
    assert said in str(error.value)
    shown, mark = error.value.__notes__
    assert shown == f"  {formula.strip()}"
    assert mark.index("^") == caret + 2


@pytest.mark.parametrize(
    ("formula", "options", "said"),
    [
        ("", "--set w=1", "-e is empty"),
        ("w", "--set w", "--set w: write a name and its value"),
        ("w", "--set 2=3", "--set 2=3: write a name"),
        ("w", "--set w=", "--set w= has no value"),
        ("w", "--set w=two", "--set w=two: two is no number"),
        ("w", "--set w=[[1,2],[3]]", "its rows must be numbers, all of one length"),
        ("w", "--set w=1e999", "it must be finite numbers"),
        ("w", "--set w=[]", "at least one"),
        ("w", "--set w=1 w=2", "w has a value already"),
        ("w*x", "--set w=1 x=2 v=3", "v is set, but the formula does not have it; it has w and x"),
        ("3*2", "--set w=1", "has no variable in it"),
        ("x*2", "--data x=1", "nothing to train"),
        ("w", "--set w=@nowhere.csv", "nowhere.csv cannot be opened: No such file"),
    ],
)
def test_values_that_are_none_are_refused(formula: str, options: str, said: str) -> None:
    with pytest.raises(ProgramError) as error:
        opened(formula, *options.split())
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1,2\n3,four\n", ":2: column 2 is 'four', and no number"),
        ("1,2\n3,\n", ":2: column 2 is blank"),
        ("1,2\n3\n", ":2 has 1 columns, and the lines before it 2"),
        ("a,b\n", "has no numbers in it"),
        ("", "has no numbers in it"),
        ("1,nan\n", "is 'nan', and no number"),
    ],
)
def test_a_table_that_is_none_is_refused_with_its_line(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_text(text)
    with pytest.raises(ProgramError) as error:
        opened("w*d", "--set", "w=1", f"d=@{path}")
    assert f"{path}" in str(error.value)
    assert said in str(error.value)


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_bytes(b"\xff\x00\x80")
    (tmp_path / "d.npy").write_bytes(b"no array")
    (tmp_path / "d.npz").write_bytes(b"")
    for name, said in (("d.csv", "it is not text"), ("d.npy", "cannot be read"), ("d.npz", "holds several arrays")):
        with pytest.raises(ProgramError, match=said):
            opened("w*d", "--set", "w=1", f"d=@{tmp_path}/{name}")


def test_the_command_line_and_the_command_that_comes_back(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    arguments = ["-e", "-x**2 * w", "--set", "x=2", "w=-1", "--learning-rate", "0.05"]
    assert main([*arguments, "--json", "--steps", "1"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["lesson"], said["learning_rate"], said["losses"][0]) == ("-x**2 * w", 0.05, 4.0)
    address = address_of(build_parser().parse_args(["-e-x**2 * w", *arguments[2:]]))
    session = open_session(Asked(address, learning_rate=0.05, at="2:w")).session
    back = shlex.split(command(session.timeline))
    assert back == ["backprop-tui", *arguments[:5], "--learning-rate", "0.05", "--at", "2:w"]
    session.keep(tmp_path / "kept.backprop")
    again = open_session(Asked(str(tmp_path / "kept.backprop"))).session
    assert again.timeline.moment.loss == session.timeline.moment.loss
    assert main(["-e", "w*(", "--set", "w=1", "--headless"]) == 2
    assert capsys.readouterr().err.splitlines() == ["backprop-tui: '(' was never closed", "  w*(", "    ^"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["chain", "-e", "w"], "-e opens a formula; leave out chain"),
        (["chain", "--set", "w=1"], "--set is for a formula"),
        (["my.py", "--data", "points.csv"], "--data FILE is for a lesson on points"),
        (["--export", "cuda"], "there are numpy, torch, minidl"),
        (["--export", "numpy", "chain"], "what to open goes first"),
        (["--export", "numpy", "--json"], "--export writes a script"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(arguments)
    assert said in capsys.readouterr().err


# lessons on somebody's points


def test_the_perceptron_learns_somebodys_points(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "points.csv"
    rng = np.random.default_rng(1)
    rows = [(x + 3000 * kind, y, "yes" if kind else "no") for x, y in rng.normal(size=(20, 2)) for kind in (0, 1)]
    path.write_text("size,age,ok\n" + "\n".join(f"{x},{y},{word}" for x, y, word in rows))
    for lesson in ("perceptron", "xor"):
        assert main([lesson, "--data", str(path), "--json"]) == 0
        assert len(json.loads(capsys.readouterr().out)["losses"]) == 101
    program = open_program(f"perceptron --data {path}")
    timeline = Timeline(program)
    assert command(timeline) == f"backprop-tui perceptron --data {path} --at 0"
    assert program.lesson.labels["W"] == (("size", "age"), ("no", "yes"))
    assert program.lesson.summary.startswith("40 points, no (blue) and yes (red)")
    losses = timeline.stepper.run(50)
    assert losses == sorted(losses, reverse=True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1,2,a\n3,4,a\n", "has one class only, 'a'"),
        ("1,2,a\n3,4,b\n5,6,c\n", ":3: 'c' is a third class"),
        ("1,2\n3,4\n", "has 2 columns; points have three"),
        ("1,2,a\n3,,b\n", ":2: column 2 is blank"),
        ("1,2,a\n3,4,\n", ":2: column 3 is blank"),
        ("1,x,a\n3,4,b\n", ":1: column 2 is 'x', and no number"),
    ],
)
def test_points_that_are_none_are_refused(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text(text)
    with pytest.raises(ProgramError) as error:
        open_program(f"perceptron --data {tmp_path}/p.csv")
    assert said in str(error.value)
    with pytest.raises(ProgramError, match="perceptron and xor; chain has none"):
        open_program(f"chain --data {tmp_path}/p.csv")


def test_a_broadcast_that_hardly_anybody_means_is_warned_of_in_a_formula_too() -> None:
    address = "-e 'reduce_sum(square(x - y))' --set 'x=[[1],[2]]' --data 'y=[1,2]'"
    assert "x is (2,1), y is (2,): every entry of one meets every entry of the other" in open_program(address).warning
