"""A weight whose new numbers leave NumPy is not judged, and that is said; data that change are no such weight."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui_backprop.programs.opening import open_program
from tui_backprop.verdict import judge

NET = """
import copy, io, pickle
import numpy as np
rng = np.random.default_rng(0)
X, y = rng.normal(size=(8, 3)), rng.normal(size=(8, 1))
class Net:
    def __init__(self):
        self.W1, self.b1 = rng.normal(size=(3, 4)), np.zeros(4)
        self.W2, self.b2 = rng.normal(size=(4, 1)), np.zeros(1)
    def step(self, X, y, lr):
        h = np.tanh(X @ self.W1 + self.b1)
        out = h @ self.W2 + self.b2
        loss = np.mean((out - y) ** 2)
        dout = 2 * (out - y) / len(X)
        dz = (dout @ self.W2.T) * (1 - h ** 2)
        g = {"W1": 3 * X.T @ dz, "b1": dz.sum(axis=0), "W2": h.T @ dout, "b2": dout.sum(axis=0)}
        for name in g:
            w = getattr(self, name)
            if name == "LOST":
                setattr(self, name, NEW)
            else:
                w -= lr * g[name]
net = Net()
for i in range(5):
    net.step(X, y, 0.1)
"""
ROUTES = [
    "np.array((w - lr * g[name]).tolist())",
    "np.frombuffer((w - lr * g[name]).tobytes()).reshape(w.shape).copy()",
    "pickle.loads(pickle.dumps(w - lr * g[name]))",
    "np.array([float(a) - lr * float(b) for a, b in zip(w.ravel(), g[name].ravel())]).reshape(w.shape)",
]
BATCHES = """
import random
import numpy as np
random.seed(0)
rows = {rows}
targets = [sum(row) for row in rows]
class Net:
    def __init__(self):
        self.W, self.b = np.zeros((3, 1)), np.zeros(1)
    def step(self, X, y):
        out = X @ self.W + self.b
        loss = np.mean((out - y) ** 2)
        d = 2 * (out - y) / len(X)
        self.W -= 0.1 * X.T @ d
        self.b -= 0.1 * d.sum(axis=0)
net = Net()
for i in range(12):
    chosen = {chosen}
    net.step(np.array([rows[j] for j in chosen]), np.array([[targets[j]] for j in chosen]))
"""


def said_of(source: str, folder: Path) -> tuple[str, int, int]:
    (folder / "net.py").write_text(source)
    program = open_program(str(folder / "net.py"))
    verdict = judge(program)
    assert verdict is not None
    return program.warning, verdict.compared, verdict.status


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("lost", ["W1", "b1", "W2", "b2"])
def test_what_was_not_judged_is_said(lost: str, route: str, tmp_path: Path) -> None:
    right = NET if lost == "W1" else NET.replace("3 * X.T", "X.T")
    warning, compared, status = said_of(right.replace("LOST", lost).replace("NEW", route), tmp_path)
    assert "An array, read at net.py:1" in warning
    assert "moves from step to step by an update that is not followed: its gradients are not compared." in warning
    assert (compared, status) == (3, 0)


def test_a_copy_that_numpy_makes_is_followed_and_judged(tmp_path: Path) -> None:
    source = NET.replace("LOST", "W1").replace("NEW", "copy.deepcopy(w - lr * g[name])")
    assert said_of(source, tmp_path) == ("", 4, 3)


@pytest.mark.parametrize("chosen", ["random.sample(range(50), 4)", "range(i, i + 4)"])
@pytest.mark.parametrize(
    "rows",
    [
        "[[random.random() for _ in range(3)] for _ in range(50)]",
        "[[np.sin(0.05 * i + j).item() for j in range(3)] for i in range(50)]",
    ],
)
def test_batches_that_come_from_lists_are_data(rows: str, chosen: str, tmp_path: Path) -> None:
    assert said_of(BATCHES.format(rows=rows, chosen=chosen), tmp_path) == ("", 2, 0)
