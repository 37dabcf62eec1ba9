"""Two paths from a to e: b gets a contribution from each of its two consumers, and they are added."""

from __future__ import annotations

from minidl_core import Constant, Graph, Variable, add, multiply, square, subtract

from .lesson import Example, Lesson


def build(seed: int) -> Example:  # noqa: ARG001 (nothing in it is random)
    """Build e = b² + (10 - b) with b = 2a, which is smallest, 9.75, at a = 0.25."""
    with Graph().as_default():
        a = Variable(3, name="a")
        b = multiply(Constant(2, name="2"), a, name="b")
        c = square(b, name="c")
        d = subtract(Constant(10, name="10"), b, name="d")
        e = add(c, d, name="e")
    return Example(e, {})


lesson = Lesson(
    name="two-paths",
    summary="a to e along two paths: b sums the contributions of c and d",
    build=build,
    learning_rate=0.05,
)
