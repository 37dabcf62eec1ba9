"""One path from a to e: the chain rule as a product of slopes."""

from __future__ import annotations

from minidl_core import Constant, Graph, Variable, add, multiply, square, subtract

from .lesson import Example, Lesson


def build(seed: int) -> Example:  # noqa: ARG001 (nothing in it is random)
    """Build e = (2a - 5)² + 1, which is smallest, 1, at a = 2.5."""
    with Graph().as_default():
        a = Variable(1, name="a")
        b = multiply(Constant(2, name="2"), a, name="b")
        c = subtract(b, Constant(5, name="5"), name="c")
        d = square(c, name="d")
        e = add(d, Constant(1, name="1"), name="e")
    return Example(e, {})


lesson = Lesson(
    name="chain",
    summary="a to e along one path: the gradient of a is a product of slopes",
    build=build,
    learning_rate=0.05,
)
