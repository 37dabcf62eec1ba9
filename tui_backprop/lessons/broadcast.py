"""Broadcasting: one b is added to each of 100 rows, so its gradient is the sum of each column."""

from __future__ import annotations

import numpy as np

from minidl_core import Graph, Variable, add, placeholder, reduce_sum, square

from .lesson import Example, Lesson


def build(seed: int) -> Example:
    """Build J = Σ (X + b)² over 100 points X (100,2), which is smallest where b is minus their mean."""
    points = (np.random.default_rng(seed).normal(size=(100, 2)) * (1, 0.5) + (3, -1)).round(1)
    with Graph().as_default():
        x = placeholder(points.shape, name="X")
        b = Variable([0, 0], name="b")
        moved = add(x, b, name="moved")
        loss = reduce_sum(square(moved), name="J")
    return Example(loss, {x: points})


_AXES = ("x", "y")

lesson = Lesson(
    name="broadcast",
    summary="b is added to 100 rows: why its gradient is the sum of each column",
    build=build,
    learning_rate=0.0025,
    seed=7,
    sentences={
        "NodeEvaluated X": "X is given: 100 points, one in each row; the two columns are their coordinates x and y.",
        "NodeEvaluated moved": "moved adds b to each of the 100 rows of X: every point is moved by the same two "
        "numbers.",
        "ContributionAdded b <- moved": "b gets G summed over the rows, (100,2) to (2,): b[0] was added in 100 places, "
        "so their 100 slopes add up.",
    },
    labels={"b": (_AXES,), **dict.fromkeys(("X", "moved", "square"), ((), _AXES))},
)
