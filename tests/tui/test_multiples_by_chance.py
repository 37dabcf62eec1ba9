"""A wrong slope at an output of one number makes each gradient a multiple of the right one: that is no other loss."""

from __future__ import annotations

from pathlib import Path

import pytest

import minidl_core as dl
from tests.tui.test_used_gradients import parted
from tui_backprop.programs.multiples import trained_multiples
from tui_backprop.programs.opening import open_program
from tui_backprop.programs.program import Program

ONE_BY_ONE = """
import numpy as np
rng = np.random.default_rng(0)
X = rng.normal(size=(12, 3))
W, b, v, c = rng.normal(size=(4, 3)), np.zeros(4), rng.normal(size=4), 0.0
for x, t in zip(X, X[:, 0] > 0):
    h = np.tanh(W @ x + b)
    o = np.tanh(v @ h + c)
    loss = (o - t) ** 2
    d = 2 * (o - t) * (1 - o ** 2)
    dh = d * v * (1 - h ** 2)
    W -= 0.1 * np.outer(dh, x)
    b -= 0.1 * dh
    v -= 0.1 * d * h
    c -= 0.1 * d
"""


def after(steps: int, source: str, folder: Path) -> Program:
    path = folder / "net.py"
    path.write_text(source)
    return open_program(str(path), most=steps)


@pytest.mark.parametrize("steps", [2, 3, 12])
def test_a_wrong_slope_of_the_output_is_told_after_few_steps(steps: int, tmp_path: Path) -> None:
    assert parted(after(steps, ONE_BY_ONE, tmp_path)) == set()
    program = after(steps, ONE_BY_ONE.replace("(1 - o ** 2)", "(1 - o)"), tmp_path)
    assert parted(program) == {"W", "b", "v", "c"}
    assert "times" not in program.warning


def test_a_count_that_differs_from_step_to_step_is_still_a_multiple(tmp_path: Path) -> None:
    source = """
import numpy as np
rng = np.random.default_rng(0)
w = rng.normal(size=3)
for count in (4, 5, 3, 5):
    X, mask = rng.normal(size=(5, 3)), np.arange(5) < count
    e = (X @ w - 1) * mask
    loss = np.sum(e ** 2) / mask.sum()
    w -= 0.01 * 2 * X.T @ e
"""
    program = after(4, source, tmp_path)
    assert parted(program) == set()
    assert "times loss" in program.warning


@pytest.mark.parametrize(
    ("factors", "is_multiple"),
    [
        ((4.0, 5.0), True),
        ((1 / 500, 1 / 499), True),
        ((0.75, 2 / 3), True),
        ((50.032, 51.0), False),
        ((0.56975, 1.0), False),
    ],
)
def test_factors_of_batches_of_one_size_are_counts(factors: tuple[float, ...], is_multiple: bool) -> None:
    with dl.Graph().as_default():
        loss = dl.reduce_sum(dl.Variable([1.0, 2.0]))
        found = trained_multiples([(loss, factor, {}) for factor in factors])
    assert [factor for _, factor in found] == pytest.approx(factors if is_multiple else [1.0] * len(factors))


MADE_LARGER = """
import numpy as np
rng = np.random.default_rng(0)
X = rng.normal(size=(30, 2))
t = (X[:, 0] > 0) * 1.0

def train(w, b, rate):
    for i in range(4):
        p = 1 / (1 + np.exp(-(X @ w + b)))
        likelihood = np.sum(t * np.log(p) + (1 - t) * np.log(1 - p))
        loss = -likelihood / len(X)
        slope = (p - t) / len(X)
        dw, db = X.T @ slope, slope.sum(axis=0, keepdims=True)
        w = w - rate * dw
        b = b - rate * db
    return w

train(np.zeros(2), np.zeros(1), 0.1)
"""


def test_a_loss_that_is_made_larger_is_wrong_though_a_part_of_it_is_made_smaller(tmp_path: Path) -> None:
    assert parted(after(4, MADE_LARGER, tmp_path)) == set()
    assert parted(after(4, MADE_LARGER.replace("- rate", "+ rate"), tmp_path)) == {"w", "b"}
    squares = MADE_LARGER.replace("likelihood = np.sum(t * np.log(p) + (1 - t) * np.log(1 - p))", "e = X @ w + b - t")
    squares = squares.replace("-likelihood / len(X)", "np.sum(e ** 2) / 60").replace("(p - t)", "e")
    assert parted(after(4, squares, tmp_path)) == set()
    assert parted(after(4, squares.replace("- rate", "+ rate"), tmp_path)) == {"w", "b"}


def test_a_likelihood_alone_is_made_larger_by_right_steps(tmp_path: Path) -> None:
    source = MADE_LARGER.replace("        loss = -likelihood / len(X)\n", "")
    assert parted(after(4, source, tmp_path)) == set()
