"""A skip connection: x reaches y directly and through sigmoid, so it must wait for the longer way."""

from __future__ import annotations

from minidl_core import Constant, Graph, Variable, add, multiply, sigmoid, square

from .lesson import Example, Lesson
from .pages import Goal, Next, Page


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
    sentences={"BackwardStarted J": "Backward starts at J: dJ/dJ = 1. Watch x: it comes after both of its consumers."},
    pages=(
        Page(
            "x reaches y by two ways: directly, and through sigmoid. The direct way is shorter: it skips a node. "
            "Press {key phase} to the end of the forward pass.",
            at="0",
            node="x",
            shows="graph",
        ),
        Page(
            "Going back, J is visited first, then y, which brings something to both of its inputs: x and sigmoid. "
            "Which one can pass on its gradient next?",
            at="1:J:forward",
            node="y",
            shows="graph",
            choices={
                "x": "x is reached first, but it waits: what sigmoid brings is still to come, and belongs to its sum.",
                "sigmoid": "All that uses sigmoid is y, and y is done. x must wait until sigmoid was visited.",
                "either": "If x went now, it would pass on a sum in which one term is missing.",
            },
            answer="sigmoid",
        ),
        Page(
            "x has what y brings, and still waits. Press {key step}: the second contribution arrives, over the longer "
            "way. It is small, as sigmoid's slope is. Now x is complete: {dJ/dx}.",
            at="1:x:1",
            node="x",
            shows="ledger",
        ),
        Page(
            "What if x did not wait? {key beliefs} shows, step by step, what a search would find that goes on as soon "
            "as one consumer is done, where it parts from the right one, and which gradient is wrong in the end.",
            at="1:x:2",
            node="x",
            shows="ledger",
        ),
    ),
    goal=Goal(
        "Find a w at which the way through sigmoid brings more than a fifth of what the direct way brings. "
        "Edit w with {key edit}, or train with {key iteration}.",
        lambda now: now.value("sigmoid") * (1 - now.value("sigmoid")) > 0.2,
    ),
    then=Next("x waited for all its consumers. Are there consumers for which nobody waits?", "off-path"),
)
