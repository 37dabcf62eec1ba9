"""A learner's own engine that sets a gradient where it should add, and a program of the steps that it took."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import minidl_core as dl
from minidl_core.train import GradientDescentOptimizer
from tui_backprop.lessons.lesson import Example, Lesson
from tui_backprop.programs.learners_engine import LearnersEngine, TheirFunctions
from tui_backprop.programs.program import Program
from tui_backprop.programs.recorded import RecordedStep


class Number:
    """A number that sets the gradients of the terms of a sum."""

    def __init__(self, value: float) -> None:
        self.value, self.slope = value, 0.0
        self.send: Callable[[], None] = lambda: None

    def __add__(self, other: Number) -> Number:
        out = Number(self.value + other.value)

        def send() -> None:
            self.slope = out.slope
            other.slope = out.slope

        out.send = send
        return out

    def __mul__(self, other: Number) -> Number:
        return Number(self.value * other.value)


def program_of_theirs(*, right: bool = False, steps: int = 2) -> Program:
    """Return total = (a + b)·a + (b + a)·b + a, with the gradients of an engine that is right or sets those of +."""
    with dl.Graph().as_default():
        a, b = dl.Variable(2.0, name="a"), dl.Variable(-3.0, name="b")
        one, other = dl.add(a, b, name="add"), dl.add(b, a, name="add_1")
        left, middle = dl.multiply(one, a, name="mul"), dl.multiply(other, b, name="mul_1")
        total = dl.add(dl.add(left, middle, name="add_2"), a, name="total")
    example = Example(total, {})
    optimizer = GradientDescentOptimizer(0.1)
    lesson = Lesson("own_engine.py", "A learner's own engine.", lambda _: example, 0.1)
    recorded = []
    x, y = 2.0, -3.0
    for _ in range(steps):
        # it comes to `add` last, whose gradient is what stays
        wrong = {a: x, b: x}
        gradients = {a: 2 * (x + y) + 1, b: 2 * (x + y)} | ({} if right else wrong)
        inner = {one: x, other: y, left: 1.0, middle: 1.0, total.inputs[0]: 1.0, total: 1.0}
        theirs = {node: np.array(float(g)) for node, g in (gradients | inner).items()}
        measured = (x + y) ** 2 + x
        x, y = x - 0.1 * (2 * (x + y) + 1), y - 0.1 * 2 * (x + y)
        after = {a: np.float64(x), b: np.float64(y)}
        recorded.append(RecordedStep(total, optimizer, optimizer, {}, measured, left_after=after, theirs=theirs))
    code = Number.__add__.__code__
    send = next(each for each in code.co_consts if hasattr(each, "co_code"))
    functions = {node: TheirFunctions(code, send) for node in (one, other, total, total.inputs[0])}
    engine = LearnersEngine("Number", "own_engine.py", "value", "slope", functions)
    return Program(lesson, example, optimizer, None, "own_engine.py", steps=recorded, engine=engine)
