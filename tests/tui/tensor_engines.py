"""Engines of arrays, with each operation a class or an object of its own, as learners write them."""

from __future__ import annotations

TENSORS = """
import numpy as np

class Part:
    def parameters(self):
        return [p for v in vars(self).values() for p in (v.parameters() if isinstance(v, Part) else [v])]

class Parts(Part, list):
    def parameters(self):
        return [p for part in self for p in part.parameters()]

class Tensor:
    def __init__(self, data, rule=None, parents=()):
        self.data = data if isinstance(data, np.ndarray) else np.array(data)
        self.grad, self.rule, self.parents = None, rule, parents
    def __add__(self, o): return apply(Plus, self, o)
    def __sub__(self, o): return apply(Minus, self, o)
    def __mul__(self, o): return apply(Times, self, o)
    def __matmul__(self, o): return apply(MatMul, self, o)
    def tanh(self): return apply(Tanh, self)
    def squeeze(self): return apply(Together, self)
    def backward(self):
        order = []
        def visit(t):
            if t not in order:
                for parent in t.parents:
                    if isinstance(parent, Tensor): visit(parent)
                order.append(t)
        visit(self)
        self.grad = np.ones(SEED)
        for t in reversed(order):
            for parent, grad in zip(t.parents, t.rule.backward(t.grad, *t.parents) if t.rule else ()):
                while grad.ndim > parent.data.ndim: grad = grad.sum(axis=0)
                for axis, n in enumerate(parent.data.shape):
                    if n < grad.shape[axis]: grad = grad.sum(axis, keepdims=True)
                parent.grad = (0 if parent.grad is None else parent.grad) + grad

def apply(rule, *given):
    out = rule.forward(*given)
    out.rule, out.parents = rule, given
    return out

class Plus:
    def forward(a, b): return Tensor(a.data + b.data)
    def backward(g, a, b): return g, g
class Minus:
    def forward(a, b): return Tensor(a.data - b.data)
    def backward(g, a, b): return g, -g
class Times:
    def forward(a, b): return Tensor(a.data * b.data)
    def backward(g, a, b): return g * b.data, g * a.data
class MatMul:
    def forward(a, b): return Tensor(a.data @ b.data)
    def backward(g, a, b): return g @ b.data.T, a.data.T @ g
class Tanh:
    def forward(a): return Tensor(np.tanh(a.data))
    def backward(g, a): return (g * (1 - np.tanh(a.data) ** 2),)
class Together:
    def forward(a): return Tensor(a.data.sum(keepdims=True).reshape(1))
    def backward(g, a): return (np.broadcast_to(g, a.data.shape) * 1,)

class Dense(Part):
    def __init__(self, n, m):
        self.w = Tensor(numbers.normal(size=(n, m)).astype(KIND))
        self.b = Tensor(np.zeros(m, KIND))
    def __call__(self, x):
        return (x @ self.w + self.b).tanh()

numbers = np.random.default_rng(3)
layers = Parts([Dense(2, 5), Dense(5, 5), Dense(5, 1)])
for step in range(6):
    out = Tensor([[0, 0], [1, 0], [0, 1], [1, 1]])
    for layer in layers:
        out = layer(out)
    error = out - Tensor([[0], [1], [1], [0]])
    loss = (error * error).squeeze()
    loss.backward()
    for p in layers.parameters():
        p.data = p.data - (0.1 * p.grad).astype(KIND)
        p.grad = np.zeros(p.data.shape)
"""


CALLED = """
import numpy as np
class Variable:
    def __init__(self, data):
        self.data, self.grad, self.creator = data, None, None
    def backward(self):
        if self.grad is None:
            self.grad = np.ones_like(self.data)
        waiting = [self.creator]
        while waiting:
            function = waiting.pop()
            grads = function.backward(*[output.grad for output in function.outputs])
            for given, grad in zip(function.inputs, grads if isinstance(grads, tuple) else (grads,)):
                given.grad = grad if given.grad is None else given.grad + grad
                if given.creator is not None and given.creator not in waiting:
                    waiting.append(given.creator)
                    waiting.sort(key=lambda each: each.generation)
class Function:
    def __call__(self, *inputs):
        ys = self.forward(*[x.data for x in inputs])
        outputs = [Variable(np.asarray(y)) for y in (ys if isinstance(ys, tuple) else (ys,))]
        self.generation = 1 + max([x.creator.generation for x in inputs if x.creator is not None], default=0)
        for output in outputs:
            output.creator = self
        self.inputs, self.outputs = inputs, outputs
        return outputs if len(outputs) > 1 else outputs[0]
class Power(Function):
    def __init__(self, c): self.c = c
    def forward(self, x): return x ** self.c
    def backward(self, gy): return gy * self.c * self.inputs[0].data ** (self.c - 1)
class Subtraction(Function):
    def forward(self, a, b): return a - b
    def backward(self, gy): return gy, -gy
class Picked(Function):
    def forward(self, x, rows): return x[rows]
    def backward(self, gy):
        sums = np.zeros(self.inputs[0].data.shape)
        np.add.at(sums, self.inputs[1].data, gy)
        return sums, np.zeros(gy.shape)

x, rows = Variable(np.array([0.5, 1.5, 0.75])), Variable(np.array([2, 0, 1]))
for step in range(3):
    y = Subtraction()(Power(4)(x), Power(2)(Picked()(x, rows)))
    y.backward()
    x.data = x.data - 0.01 * x.grad
    x.grad = rows.grad = None
"""
