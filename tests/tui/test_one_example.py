"""Training by hand on one example at a time: gradients of all functions of its one output have the same direction."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui_backprop.verdict import judge

from .array_scripts import opened, status_of

SCRIPT = """
import numpy as np
rng = np.random.default_rng(0)
X = rng.normal(size=(20, 3))
Y = (X[:, :1] * X[:, 1:2] > 0).astype(float)
W1, W2 = rng.normal(size=(3, 6)), rng.normal(size=(6, 1))
def sigmoid(z):
    return 1 / (1 + np.exp(-z))
for i in range(20):
    x, y = X[i : i + 1], Y[i : i + 1]
    h = sigmoid(x @ W1)
    a = sigmoid(h @ W2)
    error = a - y
    d2 = error * a * (1 - a)
    d1 = (d2 @ W2.T) * h * (1 - h)
    W2 = W2 - 0.5 * (h.T @ d2)
    W1 = W1 - 0.5 * (x.T @ d1)
"""
SHOWN = SCRIPT.replace("error = a - y", "error = a - y; shown_error = np.mean(np.abs(error))")
BY_ENTROPY = SCRIPT.replace("d2 = error * a * (1 - a)", "d2 = error")
NO_SLOPE = SCRIPT.replace("* h * (1 - h)", "* h")
FIRST, SECOND = "    d1 = (d2 @ W2.T) * h * (1 - h)\n", "    W2 = W2 - 0.5 * (h.T @ d2)\n"
TOO_SOON = SCRIPT.replace(FIRST + SECOND, SECOND + FIRST)
SQUARE = "0.5 * sum((output - target) ** 2)"
ENTROPY = "-sum(target * log(output) + (1 - target) * log(1 - output))"


@pytest.mark.parametrize(
    ("script", "loss"),
    [(SCRIPT, SQUARE), (SHOWN, SQUARE), (BY_ENTROPY, ENTROPY)],
    ids=["error", "absolute error is shown", "cross entropy"],
)
def test_right_gradients_are_of_a_loss_in_all_steps_and_not_of_the_error(
    tmp_path: Path, script: str, loss: str
) -> None:
    program = opened(script, tmp_path)
    assert program.warning == f"It computes no loss; its gradients are those of {loss}, shown here."
    assert len(program.steps) == 20
    assert status_of(program) == 0


@pytest.mark.parametrize("script", [NO_SLOPE, TOO_SOON], ids=["no slope", "too soon"])
def test_of_one_wrong_gradient_the_other_is_right(tmp_path: Path, script: str) -> None:
    assert script != SCRIPT
    program = opened(script, tmp_path)
    assert f"some of its gradients, and not all, are those of {SQUARE}" in program.warning
    verdict = judge(program)
    assert verdict is not None
    assert next(verdict.lines()).endswith("the first that parts, in the order of the search, is W1")
    assert "1 of 2 gradients agree" in next(verdict.lines())
