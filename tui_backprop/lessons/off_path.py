"""A node off the path: error is computed for the reader and does not lead to the loss, so it takes no part."""

from __future__ import annotations

from minidl_core import Constant, Graph, Variable, divide, multiply, square, subtract

from .lesson import Example, Lesson
from .pages import Goal, Next, Page


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
    pages=(
        Page(
            "gap is used twice: in J = gap², and in error = gap / 12. J does not depend on error, so training does not "
            "compute it. Press {key phase}: the forward pass finds J = {J}.",
            at="0",
            node="gap",
            shows="graph",
        ),
        Page(
            "Going back, a node waits for its consumers. gap has two of them: J and error. J is visited first. "
            "For how many will gap still wait then?",
            at="1:J:forward",
            node="gap",
            choices={
                "none": "Nothing comes back from error, which does not lead to J. gap is next.",
                "one": "For error: J does not change with it, so nothing comes from it, and who waits waits for ever.",
                "both": "J was visited by then. And error does not lead to J, so nobody waits for it.",
            },
            answer="none",
        ),
        Page(
            "gap gets {dJ/dgap} from J, and its gradient is complete. The ledger has one line: error brings nothing. "
            "Press {key step} on to w.",
            at="1:gap",
            node="gap",
            shows="ledger",
        ),
    ),
    goal=Goal("Train until J is below 0.01, with {key iteration}.", lambda now: now.loss < 0.01),
    then=Next("So far every node was one number. What if b is added to each of 100 rows?", "broadcast"),
)
