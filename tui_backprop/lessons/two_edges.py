"""Two edges from one node to one consumer: side·side gives side two contributions, one for each edge."""

from __future__ import annotations

from dataclasses import replace

from minidl_core import Constant, Graph, Variable, matmul, multiply, reduce_sum, square, subtract

from .lesson import Example, Lesson
from .pages import Goal, Next, Page


def build(seed: int) -> Example:  # noqa: ARG001 (nothing in it is random)
    """Build J = (side·side - 16)²: the side of a square whose area is to be 16; J is smallest, 0, at side = 4."""
    with Graph().as_default():
        side = Variable(3, name="side")
        area = multiply(side, side, name="area")
        gap = subtract(area, Constant(16, name="16"), name="gap")
        loss = square(gap, name="J")
    return Example(loss, {})


def build_matmul(seed: int) -> Example:  # noqa: ARG001 (nothing in it is random)
    """Build J = Σ (A·A - B)² with a matrix A, whose square is to be B; J is smallest, 0, at A = [[1, 1], [0, 2]]."""
    with Graph().as_default():
        a = Variable([[1, 0.5], [0, 1.5]], name="A")
        product = matmul(a, a, name="product")
        gap = subtract(product, Constant([[1, 3], [0, 4]], name="B"), name="gap")
        loss = reduce_sum(square(gap, name="squares"), name="J")
    return Example(loss, {})


_numbers = Lesson(
    name="two-edges",
    summary="one consumer, two edges: a contribution for each edge; variant matmul",
    build=build,
    learning_rate=0.002,
    sentences={
        "BackwardStarted J": "Backward starts at J: dJ/dJ = 1. Watch side: it has one consumer, but two edges lead "
        "there.",
    },
    pages=(
        Page(
            "area = side·side: a square with side {side} has area {area}. It should be 16. side has one consumer, "
            "but two edges lead to it. Press {key phase}.",
            at="0",
            node="side",
            shows="graph",
        ),
        Page(
            "In a product, each factor's slope is the other factor. So over the first edge side gets "
            "{dJ/darea}·{side} = -42. What is dJ/dside in the end?",
            at="1:side:1",
            node="side",
            shows="ledger",
            choices={
                "-42": "That counts the consumer once. But side stands in the product twice: each place counts.",
                "{dJ/dside}": "-42 over each of two edges. So the slope of side² is 2·side, not side.",
                "0": "Both edges pull the same way: a larger side makes both factors larger.",
            },
            answer="{dJ/dside}",
        ),
        Page(
            "Press {key step}: the second contribution arrives over the other edge, and the sum is {dJ/dside}. "
            "The ledger has a line for each edge.",
            at="1:side:1",
            node="side",
            shows="ledger",
        ),
    ),
    goal=Goal("Bring J below 0.01: train with {key iteration}.", lambda now: now.loss < 0.01),
    then=Next(
        "The same with a matrix times itself: backprop-tui two-edges --variant matmul. Then: what if the two ways are "
        "not equally long?",
        "skip",
    ),
)

_matmul = replace(
    _numbers,
    name="two-edges: matmul",
    summary="A·A: over one edge A gets G·Aᵀ, over the other Aᵀ·G",
    build=build_matmul,
    learning_rate=0.02,
    sentences={
        "BackwardStarted J": "Backward starts at J: dJ/dJ = 1. Watch A: two edges lead to product, and their slopes "
        "are not the same.",
    },
    pages=(
        Page(
            "A is a matrix, and product = A·A. Here the two edges differ: A is once the left factor, once the right "
            "one. Press {key step} and see the second contribution arrive.",
            at="1:A:1",
            node="A",
            shows="ledger",
        ),
        Page(
            "As the left factor A gets G·Aᵀ, as the right one Aᵀ·G. Which of its numbers would be wrong if only one "
            "edge counted? How large is dJ/dA[0,1] with both?",
            at="1:A:1",
            node="A[0,1]",
            shows="ledger",
            answer="{dJ/dA[0,1]}",
            why="It is {dJ/dA[0,1]}, the sum of both: {key step} brings the second one.",
        ),
    ),
    goal=Goal("Bring J below 0.01: train with {key iteration}.", lambda now: now.loss < 0.01),
    then=Next("What if the two ways from a node are not equally long?", "skip"),
)

lesson = replace(_numbers, variants={"matmul": _matmul})
