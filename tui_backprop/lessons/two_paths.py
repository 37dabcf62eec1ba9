"""Two paths from a to e: b gets a contribution from each of its two consumers, and they are added."""

from __future__ import annotations

from minidl_core import Constant, Graph, Variable, add, multiply, square, subtract

from .lesson import Example, Lesson
from .pages import Goal, Next, Page


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
    pages=(
        Page(
            "b = {b} is used twice: c = b² and d = 10 - b. If b grows a little, e changes along both paths at once. "
            "Press {key phase} to the end of the forward pass, and find b in the graph.",
            at="0",
            node="b",
            shows="graph",
        ),
        Page(
            "c has its gradient now. b does not go on with what c alone brings: it waits for d, too. "
            "Press {key step} twice, and see the contribution of c arrive.",
            at="1:c",
            node="b",
            shows="graph",
        ),
        Page(
            "From c, b gets 12: c = b² has slope 2b. d = 10 - b has slope -1. When both have arrived, what is de/db?",
            at="1:b:1",
            node="b",
            shows="ledger",
            choices={
                "{de/db}": "12 - 1 = {de/db}. The changes along both paths happen at once, so they add up.",
                "-12": "12·(-1) multiplies. Along a path slopes are multiplied; of several paths they are added.",
                "-1": "That is what d brings alone: whoever sets a gradient where it should add loses the other path.",
            },
            answer="{de/db}",
        ),
        Page(
            "The ledger of b has a line for each edge, and their sum. Press {key step} to see the second one arrive, "
            "and once more: a gets the sum times 2, {de/da}.",
            at="1:b:1",
            node="b",
            shows="ledger",
        ),
    ),
    goal=Goal(
        "Find the a at which what c and d bring to b cancels, so that de/da is nearer to 0 than 0.001. Edit a "
        "with {key edit}, such as a = 1, and look at the ledger; or train with {key iteration}.",
        lambda now: abs(now.gradient("a")) < 0.001,
    ),
    then=Next("Two consumers bring two contributions. What if one consumer takes a node twice?", "two-edges"),
)
