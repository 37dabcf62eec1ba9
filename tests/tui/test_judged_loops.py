"""Gradients by hand in a loop are judged as its updates use them, whatever they are called and multiplied with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tui_backprop.commands.cli import main
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.drawing.palette import plain
from tui_backprop.inspector.overview import draw_start
from tui_backprop.programs.opening import open_program
from tui_backprop.verdict import judge

from .loop_scripts import BATCHES, TWO_LAYERS, opened

CLIPPED_TO_A_NORM = """    norm = np.sqrt((dW1 ** 2).sum() + (db1 ** 2).sum() + (dW2 ** 2).sum() + (db2 ** 2).sum())
    dW1 = dW1 * 0.01 / norm
    db1 = db1 * 0.01 / norm
    dW2 = dW2 * 0.01 / norm
    db2 = db2 * 0.01 / norm
"""


@pytest.mark.parametrize(
    ("more", "wrong"),
    [
        ("    dW2 = 3 * dW2\n", {"W2"}),
        ("    dW2 *= 0.3\n", {"W2"}),
        ("    dW2 = -dW2\n", {"W2"}),
        ("    dW2 = db2\n", {"W2"}),
        ("    dW1 += 0.1\n", {"W1"}),
        ("    db1 = db1 * 8\n", {"b1"}),
        ("    dW2 = np.clip(dW2, -0.01, 0.01)\n", set()),
        ("    dW2 = np.minimum(dW2, 0.01)\n", set()),
        ("    dW1 = np.clip(dW1, 0, 10)\n", {"W1"}),
        ("    dW1 = np.maximum(dW1, 0)\n", {"W1"}),
        ("    db2 = db2 / 2\n", {"b2"}),
        ("    dW2 = dW2 * 0.01 / np.linalg.norm(dW2)\n", set()),
        ("    dW1 += 0.001 * W1\n    dW2 += 0.001 * W2\n", set()),
        (CLIPPED_TO_A_NORM, set()),
    ],
)
def test_a_gradient_is_judged_as_the_update_uses_it(more: str, wrong: set[str], tmp_path: Path) -> None:
    program = opened(TWO_LAYERS.replace("    W1 -= 0.5", f"{more}    W1 -= 0.5"), tmp_path)
    verdict = judge(program)
    assert verdict is not None
    assert {each.node.name for each in verdict.parted} == wrong
    assert ("(weight decay)" in program.warning) == ("0.001 * W1" in more)
    assert ("Its updates clip W2" in program.warning) == ("0.01)" in more)


@pytest.mark.parametrize("in_a_class", [False, True])
@pytest.mark.parametrize(
    ("update", "wrong"),
    [
        ("W2 -= 0.5 * dW2 * 3", {"W2"}),
        ("W2 += 0.5 * dW2", {"W2"}),
        ("W2 -= 0.5 * db2", {"W2"}),
        ("W2 -= 0.5 * dW2 ** 2", {"W2"}),
        ("W2 -= 0.5 * np.sign(dW2)", set()),
        ("W2 = W2 - dW2 * 0.5", set()),
    ],
)
def test_what_an_update_does_to_a_gradient_is_judged_alike(
    in_a_class: bool, update: str, wrong: set[str], tmp_path: Path
) -> None:
    source = TWO_LAYERS.replace("W2 -= 0.5 * dW2", update)
    source = source.replace("import numpy as np", "import numpy as np\nclass Other: pass") if in_a_class else source
    verdict = judge(opened(source, tmp_path))
    assert verdict is not None
    assert {each.node.name for each in verdict.parted} == wrong


@pytest.mark.parametrize("in_a_class", [False, True])
def test_a_multiple_of_the_loss_is_said_alike(
    in_a_class: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = TWO_LAYERS.replace("2 * (a2 - y) / m", "2 * (a2 - y)")
    source = source.replace("import numpy as np", "import numpy as np\nclass Other: pass") if in_a_class else source
    (tmp_path / "sums.py").write_text(source)
    program = open_program(str(tmp_path / "sums.py"))
    assert program.learning_rate == 0.5
    assert program.steps[0].loss.name == "4 * loss"
    assert "Its gradients are those of 4 times loss" in program.warning
    assert main([str(tmp_path / "sums.py"), "--headless"]) == 0
    assert "4 gradients agree in all 6 steps with those of 4 times loss" in capsys.readouterr().out
    for name, multiple in (("sums.py", "4 times loss"), ("means.py", None)):
        (tmp_path / "means.py").write_text(TWO_LAYERS)
        assert main([str(tmp_path / name), "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["engine"]["gradients_of"] == multiple


NUMBERS = """
import numpy as np
x = np.array([1.0, 2.0, 3.0, 4.0])
w, b, seen = 0.0, 0.5, []
for i in range(12):
    error = w * x + b - (2 * x + 1)
    loss = np.mean(error ** 2)
    dw = np.mean(2 * error * x)
    db = np.mean(2 * error)
    w -= 0.05 * dw
    b -= 0.05 * db
    seen.append(loss)
"""


@pytest.mark.parametrize(
    ("update", "wrong", "is_seen"),
    [
        ("w -= 0.05 * dw", set(), True),
        ("w -= 0.05 * dw + 0.05 * 0.1 * w", set(), False),
        ("w -= 0.05 * dw * 3", {"w"}, True),
        ("w += 0.05 * dw", {"w"}, True),
    ],
)
def test_of_numbers_it_is_said_where_the_use_of_their_gradients_is_not_seen(
    update: str, wrong: set[str], is_seen: bool, tmp_path: Path
) -> None:
    program = opened(NUMBERS.replace("w -= 0.05 * dw", update), tmp_path)
    verdict = judge(program)
    assert verdict is not None
    assert {each.node.name for each in verdict.parted} == wrong
    assert ("How its updates use the gradients was not seen" in program.warning) != is_seen


@pytest.mark.parametrize("in_a_class", [False, True])
def test_a_rate_that_is_divided_by_the_number_of_examples_is_shown_as_it_was_written(
    in_a_class: bool, tmp_path: Path
) -> None:
    source = TWO_LAYERS.replace("2 * (a2 - y) / m", "2 * (a2 - y)").replace("-= 0.5 *", "-= 0.5 / len(X) *")
    source = source.replace("import numpy as np", "import numpy as np\nclass Other: pass") if in_a_class else source
    program = opened(source, tmp_path)
    assert (program.learning_rate, program.steps[0].loss.name, program.warning) == (0.5, "loss", "")
    verdict = judge(program)
    assert verdict is not None
    assert verdict.status == 0


@pytest.mark.parametrize(
    ("names", "epochs", "wrong", "found"),
    [("dW", 90, "", set()), ("g", 9, "", set()), ("nabla_", 9, "", set()), ("g", 9, " + 0.01", {"W"})],
)
def test_a_number_that_keeps_a_logarithm_finite_is_no_mistake_nor_is_another_name(
    names: str, epochs: int, wrong: str, found: set[str], tmp_path: Path
) -> None:
    source = BATCHES.replace("np.log(picked)", "np.log(picked + 1e-9)")
    source = source.replace("dW = np.clip(dW, -0.1, 0.1)", f"dW = dW{wrong}").replace("range(2)", f"range({epochs})")
    source = source.replace("db", f"{names.removesuffix('W')}b").replace("dW", f"{names.removesuffix('W')}W")
    verdict = judge(opened(source, tmp_path))
    assert verdict is not None
    assert ({each.node.name for each in verdict.parted}, verdict.recorded) == (found, 3 * epochs)


def test_gradients_without_names_are_compared_all_the_same(tmp_path: Path) -> None:
    source = TWO_LAYERS
    for name, made in (
        ("dW2", "a1.T @ dz2"),
        ("db2", "dz2.sum(axis=0, keepdims=True)"),
        ("db1", "np.sum(dz1, axis=0, keepdims=True)"),
    ):
        source = source.replace(f"    {name} = {made}\n", "").replace(f"* {name}", f"* ({made})")
    for wrong, found in (("", set[str]()), (" * 2", {"W2"})):
        program = opened(source.replace("(a1.T @ dz2)", f"(a1.T @ dz2{wrong})"), tmp_path)
        verdict = judge(program)
        assert verdict is not None
        assert ({each.node.name for each in verdict.parted}, verdict.compared) == (found, 4)


SUMMED = """
import numpy as np
rng = np.random.default_rng(0)
X = rng.normal(size=(8, 3)); y = rng.normal(size=(8, 1))
W1 = rng.normal(size=(3, 4)); b1 = np.zeros(4); W2 = rng.normal(size=(4, 1)); b2 = np.zeros(1)
lr = 0.01
for i in range(5):
    h = np.tanh(X @ W1 + b1)
    out = h @ W2 + b2
    loss = np.mean((out - y) ** 2)
    dout = 2 * (out - y)
    dW2 = h.T @ dout
    db2 = dout.sum(axis=0)
    dz = (dout @ W2.T) * (1 - h**2)
    dW1 = X.T @ dz
    db1 = dz.sum(axis=0)
    W1 -= lr * dW1
    b1 -= lr * db1
    W2 -= lr * dW2
    b2 -= lr * db2
"""


@pytest.mark.parametrize("read", ["by its lines", "by its arrays"])
@pytest.mark.parametrize("change", ["", "(1 - h)", "no name"])
def test_it_is_not_said_of_all_gradients_what_holds_for_some(
    read: str, change: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if read == "by its lines":
        monkeypatch.setattr("tui_backprop.programs.script.arrays_program", lambda *_: None)
    else:
        monkeypatch.setattr("tui_backprop.programs.script.numpy_program", lambda *_: None)
    source = SUMMED.replace("(1 - h**2)", change) if change == "(1 - h)" else SUMMED
    if change == "no name":
        source = source.replace("    db1 = dz.sum(axis=0)\n", "").replace("lr * db1", "lr * dz.sum(axis=0)")
    (tmp_path / "mine.py").write_text(source)
    program = open_program(str(tmp_path / "mine.py"))
    # what an update is made from the arrays know without a name
    is_of_all = not change or (change == "no name" and read == "by its arrays")
    said = (
        "Its gradients are those of 8 times loss" if is_of_all else "Some of its gradients, and not all, are those of"
    )
    assert said in program.warning
    assert program.engine is not None
    assert program.engine.is_of_all is is_of_all
    start = " ".join(plain(draw_start(Timeline(program).moment, 90, 40)).split())
    assert ("its gradients are those" in start) is is_of_all
    assert ("some of its gradients, and not all, are those of 8 times loss" in start) is not is_of_all
