"""Two edges from one node to one consumer: side·side gives side two contributions, one for each edge."""

from __future__ import annotations

from minidl_core import Constant, Graph, Variable, multiply, square, subtract

from .lesson import Example, Lesson


def build(seed: int) -> Example:  # noqa: ARG001 (nothing in it is random)
    """Build J = (side·side - 16)²: the side of a square whose area is to be 16; J is smallest, 0, at side = 4."""
    with Graph().as_default():
        side = Variable(3, name="side")
        area = multiply(side, side, name="area")
        gap = subtract(area, Constant(16, name="16"), name="gap")
        loss = square(gap, name="J")
    return Example(loss, {})


lesson = Lesson(
    name="two-edges",
    summary="one consumer, two edges: a contribution for each edge",
    build=build,
    learning_rate=0.002,
    sentences={
        "BackwardStarted J": "Backward starts at J: dJ/dJ = 1. Watch side: it has one consumer, but two edges lead "
        "there.",
    },
)
