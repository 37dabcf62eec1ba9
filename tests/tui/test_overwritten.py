"""Data that a loop overwrites is told from weights by the script: in doubt a leaf is a weight."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui_backprop.programs.engine.overwritten import Script, data_leaves
from tui_backprop.verdict import Verdict

from .test_engine_verdicts import ENGINE, verdict_of

NAMES = dict(enumerate(["w", "b", "P[0]", "P[1]", "net.v", "x", "y", "inputs[0]", "inputs[1]", "net.x"]))


def data_of(source: str) -> set[str]:
    [line] = [number for number, text in enumerate(source.splitlines(), 1) if "backward()" in text]
    found = data_leaves(NAMES, Script({"mine.py": source}, "data", "grad"), ("mine.py", line))
    return {NAMES[serial] for serial in found}


LOOP = """
import random
import numpy as np
def loss_of(x): return (w * x + b) * y
rows = [(1.0, 2.0), (3.0, 4.0)]
params = [w, b]
theta = np.zeros(2)
for step in range(6):
    for p in (w, b, x, y): p.grad = 0.0
    row = rows[step % 2]
    {given}
    loss = loss_of(x)
    loss.backward()
    {update}
    print(step, loss.data)
"""
DESCENT = "for p in params: p.data -= 0.1 * p.grad"


@pytest.mark.parametrize(
    ("given", "data"),
    [
        ("x.data, y.data = row", {"x", "y"}),
        ("x.data = random.uniform(-1, 1)", {"x"}),
        ("x.data = float(np.sin(step))", {"x"}),
        ("for each, number in zip(inputs, row): each.data = number", {"inputs[0]", "inputs[1]"}),
        ("for i, number in enumerate(row): inputs[i].data = number", {"inputs[0]", "inputs[1]"}),
        ("for each, number in zip((x, y), row): each.data = float(number)", {"x", "y"}),
        ("net.x.data = row[0]", {"net.x"}),
    ],
)
def test_numbers_that_a_loop_gives_anew_are_data(given: str, data: set[str]) -> None:
    assert data_of(LOOP.format(given=given, update=DESCENT)) == data


@pytest.mark.parametrize(
    "update",
    [
        "for p in params: p.data -= 0.1 * (p.grad + 0.1 * p.data)",
        "for p in params: p.data = 0.9 * p.data - 0.1 * p.grad",
        "for p, number in zip(params, [p.data - 0.1 * p.grad for p in params]): p.data = number",
        "theta -= np.array([p.grad for p in params])\n    for p, number in zip(params, theta): p.data = number",
        "new = []\n    for p in params: new.append(p.data - 0.1 * p.grad)\n    w.data, b.data = new",
        "np.subtract(theta, [p.grad for p in params], out=theta)\n    w.data, b.data = theta",
        "w.data = optimizer(w)",
        "w.data = optimizer.step('w', getattr(w, 'grad'))",
        "for n in range(2): P[n].data = stepped(P[n])",
        "if step % 2: w.data = 0.5",
        "for p in P[:1]: p.data = 0.5\n    for p in P[1:]: p.data -= 0.1 * p.grad",
        "w.data = 0.5\n    for p in params: p.data -= 0.1 * p.grad",
        "",
    ],
)
def test_what_may_be_an_update_makes_no_data(update: str) -> None:
    assert data_of(LOOP.format(given="pass", update=update)) == set()


def test_what_a_loop_outside_gives_is_a_start(tmp_path: Path) -> None:
    restarts = "for start in range(3):\n    w.data = 0.1 * start\n    for step in range(6):\n        loss.backward()\n"
    assert data_of(restarts) == set()
    assert data_of("x.data = 1.0\nloss.backward()\n") == set()
    assert data_of("def fit(row):\n    x.data = row[0]\n    loss.backward()\n") == {"x"}


DECAY = """
W = [Value(0.4), Value(-0.7), Value(0.2)]
B = [Value(0.1), Value(0.2), Value(0.3)]
for step in range(6):
    for p in {zeroed}: p.grad = 0.0
    h = Value(1.5)
    for w, b in zip(W, B):
        h = h * w + b
    loss = (h + Value(1.0)) * (h + Value(1.0))
    loss.backward()
    for p in W: p.data -= {rule}
    for p in B: p.data -= 0.05 * p.grad
"""
RULES = [
    "0.05 * (p.grad + 0.1 * p.data)",
    "0.05 * max(-0.3, min(0.3, p.grad))",
    "0.03 * 0.9 ** step * p.grad",
    "0.05 * p.grad / (abs(p.grad) + 1e-8)",
]


@pytest.mark.parametrize("rule", RULES, ids=["decay", "clipped", "rate", "sign"])
def test_weights_by_a_rule_of_their_own_are_weights(rule: str, tmp_path: Path) -> None:
    def judged(zeroed: str) -> Verdict:
        return verdict_of(tmp_path, ENGINE + DECAY.format(zeroed=zeroed, rule=rule))

    assert (judged("W + B").status, judged("W + B").unused) == (0, ())
    wrong = judged("B")
    assert (wrong.status, wrong.unused, wrong.diagnosis[0].belief) == (3, (), "not-zeroed")
    assert {each.node.name for each in wrong.parted} == {"W[0]", "W[1]", "W[2]"}
