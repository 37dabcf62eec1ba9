"""A skip connection: x reaches y directly and through sigmoid, so it must wait for the longer way."""

from __future__ import annotations

from minidl_core import Graph, Variable, add, sigmoid, square

from .lesson import Example, Lesson


def build(seed: int) -> Example:  # noqa: ARG001 (nothing in it is random)
    """Build J = y² with y = x + sigmoid(x), which is smallest, 0, near x = -0.4."""
    with Graph().as_default():
        x = Variable(2, name="x")
        y = add(x, sigmoid(x), name="y")
        loss = square(y, name="J")
    return Example(loss, {})


lesson = Lesson(
    name="skip",
    summary="x reaches y directly and through sigmoid: why a node waits for its last consumer",
    build=build,
    learning_rate=0.05,
    sentences={
        "BackwardStarted J": "Backward starts at J: dJ/dJ = 1. Watch x: it comes after both of its consumers; w shows "
        "a search that cannot wait."
    },
)
