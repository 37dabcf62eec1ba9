"""Numbers that only look like the loss of a script, and losses that take turns: refused instead of judged."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.test_used_gradients import opened
from tui_backprop.programs.program import ProgramError

PERCEPTRON = """
import numpy as np
class Perceptron:
    def __init__(self, n):
        self.w, self.b = np.zeros(n), 0.0
    def predict(self, x):
        return 1 if np.dot(self.w, x) + self.b >= 0 else 0
    def train(self, X, y, epochs):
        for _ in range(epochs):
            for x, t in zip(X, y):
                update = 0.1 * (t - self.predict(x))
                self.w += update * x
                self.b += update
X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
Perceptron(2).train(X, [0, 0, 0, 1], EPOCHS)
"""
SUPPORT_VECTORS = """
import numpy as np
rng = np.random.default_rng(0)
X = rng.normal(size=(20, 2))
y = np.where(X[:, 0] > 0, 1, -1)

def fit(w, b):
    for _ in range(3):
        for i, x in enumerate(X):
            if y[i] * (np.dot(x, w) - b) >= 1:
                w -= 0.001 * (2 * 0.01 * w)
            else:
                w -= 0.001 * (2 * 0.01 * w - np.dot(x, y[i]))
                b -= 0.001 * y[i]

fit(np.zeros(2), 0)
"""
TURNS = """
import numpy as np
rng = np.random.default_rng(0)
def sigmoid(x): return 1 / (1 + np.exp(-x))
g, h, d, e = 1.0, 0.0, 0.1, 0.0
for i in range(12):
    z, real = rng.normal(size=16), rng.normal(3, 0.5, 16)
    fake = g * z + h
    a, b = sigmoid(d * real + e), sigmoid(d * fake + e)
    d_loss = -np.mean(np.log(a) + np.log(1 - b))
    d_d, d_e = np.mean((a - 1) * real + b * fake), np.mean((a - 1) + b)
    d -= 0.05 * d_d
    e -= 0.05 * d_e
    fake = g * z + h
    b = sigmoid(d * fake + e)
    g_loss = -np.mean(np.log(b))
    slope = (b - 1) * d / 16
    g -= 0.05 * np.sum(slope * z)
    h -= 0.05 * np.sum(slope)
"""


@pytest.mark.parametrize("epochs", [1, 2, 10])
@pytest.mark.parametrize("sign", ["", "-"])
def test_the_output_of_a_perceptron_is_not_its_loss(epochs: int, sign: str, tmp_path: Path) -> None:
    source = PERCEPTRON.replace("EPOCHS", str(epochs)).replace("+= update * x", f"+= {sign}update * x")
    with pytest.raises(ProgramError, match="no number that NumPy was seen to compute from them is a loss"):
        opened(source, tmp_path)


@pytest.mark.parametrize("sign", ["-", "+"])
def test_the_decay_of_a_support_vector_machine_is_not_its_loss(sign: str, tmp_path: Path) -> None:
    with pytest.raises(ProgramError, match="no number that NumPy was seen to compute from them is a loss"):
        opened(SUPPORT_VECTORS.replace("w - np.dot", f"w {sign} np.dot"), tmp_path)


@pytest.mark.parametrize("slope", ["(b - 1)", "b"])
def test_losses_in_turn_of_weights_that_begin_as_numbers_are_refused(slope: str, tmp_path: Path) -> None:
    with pytest.raises(ProgramError, match="it trains by d_loss and g_loss in turn"):
        opened(TURNS.replace("(b - 1) * d / 16", f"{slope} * d / 16"), tmp_path)
