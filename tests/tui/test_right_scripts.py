"""Right scripts of many kinds, in none of which a gradient may be called wrong; a mistake in each is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.test_used_gradients import parted
from tui_backprop.beliefs.case import Case
from tui_backprop.beliefs.machine import Machine
from tui_backprop.commands.cli import main
from tui_backprop.programs.opening import open_program
from tui_backprop.programs.program import Program

DATA = """
import numpy as np
rng = np.random.default_rng(0)
X = rng.normal(size=(40, 3))
y = X @ np.array([1.0, -2.0, 0.5]) + 0.3
t = (y > 0).astype(float)
"""
NEWTON = """
w = np.zeros(3)
for i in range(5):
    p = 1 / (1 + np.exp(-X @ w))
    loss = -np.sum(t * np.log(p) + (1 - t) * np.log(1 - p)) + 0.5 * w @ w
    g = X.T @ (p - t) + w
    H = (X.T * (p * (1 - p))) @ X + np.eye(3)
    w = w - np.linalg.solve(H, g)
"""
NADAM = """
P = [rng.normal(size=(3, 4)), rng.normal(size=4)]
M, V = [np.zeros_like(p) for p in P], [np.zeros_like(p) for p in P]
for k in range(1, 13):
    h = np.tanh(X @ P[0])
    e = h @ P[1] - y
    loss = np.mean(e ** 2)
    d = 2 * e / 40
    G = [X.T @ (np.outer(d, P[1]) * (1 - h * h)), h.T @ d]
    for n, (p, g) in enumerate(zip(P, G)):
        M[n] = 0.9 * M[n] + 0.1 * g
        V[n] = 0.999 * V[n] + 0.001 * g ** 2
        m, v = M[n] / (1 - 0.9 ** k), V[n] / (1 - 0.999 ** k)
        ahead = 0.9 * m + 0.1 * g / (1 - 0.9 ** k)
        p -= 0.01 * ahead / (np.sqrt(v) + 1e-8) + 0.01 * 0.1 * p
"""
ADAMAX = (
    NADAM.partition("        V[n] =")[0]
    + """        V[n] = np.maximum(0.999 * V[n], np.abs(g))
        p -= 0.01 / (1 - 0.9 ** k) * M[n] / (V[n] + 1e-8)
"""
)
OVER_TIME = """
sequences, targets = rng.normal(size=(8, 4)), rng.normal(size=8)
wx, wh, b = 0.5, 0.3, 0.0
for i in range(6):
    total, dwx, dwh, db = 0.0, 0.0, 0.0, 0.0
    for sequence, target in zip(sequences, targets):
        hs = [0.0]
        for x in sequence:
            hs.append(np.tanh(wx * x + wh * hs[-1] + b))
        e = hs[-1] - target
        total = total + e ** 2 / 8
        d = 2 * e / 8
        for k in range(3, -1, -1):
            dz = d * (1 - hs[k + 1] ** 2)
            dwx = dwx + dz * sequence[k]
            dwh = dwh + dz * hs[k]
            db = db + dz
            d = dz * wh
    wx -= 0.1 * dwx
    wh -= 0.1 * dwh
    b -= 0.1 * db
"""
TWO_CALLS = """
W, v = rng.normal(size=(3, 4)), rng.normal(size=4)
def run(steps, rate, freeze):
    global W, v
    for i in range(steps):
        h = np.tanh(X @ W)
        e = h @ v - y
        loss = np.mean(e ** 2)
        d = 2 * e / 40
        gv, gW = h.T @ d, X.T @ (np.outer(d, v) * (1 - h ** 2))
        v = v - rate * gv
        if not freeze:
            W = W - rate * gW
run(5, 0.1, True)
run(5, 0.02, False)
"""
ANOTHER_LOSS = """
W1, W2 = rng.normal(size=(3, 6)), rng.normal(size=(6, 1))
for i in range(6):
    h = np.tanh(X @ W1)
    o = 1 / (1 + np.exp(-h @ W2))
    error = np.mean((o - t[:, None]) ** 2)
    d = (o - t[:, None]) / 40
    dW2 = h.T @ d + 0.01 * W2
    dW1 = X.T @ (d @ W2.T * (1 - h ** 2)) + 0.01 * W1
    W2 -= 0.5 * dW2
    W1 -= 0.5 * dW1
"""
POINTS = """
w, b = np.zeros(3), 0.0
for epoch in range(2):
    cost = 0.0
    for point, wanted in zip(X, y):
        error = wanted - (point @ w + b)
        w = w + 0.02 * error * point
        b = b + 0.02 * error
        cost += 0.5 * error ** 2
"""
CLASS = """
class Model:
    def __init__(self):
        self.w, self.b, self.vw, self.vb = np.zeros(3), 0.0, 0.0, 0.0
    def fit(self):
        for i in range(10):
            e = X @ self.w + self.b - y
            loss = (e ** 2).mean()
            self.vw = 0.8 * self.vw + 2 * X.T @ e / len(y)
            self.vb = 0.8 * self.vb + 2 * e.mean()
            self.w = self.w - 0.05 * self.vw
            self.b = self.b - 0.05 * self.vb
Model().fit()
"""
AFTERWARDS = """
w, b = np.zeros(3), 0.0
def error():
    return np.mean((X @ w + b - y) ** 2)
for i in range(10):
    e = X @ w + b - y
    w = w - 0.1 * 2 * X.T @ e / 40
    b = b - 0.1 * 2 * e.mean()
    print(i, error())
"""
HINGE = """
labels = rng.integers(0, 4, 40)
W = 0.1 * rng.normal(size=(3, 4))
for i in range(8):
    at = rng.permutation(40)[:20]
    xb, yb = X[at], labels[at]
    scores = xb @ W
    margins = np.maximum(0, scores - scores[np.arange(20), yb][:, None] + 1)
    margins[np.arange(20), yb] = 0
    loss = margins.sum() / 20 + 0.1 * np.sum(W * W)
    d = (margins > 0) * 1.0
    d[np.arange(20), yb] = -d.sum(axis=1)
    dW = xb.T @ d / 20 + 2 * 0.1 * W
    W -= 0.05 * dW
"""

ONE_BY_ONE = """
w, b, total = np.zeros(3), 0.0, 0.0
for x, k in zip(X, t):
    p = 1 / (1 + np.exp(-(x @ w + b)))
    total += -(k * np.log(p) + (1 - k) * np.log(1 - p))
    w -= 0.1 * (p - k) * x
    b -= 0.1 * (p - k)
print(total / 40)
"""


def opened(source: str, folder: Path) -> Program:
    (folder / "net.py").write_text(DATA + source)
    return open_program(str(folder / "net.py"))


@pytest.mark.parametrize(
    ("source", "compared", "line", "instead", "wrong"),
    [
        (NEWTON, {"w"}, "(p - t) + w", "(p - t)", {"w"}),
        (NEWTON.replace("np.linalg.solve(H, g)", "np.linalg.inv(H) @ g"), {"w"}, "(p - t) + w", "(p - t)", {"w"}),
        (NADAM, {"P[0]", "P[1]"}, "(1 - h * h)", "(1 - h)", {"P[0]"}),
        (ADAMAX, {"P[0]", "P[1]"}, "(1 - h * h)", "(1 - h)", {"P[0]"}),
        (OVER_TIME, {"wx", "wh", "b"}, "dz * hs[k]", "dz * hs[k + 1]", {"wh"}),
        (TWO_CALLS, {"W", "v"}, "(1 - h ** 2)", "(1 - h)", {"W"}),
        (ANOTHER_LOSS, {"W1", "W2"}, "", "", set()),
        (POINTS, {"w", "b"}, "b = b + 0.02 * error", "b = b - 0.02 * error", {"b"}),
        (CLASS, {"model.w", "model.b"}, "2 * e.mean()", "e.mean()", {"b"}),
        (HINGE, {"W"}, "    d[np.arange(20), yb] = -d.sum(axis=1)\n", "", {"W"}),
        (AFTERWARDS, {"w", "b"}, "2 * e.mean()", "2 * abs(e).mean()", {"b"}),
        (ONE_BY_ONE, {"w", "b"}, "b -= 0.1 * (p - k)", "b -= 0.1 * (p - k) * 2", {"b"}),
    ],
    ids=[
        "Newton",
        "inverse",
        "Nadam",
        "Adamax",
        "over time",
        "two calls",
        "another loss",
        "points",
        "class",
        "hinge",
        "afterwards",
        "one by one",
    ],
)
def test_a_right_script_is_acquitted_and_a_mistake_in_it_is_found(
    source: str, compared: set[str], line: str, instead: str, wrong: set[str], tmp_path: Path
) -> None:
    program = opened(source, tmp_path)
    assert parted(program) == set()
    assert {node.name.replace("self.", "model.") for node in program.steps[-1].theirs} == compared
    if line:
        assert line in source
        found = {name.rpartition(".")[2] for name in parted(opened(source.replace(line, instead), tmp_path))}
        assert found == wrong


def test_of_a_wrong_gradient_it_is_not_said_that_it_has_a_share_of_the_weight(tmp_path: Path) -> None:
    program = opened(HINGE.replace("    d[np.arange(20), yb] = -d.sum(axis=1)\n", ""), tmp_path)
    assert (parted(program), program.warning) == ({"W"}, "")


def test_gradients_of_another_loss_than_it_computes_are_said_with_the_verdict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    opened(ANOTHER_LOSS, tmp_path)
    assert main([str(tmp_path / "net.py"), "--headless"]) == 0
    said = "Its gradients are not those of the loss that it computes, but of -sum("
    assert said in capsys.readouterr().out


def test_all_steps_of_a_function_that_is_called_twice_are_here(tmp_path: Path) -> None:
    assert [len(step.theirs) for step in opened(TWO_CALLS, tmp_path).steps] == [1] * 5 + [2] * 5


def test_a_loss_that_is_not_found_in_some_steps_is_said(tmp_path: Path) -> None:
    program = opened(AFTERWARDS, tmp_path)
    assert len(program.steps) == 9
    assert program.warning == "Only 9 of its 10 steps are here: in the others reduce_mean was not found."


def test_the_wrong_slope_of_a_long_step_is_not_looked_for_longer_than_a_moment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tried: list[int] = []
    parting = Case.parting

    def count(case: Case, machine: Machine) -> int | None:
        tried.append(case.work(machine))
        return parting(case, machine)

    monkeypatch.setattr(Case, "parting", count)
    assert parted(opened(OVER_TIME.replace("dz * hs[k]", "dz * hs[k + 1]"), tmp_path)) == {"wh"}
    assert 0 < sum(tried) < 400_000


@pytest.mark.parametrize(
    "start", ["w = np.zeros(3)\nw += 0.01 * rng.normal(size=3)", "w = 0.1 * rng.normal(size=3) + rng.normal(size=3)"]
)
def test_a_weight_may_begin_as_a_sum_with_noise(start: str, tmp_path: Path) -> None:
    source = f"""{DATA}{start}
b = 0.0
def nll(w, b):
    z = X @ w + b
    return np.mean(np.log(1 + np.exp(-z)) + (1 - t) * z)
for i in range(4):
    p = 1 / (1 + np.exp(-(X @ w + b)))
    print(nll(w, b))
    w = w - 0.3 * X.T @ (p - t) / 40
    b = b - 0.3 * np.sum(p - t) / 40
"""
    path = tmp_path / "begun.py"
    path.write_text(source)
    assert parted(open_program(str(path))) == set()
    path.write_text(source.replace("np.sum(p - t) / 40", "np.sum(p - t)"))
    assert parted(open_program(str(path))) == {"b"}
