"""Exclusive or: a hidden layer learns what no line can, and every number of it can be read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from minidl_core import Graph, Variable, add, matmul, placeholder, reduce_mean, square, subtract, tanh
from minidl_core.arrays import Array
from minidl_core.train import AdamOptimizer

from .lesson import Example, Lesson, Points, Regions
from .pages import Goal, Next, Page


def build(seed: int) -> Example:
    """Build a network of 2 inputs, 2 hidden units and 1 output on the four cases, starting from this seed."""
    return _network(np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([0, 1, 1, 0]), seed)


def _network(cases: Array, classes: NDArray[np.intp], seed: int, units: int = 2) -> Example:
    """Build the network on cases (n,2) whose output should be 0 or 1 (n,), with so many hidden units."""
    rng = np.random.default_rng(seed)
    with Graph().as_default():
        x = placeholder(cases.shape, name="X")
        t = placeholder((len(cases), 1), name="t")
        w1, b1 = Variable(rng.normal(size=(2, units)), name="W1"), Variable(np.zeros(units), name="b1")
        w2, b2 = Variable(rng.normal(size=(units, 1)), name="W2"), Variable(np.zeros(1), name="b2")
        hidden = tanh(add(matmul(x, w1), b1), name="h")
        guess = add(matmul(hidden, w2), b2, name="y")
        loss = reduce_mean(square(subtract(guess, t, name="gap")), name="J")
    regions = Regions(x, t, guess, 0.5, w1, b1)
    return Example(loss, {x: cases, t: np.array(classes[:, None], dtype=float)}, regions=regions)


def on_points(points: Points) -> Lesson:
    """Return the lesson about somebody's points: the output is to be 0 for one of the classes and 1 for the other.

    Eight hidden units and Adam learn moons, rings and even a spiral in a few hundred iterations.
    """
    none, one = points.class_names
    units = tuple(f"unit {number}" for number in range(1, 9))
    return replace(
        lesson.without_story(),
        summary=f"{len(points.classes)} points: a hidden layer learns to say 0 for {none} and 1 for {one}",
        build=lambda seed: _network(points.coordinates, points.classes, seed, len(units)),
        learning_rate=0.1,
        optimizer=AdamOptimizer,
        labels={
            "X": ((), points.axes),
            "W1": (points.axes, units),
            "b1": (units,),
            **dict.fromkeys(_OF_UNITS, ((), units)),
            "W2": (units, ()),
        },
    )


_CASES = ("0⊕0", "0⊕1", "1⊕0", "1⊕1")
_UNITS = ("unit 1", "unit 2")
_OF_UNITS = ("matmul", "add", "h")

lesson = Lesson(
    name="xor",
    summary="a hidden layer learns what no line can; small enough to read every number",
    build=build,
    learning_rate=0.2,
    seed=26,
    sentences={
        "NodeEvaluated X": "X is given: the four cases of two inputs, each 0 or 1.",
        "NodeEvaluated t": "t is given: 1 where exactly one of the two inputs is 1, else 0.",
        "NodeEvaluated h": "h = tanh of the scores: what each hidden unit says of each case, between -1 and 1.",
        "NodeEvaluated y": "y adds b2: the network's guess for each case, to be as near as can be to t.",
        "NodeVisited h": "h leaves the queue. Nobody told the hidden units what to say: what they hear of J comes "
        "through W2.",
    },
    labels={
        "X": (_CASES, ("x1", "x2")),
        "W1": (("x1", "x2"), _UNITS),
        "b1": (_UNITS,),
        **dict.fromkeys(_OF_UNITS, (_CASES, _UNITS)),
        "W2": (_UNITS, ()),
        **dict.fromkeys(("matmul_1", "y", "t", "gap", "square"), (_CASES, ())),
    },
    on_points=on_points,
    pages=(
        Page(
            "Exclusive or: t is 1 where one of the two inputs is 1, and not both. Try to draw one line that has both "
            "ones on one side and both zeros on the other: there is none. Two units between X and y, "
            "called hidden, draw a line each.",
            at="0",
            shows="data",
        ),
        Page(
            "h = tanh of the scores: each column is what one hidden unit says of the four cases, between -1 and 1. "
            "The guess y adds up the two, weighted by W2.",
            at="1:h:forward",
            node="h",
            shows="value",
        ),
        Page(
            "y learns what it should be from t. Nobody tells a hidden unit what it should say. What will it hear of J?",
            at="1:y",
            node="h",
            choices={
                "dJ/dy times its weight in W2": "Right. It is blamed as much as it counts, and with that sign.",
                "y - t": "That is about y. A unit that hardly counts in y is hardly to blame.",
                "nothing": "y depends on it, so J does. Look for the way from y back to h: it leads through matmul.",
            },
            answer="dJ/dy times its weight in W2",
        ),
        Page(
            "Here it is: dJ/dh, a row for each case, a column for each unit. Unit 1 counts with W2 = {W2[0,0]} and "
            "unit 2 with {W2[1,0]}, and each hears dJ/dy times that.",
            at="1:h",
            node="h",
            shows="ledger",
        ),
        Page(
            "Press {key train} and watch the picture. Dots are where y says 1, red; the small digits 1 and 2 run along "
            "the lines of the two hidden units. See the dots come to lie between the lines, or outside.",
            at="1",
            shows="data",
        ),
    ),
    goal=Goal("Train until J is below 0.01. {key train} trains on.", lambda now: now.loss < 0.01),
    then=Next("One hidden layer was enough here. What becomes of a gradient on its way through ten?", "vanishing"),
)
