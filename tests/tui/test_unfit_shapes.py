"""A script that stops at shapes that do not fit: their names and sizes, the line, and what would fit."""

from __future__ import annotations

import pytest

from tui_backprop.programs.program import ProgramError
from tui_backprop.programs.script import open_script

from .scripts import Write

ARRAYS = """import numpy as np
X, y = np.ones((10, 3)), np.ones((10, 1))
p = {"W1": np.ones((3, 4)), "W2": np.ones((4, 1)), "b": np.zeros(1), "row": np.zeros((1, 4))}
W1, W2 = p["W1"], p["W2"]
h = np.tanh(X @ W1)
d = 2 * (h @ W2 - y) / 10
"""
COLUMNS = "the columns of {} must equal the rows of {}"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("d @ W2", f"d @ W2: d is (10,1) but W2 is (4,1); {COLUMNS.format('d', 'W2')}: d @ W2.T fits"),
        ("d @ h.T", f"d @ h.T: d is (10,1) but h.T is (4,10); {COLUMNS.format('d', 'h.T')}: h.T @ d fits"),
        ("np.dot(h, d)", f"h @ d: h is (10,4) but d is (10,1); {COLUMNS.format('h', 'd')}: h.T @ d fits"),
        ("h.dot(d)", f"h @ d: h is (10,4) but d is (10,1); {COLUMNS.format('h', 'd')}: h.T @ d fits"),
        (
            "X.T @ (h.T * np.tanh(h.T))",
            "X.T @ (h.T * np.tanh(h.T)): X.T is (3,10) but (h.T * np.tanh(h.T)) is (4,10); "
            "the columns of X.T must equal the rows of (h.T * np.tanh(h.T)): X.T @ (h.T * np.tanh(h.T)).T fits",
        ),
        (
            "h * X",
            "h * X: h is (10,4) but X is (10,3); counted from the right, each dimension must be equal in both, or 1",
        ),
        (
            "p['W1'] -= 0.1 * p['W1'].T",
            "p['W1'] -= (0.1 * p['W1'].T): p['W1'] is (3,4) but (0.1 * p['W1'].T) is (4,3); counted from the right, "
            "each dimension must be equal in both, or 1: p['W1'] - (0.1 * p['W1'].T).T fits",
        ),
        (
            "p['b'] -= d",
            "p['b'] -= d: p['b'] is (1,) but d is (10,1); p['b'] keeps its shape, and the gradient of what is repeated "
            "is a sum: d.sum(axis=0) fits",
        ),
        (
            "p['row'] -= h",
            "p['row'] -= h: p['row'] is (1,4) but h is (10,4); p['row'] keeps its shape, and the gradient of what is "
            "repeated is a sum: h.sum(axis=0, keepdims=True) fits",
        ),
    ],
)
def test_the_operands_are_named_with_their_shapes_and_what_fits(line: str, said: str, write: Write) -> None:
    with pytest.raises(ProgramError) as stopped:
        open_script(write(f"{ARRAYS}{line}\n"))
    assert str(stopped.value) == f"my_model.py:7 raised ValueError: {said}"


@pytest.mark.parametrize("line", ["np.concatenate([h, X])", "raise ValueError('too few')", "np.ones(3) + np.ones(4)"])
def test_another_error_keeps_its_own_words(line: str, write: Write) -> None:
    with pytest.raises(ValueError, match=r"\w") as own:
        exec(ARRAYS + line, {})
    with pytest.raises(ProgramError) as stopped:
        open_script(write(f"{ARRAYS}{line}\n"))
    assert str(stopped.value) == f"my_model.py:7 raised ValueError: {str(own.value).strip()}"


def test_in_the_backward_of_an_engine_its_slots_and_attributes_are_read(write: Write) -> None:
    script = """import numpy as np
class Tensor:
    __slots__ = ("data", "grad", "parents")
    def __init__(self, data, *parents):
        self.data, self.grad, self.parents = data, np.zeros_like(data), parents
    def __matmul__(self, other):
        return Tensor(self.data @ other.data, self, other)
    def backward(self):
        self.grad = np.ones_like(self.data)
        left, right = self.parents
        left.grad += self.grad @ right.data
        right.grad += left.data.T @ self.grad
x, w = Tensor(np.ones((5, 3))), Tensor(np.ones((3, 2)))
(x @ w).backward()
"""
    with pytest.raises(ProgramError) as stopped:
        open_script(write(script))
    assert str(stopped.value) == (
        "my_model.py:11 raised ValueError: self.grad @ right.data: self.grad is (5,2) but right.data is (3,2); "
        "the columns of self.grad must equal the rows of right.data: self.grad @ right.data.T fits"
    )
