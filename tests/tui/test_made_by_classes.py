"""Engines whose operations are classes: made in a function that is given their operands, or refused with the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui_backprop.programs.program import ProgramError

from .test_bad_engines import opened, status

CLASSES = """
class Node:
    def __init__(self, value, inputs=()):
        self.value, self.inputs, self.gradient = value, inputs, 0.0
    def __add__(self, other): return Add(self, other)
    def __mul__(self, other): return Mul(self, other)
    def backward(self): pass
class Add(Node):
    def __init__(self, a, b): super().__init__(a.value + b.value, [a, b])
    def backward(self):
        for each in self.inputs: each.gradient += self.gradient
class Mul(Node):
    def __init__(self, a, b): super().__init__(a.value * b.value, [a, b])
    def backward(self):
        a, b = self.inputs
        a.gradient += b.value * self.gradient
        b.gradient += a.value * self.gradient
class Relu(Node):
    def __init__(self, a): super().__init__(max(0.0, a.value), [a])
    def backward(self):
        if self.inputs[0].value > 0: self.inputs[0].gradient += self.gradient
class Square(Node):
    def __init__(self, a): super().__init__(a.value ** 2, [a])
    def backward(self): self.inputs[0].gradient += 2 * self.inputs[0].value * self.gradient
def ordered(node, seen, found):
    if node not in seen:
        seen.add(node)
        for each in node.inputs: ordered(each, seen, found)
        found.append(node)
    return found
def relu(a): return Relu(a)
def square(a): return Square(a)
w, v = Node(0.5), Node(1.5)
for epoch in range(4):
    loss = Node(0.0)
    for x, y in [(1.0, 2.0), (-2.0, 0.5)]:
        loss = loss + square(v * relu(w * Node(x)) + Node(-y))
    nodes = ordered(loss, set(), [])
    for n in nodes: n.gradient = 0.0
    loss.gradient = 1.0
    for n in reversed(nodes): n.backward()
    for p in (w, v): p.value -= 0.02 * p.gradient
"""
RECURSIVE = """
class V:
    def __init__(self, x, pull=None):
        self.x, self.pull, self.d = x, pull, 0.0
    def __add__(self, o): return V(self.x + o.x, lambda g: (self.back(g), o.back(g)))
    def __mul__(self, o): return V(self.x * o.x, lambda g: (self.back(g * o.x), o.back(g * self.x)))
    def back(self, g=1.0):
        self.d += g
        if self.pull: self.pull(g)
w = V(0.5)
for i in range(4):
    w.d = 0.0
    e = w * V(2.0) + V(-3.0)
    loss = e * e
    loss.back()
    w.x -= 0.1 * w.d
"""


def test_functions_that_make_them_are_operations(tmp_path: Path) -> None:
    assert status(opened(tmp_path, CLASSES)) == 0
    wrong = CLASSES.replace("2 * self.inputs[0].value", "2 * self.value")
    assert status(opened(tmp_path, wrong)) == 3


def test_two_mistakes_of_which_some_steps_have_one(tmp_path: Path) -> None:
    wrong = CLASSES.replace("2 * self.inputs[0].value", "2 * self.value")
    wrong = wrong.replace("a.gradient += b.value * self.gradient", "a.gradient += self.gradient")
    line = "square(v * relu(w * Node(x)) + Node(-y))"
    assert line in wrong
    assert status(opened(tmp_path, wrong.replace(line, f"({line} if epoch % 2 else v * w)"))) == 3


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        ("square(v * relu(w * Node(x)) + Node(-y))", "Square(v * relu(w * Node(x)) + Node(-y))"),
        ("+ square(v", "+ Square(a=v"),
    ],
)
def test_what_a_line_makes_by_itself_is_refused_with_the_way(line: str, instead: str, tmp_path: Path) -> None:
    assert line in CLASSES
    with pytest.raises(ProgramError, match=r"makes a Square of other nodes .* def square\(a\): return Square\(a\)"):
        opened(tmp_path, CLASSES.replace(line, instead))


def test_a_function_called_back_is_one_of_the_whole_graph(tmp_path: Path) -> None:
    assert status(opened(tmp_path, RECURSIVE)) == 0
    assert status(opened(tmp_path, RECURSIVE.replace("self.d += g", "self.d = g"))) == 3
