"""Softmax with cross-entropy: two steep slopes meet, and what is left for the scores is p - c."""

from __future__ import annotations

import numpy as np

from minidl_core import Constant, Graph, Variable, log, multiply, negative, reduce_sum, softmax

from .lesson import Example, Lesson
from .pages import Goal, Next, Page

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
    pages=(
        Page(
            "A picture of a dog got three scores, z. softmax makes probabilities of them: e to each score, divided by "
            "the sum. For dog that is {p[1]}. (The largest score comes off all of them first, which changes nothing.)",
            at="1:p:forward",
            node="p[1]",
            shows="value",
        ),
        Page(
            "The loss asks one thing: how likely is what is true? J = -log {p[1]} = {J}. It is called cross-entropy. "
            "If p said dog with 1, J would be 0.",
            at="1:J:forward",
            node="J",
            shows="value",
        ),
        Page(
            "Backward, through log: its slope is 1/p, so p of dog gets -1/{p[1]} = {dJ/dp[1]}. The two others get 0, "
            "because J does not look at them. The less likely the truth, the steeper.",
            at="1:p",
            node="p[1]",
            shows="ledger",
        ),
        Page(
            "Now softmax passes it on to the scores. p of dog is {p[1]}, and c of dog is {c[1]}. "
            "What is dJ/dz of dog, z[1]?",
            at="1:p",
            node="z[1]",
            choices={
                "{dJ/dp[1]}": "That is dJ/dp. softmax lies between z and p, and its slope for dog is p·(1 - p).",
                "{dJ/dz[1]}": "Right: p - c. The 1/p of log meets the p·(1 - p) of softmax; p cancels, p - 1 is left.",
                "{p[1]}": "That is p. What is true has to come off it: the score of dog should grow.",
            },
            answer="{dJ/dz[1]}",
        ),
        Page(
            "All of dJ/dz is p - c: {dJ/dz[0]}, {dJ/dz[1]}, {dJ/dz[2]}. What was said too loudly goes down, what "
            "was said too softly goes up. See in the inspector how the two slopes meet.",
            at="1:z",
            node="z[1]",
            shows="ledger",
        ),
    ),
    goal=Goal(
        "Train until J is below 0.1: then p says dog with more than 0.9. {key iteration} trains one iteration.",
        lambda now: now.loss < 0.1,
    ),
    then=Next("The same two operations, over 100 points at once, draw a line.", "perceptron"),
)
