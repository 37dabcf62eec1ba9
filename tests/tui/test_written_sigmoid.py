"""The wrong slope of a sigmoid that is written out is named, as that of a named one is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui_backprop.programs.opening import open_program
from tui_backprop.verdict import judge

NET = """
import numpy as np
rng = np.random.default_rng(1)
X = rng.normal(size=(30, 3))
t = (X[:, :1] > 0) * 1.0
W, b = rng.normal(size=(3, 4)), np.zeros(4)
V, c = rng.normal(size=(4, 1)), np.zeros(1)
def sigmoid(z):
    return 1 / (1 + np.exp(-z))
for i in range(6):
    z = X @ W + b
    a = FORM
    p = sigmoid(a @ V + c)
    loss = -np.mean(t * np.log(p) + (1 - t) * np.log(1 - p))
    d = (p - t) / len(X)
    dV, dc = a.T @ d, d.sum(axis=0)
    dz = SLOPE
    dW, db = X.T @ dz, dz.sum(axis=0)
    W -= 0.5 * dW
    b -= 0.5 * db
    V -= 0.5 * dV
    c -= 0.5 * dc
    print(loss)
"""
FORMS = ["1 / (1 + np.exp(-z))", "1.0 / (np.exp(-z) + 1.0)", "(1 + np.exp(-z)) ** -1", "sigmoid(z)"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("slope", "said"),
    [
        ("d @ V.T", "G"),
        ("d @ V.T * a", "G⊙Y"),
        ("d @ V.T * (1 - a)", "G⊙(1 - Y)"),
        ("d @ V.T * z * (1 - z)", "G⊙Z⊙(1 - Z)"),
        ("d @ V.T * sigmoid(a) * (1 - sigmoid(a))", "the slope of the sigmoid at Y"),
        ("d @ V.T * (1 - a ** 2)", "G⊙(1 - Y²)"),
    ],
)
def test_a_wrong_slope_is_named(form: str, slope: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "net.py"
    file.write_text(NET.replace("FORM", form).replace("SLOPE", slope))
    verdict = judge(open_program(str(file)))
    assert verdict is not None
    [fault] = verdict.diagnosis
    assert f"yours passes on {said}; the right contribution is G⊙Y⊙(1 - Y)" in fault.message
    assert "the slope of the sigmoid 1 / (1 + exp(-Z)) in a" in fault.message


@pytest.mark.parametrize("form", FORMS)
def test_the_right_slope_is_acquitted_and_no_slope_is_named_of_another_mistake(form: str, tmp_path: Path) -> None:
    file = tmp_path / "net.py"
    source = NET.replace("FORM", form).replace("SLOPE", "d @ V.T * a * (1 - a)")
    file.write_text(source)
    verdict = judge(open_program(str(file)))
    assert verdict is not None
    assert verdict.status == 0
    file.write_text(source.replace("dW, db = X.T @ dz", "dW, db = 2 * X.T @ dz"))
    verdict = judge(open_program(str(file)))
    assert verdict is not None
    assert ([each.node.name for each in verdict.parted], list(verdict.diagnosis)) == (["W"], [])
