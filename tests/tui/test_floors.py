"""Gradients by hand of a loss without what only keeps its logarithms finite, as p - t is of -log(p + 1e-7)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from minidl_core import Constant, Placeholder
from minidl_core.order import post_order
from tui_backprop.programs.program import Program
from tui_backprop.verdict import judge

from .array_scripts import opened, status_of

LOOP = """
import numpy as np
rng = np.random.default_rng(0)
X, t = rng.normal(size=(30, 4)), np.eye(3)[rng.integers(0, 3, 30)]
W, b = 3 * rng.normal(size=(4, 3)), np.zeros(3)
for i in range(12):
    z = X @ W + b
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    loss = -np.sum(t * np.log(p + 1e-7)) / 30
    d = (p - t) / 30
    dW = X.T @ d
    db = d.sum(axis=0)
    W = W - 0.5 * dW
    b = b - 0.5 * db
"""
LAYERS = """
import numpy as np
rng = np.random.default_rng(0)
class Relu:
    def forward(self, x):
        self.mask = x <= 0
        out = x.copy()
        out[self.mask] = 0
        return out
    def backward(self, dout):
        dout[self.mask] = 0
        return dout
class Affine:
    def __init__(self, W, b):
        self.W, self.b = W, b
    def forward(self, x):
        self.x = x
        return np.dot(x, self.W) + self.b
    def backward(self, dout):
        self.dW, self.db = np.dot(self.x.T, dout), np.sum(dout, axis=0)
        return np.dot(dout, self.W.T)
def softmax(x):
    x = x - np.max(x, axis=-1, keepdims=True)
    return np.exp(x) / np.sum(np.exp(x), axis=-1, keepdims=True)
def cross_entropy(y, t):
    return -np.sum(np.log(y[np.arange(len(y)), t] + 1e-7)) / len(y)
params = {'W1': rng.normal(0, .5, (4, 5)), 'b1': np.zeros(5), 'W2': rng.normal(0, .5, (5, 3)), 'b2': np.zeros(3)}
layers = [Affine(params['W1'], params['b1']), Relu(), Affine(params['W2'], params['b2'])]
def gradient(x, t, decay=0.1):
    out = x
    for layer in layers:
        out = layer.forward(out)
    y = softmax(out)
    loss = cross_entropy(y, t) + sum(0.5 * decay * np.sum(params[n] ** 2) for n in ('W1', 'W2'))
    dout = y.copy()
    dout[np.arange(len(t)), t] -= 1
    dout /= len(t)
    for layer in reversed(layers):
        dout = layer.backward(dout)
    first, _, second = layers
    return {'W1': first.dW + decay * first.W, 'b1': first.db, 'W2': second.dW + decay * second.W, 'b2': second.db}
X, t = rng.normal(size=(30, 4)), rng.integers(0, 3, 30)
for i in range(12):
    at = rng.choice(30, 10)
    grads = gradient(X[at], t[at])
    for name in params:
        params[name] -= 0.1 * grads[name]
"""
SAID = "without the {} that keeps a logarithm in it finite"


def _said(program: Program) -> list[str]:
    verdict = judge(program)
    assert verdict is not None
    return list(verdict.lines())


@pytest.mark.parametrize("floor", ["1e-07", "1e-05"])
@pytest.mark.parametrize("script", [LOOP, LAYERS], ids=["loop", "layers"])
def test_a_difference_after_softmax_is_right_whatever_keeps_the_logarithm_finite(
    tmp_path: Path, script: str, floor: str
) -> None:
    program = opened(script.replace("1e-7", floor), tmp_path)
    assert status_of(program) == 0
    assert SAID.format(floor) in program.warning
    assert "gradients are those of loss without" in program.warning or script is LAYERS
    added = [n.initial_value for n in post_order([program.steps[0].loss]) if isinstance(n, Constant)]
    assert float(floor) not in [float(value) for value in added if np.size(value) == 1]


@pytest.mark.parametrize("floor", ["1e-07", "1e-05"])
def test_a_gradient_that_has_the_floor_is_compared_with_it(tmp_path: Path, floor: str) -> None:
    exact = LOOP.replace("d = (p - t) / 30", "u = -t / (p + 1e-7) / 30; d = p * (u - (u * p).sum(1, keepdims=True))")
    program = opened(exact.replace("1e-7", floor), tmp_path)
    assert status_of(program) == 0
    assert "keeps a logarithm" not in program.warning


def test_a_mistake_beside_a_floor_is_told_by_its_cause(tmp_path: Path) -> None:
    said = _said(opened(LAYERS.replace("        dout[self.mask] = 0\n", ""), tmp_path))
    assert said[0].startswith("✗")
    assert "2 of 4 gradients agree" in said[0]
    assert any("the slope of where (to its input 3) is wrong: yours passes on G" in line for line in said)


def test_data_that_a_call_is_given_is_not_called_as_what_the_line_stores(tmp_path: Path) -> None:
    loss = opened(LAYERS, tmp_path).steps[0].loss
    names = {node.name for node in post_order([loss]) if isinstance(node, Placeholder)}
    assert "X[at]" in names
    assert "grads" not in names
