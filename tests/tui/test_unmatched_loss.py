"""A loss is computed that no gradient is of: where a layer's is of another one, the others are held against that."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui_backprop.programs.opening import open_program
from tui_backprop.verdict import judge

RECURRENT = """
import numpy as np
rng = np.random.default_rng(0)
xs, y = rng.normal(size=(3, 1, 2)), np.array([[0.5, -1.0]])
U, W, V = rng.normal(size=(2, 4)), rng.normal(size=(4, 4)), rng.normal(size=(4, 2))
def sigmoid(z):
    return 1 / (1 + np.exp(-z))
for i in range(5):
    hs = [np.zeros((1, 4))]
    for x in xs:
        hs.append(sigmoid(x @ U + hs[-1] @ W))
    error = y - hs[-1] @ V
    total_error = np.sum(np.abs(error))
    dV = hs[-1].T @ error
    dU, dW, dh = np.zeros_like(U), np.zeros_like(W), error @ V.T
    for t in reversed(range(3)):
        dz = dh * hs[t + 1] * (1 - hs[t + 1])
        dU += xs[t].T @ dz
        dW += hs[t].T @ dz
        dh = dz @ W.T
    U += 0.1 * dU
    W += 0.1 * dW
    V += 0.1 * dV
"""


@pytest.mark.parametrize("wrong", [False, True])
def test_the_weight_whose_gradient_is_right_is_not_named(wrong: bool, tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(RECURRENT.replace("dz @ W.T", "dz @ W") if wrong else RECURRENT)
    program = open_program(str(tmp_path / "net.py"))
    verdict = judge(program)
    assert verdict is not None
    assert {each.node.name for each in verdict.parted} == ({"U", "W"} if wrong else set())
    said = (
        "It has other gradients than those of its loss: some of" if wrong else "Its gradients are not those of the loss"
    )
    assert said in program.warning
    found = ["the slope of matmul (to its input 1) is wrong: yours passes on G·B; the right contribution is G·Bᵀ"]
    assert [each.message for each in verdict.diagnosis] == (found if wrong else [])
