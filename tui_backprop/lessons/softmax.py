"""Softmax with cross-entropy: two steep slopes meet, and what is left for the scores is p - c."""

from __future__ import annotations

import numpy as np

from minidl_core import Constant, Graph, Variable, log, multiply, negative, reduce_sum, softmax

from .lesson import Example, Lesson

_KINDS = ("cat", "dog", "fish")


def build(seed: int) -> Example:  # noqa: ARG001 (nothing in it is random)
    """Build J = -Σ c⊙log p with p = softmax(z), where p starts as 0.2, 0.3, 0.5 and c says dog; J tends to 0."""
    with Graph().as_default():
        z = Variable(np.log([2, 3, 5]), name="z")
        p = softmax(z, name="p")
        c = Constant([0, 1, 0], name="c")
        loss = negative(reduce_sum(multiply(c, log(p, name="log"), name="kept"), name="sum"), name="J")
    return Example(loss, {})


lesson = Lesson(
    name="softmax",
    summary="softmax with cross-entropy: why p - c comes out in the end",
    build=build,
    learning_rate=0.5,
    sentences={
        "NodeEvaluated z": "z has a score for each of cat, dog and fish: any three numbers.",
        "NodeEvaluated p": "p = softmax of the scores: e to each score, divided by the sum of all three. They add up "
        "to 1.",
        "NodeEvaluated c": "c is given: the picture shows a dog, so dog has 1 and the others have 0.",
        "NodeEvaluated kept": "kept is c⊙log: of the three logarithms it keeps that of the true class.",
        "ContributionAdded p <- log": "p gets G/p, the slope of log being 1/p: the smaller p is for dog, the more a "
        "little more helps.",
        "ContributionAdded z <- p": "z gets p⊙(G - Σ G⊙p). The 1/p of log and the p of softmax cancel: p - c is left.",
    },
    labels=dict.fromkeys(("z", "p", "c", "log", "kept"), (_KINDS,)),
)
