"""A skip connection: x reaches y directly and through sigmoid, so it must wait for the longer way."""

from __future__ import annotations

from minidl_core import Constant, Graph, Variable, add, multiply, sigmoid, square

from .lesson import Example, Lesson


def build(seed: int) -> Example:  # noqa: ARG001 (nothing in it is random)
    """Build J = y² with y = x + sigmoid(x) and x = 2w, which is smallest, 0, near w = -0.2.

    Something lies behind x, so that it matters what x passes on.
    """
    with Graph().as_default():
        w = Variable(1, name="w")
        x = multiply(Constant(2, name="2"), w, name="x")
        y = add(x, sigmoid(x), name="y")
        loss = square(y, name="J")
    return Example(loss, {})


lesson = Lesson(
    name="skip",
    summary="x reaches y directly and through sigmoid: why a node waits for its last consumer",
    build=build,
    learning_rate=0.02,
    sentences={
        "BackwardStarted J": "Backward starts at J: dJ/dJ = 1. Watch x: it comes after both of its consumers; t shows "
        "a search that cannot wait."
    },
)
