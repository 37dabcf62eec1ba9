"""Engines of many kinds, as learners write them, and how a test opens one."""

from __future__ import annotations

import textwrap
from pathlib import Path

import numpy as np

import minidl_core as dl
from tui_backprop.programs.opening import open_program
from tui_backprop.programs.program import Program

CLOSURES = """
import math
class Val:
    def __init__(self, val, came_from=()):
        self.val, self.slope, self.came_from, self.push = val, 0.0, list(came_from), lambda: None
    def __repr__(self):
        raise RuntimeError("not for you")
    def __eq__(self, other):
        raise RuntimeError("not for you")
    __hash__ = None
    def __add__(self, other):
        other = other if isinstance(other, Val) else Val(other)
        out = Val(self.val + other.val, (self, other))
        def push():
            self.slope += out.slope
            other.slope += out.slope
        out.push = push
        return out
    def __mul__(self, other):
        other = other if isinstance(other, Val) else Val(other)
        out = Val(self.val * other.val, (self, other))
        def push():
            self.slope += other.val * out.slope
            other.slope += self.val * out.slope
        out.push = push
        return out
    def __sub__(self, other):
        return self + other * -1.0
    def softplus(self):
        out = Val(math.log(1 + math.exp(self.val)), (self,))
        def push():
            self.slope += out.slope / (1 + math.exp(-self.val))
        out.push = push
        return out
    def backprop(self):
        order, seen = [], set()
        def visit(node):
            if id(node) not in seen:
                seen.add(id(node))
                for each in node.came_from:
                    visit(each)
                order.append(node)
        visit(self)
        self.slope = 1.0
        for node in reversed(order):
            node.push()
w, b = [Val(0.5), Val(-1.25)], Val(2.0)
def score(x):
    return w[0] * x + w[1] * w[1] + b
for step in range(4):
    J = (score(1.5 + step) - 0.1).softplus()
    for each in (*w, b):
        each.slope = 0.0
    J.backprop()
    for each in (*w, b):
        each.val -= 0.1 * each.slope
    print(J.val)
"""

SLOTS = """
class Scalar:
    __slots__ = ("data", "grad", "_children", "_local_grads")
    def __init__(self, data, children=(), local_grads=()):
        self.data, self.grad, self._children, self._local_grads = data, 0, children, local_grads
    def __add__(self, other):
        return Scalar(self.data + other.data, (self, other), (1, 1))
    def __mul__(self, other):
        return Scalar(self.data * other.data, (self, other), (other.data, self.data))
    def __pow__(self, n):
        return Scalar(self.data**n, (self,), (n * self.data ** (n - 1),))
def backward(loss):
    loss.grad = 1
    stack = [loss]
    while stack:
        node = stack.pop()
        for child, slope in zip(node._children, node._local_grads):
            child.grad += slope * node.grad
            stack.append(child)
model = {"w": [[Scalar(1.5), Scalar(-0.5)]], "b": [Scalar(0.25)]}
for step in range(3):
    w, b = model["w"][0], model["b"][0]
    J = (w[0] * w[1] + b) ** 3
    backward(J)
    for each in (*w, b):
        each.data -= 0.05 * each.grad
        each.grad = 0
"""

FUNCTIONS = """
import math
class Function:
    @classmethod
    def apply(cls, *nodes):
        ctx = cls()
        ctx.nodes = nodes
        return Variable(ctx.forward(*[node.value for node in nodes]), ctx)
class Mul(Function):
    def forward(self, a, b):
        self.saved = a, b
        return a * b
    def backward(self, g):
        return self.saved[1] * g, self.saved[0] * g
class Tanh(Function):
    def forward(self, a):
        self.saved = math.tanh(a)
        return self.saved
    def backward(self, g):
        return (g * (1 - self.saved**2),)
class Variable:
    def __init__(self, value, ctx=None):
        self.value, self.gradient, self.ctx = value, None, ctx
    def __mul__(self, other):
        return Mul.apply(self, other)
    def tanh(self):
        return Tanh.apply(self)
    def backward(self, gradient=1.0):
        self.gradient = (self.gradient or 0.0) + gradient
        if self.ctx:
            for node, each in zip(self.ctx.nodes, self.ctx.backward(gradient)):
                node.backward(each)
a, b = Variable(0.3), Variable(-0.7)
J = (a * b).tanh() * a
J.backward()
"""

TENSORS = """
import numpy as np
class Tensor:
    def __init__(self, data, parents=()):
        self.data = np.asarray(data, dtype=float)
        self.grad = np.zeros_like(self.data)
        self.parents = parents
        self.send = None
    def __matmul__(self, other):
        out = Tensor(self.data @ other.data, (self, other))
        def send():
            self.grad += out.grad @ other.data.T
            other.grad += self.data.T @ out.grad
        out.send = send
        return out
    def __add__(self, other):
        out = Tensor(self.data + other.data, (self, other))
        def send():
            self.grad += out.grad
            other.grad += out.grad.sum(axis=0)
        out.send = send
        return out
    def tanh(self):
        out = Tensor(np.tanh(self.data), (self,))
        def send():
            self.grad += out.grad * (1 - out.data**2)
        out.send = send
        return out
    def mean(self):
        out = Tensor(self.data.mean(), (self,))
        def send():
            self.grad += out.grad / self.data.size
        out.send = send
        return out
    def backward(self):
        order = []
        def visit(node):
            if node not in order:
                for each in node.parents:
                    visit(each)
                order.append(node)
        visit(self)
        self.grad = np.ones_like(self.data)
        for node in reversed(order):
            if node.send:
                node.send()
"""

TENSOR_SCRIPT = """
import numpy as np
from {module} import Tensor
rng = np.random.default_rng(0)
class Net:
    def __init__(self):
        self.W, self.b = Tensor(rng.normal(size=(2, 3))), Tensor(np.zeros(3))
    def __call__(self, x):
        return (x @ self.W + self.b).tanh()
net = Net()
for step in range(3):
    x = Tensor(rng.normal(size=(4, 2)))
    J = net(x).mean()
    J.backward()
    for p in (net.W, net.b):
        p.data = p.data - 0.1 * p.grad
        p.grad = np.zeros_like(p.data)
"""

MICROGRAD = """
import random
from micrograd.engine import Value
from micrograd.nn import MLP
random.seed(1)
model = MLP(2, [3, 1])
for step in range(3):
    scores = [model([Value(random.random()), Value(random.random())]) for _ in range(2)]
    loss = sum((1 + -score).relu() for score in scores) * 0.5
    model.zero_grad()
    loss.backward()
    for p in model.parameters():
        p.data -= 0.1 * p.grad
"""


def opened(folder: Path, source: str) -> Program:
    path = folder / "mine.py"
    path.write_text(textwrap.dedent(source))
    return open_program(str(path))


def compare(program: Program) -> None:
    """Compare each loss to the bit and each gradient closely with those that our engine finds."""
    variables: dict[dl.Variable, np.ndarray] = {}
    for step in program.steps:
        session = dl.Session()
        for variable, value in variables.items():
            session.variables[variable] = value
        assert session.run(step.loss, step.feeds) == step.measured
        right = dl.compute_gradient(step.loss, session)
        for node, theirs in step.theirs.items():
            np.testing.assert_allclose(theirs, right[node], rtol=1e-7, atol=1e-10, err_msg=node.describe())
        variables.update(step.left_after)
