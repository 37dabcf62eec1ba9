"""A node off the path: error is computed for the reader and does not lead to the loss, so it takes no part."""

from __future__ import annotations

from minidl_core import Constant, Graph, Variable, divide, multiply, square, subtract

from .lesson import Example, Lesson


def build(seed: int) -> Example:  # noqa: ARG001 (nothing in it is random)
    """Build J = (3w - 12)², smallest, 0, at w = 4, and beside it error = gap / 12, which J does not depend on."""
    with Graph().as_default():
        w = Variable(1, name="w")
        guess = multiply(Constant(3, name="3"), w, name="guess")
        wanted = Constant(12, name="12")
        gap = subtract(guess, wanted, name="gap")
        loss = square(gap, name="J")
        divide(gap, wanted, name="error")
    return Example(loss, {})


lesson = Lesson(
    name="off-path",
    summary="a node beside the path to J: nobody waits for it, it contributes nothing",
    build=build,
    learning_rate=0.01,
    sentences={
        "BackwardStarted J": "Backward starts at J: dJ/dJ = 1. Watch gap: it does not wait for error, which J does not "
        "depend on.",
    },
)
