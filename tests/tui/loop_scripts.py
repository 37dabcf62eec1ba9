"""Training loops in plain NumPy, and how a test opens one."""

from __future__ import annotations

import sys
from pathlib import Path

from tui_backprop.programs.opening import open_program
from tui_backprop.programs.program import Program

TWO_LAYERS = '''
"""Exclusive or, by hand."""
import numpy as np
np.random.seed(1)

def sigmoid(z):
    """Squash."""
    return 1 / (1 + np.exp(-z))

def slope(a):
    return a * (1 - a)

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
y = np.array([[0], [1], [1], [0]])
W1, b1 = np.random.randn(2, 4), np.zeros((1, 4))
W2, b2 = np.random.randn(4, 1), np.zeros((1, 1))
m = X.shape[0]
seen = []
for epoch in range(6):
    z1 = np.dot(X, W1) + b1
    a1 = sigmoid(z1)
    a2 = sigmoid(a1.dot(W2) + b2)
    loss = np.mean((y - a2) ** 2)
    dz2 = 2 * (a2 - y) / m * slope(a2)
    dW2 = a1.T @ dz2
    db2 = dz2.sum(axis=0, keepdims=True)
    dz1 = dz2 @ W2.T * slope(a1)
    dW1 = X.T @ dz1
    db1 = np.sum(dz1, axis=0, keepdims=True)
    W1 -= 0.5 * dW1
    b1 -= 0.5 * db1
    W2 -= 0.5 * dW2
    b2 -= 0.5 * db2
    seen.append(loss)
    if epoch % 2 == 0:
        right = np.mean((a2 > 0.5) == y)
        print(f"epoch {epoch}: {right} right, loss {loss:.4f}")
'''

BATCHES = """
import numpy as np
if __name__ == "__main__":
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(30, 5)), rng.integers(0, 3, size=30)
    W, b = 0.1 * rng.normal(size=(5, 3)), np.zeros(3)
    rate, reg, seen = 0.1, 0.01, []
    for epoch in range(2):
        for start in range(0, 30, 10):
            xb, yb = X[start:start + 10], Y[start:start + 10]
            xb = xb * 1.0
            n = len(xb)
            scores = xb @ W + b
            scores -= scores.max(axis=1, keepdims=True)
            probs = np.exp(scores) / np.sum(np.exp(scores), axis=1, keepdims=True)
            picked = probs[np.arange(n), yb]
            loss = -np.log(picked).mean() + 0.5 * reg * np.sum(W * W)
            dscores = probs
            dscores[np.arange(n), yb] -= 1
            dscores /= n
            dW = xb.T @ dscores + reg * W
            db = dscores.sum(axis=0)
            dW = np.clip(dW, -0.1, 0.1)
            W = W - rate * dW
            b = b - rate * db
            seen.append(loss)
        print(epoch, loss)
"""

ADAM = """
import numpy as np
w, m, v, seen = np.array([3.0, -2.0]), np.zeros(2), np.zeros(2), []
t = 0
while t < 12:
    t += 1
    cost = np.sum((w - np.array([1.0, 1.0])) ** 2)
    dw = 2 * (w - 1)
    m = 0.9 * m + 0.1 * dw
    v = 0.999 * v + 0.001 * dw ** 2
    w = w - 0.1 * (m / (1 - 0.9 ** t)) / (np.sqrt(v / (1 - 0.999 ** t)) + 1e-8)
    seen.append(cost)
"""


def opened(source: str, folder: Path) -> Program:
    path = folder / "by_hand.py"
    path.write_text(
        source + "\nwith open(__file__ + '.seen', 'w') as file:\n    file.write(repr([float(s) for s in seen]))\n"
    )
    program = open_program(str(path))
    assert [step.measured for step in program.steps] == eval((folder / "by_hand.py.seen").read_text())
    assert sys.gettrace() is None or "by_hand" not in repr(sys.gettrace())
    return program
