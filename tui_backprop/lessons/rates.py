"""Learning rates: too small, right, swinging, and one that ends in NaN; then momentum and Adam in a narrow valley."""

from __future__ import annotations

from minidl_core import Constant, Graph, Variable, add, log, multiply, subtract

from .lesson import Example, Lesson


def build(seed: int) -> Example:  # noqa: ARG001 (nothing in it is random)
    """Build J = (a - log a) + 20·(b - log b), a valley 20 times as steep along b; smallest, 21, at a = b = 1.

    Below 0 there is no log: a step that is too long ends in NaN.
    """
    with Graph().as_default():
        a, b = Variable(3, name="a"), Variable(2, name="b")
        gentle = subtract(a, log(a, name="log_a"), name="gentle")
        steep = multiply(Constant(20, name="20"), subtract(b, log(b, name="log_b"), name="bend"), name="steep")
        loss = add(gentle, steep, name="J")
    return Example(loss, {})


lesson = Lesson(
    name="rates",
    summary="four learning rates side by side, the last ends in NaN; then momentum and Adam",
    build=build,
    learning_rate=0.002,
)
