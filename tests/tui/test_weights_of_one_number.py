"""Weights that are one number, in loops by hand: their gradients are judged as those of arrays are."""

from __future__ import annotations

from pathlib import Path

import pytest

from .test_used_gradients import opened, parted

LOGISTIC = """
import numpy as np
rng = np.random.default_rng(1)

class Regression:
    def fit(self, X, y, lr):
        m = len(X)
        self.w, self.b = np.zeros((3, 1)), np.zeros(1)
        for _ in range(8):
            a = 1 / (1 + np.exp(-(X @ self.w + self.b)))
            cost = -(1 / m) * np.sum(y * np.log(a) + (1 - y) * np.log(1 - a))
            dw = (1 / m) * np.dot(X.T, a - y)
            db = (1 / m) * np.sum(a - y)
            self.w = self.w - lr * dw
            self.b = self.b - lr * db

X = rng.normal(size=(20, 3))
Regression().fit(X, (X[:, :1] > 0) * 1.0, 0.1)
"""


@pytest.mark.parametrize(
    ("line", "instead", "wrong"),
    [
        ("", "", set()),
        ("self.w - lr * dw", "self.w - lr * X.T @ (a - y) / m", set()),
        ("db = (1 / m) * np.sum", "db = np.mean", set()),
        ("db = (1 / m) * ", "db = ", {"self.b"}),
        ("dw = (1 / m) * ", "dw = ", {"self.w"}),
    ],
)
def test_a_bias_of_one_number_is_judged_too(line: str, instead: str, wrong: set[str], tmp_path: Path) -> None:
    program = opened(LOGISTIC.replace(line, instead) if line else LOGISTIC, tmp_path)
    assert parted(program) == wrong
    assert len(program.steps[0].theirs) == 2
    assert program.learning_rate == 0.1


ONE_UNIT = """
import numpy as np
rng = np.random.default_rng(2)

def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))

def train(points, targets, rate):
    w, b = rng.normal(size=3), 0.0
    v, c = rng.normal(size=(2, 3)), np.zeros(3)
    for epoch in range(2):
        total = 0.0
        for x, t in zip(points, targets):
            h = np.tanh(x @ v + c)
            o = sigmoid(h @ w + b)
            loss = 0.5 * (o - t) ** 2
            do = (o - t) * o * (1 - o)
            dh = do * w * (1 - h ** 2)
            w = w - rate * do * h
            b = b - rate * do
            v -= rate * np.outer(x, dh)
            c -= rate * dh
            total += loss
        print(epoch, total)

train(np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([0.0, 1.0, 1.0, 0.0]), 0.5)
"""


@pytest.mark.parametrize(
    ("line", "instead", "wrong"),
    [
        ("", "", set()),
        ("b = b - rate * do", "b -= rate * do", set()),
        ("b = b - rate * do", "b = b - rate * do * 3", {"b"}),
        ("b = b - rate * do", "b = b - rate * (o - t)", {"b"}),
        ("dh = do * w * (1 - h ** 2)", "dh = do * w * (1 + h)", {"c", "v"}),
    ],
)
def test_a_weight_that_is_one_number_is_judged_where_it_begins_as_a_plain_one(
    line: str, instead: str, wrong: set[str], tmp_path: Path
) -> None:
    program = opened(ONE_UNIT.replace(line, instead) if line else ONE_UNIT, tmp_path)
    # where a point is 0 the gradient of v is, too
    assert parted(program) in (wrong, wrong - {"v"})
    assert {node.name for step in program.steps for node in step.theirs} == {"w", "b", "v", "c"}
    assert (len(program.steps), len(program.steps[0].theirs), program.learning_rate) == (8, 4, 0.5)
    assert (program.warning, len({step.loss for step in program.steps})) == ("", 1)
