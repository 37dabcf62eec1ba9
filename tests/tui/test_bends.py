"""Gradients just at a bend, as of relu at 0: each side of it is right, for an engine, a loop and PyTorch alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from minidl_core import Operation
from minidl_core.plan import Plan
from tui_backprop.beliefs.evaluated_graph import is_own
from tui_backprop.beliefs.tied_graph import has_ties

from .array_scripts import status_of
from .engine_scripts import opened

SCALARS = """
class Value:
    def __init__(self, data, kids=()):
        self.data, self.grad, self.kids, self._backward = data, 0.0, kids, lambda: None
    def __add__(self, o):
        out = Value(self.data + o.data, (self, o))
        def backward():
            self.grad += out.grad
            o.grad += out.grad
        out._backward = backward
        return out
    def __mul__(self, o):
        out = Value(self.data * o.data, (self, o))
        def backward():
            self.grad += o.data * out.grad
            o.grad += self.data * out.grad
        out._backward = backward
        return out
    def backward(self):
        order, seen = [], set()
        def visit(v):
            if v not in seen:
                seen.add(v)
                for k in v.kids:
                    visit(k)
                order.append(v)
        visit(self)
        self.grad = 1.0
        for v in reversed(order):
            v._backward()
def leaky(x):
    out = Value(x.data if x.data > 0 else 0.1 * x.data, (x,))
    def backward():
        x.grad += (1.0 if x.data >= 0 else 0.1) * out.grad
    out._backward = backward
    return out
def relu(x):
    out = Value(max(0.0, x.data), (x,))
    def backward():
        x.grad += (x.data >= 0) * out.grad
    out._backward = backward
    return out
w, b, u = Value(0.3), Value(0.0), Value(0.7)
for step in range(3):
    loss = Value(0.0)
    for x, t in [(0.0, 1.0), (1.0, 2.0), (0.0001, 0.5), (-2.0, 0.1)]:
        x = Value(x)
        e = leaky(w * x + b) + relu(w * x) * u + Value(-t)
        loss = loss + e * e
    for p in (w, b, u):
        p.grad = 0.0
    loss.backward()
    for p in (w, b, u):
        p.data -= 0.05 * p.grad
"""
ARRAYS = """
import numpy as np
rng = np.random.default_rng(0)
class Dense:
    def __init__(self, i, o):
        self.W, self.b = rng.normal(0, .5, (i, o)), np.zeros(o)
    def forward(self, x):
        self.x = x
        return x @ self.W + self.b
    def backward(self, g):
        self.dW, self.db = self.x.T @ g, g.sum(0)
        return g @ self.W.T
X, T = rng.normal(size=(10, 3)), rng.normal(size=(10, 2))
X[0] = 0
first, second = Dense(3, 4), Dense(4, 2)
for i in range(4):
    z = first.forward(X)
    o = second.forward(np.maximum(z, 0))
    loss = ((o - T) ** 2).mean()
    g = second.backward(2 * (o - T) / T.size)
    g[z < 0] = 0
    first.backward(g)
    for each in (first, second):
        each.W -= 0.1 * each.dW
        each.b -= 0.1 * each.db
"""
TORCH = """
import torch
torch.manual_seed(0)
class MyReLU(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.clamp(min=0)
    @staticmethod
    def backward(ctx, g):
        x, = ctx.saved_tensors
        g = g.clone()
        g[x < 0] = 0
        return g
x = torch.linspace(-1, 1, 41).reshape(41, 1) * 0.01
w = torch.randn(1, 8, requires_grad=True)
v = torch.randn(8, 1, requires_grad=True)
for i in range(3):
    loss = (MyReLU.apply(x @ w) @ v - x.abs()).pow(2).sum()
    loss.backward()
    with torch.no_grad():
        w -= 0.1 * w.grad
        v -= 0.1 * v.grad
        w.grad.zero_()
        v.grad.zero_()
"""


ROUNDED = """
import torch
torch.manual_seed(0)
x = torch.randn(20, 300) * 100
w = torch.randn(300, 3, requires_grad=True)
with torch.no_grad():
    x[0, 0] -= (x[0] @ w)[0] / w[0, 0]  # so that one entry of x @ w is 0 but for rounding
    x[0, 0] += {}
for i in range(2):
    loss = (torch.relu(x @ w) + 100 * w.sum()).pow(2).sum()
    loss.backward()
    w.grad = None
"""
NEAR_A_BEND = [ROUNDED.format(each) for each in (-4e-5, 0.0, 2e-5)]


@pytest.mark.parametrize(
    "script",
    [SCALARS, ARRAYS, *(pytest.param(each, marks=pytest.mark.torch) for each in (TORCH, *NEAR_A_BEND))],
    ids=["engine", "arrays", "torch", *["rounded"] * 3],
)
def test_another_side_of_a_bend_than_ours_is_no_mistake(tmp_path: Path, script: str) -> None:
    if "torch" in script:
        pytest.importorskip("torch")
    assert status_of(opened(tmp_path, script)) == 0


@pytest.mark.parametrize(
    ("script", "wrong"),
    [
        (SCALARS, SCALARS.replace("(x.data >= 0) * out.grad", "out.grad")),
        (ARRAYS, ARRAYS.replace("    g[z < 0] = 0\n", "")),
        pytest.param(TORCH, TORCH.replace("        g[x < 0] = 0\n", ""), marks=pytest.mark.torch),
    ],
    ids=["engine", "arrays", "torch"],
)
def test_a_slope_that_is_of_neither_side_is_told(tmp_path: Path, script: str, wrong: str) -> None:
    assert wrong != script
    if "torch" in script:
        pytest.importorskip("torch")
    assert status_of(opened(tmp_path, wrong)) == 3


@pytest.mark.parametrize(("number", "is_tied"), [(0.3, False), (-2.0, False), (0.0, True)])
def test_a_function_of_their_own_is_at_a_bend_only_where_it_bends(tmp_path: Path, number: float, is_tied: bool) -> None:
    source = f"{SCALARS.partition('w, b, u =')[0]}w = Value({number})\nleaky(w).backward()\n"
    # no operation of ours makes the same numbers
    step = opened(tmp_path, source.replace("0.1 * x.data", "x.data / (2 - x.data)")).steps[0]
    evaluation = Plan([step.loss]).run({}, step.set_before)
    assert has_ties([step.loss], evaluation.__getitem__, is_single=False) is is_tied
    assert isinstance(step.loss, Operation)
    assert is_own(step.loss)
