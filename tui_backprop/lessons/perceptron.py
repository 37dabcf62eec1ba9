"""A perceptron: a line learns to lie between 50 red and 50 blue points."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from minidl_core import Graph, Variable, add, log, matmul, multiply, negative, placeholder, reduce_sum, softmax
from minidl_core.arrays import Array

from .lesson import Example, Lesson, Plane, Points
from .pages import Goal, Next, Page


def build(seed: int) -> Example:
    """Build the graph, with data and starting weights drawn from this seed."""
    rng = np.random.default_rng(seed)
    red = rng.normal(size=(50, 2)) - 2
    blue = rng.normal(size=(50, 2)) + 2
    return _separating(np.concatenate((blue, red)), np.repeat([0, 1], 50), rng)


def _separating(points: Array, classes: NDArray[np.intp], rng: np.random.Generator, spread: float = 1.0) -> Example:
    """Build the graph over points (n,2) of class 0 or 1 (n,), with weights of this spread drawn from a generator."""
    with Graph().as_default():
        x = placeholder(points.shape, name="X")
        c = placeholder(points.shape, name="c")
        w = Variable(rng.normal(size=(2, 2)) * spread, name="W")
        b = Variable(rng.normal(size=2), name="b")
        p = softmax(add(matmul(x, w), b), name="p")
        loss = negative(reduce_sum(reduce_sum(multiply(c, log(p)), axis=1)), name="J")
    return Example(loss, {x: points, c: np.eye(2)[classes]}, Plane(x, c, w, b))


def on_points(points: Points) -> Lesson:
    """Return the lesson about somebody's points, however large: where it starts no score is, and each step leads down.

    The slope of this loss changes by at most half the squared lengths of all rows (X, 1) over a unit step, and steps
    of less than two over that always lead down; the rate is about half of one over it.
    """
    rows, (blue, red) = points.coordinates, points.class_names
    squares = np.vdot(rows, rows)
    rate, spread = 1.0 / (squares + len(rows)), 1.0 / max(1.0, float(np.sqrt(squares / rows.size)))
    return replace(
        lesson.without_story(),
        summary=f"{len(rows)} points, {blue} (blue) and {red} (red): a line learns to separate them",
        build=lambda seed: _separating(rows, points.classes, np.random.default_rng(seed), spread),
        learning_rate=float(f"{rate:.1g}"),
        labels={
            "X": ((), points.axes),
            "W": (points.axes, points.class_names),
            "b": (points.class_names,),
            **dict.fromkeys(_OF_CLASSES, ((), points.class_names)),
        },
    )


# what this data and this graph are about; every other sentence is the general one (narration.py)
SENTENCES = {
    "NodeEvaluated c": "c is given: one row per point, with 1 in the column of its true class and 0 in the other.",
    "NodeEvaluated X": "X is given: 100 points, one per row; the two columns are the coordinates x and y.",
    "NodeEvaluated W": "W is a variable: four weights that training may change; {history}.",
    "NodeEvaluated matmul": "matmul computes X·W: each point becomes two scores, one per class. "
    "(100,2)·(2,2) gives (100,2).",
    "NodeEvaluated b": "b is a variable: one offset per class, now {value}; training may change it.",
    "NodeEvaluated add": "add adds b to each of the 100 rows of matmul: the same two offsets for every point.",
    "NodeEvaluated p": "p = softmax of the scores: the two scores of each point become two probabilities that "
    "add up to 1.",
    "NodeEvaluated log": "log takes the logarithm of each probability: 0 at probability 1, ever more negative towards "
    "probability 0.",
    "NodeEvaluated multiply": "multiply by c keeps the log-probability of each point's true class and puts 0 for the "
    "other class.",
    "NodeEvaluated reduce_sum": "reduce_sum adds along each row: one number per point, the log-probability of its "
    "true class.",
    "NodeEvaluated reduce_sum_1": "reduce_sum_1 adds up the 100 numbers: {value}. Being right and certain about every "
    "point would give 0.",
    "NodeEvaluated J": "negative flips the sign: the loss is J = {value}. It cannot be below 0; training tries to make "
    "it small.",
    "NodeVisited J": "J is visited first: the search walks from the loss back towards X, c, W and b, against the "
    "arrows.",
    "ContributionAdded reduce_sum_1 <- J": "reduce_sum_1 gets -G = -1 from J: negative flips the sign, so 1 more here "
    "is 1 less in J.",
    "NodeVisited reduce_sum": "reduce_sum leaves the queue. Its 100 numbers reach J only through reduce_sum_1.",
    "ContributionAdded reduce_sum <- reduce_sum_1": "reduce_sum gets G = -1 copied to its 100 entries: 1 more in any "
    "entry is 1 more in the total.",
    "NodeVisited multiply": "multiply leaves the queue. Its 200 entries reach J only through the row sums.",
    "ContributionAdded multiply <- reduce_sum": "multiply gets each row's G in both of its columns, so -1 everywhere: "
    "(100,) is repeated to (100,2).",
    "ContributionAdded c <- multiply": "c gets G⊙log, here -log p: in a product, each factor's slope is the other "
    "factor.",
    "GradientCompleted c": "dJ/dc is complete, and nobody uses it: the labels stay as they are.",
    "ContributionAdded log <- multiply": "log gets G⊙c: -1 for each point's true class and 0 for the other class, "
    "which J does not look at.",
    "GradientCompleted log": "dJ/dlog is complete: -1 for the true class of each point, 0 for the other.",
    "ContributionAdded p <- log": "p gets G/p, the slope of log being 1/p: the smaller p is for the true class, the "
    "more a little more helps.",
    "GradientCompleted p": "dJ/dp is complete: -1/p for the true class, 0 for the other. A lower p there means a "
    "steeper slope.",
    "NodeVisited add": "add leaves the queue. Both scores of a point matter to both of its probabilities.",
    "ContributionAdded add <- p": "add gets p⊙(G - Σ G⊙p), Σ along each row. Here that equals p - c: what was "
    "predicted minus what is true.",
    "GradientCompleted add": "dJ/dadd is complete: p - c. A score is too high where it is positive, too low where it "
    "is negative.",
    "ContributionAdded matmul <- add": "matmul gets G unchanged: 1 more in an entry of matmul is 1 more in the same "
    "entry of add.",
    "NodeVisited b": "b leaves the queue. It reaches J only through add, but there it was added to all 100 rows.",
    "ContributionAdded b <- add": "b gets G summed over the rows, (100,2) to (2,): b[j] was added in 100 places, so "
    "their 100 slopes add up.",
    "ContributionAdded X <- matmul": "X gets G·Wᵀ: a point's coordinates reach both of its scores through the weights.",
    "GradientCompleted X": "dJ/dX is complete, and nobody uses it: the points stay where they are.",
    "ContributionAdded W <- matmul": "W gets Xᵀ·G: each weight sums, over the 100 points, the coordinate it multiplied "
    "times the slope G there.",
    "GradientCompleted W": "dJ/dW is complete: four numbers, one for each weight. The backward pass is done.",
}

_CLASSES = ("blue", "red")
_OF_CLASSES = ("matmul", "add", "p", "log", "multiply", "c")

lesson = Lesson(
    name="perceptron",
    summary="100 points, red and blue: a line learns to separate them (softmax, cross-entropy)",
    build=build,
    learning_rate=0.0005,
    seed=28,
    sentences=SENTENCES,
    labels={
        "X": ((), ("x", "y")),
        "W": (("x", "y"), _CLASSES),
        "b": (_CLASSES,),
        **dict.fromkeys(_OF_CLASSES, ((), _CLASSES)),
    },
    folds=dict.fromkeys(("log", "multiply", "reduce_sum", "reduce_sum_1", "J"), "cross-entropy"),
    on_points=on_points,
    pages=(
        Page(
            "50 red points, 50 blue ones, and a line where both classes are equally likely. W and b were drawn "
            "at random, so this first line is only a guess. Training is to make a good separator of it.",
            at="0",
            shows="data",
        ),
        Page(
            "Scores, softmax, cross-entropy, as in the lesson before, for each row. So dJ/dadd is p - c. "
            "In the inspector ({key pane}, then {key down}) go from point to point: which have a slope far from 0?",
            at="1:add",
            node="add",
            shows="ledger",
        ),
        Page(
            "dJ/dW sums over all points: the coordinate of each, times its slope p - c. "
            "Which points move the line most?",
            at="1:add",
            node="W",
            choices={
                "those on the wrong side": "Right: there p - c is nearly 1 or -1. Points far on the right side have 0.",
                "those far on the right side": "They are sure and right: p is nearly c, so p - c is nearly 0.",
                "all points alike": "Each counts by its slope p - c, and that is not the same for all.",
            },
            answer="those on the wrong side",
        ),
        Page(
            "One step along -dJ/dW, and the line is a little better. Press {key iteration} and watch the picture: "
            "small digits mark the lines after 0, 1, 3 and 10 updates, each better than the one before.",
            at="1",
            shows="data",
        ),
    ),
    goal=Goal(
        "Train until J is below 10: a good separator. {key train} trains on.",
        lambda now: now.loss < 10,
    ),
    then=Next("A line separates these points. What if no line can?", "xor"),
)
