"""Broadcasting: one b is added to each of 100 rows, so its gradient is the sum of each column."""

from __future__ import annotations

import numpy as np

from minidl_core import Graph, Variable, add, placeholder, reduce_sum, square

from .lesson import Example, Lesson
from .pages import Goal, Next, Page


def build(seed: int) -> Example:
    """Build J = Σ (X + b)² over 100 points X (100,2), which is smallest where b is minus their mean."""
    points = (np.random.default_rng(seed).normal(size=(100, 2)) * (1, 0.5) + (3, -1)).round(1)
    with Graph().as_default():
        x = placeholder(points.shape, name="X")
        b = Variable([1, 2], name="b")
        moved = add(x, b, name="moved")
        loss = reduce_sum(square(moved), name="J")
    return Example(loss, {x: points})


_AXES = ("x", "y")

lesson = Lesson(
    name="broadcast",
    summary="b is added to 100 rows: why its gradient is the sum of each column",
    build=build,
    learning_rate=0.002,
    seed=7,
    sentences={
        "NodeEvaluated X": "X is given: 100 points, one in each row; the two columns are their coordinates x and y.",
        "NodeEvaluated moved": "moved adds b to each of the 100 rows of X: every point is moved by the same two "
        "numbers.",
        "ContributionAdded b <- moved": "b gets G summed over the rows, (100,2) to (2,): b[0] was added in 100 places, "
        "so their 100 slopes add up.",
    },
    labels={"b": (_AXES,), **dict.fromkeys(("X", "moved", "square"), ((), _AXES))},
    pages=(
        Page(
            "X has 100 points, one in each row. b has two numbers, and X + b adds them to every row: that is "
            "broadcasting. Look at moved: each of its rows is a row of X plus ({b[0]}, {b[1]}).",
            at="1:moved:forward",
            node="moved",
            shows="value",
        ),
        Page(
            "The gradient of moved has come in: 200 slopes, one for each of its numbers. b has two numbers. "
            "How many slopes will dJ/db have?",
            at="1:moved",
            node="moved",
            shows="ledger",
            choices={
                "1": "One number cannot say how to change b[0] and b[1] apart from each other.",
                "2": "Right: one for each number of b. So the 200 slopes become 2, and the next page shows how.",
                "200": "That is dJ/dmoved. A gradient has one slope for each number of its own node.",
            },
            answer="2",
        ),
        Page(
            "b[0] was added in 100 places. If it grows a little, all 100 rows change, and J with each of them. "
            "So the 100 slopes of its column are added: {dJ/db[0]}. The inspector writes the sum out.",
            at="1:b",
            node="b[0]",
            shows="ledger",
        ),
        Page(
            "The update: b[0] = {b[0]} - {learning rate}·{dJ/db[0]} = {new b[0]}. It moves all the points at once, "
            "so that their middle comes to 0. Press {key iteration} twice, and see J fall.",
            at="1:b:update",
            node="b[0]",
            shows="update",
        ),
    ),
    goal=Goal("Train until J is below 98.1. {key iteration} trains one iteration.", lambda now: now.loss < 98.1),
    then=Next("A sum takes many slopes together. Next: two operations whose slopes cancel.", "softmax"),
)
