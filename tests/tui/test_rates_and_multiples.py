"""Which factors of an update are its learning rate, and which make its gradients those of a multiple of the loss."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from minidl_core.train import GradientDescentOptimizer
from tui_backprop.commands.cli import main
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.inspector.overview import draw_start

from .test_used_gradients import NET, UPDATE, opened, parted


@pytest.mark.parametrize(
    ("update", "said"),
    [
        (
            "            value -= (rate if name != 'b1' else 2 * rate) * g[name]",
            "Its updates have learning rates of their own: net.p['b1'] at 0.1, the others at 0.05.",
        ),
        ("            value += -rate * g[name]", ""),
        ("            value -= rate * g[name].copy()", ""),
    ],
)
def test_rates_of_their_own_are_said_and_no_mistakes(update: str, said: str, tmp_path: Path) -> None:
    program = opened(NET.replace(UPDATE, update), tmp_path)
    assert (parted(program), program.warning) == (set(), said)


TWICE_FOR_BIASES = """
import numpy as np
rng, rate = np.random.default_rng(0), 0.1
X = rng.normal(size=(20, 3))
y = X @ np.array([[1.0], [-2.0], [0.5]]) + 0.1
W, b = rng.normal(size=(3, 1)) * 0.1, np.zeros(1)
for epoch in range(5):
    error = X @ W + b - y
    loss = np.mean(error**2)
    dW = 2 * X.T @ error / len(X)
    db = 2 * error.mean(axis=0)
    W -= rate * dW
    b -= 2 * rate * db
"""


@pytest.mark.parametrize(("line", "wrong"), [("2 * error.mean", set()), ("2 * abs(error).mean", {"b"})])
def test_rates_of_their_own_are_found_where_gradients_have_other_factors(
    line: str, wrong: set[str], tmp_path: Path
) -> None:
    program = opened(TWICE_FOR_BIASES.replace("2 * error.mean", line), tmp_path)
    assert parted(program) == wrong
    assert program.warning == "Its updates have learning rates of their own: b at 0.2, the others at 0.1."


def test_a_multiple_of_the_loss_is_said_and_the_rate_is_the_scripts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program = opened(NET.replace("2 * (out - y) / len(X)", "2 * (out - y)"), tmp_path)
    assert parted(program) == set()
    assert (program.learning_rate, type(program.optimizer)) == (0.05, GradientDescentOptimizer)
    assert program.steps[0].loss.name == "8 * loss"
    assert "Its gradients are those of 8 times loss" in program.warning
    assert main([str(tmp_path / "net.py"), "--headless"]) == 0
    assert "4 gradients agree in all 6 steps with those of 8 times loss" in capsys.readouterr().out
    shown = "".join(text for line in draw_start(Timeline(program).moment, 100, 40) for text, _ in line)
    assert "its gradients are those of 8 times loss, which is shown here" in shown


ONE_WEIGHT = """
import numpy as np
rng = np.random.default_rng(0)
X = rng.normal(size=(60, 4))
y = X @ np.array([1.0, -2.0, 0.5, 1.0])
w = np.zeros(4)
for i in range(8):
    p = X @ w
    loss = np.mean((p - y) ** 2)
    dw = 2 * X.T @ (p - y) / len(X)
    # before
    w = w - 0.01 * dw

class Other:
    '''A script with a class is read by its arrays.'''
"""


@pytest.mark.parametrize(
    ("before", "update", "multiple"),
    [
        ("if i == 5: dw = 3 * dw", "0.01 * dw", "1 to 3 times loss"),
        ("dw = 3 * dw + 0.0", "0.01 * dw", "3 times loss"),
        ("step = 0.01 * dw\n    if i == 5: step = 3 * step", "step", "1 to 3 times loss"),
        ("step = 0.01 * dw", "step", ""),
        ("step = 0.01 / (1 + i) * dw", "step", ""),
    ],
)
def test_what_is_done_to_a_gradient_before_its_update_is_no_learning_rate(
    before: str, update: str, multiple: str, tmp_path: Path
) -> None:
    source = ONE_WEIGHT.replace("w - 0.01 * dw", f"w - {update}").replace("# before", before)
    program = opened(source, tmp_path)
    assert parted(program) == set()
    assert program.engine is not None
    assert (program.engine.multiple, program.learning_rate) == (multiple, 0.01)
    assert (f"Its gradients are those of {multiple}," in program.warning) == bool(multiple)


@pytest.mark.parametrize("is_by_lines", [True, False])
def test_a_gradient_with_another_factor_in_each_step_is_a_mistake(
    is_by_lines: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = ONE_WEIGHT.replace("# before", "dw = rng.uniform(0.5, 1.5) * dw").replace("range(8)", "range(30)")
    program = opened(source.partition("class Other")[0] if is_by_lines else source, tmp_path)
    assert parted(program) == {"w"}
    assert program.engine is not None
    assert (program.engine.multiple, program.warning, program.learning_rate) == ("", "", 0.01)
    assert {step.loss for step in program.steps} == {program.example.loss}
    assert len(program.example.loss.graph.nodes) < 20
    assert main([str(tmp_path / "net.py"), "--headless"]) == 3
    said = r"w: yours is [01]\.\d+ times the right one, and by another factor in other steps\n"
    assert re.search(said, capsys.readouterr().out)


SIZES = """
import numpy as np
rng = np.random.default_rng(5)
X = rng.normal(size=(170, 3))
y = X @ np.array([1.0, -2.0, 0.5]) + 1
w, b, first = np.zeros(3), 0.0, 0
for n in (3, 5, 7, 9, 11, 13, 14, 16, 18, 19, 20, 22):
    xb, yb = X[first : first + n], y[first : first + n]
    first += n
    error = xb @ w + b - yb
    loss = np.mean(error ** 2)
    dw = 2 * xb.T @ error
    db = 2 * np.sum(error)
    w -= 0.002 * dw
    b -= 0.002 * db

class Other:
    '''A script with a class is read by its arrays.'''
"""


@pytest.mark.parametrize("is_by_lines", [True, False])
def test_a_sum_over_batches_of_many_sizes_is_no_mistake(is_by_lines: bool, tmp_path: Path) -> None:
    source = SIZES.partition("class Other")[0] if is_by_lines else SIZES
    program = opened(source, tmp_path)
    assert parted(program) == set()
    assert (len(program.steps), len(program.steps[0].theirs), program.learning_rate) == (12, 2, 0.002)
    assert "Its gradients are those of 3 to 22 times loss" in program.warning
    assert parted(opened(source.replace("2 * xb.T @ error", "xb.T @ np.abs(error)"), tmp_path)) >= {"w"}


def test_a_wrong_gradient_is_said_as_a_multiple_of_the_right_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program = opened(NET.replace('"W2": self.h.T @ d', '"W2": self.h.T @ d * 4'), tmp_path)
    assert (program.learning_rate, type(program.optimizer)) == (0.05, GradientDescentOptimizer)
    assert main([str(tmp_path / "net.py"), "--headless"]) == 3
    assert "4 times the right one" in capsys.readouterr().out


def test_a_rate_that_is_divided_counts_for_one_gradient_where_another_is_wrong(tmp_path: Path) -> None:
    source = NET.replace("2 * (out - y) / len(X)", "2 * (out - y)").replace("rate * g", "rate / 8 * g")
    source = source.replace('"b2": d.sum(0)', '"b2": d.sum(0) ** 2').replace("(1 - self.h ** 2)", "(1 - self.h)")
    program = opened(source, tmp_path)
    assert parted(program) == {f"net.p['{name}']" for name in ("b2", "W1", "b1")}
    assert program.warning == ""


DECAYING_RATE = """
import numpy as np
rng = np.random.default_rng(0)
X = rng.normal(size=(12, 3))
W = rng.normal(size=(3, 8)) * 0.05
for epoch in range(6):
    # in step 4 it is 0.4, and 0.125 times that is 0.05
    rate = 1.0 / (1 + 0.5 * epoch)
    error = X @ W - 1
    loss = np.mean(np.sum(error**2, axis=1))
    slope = 2 * error / error.size
    W -= rate * (X.T @ slope)
"""
SUMMED_DATA = """
import numpy as np
rng = np.random.default_rng(0)
X, y = rng.normal(size=(40, 3)), rng.integers(0, 2, 40)
W, b = np.zeros((3, 2)), np.zeros(2)
for epoch in range(4):
    e = np.exp(X @ W + b)
    p = e / e.sum(axis=1, keepdims=True)
    loss = -np.log(p[np.arange(40), y]).mean() + 0.1 * np.sum(W * W)
    d = p.copy()
    d[np.arange(40), y] -= 1
    W -= 0.01 * (X.T @ d + 0.2 * W)
    b -= 0.01 * d.sum(axis=0)
"""


def test_one_multiple_is_that_of_all_steps_alike(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "net.py"
    path.write_text(DECAYING_RATE)
    assert main(["--headless", str(path)]) == 0
    assert "with those of 0.125 times loss" in capsys.readouterr().out
    path.write_text(SUMMED_DATA)
    assert main(["--headless", str(path)]) == 3
    said = capsys.readouterr().out
    assert "1 of 2 gradients agree in iteration 2 with those of 40 times loss" in said
    path.write_text(SUMMED_DATA.replace("+ 0.2 * W", "+ 40 * 0.2 * W"))
    assert main(["--headless", str(path)]) == 0
