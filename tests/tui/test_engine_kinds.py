"""Learners' engines in the ways in which they are written: right ones open, and nothing right is called wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from minidl_core import Operation
from tui_backprop.programs.program import ProgramError

from .tensor_engines import CALLED, TENSORS
from .test_bad_engines import ENGINE, GATHERING, TRAINING, opened, said_of, status


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


def test_batches_of_other_sizes_are_graphs_of_other_shapes(tmp_path: Path) -> None:
    source = TENSORS.replace("KIND", "float").replace("SEED", "1")
    source = source.replace("out = Tensor([[0, 0], [1, 0], [0, 1], [1, 1]])", "out = Tensor(np.eye(4, 2)[step % 3 :])")
    source = source.replace("Tensor([[0], [1], [1], [0]])", "Tensor(np.eye(4, 1)[step % 3 :])")
    program = opened(tmp_path, source)
    shapes = [program.steps[n].loss.inputs[0].inputs[0].shape for n in range(3)]
    assert shapes == [(4, 1), (3, 1), (2, 1)]
    assert status(program) == 0


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


def test_a_wrong_slope_is_found_in_single_precision_too(tmp_path: Path) -> None:
    wrong = TENSORS.replace("1 - np.tanh(a.data) ** 2", "1.001 - np.tanh(a.data) ** 2")
    assert status(opened(tmp_path, wrong.replace("KIND", "np.float32").replace("SEED", "1"))) == 3
