"""Loops in plain NumPy that calculate in float32: their losses are seen, and rounding is no mistake."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.tui.test_used_gradients import opened, parted
from tui_backprop.programs.arrays.noted import NotedSingle, plain

SOFTMAX = """
import numpy as np
rng = np.random.default_rng(0)
X, t = rng.standard_normal((50, 10)).astype(np.float32), rng.integers(0, 4, 50)
W1, b1 = (rng.standard_normal((10, 20)) * 0.3).astype(np.float32), np.zeros(20, dtype=np.float32)
W2, b2 = (rng.standard_normal((20, 4)) * 0.3).astype(np.float32), np.zeros(4, dtype=np.float32)
losses = []
for i in range(4):
    z = X @ W1 + b1
    h = np.maximum(z, 0)
    s = h @ W2 + b2
    logp = s - np.log(np.exp(s).sum(axis=1, keepdims=True))
    loss = -logp[range(50), t].mean()
    losses.append(loss)
    assert type(+loss / 2).__mro__[1] is np.float32 and loss.dtype == np.float32
    g = np.exp(logp)
    g[range(50), t] -= 1
    g /= 50
    dW2, db2 = h.T @ g, g.sum(0)
    gh = g @ W2.T
    gh[z < 0] = 0
    dW1, db1 = X.T @ gh, gh.sum(0)
    for p, d in [(W1, dW1), (b1, db1), (W2, dW2), (b2, db2)]:
        p -= np.float32(0.1) * d
assert losses[-1] < losses[0]
"""
NEARLY_CANCELLING = """
import numpy as np
rng = np.random.default_rng(0)
R = rng.integers(0, 6, (8, 6)).astype(np.float32)
U, V = rng.normal(0, 0.5, (8, 3)).astype(np.float32), rng.normal(0, 0.5, (6, 3)).astype(np.float32)
for epoch in range(60):
    E = U @ V.T - R
    loss = 0.5 * np.sum(E ** 2) + 0.01 * (np.sum(U ** 2) + np.sum(V ** 2))
    dU = E @ V + 0.02 * U
    dV = E.T @ U + 0.02 * V
    U -= 0.02 * dU
    V -= 0.02 * dV
"""


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [("", "", set()), ("gh[z < 0]", "gh[h < 0]", {"W1", "b1"}), ("= h.T @ g,", "= 2 * h.T @ g,", {"W2"})],
)
def test_a_loss_in_single_precision_is_seen(old: str, new: str, wrong: set[str], tmp_path: Path) -> None:
    program = opened(SOFTMAX.replace(old, new), tmp_path)
    assert parted(program) == wrong
    assert program.warning == ""


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [("", "", set()), (" + 0.02 * U", "", {"U"}), ("0.02 * V\n    U", "0.04 * V\n    U", {"V"})],
)
def test_rounding_of_terms_that_nearly_cancel_is_no_mistake(
    old: str, new: str, wrong: set[str], tmp_path: Path
) -> None:
    assert parted(opened(NEARLY_CANCELLING.replace(old, new), tmp_path)) == wrong


def test_numbers_of_single_precision_stay_numbers() -> None:
    number = NotedSingle(np.float32(2.5))
    assert (type(plain(number)), float(number), repr(number)) == (np.float32, 2.5, repr(np.float32(2.5)))
    assert hash(number) == hash(np.float32(2.5))
    assert number.mean() is number
