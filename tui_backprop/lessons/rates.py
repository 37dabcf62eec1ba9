"""Learning rates: too small, right, swinging, and one that ends in NaN; then momentum and Adam in a narrow valley."""

from __future__ import annotations

from minidl_core import Constant, Graph, Variable, add, log, multiply, subtract

from .lesson import Example, Lesson
from .pages import Goal, Next, Page


def build(seed: int) -> Example:  # noqa: ARG001 (nothing in it is random)
    """Build J = (a - log a) + 20·(b - log b) - 21, a valley 20 times as steep along b; smallest, 0, at a = b = 1.

    Below 0 there is no log: a step that is too long ends in NaN.
    """
    with Graph().as_default():
        a, b = Variable(3, name="a"), Variable(2, name="b")
        gentle = subtract(a, log(a, name="log_a"), name="gentle")
        steep = multiply(Constant(20, name="20"), subtract(b, log(b, name="log_b"), name="bend"), name="steep")
        loss = subtract(add(gentle, steep, name="both"), Constant(21, name="21"), name="J")
    return Example(loss, {})


lesson = Lesson(
    name="rates",
    summary="four learning rates side by side, the last ends in NaN; then momentum and Adam",
    build=build,
    learning_rate=0.002,
    picture="map",
    pages=(
        Page(
            "J is a valley over two weights, a and b, 20 times as steep along b. It is lowest, 0, at a = b = 1. "
            "The learning rate is {learning rate}. Press {key train}: J falls, but slowly.",
            at="0",
            node="a",
            shows="map",
        ),
        Page(
            "dJ/db is {dJ/db} here, and b is {b}. A step moves b to b - η·{dJ/db}, where η is the learning rate. "
            "Below 0 there is no log. Which η ends in NaN at once?",
            at="1:b",
            node="b",
            choices={
                "0.04": "That moves b to 1.6: nearer to 1, and above 0. It may well be a good one.",
                "0.15": "That moves b to 0.5: above 0, but beyond 1. There the slope is -20, and b jumps back to 3.5.",
                "0.25": "Right: b would be -0.5, and its log is NaN. From then on nothing is left to learn from.",
            },
            answer="0.25",
        ),
        Page(
            "Try the right one. {key first} goes to the start; {key edit} asks for an edit: type learning rate = 0.04, "
            "then press {key train}. The run before stays in the chart of J, dotted.",
            at="0",
            shows="loss",
        ),
        Page(
            "From the start again, try 0.15, which swings, and 0.25, which ends in NaN. The map shows the way of each. "
            "{key branch} goes from run to run.",
            at="0",
            node="a",
            shows="map",
        ),
        Page(
            "At 0.04 b is soon right, and a creeps: its slope is small. An optimizer that remembers helps. From the "
            "start, edit the learning rate to 0.04 and then optimizer = momentum; later try adam and 0.1.",
            at="0",
            node="a",
            shows="map",
        ),
    ),
    goal=Goal(
        "Come below J = 0.05 within 50 iterations, by a learning rate or an optimizer.",
        lambda now: now.iteration <= 50 and now.loss < 0.05,
    ),
    then=Next("You know all that an engine does. The next lesson shows one, in thirty lines of Python.", "engine"),
)
