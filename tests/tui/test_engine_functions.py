"""Operations of learners' engines that are none of ours, or one function of many: how their slopes are known."""

from __future__ import annotations

from pathlib import Path

import pytest

from minidl_core import Operation
from tui_backprop.programs.engine import meaning
from tui_backprop.programs.program import ProgramError

from .tensor_engines import CALLED, TENSORS
from .test_bad_engines import ENGINE, TRAINING, opened, said_of, status

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
