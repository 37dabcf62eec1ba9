"""A step too far: at this learning rate a jumps over the minimum, until it lands below 0, where there is no log."""

from __future__ import annotations

from minidl_core import Graph, Variable, log, subtract

from .lesson import Example, Lesson


def build(seed: int) -> Example:  # noqa: ARG001 (nothing in it is random)
    """Build J = a - log a, which is smallest, 1, at a = 1 and exists only above 0."""
    with Graph().as_default():
        a = Variable(3, name="a")
        loss = subtract(a, log(a), name="J")
    return Example(loss, {})


lesson = Lesson(
    name="too-far",
    summary="a learning rate too large: the first NaN, caught where it is made",
    build=build,
    learning_rate=4.2,
)
