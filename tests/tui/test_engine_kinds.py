"""Learners' engines in the ways in which they are written: right ones open, and nothing right is called wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from minidl_core import Operation
from tui_backprop.programs.engine import meaning
from tui_backprop.programs.program import ProgramError

from .test_bad_engines import ENGINE, GATHERING, TRAINING, opened, said_of, status

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


@pytest.mark.parametrize(
    "bases",
    [
        "from abc import ABC\nclass Sums(ABC):\n    @property\n    def twice(self): return self + self\nclass V(Sums):",
        "from abc import ABCMeta\nclass V(metaclass=ABCMeta):",
        "from typing import Generic, TypeVar\nT = TypeVar('T')\nclass V(Generic[T]):",
    ],
)
def test_engines_that_are_built_on_abstract_classes(bases: str, tmp_path: Path) -> None:
    program = opened(tmp_path, ENGINE.replace("class V:", bases) + TRAINING)
    assert len(program.steps) == 3
    assert status(program) == 0


def test_classes_beside_an_engine_that_no_note_fits_into(tmp_path: Path) -> None:
    others = """
import fractions, collections
class Ratio(fractions.Fraction): pass
class Base: pass
class Half(Base): pass
class Table(Half, dict): pass
class Last(Base, collections.OrderedDict): pass
table, last = Table(a=1), Last(a=2)
assert isinstance(table, Base) and table["a"] + last["a"] == 3
"""
    assert status(opened(tmp_path, others + ENGINE + TRAINING)) == 0


@pytest.mark.parametrize("kind", ["np.float64", "np.float32"])
@pytest.mark.parametrize("seed", ["1", "()"])
def test_tensors_with_functions_in_classes(kind: str, seed: str, tmp_path: Path) -> None:
    program = opened(tmp_path, TENSORS.replace("KIND", kind).replace("SEED", seed))
    assert status(program) == 0
    kinds = {node.kind for node in program.steps[0].theirs if isinstance(node, Operation)}
    assert kinds == {"matmul", "add", "tanh", "subtract", "multiply", "together"}
    assert np.shape(program.steps[0].measured) == ()


DRIVEN = """
def sorted_below(v, order):
    for k in v.kids:
        sorted_below(k, order)
    if v not in order:
        order.append(v)
    return order
def send_down(loss):
    loss.grad = 1.0
    for v in reversed(sorted_below(loss, [])):
        v.backward()
"""
NODE_BY_NODE = ENGINE.partition("    def backward")[0] + "    def backward(self):\n        if self.rule: self.rule()\n"


@pytest.mark.parametrize("training", [TRAINING, GATHERING])
@pytest.mark.parametrize(
    "driver", ["send_down(l)", "l.grad = 1.0\nfor v in reversed(sorted_below(l, [])): v.backward()"]
)
def test_a_function_that_has_each_node_pass_its_gradient_on_takes_one_step(
    driver: str, training: str, tmp_path: Path
) -> None:
    [line] = {line for line in training.splitlines() if "backward" in line}
    indent = line[: -len("l.backward()")]
    training = training.replace(line, "\n".join(indent + each for each in driver.splitlines()))
    program = opened(tmp_path, NODE_BY_NODE + DRIVEN + training)
    assert len(program.steps) == (3 if training.count("for") < 3 and "V(x)" not in training else 6)
    assert status(program) == 0
    wrong = NODE_BY_NODE.replace("self.grad += o.data", "self.grad += 2 * o.data")
    assert said_of(opened(tmp_path, wrong + DRIVEN + training)) == ["slope:multiply"]


@pytest.mark.parametrize(("seed", "said"), [("2 + 0", ""), ("2) * 3.0 + 0 * (2", "call it on a loss")])
def test_an_array_that_backward_is_called_on_stands_for_the_sum_of_its_entries(
    seed: str, said: str, tmp_path: Path
) -> None:
    source = TENSORS.partition("numbers = ")[0].replace("SEED", seed)
    source += "w = Tensor([1.0, 2.0])\n(w * w + w).backward()\nassert w.grad.size == 2\n"
    if said:
        with pytest.raises(ProgramError, match=said):
            opened(tmp_path, source)
        return
    program = opened(tmp_path, source)
    assert program.steps[0].measured == 8
    assert status(program) == 0


ATTENTION = """
    def where_not(self, mask, value): return apply(Filled, self, mask, value)
    def largest(self, axis): return apply(Largest, self, axis), None
    def row(self, numbers): return apply(Taken, self, numbers)
    def __neg__(self): return self * Tensor(-1.0)
    def exp(self): return apply(Exp, self)
    def bent(self): return apply(Bent, self)

class Filled:
    def forward(a, mask, value): return Tensor(np.where(mask, value, a.data))
    def backward(g, a, mask, value): return (g * ~mask,)
class Largest:
    def forward(a, axis): return Tensor(a.data.max(axis, keepdims=True))
    def backward(g, a, axis): return (g * (a.data == a.data.max(axis, keepdims=True)),)
class Taken:
    def forward(a, numbers): return Tensor(a.data[numbers])
    def backward(g, a, numbers):
        sums = np.zeros(a.data.shape)
        np.add.at(sums, numbers, g)
        return (sums,)
class Exp:
    def forward(a): return Tensor(np.exp(a.data))
    def backward(g, a): return (g * np.exp(a.data),)
class Bent:
    def forward(a): return Tensor(a.data + 0.1 * a.data ** 3)
    def backward(g, a): return (g * (1 + 0.3 * a.data ** 2),)
"""
MASKED = """
class Part:
    pass
numbers = np.random.default_rng(3)
words = Tensor(numbers.normal(size=(9, 8)))
mix = Tensor(numbers.normal(size=(8, 8)))
later = np.triu(np.ones((8, 8), bool), 1)
for step in range(LENGTHS):
    x = words.row(np.arange(8) % (7 + step))
    scores = (x @ mix).where_not(later, float("-inf"))
    top, _ = scores.largest(1)
    fit = (scores + -top).exp()
    loss = (fit.bent() * x).squeeze()
    loss.backward()
    for p in (words, mix):
        p.data = p.data - 0.01 * p.grad
        p.grad = np.zeros(p.data.shape)
"""


def attention() -> str:
    tensors = TENSORS.partition("class Dense")[0].replace("SEED", "1")
    tensors = tensors.replace(
        "    def backward(self):", ATTENTION.partition("\nclass")[0][1:] + "\n    def backward(self):", 1
    )
    return tensors + "class" + ATTENTION.partition("\nclass")[2] + MASKED.replace("LENGTHS", "2")


def test_what_is_none_of_our_operations_in_an_attention_is_measured_with_few_calls(tmp_path: Path) -> None:
    program = opened(tmp_path, attention())
    assert "minus infinity in its data is -1e+30" in program.warning
    kinds = {node.kind for node in program.steps[0].theirs if isinstance(node, Operation)}
    assert {"filled", "largest", "taken", "bent"} <= kinds
    assert status(program) == 0
    wrong = attention().replace("return (g * ~mask,)", "return (g * (mask.data == False),)")
    assert "consumer-lost" in said_of(opened(tmp_path, wrong))


def test_batches_of_other_sizes_are_graphs_of_other_shapes(tmp_path: Path) -> None:
    source = TENSORS.replace("KIND", "float").replace("SEED", "1")
    source = source.replace("out = Tensor([[0, 0], [1, 0], [0, 1], [1, 1]])", "out = Tensor(np.eye(4, 2)[step % 3 :])")
    source = source.replace("Tensor([[0], [1], [1], [0]])", "Tensor(np.eye(4, 1)[step % 3 :])")
    program = opened(tmp_path, source)
    shapes = [program.steps[n].loss.inputs[0].inputs[0].shape for n in range(3)]
    assert shapes == [(4, 1), (3, 1), (2, 1)]
    assert status(program) == 0


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


def test_functions_that_are_objects_with_settings_and_make_their_outputs_in_a_list(tmp_path: Path) -> None:
    program = opened(tmp_path, CALLED)
    kinds = [node.kind for node in program.steps[0].theirs if isinstance(node, Operation)]
    assert sorted(kinds) == ["picked", "power", "power", "subtraction"]
    assert status(program) == 0
    assert status(opened(tmp_path, CALLED.replace("self.c - 1)", "self.c - 1) + (self.c == 2)"))) == 3


SAFE = """
import math
ENGINE
    def log(self):
        out = V(math.log(self.data + 1e-8), (self,))
        def rule():
            self.grad += out.grad / SLOPE
        out.rule = rule
        return out
w = V(0.5)
for step in range(3):
    loss = (w * w).log() * w
    loss.backward()
    w.data, w.grad = w.data - 0.01 * w.grad, 0.0
"""


@pytest.mark.parametrize(("slope", "wrong"), [("(self.data + 1e-8)", 0), ("(self.data + 1e-4)", 3)])
def test_a_logarithm_that_is_kept_from_0_is_another_function(slope: str, wrong: int, tmp_path: Path) -> None:
    assert status(opened(tmp_path, SAFE.replace("ENGINE", ENGINE).replace("SLOPE", slope))) == wrong


LAYERS = (
    CALLED.partition("class Power")[0]
    + """
class Linear(Function):
    def forward(self, x, W, b): return x @ W + b
    def backward(self, gy):
        x, W, b = (each.data for each in self.inputs)
        return gy @ W.T, x.T @ gy, gy.sum(axis=0)
class MeanSquaredError(Function):
    def forward(self, a, b): return np.asarray(((a - b) ** 2).sum() / len(a))
    def backward(self, gy):
        a, b = (each.data for each in self.inputs)
        return gy * 2 * (a - b) / len(a), -gy * 2 * (a - b) / len(a)
class SoftmaxCrossEntropy(Function):
    def forward(self, x, t):
        x = x - x.max(axis=1, keepdims=True)
        return np.asarray(-(x - np.log(np.exp(x).sum(axis=1, keepdims=True)))[np.arange(len(t)), t].mean())
    def backward(self, gy):
        x, t = (each.data for each in self.inputs)
        p = np.exp(x - x.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        return gy * SLOPE * (p - np.eye(p.shape[1])[t]) / len(t), np.zeros(len(t))

numbers = np.random.default_rng(0)
X, W, b = (Variable(numbers.normal(size=shape)) for shape in ((90, 7), (7, 80), (80,)))
t, wanted = Variable(numbers.integers(0, 80, 90)), Variable(numbers.normal(size=(90, 80)))
for step in range(2):
    y = Linear()(X, W, b)
    loss = LOSS
    loss.backward()
    W.data, b.data = W.data - 0.1 * W.grad, b.data - 0.1 * b.grad
    for each in (X, W, b, t, wanted):
        each.grad = None
"""
)


@pytest.mark.parametrize("loss", ["MeanSquaredError()(y, wanted)", "SoftmaxCrossEntropy()(y, t)"])
def test_layers_and_losses_that_are_one_function_each_are_not_measured(
    loss: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meaning, "measuring", lambda theirs: lambda *given: pytest.fail("measured"))
    source = LAYERS.replace("LOSS", loss)
    assert status(opened(tmp_path, source.replace("SLOPE", "1"))) == 0
    if "Softmax" in loss:
        assert status(opened(tmp_path, source.replace("SLOPE", "1.01"))) == 3


def test_what_wants_no_gradient_need_not_have_one(tmp_path: Path) -> None:
    tracked = ENGINE.replace("self.data, self.grad,", "self.requires_grad = False; self.data, self.grad,")
    tracked = tracked.replace("self.grad += o.data * out.grad", "self.grad += o.data * out.grad * self.requires_grad")
    training = TRAINING.replace("w, b = V(0.5), V(0.1)", "w, b = V(0.5), V(0.1)\nb.requires_grad = True")
    training = training.replace("w * V(1.0 + i)", "V(1.0 + i) * w").replace("l = l * l", "l = one * l * l")
    training = training.replace("for i", "one = V(1.0)\nfor i")
    program = opened(tmp_path, tracked + training)
    assert "one" not in {node.name for node in program.steps[0].theirs}
    assert status(program) == 3, "the gradient of l * l is wanted, and is not there"
    wanted = tracked.replace("(self, o))", "(self, o)); out.requires_grad = self.requires_grad or o.requires_grad")
    assert (
        status(opened(tmp_path, wanted + training.replace("b.requires_grad", "w.requires_grad = b.requires_grad"))) == 0
    )


@pytest.mark.parametrize("free", ["h.creator = None", "pass"])
def test_a_graph_that_is_cut_off_goes_no_further(free: str, tmp_path: Path) -> None:
    source = CALLED.partition("x, rows = ")[0]
    source += """
w, h = Variable(np.array(1.5)), Variable(np.array(0.5))
for step in range(3):
    h = Subtraction()(Power(2)(w), h)
    loss = Power(2)(h)
    loss.backward()
    w.data = w.data - 0.01 * w.grad
    {free}
    w.grad = h.grad = None
""".replace("{free}", free)
    program = opened(tmp_path, source)
    sizes = [len(step.theirs) for step in program.steps]
    assert (sizes[0] == sizes[2]) == (free != "pass")
    assert status(program) == (3 if free == "pass" else 0), "w moved between the steps that made h"


@pytest.mark.parametrize(("gy", "wrong"), [("np.zeros(gy.shape)", 0), ("2 * gy", 3)])
def test_data_that_nothing_moves_needs_no_gradient_but_the_right_one(gy: str, wrong: int, tmp_path: Path) -> None:
    source = CALLED.partition("x, rows = ")[0].replace("return gy, -gy", f"return gy, {gy}")
    source += """
w, wanted = Variable(np.array([1.5, -0.5])), Variable(np.array([0.5, 0.25]))
for step in range(3):
    loss = Power(2)(Subtraction()(Power(3)(w), wanted))
    loss.backward()
    w.data = w.data - 0.01 * w.grad
    w.grad = wanted.grad = None
"""
    assert status(opened(tmp_path, source)) == wrong
    alone = source.replace("    w.data = w.data - 0.01 * w.grad\n", "").replace("range(3)", "range(1)")
    assert status(opened(tmp_path, alone)) == 3, "an example that moves nothing is checked throughout"


WITHIN = (
    TENSORS.partition("class Plus")[0].replace("SEED", "()")
    + """
class Minus:
    def __init__(self, a, b): self.a, self.b = a, b
    def forward(self): return Tensor(self.a.data - self.b.data, self, (self.a, self.b))
    def backward(self, g, *_): return g, -g
class Together:
    def forward(a): return Tensor((a.data ** 2).sum())
    def backward(g, a): return (2 * a.data * g,)
class Layer(Part):
    def __init__(self, n, m):
        self.w, self.b, self.seen = Tensor(numbers.normal(size=(n, m))), Tensor(np.zeros(m)), None
    def forward(self, x):
        self.seen = Tensor(x.data @ self.w.data + self.b.data, self, (x, self.w, self.b))
        return self.seen
    def backward(self, g, x, w, b): return g @ w.data.T, SLOPE * x.data.T @ g, g.sum(axis=0)
numbers = np.random.default_rng(3)
layer = Layer(3, 2)
for step in range(3):
    loss = Minus(layer.forward(Tensor(np.eye(4, 3))), Tensor(np.ones((4, 2)))).forward().squeeze()
    loss.backward()
    for p in (layer.w, layer.b):
        p.data, p.grad = p.data - 0.1 * p.grad, None
"""
)


@pytest.mark.parametrize(("slope", "said"), [("1", []), ("2", ["slope:layer"])])
def test_nodes_within_objects_are_operands(slope: str, said: list[str], tmp_path: Path) -> None:
    program = opened(tmp_path, WITHIN.replace("SLOPE", slope))
    assert [node.name for node in program.steps[0].left_after] == ["layer.w", "layer.b"]
    assert said_of(program) == said


def test_a_node_without_a_number_is_refused(tmp_path: Path) -> None:
    source = (
        CALLED.partition("x, rows = ")[0]
        + """
class Shifted(Function):
    def forward(self, a, b): return a if b is None else a + b
    def backward(self, gy): return gy, gy
w = Variable(np.array([1.5, -0.5]))
for step in range(2):
    w.generation = step
    loss = Power(2)(Shifted()(w, Variable(None)))
    loss.backward()
    w.data, w.grad = w.data - 0.01 * w.grad, None
"""
    )
    with pytest.raises(ProgramError, match="a Variable has None as its number; leave it out"):
        opened(tmp_path, source)


def test_an_operation_that_gives_other_numbers_when_it_is_called_again_is_refused(tmp_path: Path) -> None:
    source = ENGINE + "share = 0.5\n"
    source = source.replace(
        "    def __mul__",
        """
    def shrunk(self):
        out = V(share * self.data, (self,))
        def rule(s=share):
            self.grad += s * out.grad
        out.rule = rule
        return out
    def __mul__""",
    )
    source += TRAINING.replace("l = l * l", "l = (l * l).shrunk()")
    assert status(opened(tmp_path, source)) == 0
    said = r"its loss is 0.18, and 0.09 where its operations are called again: shrunk then gives other numbers; let it"
    with pytest.raises(ProgramError, match=said):
        opened(tmp_path, source + "share = 0.25\n")


def test_a_wrong_slope_is_found_in_single_precision_too(tmp_path: Path) -> None:
    wrong = TENSORS.replace("1 - np.tanh(a.data) ** 2", "1.001 - np.tanh(a.data) ** 2")
    assert status(opened(tmp_path, wrong.replace("KIND", "np.float32").replace("SEED", "1"))) == 3
