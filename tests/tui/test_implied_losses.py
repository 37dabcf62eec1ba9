"""Where no loss is computed, the gradients that are right say of which loss the others are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.test_used_gradients import parted
from tui_backprop.programs.opening import open_program

from .array_scripts import PERCEPTRON

NET_OF_LISTS = """
import numpy as np
rng = np.random.default_rng(0)
sizes = [4, 6, 3]
class Net:
    def __init__(self):
        self.biases = [rng.normal(size=(n, 1)) for n in sizes[1:]]
        self.weights = [rng.normal(size=(n, m)) for m, n in zip(sizes, sizes[1:])]
    def learn(self, batch, rate):
        nabla_b = [np.zeros(b.shape) for b in self.biases]
        nabla_w = [np.zeros(w.shape) for w in self.weights]
        for x, y in batch:
            db, dw = self.backprop(x, y)
            nabla_b = [a + d for a, d in zip(nabla_b, db)]
            nabla_w = [a + d for a, d in zip(nabla_w, dw)]
        self.weights = [w - (rate / len(batch)) * d for w, d in zip(self.weights, nabla_w)]
        self.biases = [b - (rate / len(batch)) * d for b, d in zip(self.biases, nabla_b)]
    def backprop(self, x, y):
        a, zs = [x], []
        for b, w in zip(self.biases, self.weights):
            zs.append(np.dot(w, a[-1]) + b)
            a.append(sigmoid(zs[-1]))
        delta = (a[-1] - y) * slope(zs[-1])
        below = np.dot(self.weights[1].T, delta) * slope(zs[-2])
        return [below, delta], [np.dot(below, a[0].T), np.dot(delta, a[1].T)]
def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))
def slope(z):
    return sigmoid(z) * (1 - sigmoid(z))
net = Net()
data = [(rng.normal(size=(4, 1)), np.eye(3)[:, [i % 3]]) for i in range(12)]
for at in range(0, 12, 4):
    net.learn(data[at:at + 4], 3.0)
"""
OF_ALL = "It computes no loss; its gradients are those of "
OF_SOME = "It computes no loss: some of its gradients, and not all, are those of "
ONE, SUM = "0.5 * sum((l2 - y) ** 2), shown here.", "the sum of 0.5 * sum((output - target) ** 2) over its examples"


@pytest.mark.parametrize(
    ("line", "instead", "wrong"),
    [
        ("", "", set()),
        ("a + d for a, d in zip(nabla_w, dw)", "d for a, d in zip(nabla_w, dw)", {"net.weights[0]", "net.weights[1]"}),
        ("delta) * slope(zs[-2])", "delta) * slope(a[-2])", {"net.weights[0]", "net.biases[0]"}),
    ],
)
def test_the_examples_of_a_batch_have_a_sum(line: str, instead: str, wrong: set[str], tmp_path: Path) -> None:
    assert line in NET_OF_LISTS
    path = tmp_path / "net.py"
    path.write_text(NET_OF_LISTS.replace(line, instead) if line else NET_OF_LISTS)
    program = open_program(str(path))
    assert parted(program) == wrong
    assert (OF_SOME if wrong else OF_ALL) + SUM in program.warning


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        ("nonlin(l1, True)", "nonlin(l1)"),
        ("l2_delta.dot(syn1.T)", "l2_error.dot(syn1.T)"),
        # what was not set to zero is right in the first step
        ("    syn0 += X.T.dot(l1_delta)", "    kept = X.T.dot(l1_delta) + (kept if i else 0)\n    syn0 += kept"),
    ],
)
def test_a_mistake_is_told_by_the_gradients_that_are_right(line: str, instead: str, tmp_path: Path) -> None:
    assert line in PERCEPTRON
    path = tmp_path / "net.py"
    path.write_text(PERCEPTRON.replace(line, instead))
    program = open_program(str(path))
    assert parted(program) == {"syn0"}
    assert OF_SOME + ONE in program.warning


def test_a_target_is_not_called_as_the_weight_of_its_line(tmp_path: Path) -> None:
    path = tmp_path / "line.py"
    path.write_text(
        "import numpy as np\n"
        "X, y, w = np.arange(12.0).reshape(6, 2) / 9, np.arange(6.0).reshape(6, 1), np.ones((2, 1))\n"
        "def train(w):\n"
        "    for i in range(4):\n"
        "        out = X @ w\n"
        "        w = w - 0.1 * X.T @ (out - y ** 2)\n"
        "train(w)\n"
    )
    assert "those of 0.5 * sum((out - target) ** 2), shown here." in open_program(str(path)).warning


def test_a_gradient_from_another_forward_pass_is_compared_where_one_was(tmp_path: Path) -> None:
    path = tmp_path / "ahead.py"
    source = """
import numpy as np
rng = np.random.default_rng(0)
X, y = rng.normal(size=(20, 3)), rng.normal(size=20)
w, v = np.zeros(3), np.zeros(3)
for k in range(5):
    ahead = w + 0.9 * v
    e = X @ ahead - y
    loss = e @ e / 20
    v = 0.9 * v - 0.1 * (2 * X.T @ e / 20)
    w = w + v
"""
    path.write_text(source)
    assert parted(open_program(str(path))) == set()
    path.write_text(source.replace("X.T @ e", "X.T @ (X @ w - y)"))
    assert parted(open_program(str(path))) == {"w"}


RATINGS = """
import numpy as np
rng = np.random.default_rng(0)
ratings = [(u, i, float(rng.integers(1, 6))) for u in range(4) for i in range(3)]
class Factors:
    def __init__(self):
        self.P, self.Q = rng.normal(size=(4, 2)), rng.normal(size=(3, 2))
        self.of_users = np.zeros(4)
    def learn(self):
        for u, i, r in ratings:
            e = r - self.predicted(u, i)
            self.of_users[u] += 0.05 * (e - 0.02 * self.of_users[u])
            p = self.P[u, :].copy()
            self.P[u, :] += 0.05 * (e * self.Q[i, :] - 0.02 * self.P[u, :])
            self.Q[i, :] += 0.05 * (e * p - 0.02 * self.Q[i, :])
    def predicted(self, u, i):
        return 2.5 + self.of_users[u] + self.P[u, :].dot(self.Q[i, :].T)
    def rmse(self):
        squares = 0
        for u, i, r in ratings:
            squares += (r - self.predicted(u, i)) ** 2
        return np.sqrt(squares / 12)
factors = Factors()
for epoch in range(3):
    factors.learn()
    print(factors.rmse())
"""


@pytest.mark.parametrize("steps", [3, 100])
def test_a_prediction_is_no_loss_of_which_errors_are_multiples(steps: int, tmp_path: Path) -> None:
    path = tmp_path / "ratings.py"
    path.write_text(RATINGS)
    program = open_program(str(path), most=steps)
    assert parted(program) == set()
    assert "times" not in program.warning
    assert "those of 0.5 * sum((" in program.warning
