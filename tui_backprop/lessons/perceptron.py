"""A perceptron: a line learns to lie between 50 red and 50 blue points."""

from __future__ import annotations

import numpy as np

from minidl_core import Graph, Variable, add, log, matmul, multiply, negative, placeholder, reduce_sum, softmax

from .lesson import Example, Lesson, Plane


def build(seed: int) -> Example:
    """Build the graph, with data and starting weights drawn from this seed."""
    rng = np.random.default_rng(seed)
    red = rng.normal(size=(50, 2)) - 2
    blue = rng.normal(size=(50, 2)) + 2
    with Graph().as_default():
        x = placeholder((100, 2), name="X")
        c = placeholder((100, 2), name="c")
        w = Variable(rng.normal(size=(2, 2)), name="W")
        b = Variable(rng.normal(size=2), name="b")
        p = softmax(add(matmul(x, w), b), name="p")
        loss = negative(reduce_sum(reduce_sum(multiply(c, log(p)), axis=1)), name="J")
    feeds = {x: np.concatenate((blue, red)), c: np.repeat(np.eye(2), 50, axis=0)}
    return Example(loss, feeds, Plane(x, c, w, b))


lesson = Lesson(
    name="perceptron",
    summary="100 points, red and blue: a line learns to separate them (softmax, cross-entropy)",
    build=build,
    learning_rate=0.0005,
    seed=28,
)
