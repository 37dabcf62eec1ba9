"""One path from a to e: the chain rule as a product of slopes."""

from __future__ import annotations

from minidl_core import Constant, Graph, Variable, add, multiply, square, subtract

from .lesson import Example, Lesson
from .pages import Goal, Next, Page


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
    pages=(
        Page(
            "Going forward, each node computes its value from the ones before it: a = {a} becomes b = {b}, "
            "then c = {c}, d = {d} and e = {e}. Press {key node}, node by node, until e is {e}.",
            at="0",
            shows="graph",
        ),
        Page(
            "If c were a little larger, how would d = c² change? Its slope is 2c, here {de/dc}: "
            "d would fall six times as far. Press {key step} and see {de/dc} arrive at c.",
            at="1:d",
            node="c",
            shows="ledger",
        ),
        Page(
            "c = b - 5 has slope 1, and b = 2a has slope 2. Each slope multiplies what arrives. "
            "What will de/da be, at a?",
            at="1:c",
            node="a",
            choices={
                "{de/da}": "1·({de/dc})·1·2 = {de/da}. Along one path, slopes are multiplied.",
                "{de/dc}": "That is de/dc. On the way from c to a comes one more slope that is not 1: b = 2a.",
                "-3": "That adds the slopes of d, c and b: -6 + 1 + 2. Along one path slopes are multiplied.",
            },
            answer="{de/da}",
        ),
        Page(
            "The update goes against the slope: a = {a} - {learning rate}·({de/da}) = {new a}. "
            "Press {key step} and see it in the inspector.",
            at="1:a",
            node="a",
            shows="update",
        ),
    ),
    goal=Goal("Train until e is below 1.01. {key iteration} trains one iteration.", lambda now: now.loss < 1.01),
    then=Next("Here a reached e along one path. What if there are two?", "two-paths"),
)
