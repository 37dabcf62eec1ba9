"""Four sigmoids in a row: each slope is at most 1/4, so the gradient that arrives at w is nearly nothing."""

from __future__ import annotations

from minidl_core import Constant, Graph, Node, Variable, sigmoid, square, subtract

from .lesson import Example, Lesson


def build(seed: int) -> Example:  # noqa: ARG001 (nothing in it is random)
    """Build J = (s4 - 0.5)², where s4 is the sigmoid of the sigmoid of the sigmoid of the sigmoid of w."""
    with Graph().as_default():
        value: Node = Variable(2, name="w")
        for number in range(1, 5):
            value = sigmoid(value, name=f"s{number}")
        gap = subtract(value, Constant(0.5, name="0.5"), name="gap")
        loss = square(gap, name="J")
    return Example(loss, {})


lesson = Lesson(
    name="vanishing",
    summary="four sigmoids in a row: little of the gradient is left for w",
    build=build,
    learning_rate=1.0,
    sentences={
        "BackwardStarted J": "Backward starts at J: dJ/dJ = 1. Watch how small the gradient becomes: a sigmoid's slope "
        "is at most 1/4.",
    },
)
