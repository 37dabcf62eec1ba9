"""Networks by hand that keep their arrays in layers, dictionaries, lists and loops, and how a test opens one."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tui_backprop.programs.opening import open_program
from tui_backprop.programs.program import Program
from tui_backprop.verdict import judge

DATA = """
import numpy as np
rng = np.random.default_rng(3)
X = rng.normal(size=(8, 2))
Y = (X[:, :1] * X[:, 1:] > 0) * 1.0
seen = []
"""

LAYERS = (
    DATA
    + """
class Dense:
    def __init__(self, n, m):
        self.weights = rng.normal(size=(n, m)) / np.sqrt(n)
        self.bias = np.zeros((1, m))

    def forward(self, x):
        self.x = x
        return np.dot(x, self.weights) + self.bias

    def backward(self, grad, rate):
        down = grad @ self.weights.T
        self.weights -= rate * (self.x.T @ grad)
        self.bias -= rate * grad.sum(axis=0, keepdims=True)
        return down

class Tanh:
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y

    def backward(self, grad, rate):
        return grad * (1 - self.y ** 2)

def mse(y, out):
    return np.mean((out - y) ** 2)

def train(net, rate, steps):
    for _ in range(steps):
        out = X
        for layer in net:
            out = layer.forward(out)
        error = mse(Y, out)
        seen.append(error)
        grad = 2 * (out - Y) / Y.size
        for layer in reversed(net):
            grad = layer.backward(grad, rate)

net = [Dense(2, 4), Tanh(), Dense(4, 1)]
train(net, 0.5, 6)
"""
)

DICTIONARY = (
    DATA
    + """
def forward(params):
    cache = {"A0": X}
    for i in (1, 2):
        z = cache[f"A{i - 1}"].dot(params[f"W{i}"]) + params[f"b{i}"]
        cache[f"A{i}"] = np.maximum(z, 0) if i == 1 else 1 / (1 + np.exp(-z))
    return cache

def backward(params, cache):
    grads, delta = {}, (cache["A2"] - Y) / len(Y)
    for i in (2, 1):
        grads[f"W{i}"] = cache[f"A{i - 1}"].T @ delta
        grads[f"b{i}"] = delta.sum(axis=0)
        delta = delta @ params[f"W{i}"].T * (cache[f"A{i - 1}"] > 0)
    return grads

def train():
    params = {"W1": rng.normal(size=(2, 5)), "b1": np.zeros(5), "W2": rng.normal(size=(5, 1)), "b2": np.zeros(1)}
    velocity = {name: np.zeros_like(value) for name, value in params.items()}
    for step in range(6):
        cache = forward(params)
        a = cache["A2"]
        cost = -np.mean(Y * np.log(a) + (1 - Y) * np.log(1 - a))
        seen.append(cost)
        grads = backward(params, cache)
        for name in params:
            velocity[name] = 0.9 * velocity[name] + grads[name]
            params[name] = params[name] - 0.1 * velocity[name]
    return params

train()
"""
)

RECURRENT = (
    DATA
    + """
Wx, Wh, b = rng.normal(size=(3, 2)), rng.normal(size=(3, 3)) / 2, np.zeros((3, 1))
for step in range(4):
    hs, loss = {-1: np.zeros((3, 1))}, 0
    for t in range(3):
        hs[t] = np.tanh(np.dot(Wx, X[t][:, None]) + np.dot(Wh, hs[t - 1]) + b)
        loss += 0.5 * np.sum((hs[t] - Y[t]) ** 2)
    dWx, dWh, db, carried = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b), 0
    for t in reversed(range(3)):
        dz = (hs[t] - Y[t] + carried) * (1 - hs[t] ** 2)
        dWx += dz @ X[t][None, :]
        dWh += dz @ hs[t - 1].T
        db += dz
        carried = Wh.T @ dz
    for param, grad in zip((Wx, Wh, b), (dWx, dWh, db)):
        np.clip(grad, -50, 50, out=grad)
        param -= 0.05 * grad
    seen.append(loss)
"""
)

OVER_TIME = (
    DATA
    + """
alpha = 0.5
P = {"U": rng.normal(size=(2, 3)) * 0.5, "R": rng.normal(size=(3, 3)) * 0.5, "V": rng.normal(size=(3, 1))}
for step in range(4):
    h, cache, loss = np.zeros((1, 3)), [], 0.0
    for t in range(5):
        f = np.tanh(X[t : t + 1] @ P["U"] + h @ P["R"])
        cache.append((h, f))
        h = h + alpha * f
    loss = np.sum((h @ P["V"] - 1) ** 2)
    seen.append(loss)
    d = 2 * (h @ P["V"] - 1)
    G = {name: np.zeros_like(each) for name, each in P.items()}
    G["V"] += h.T @ d
    dh = d @ P["V"].T
    for t in reversed(range(5)):
        h, f = cache[t]
        dz = alpha * dh * (1 - f ** 2)
        G["U"] += X[t : t + 1].T @ dz
        G["R"] += h.T @ dz
        dh = dh + dz @ P["R"].T
    for name in P:
        P[name] -= 0.05 * G[name]
"""
)

RESIDUAL = (
    DATA
    + """
first, last = rng.normal(size=(2, 4)) * 0.5, rng.normal(size=(4, 1))
blocks = [rng.normal(size=(4, 4)) * 0.3 for _ in range(3)]
for step in range(4):
    x, kept = X @ first, []
    for i in range(3):
        h = np.tanh(x @ blocks[i])
        kept.append((x, h))
        x = x + h
    loss = np.mean((x @ last - Y) ** 2)
    seen.append(loss)
    d = 2 * (x @ last - Y) / Y.size
    dlast, dx, grads = x.T @ d, d @ last.T, []
    for i in (2, 1, 0):
        x, h = kept[i]
        dz = dx * (1 - h ** 2)
        grads.insert(0, x.T @ dz)
        dx = dx + dz @ blocks[i].T
    first -= 0.1 * (X.T @ dx)
    last -= 0.1 * dlast
    for i, g in enumerate(grads):
        blocks[i] -= 0.1 * g
"""
)

BY_EXAMPLE = """
import numpy as np
rng = np.random.default_rng(2)
data = [(rng.normal(size=(3, 1)), rng.normal(size=(2, 1))) for _ in range(8)]
weights = [rng.normal(size=(2, 3))]

def gradient(x, y):
    a = 1 / (1 + np.exp(-np.dot(weights[0], x)))
    delta = (a - y) * a * (1 - a)
    return np.dot(delta, x.transpose())

def update(batch, rate):
    total = np.zeros(weights[0].shape)
    for x, y in batch:
        total = total + gradient(x, y)
    weights[0] = weights[0] - rate * total

for at in range(0, 8):
    update(data[at : at + 1], 0.5)
"""

PERCEPTRON = """
import numpy as np
np.random.seed(1)

def nonlin(x, deriv=False):
    if deriv:
        return x * (1 - x)
    return 1 / (1 + np.exp(-x))

X = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
y = np.array([[0, 1, 1, 0]]).T
syn0 = 2 * np.random.random((3, 4)) - 1
syn1 = 2 * np.random.random((4, 1)) - 1
for i in range(5):
    l1 = nonlin(X @ syn0)
    l2 = nonlin(l1 @ syn1)
    l2_error = y - l2
    l2_delta = l2_error * nonlin(l2, True)
    l1_delta = l2_delta.dot(syn1.T) * nonlin(l1, True)
    syn1 += l1.T.dot(l2_delta)
    syn0 += X.T.dot(l1_delta)
"""


def opened(source: str, folder: Path, multiple: float = 1.0) -> Program:
    path = folder / "net.py"
    ending = "\nwith open(__file__ + '.seen', 'w') as file:\n    file.write(repr([float(s) for s in seen]))\n"
    path.write_text(source + (ending if "seen = []" in source else ""))
    program = open_program(str(path))
    if "seen = []" in source:
        seen = [multiple * loss for loss in eval((folder / "net.py.seen").read_text())]
        assert [step.measured for step in program.steps] == seen
    assert type(np.zeros(2)) is type(np.random.rand(2)) is np.ndarray
    return program


def status_of(program: Program) -> int:
    verdict = judge(program)
    assert verdict is not None
    return verdict.status


TWO_LOSSES = (
    DATA
    + """
wg, wd = rng.normal(size=(2, 1)), rng.normal(size=(1, 1))
for step in range(4):
    z = rng.normal(size=(8, 2))
    dr, df = 1 / (1 + np.exp(-(Y @ wd))), 1 / (1 + np.exp(-(z @ wg @ wd)))
    d_loss = -np.mean(np.log(dr)) - np.mean(np.log(1 - df))
    wd = wd - 0.1 * (Y.T @ (dr - 1) + (z @ wg).T @ df) / 8
    df = 1 / (1 + np.exp(-(z @ wg @ wd)))
    g_loss = -np.mean(np.log(df))
    wg = wg - 0.1 * (z.T @ ((df - 1) @ wd.T) / 8)
    losses = d_loss, g_loss
"""
)
