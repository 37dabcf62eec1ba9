"""A product that passes its gradient on through a matrix as it stands is named where shapes do not tell of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui_backprop.programs.opening import open_program
from tui_backprop.verdict import judge

BY_HAND = """
import numpy as np
rng = np.random.default_rng(0)
xs, y = rng.normal(size=(4, 1, 3)), rng.normal(size=(1, 2))
W, U, V = rng.normal(size=(3, 3)), rng.normal(size=(3, 3)), rng.normal(size=(3, 2))
lr = 0.05
for i in range(5):
    hs = [np.zeros((1, 3))]
    for x in xs:
        hs.append(np.tanh(x @ U + hs[-1] @ W))
    loss = np.sum((hs[-1] @ V - y) ** 2)
    dout = 2 * (hs[-1] @ V - y)
    dV = hs[-1].T @ dout
    dW, dU, dh = np.zeros_like(W), np.zeros_like(U), dout @ V.T
    for t in reversed(range(4)):
        dz = dh * (1 - hs[t + 1] ** 2)
        dW += hs[t].T @ dz
        dU += xs[t].T @ dz
        dh = dz @ W.T
    W -= lr * dW
    U -= lr * dU
    V -= lr * dV
"""
COLUMNS = """
import numpy as np
rng = np.random.default_rng(0)
x, y = rng.normal(size=4), rng.normal(size=2)
W, U, V = rng.normal(size=(4, 4)), rng.normal(size=(4, 4)), rng.normal(size=(2, 4))
lr = 0.05
for i in range(5):
    a = np.tanh(U @ x)
    h = np.tanh(W @ a)
    loss = np.sum((V @ h - y) ** 2)
    dout = 2 * (V @ h - y)
    dV = np.outer(dout, h)
    dh = (V.T @ dout) * (1 - h ** 2)
    dW = np.outer(dh, a)
    da = (W.T @ dh) * (1 - a ** 2)
    dU = np.outer(da, x)
    W -= lr * dW
    U -= lr * dU
    V -= lr * dV
"""
ENGINE = """
import numpy as np
class Tensor:
    def __init__(self, data, parents=()):
        self.data, self.grad, self.parents = np.asarray(data, float), np.zeros(np.shape(data)), parents
        self.pass_back = lambda: None
    def __matmul__(self, other):
        out = Tensor(self.data @ other.data, (self, other))
        def pass_back():
            self.grad += out.grad @ other.data.T
            other.grad += self.data.T @ out.grad
        out.pass_back = pass_back
        return out
    def __mul__(self, other):
        out = Tensor(self.data * other.data, (self, other))
        def pass_back():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad
        out.pass_back = pass_back
        return out
    def sum(self):
        out = Tensor(self.data.sum(), (self,))
        def pass_back():
            self.grad += out.grad
        out.pass_back = pass_back
        return out
    def backward(self):
        order, seen = [], set()
        def visit(node):
            if id(node) not in seen:
                seen.add(id(node))
                for each in node.parents:
                    visit(each)
                order.append(node)
        visit(self)
        self.grad = np.ones_like(self.data)
        for node in reversed(order):
            node.pass_back()
rng = np.random.default_rng(0)
x, W, V = Tensor(rng.normal(size=(3, 3))), Tensor(rng.normal(size=(3, 3))), Tensor(rng.normal(size=(3, 3)))
for i in range(4):
    h = (x @ W) @ V
    loss = (h * h).sum()
    for each in (x, W, V):
        each.grad = np.zeros_like(each.data)
    loss.backward()
    W.data = W.data - 0.001 * W.grad
    V.data = V.data - 0.001 * V.grad
"""
TO_1 = "the slope of matmul (to its input 1) is wrong: yours passes on G·B; the right contribution is G·Bᵀ"
TO_2 = "the slope of matmul (to its input 2) is wrong: yours passes on A·G; the right contribution is Aᵀ·G"


@pytest.mark.parametrize(
    ("source", "right", "wrong", "said"),
    [
        (BY_HAND, "dz @ W.T", "dz @ W", TO_1),
        (COLUMNS, "W.T @ dh", "W @ dh", TO_2),
        (ENGINE, "out.grad @ other.data.T", "out.grad @ other.data", TO_1),
        (ENGINE, "self.data.T @ out.grad", "self.data @ out.grad", TO_2),
    ],
)
def test_the_matrix_that_is_not_transposed_is_named(
    source: str, right: str, wrong: str, said: str, tmp_path: Path
) -> None:
    assert source.count(right) == 1
    (tmp_path / "mine.py").write_text(source)
    verdict = judge(open_program(str(tmp_path / "mine.py")))
    assert verdict is not None
    assert verdict.status == 0
    (tmp_path / "mine.py").write_text(source.replace(right, wrong))
    verdict = judge(open_program(str(tmp_path / "mine.py")))
    assert verdict is not None
    assert [each.message for each in verdict.diagnosis] == [said]
