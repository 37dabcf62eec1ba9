"""One weight: its slope says which way is down, and the learning rate how far to go."""

from __future__ import annotations

from minidl_core import Constant, Graph, Variable, square, subtract

from .lesson import Example, Lesson
from .pages import Goal, Next, Page


def build(seed: int) -> Example:  # noqa: ARG001 (nothing in it is random)
    """Build J = (w - 3)², which is smallest, 0, at w = 3."""
    with Graph().as_default():
        w = Variable(0, name="w")
        gap = subtract(w, Constant(3, name="3"), name="gap")
        loss = square(gap, name="J")
    return Example(loss, {})


lesson = Lesson(
    name="descent",
    summary="J over one weight: each step goes down its slope, and a step too large jumps over the valley",
    build=build,
    learning_rate=0.1,
    picture="curve",
    pages=(
        Page(
            "w is a weight, J the loss: how wrong w is. The curve is J for every w. Training looks for its lowest "
            "point. Press {key phase}: the forward pass finds J = {J} at w = {w}.",
            at="0",
            shows="curve",
        ),
        Page(
            "The backward pass measures the slope of the curve here, dJ/dw. Press {key step} three times: the slope "
            "comes to w. It is {dJ/dw}: if w grows a little, J falls six times as much. So w should grow.",
            at="1:J:forward",
            node="w",
            shows="ledger",
        ),
        Page(
            "A step goes against the slope: the new w is w - {learning rate}·dJ/dw. {learning rate} is the learning "
            "rate, η for short. w is {w} and dJ/dw is {dJ/dw}. What will w be?",
            at="1:w",
            node="w",
            answer="{new w}",
            why="{w} - {learning rate}·({dJ/dw}) = {new w}. {key step} takes this step.",
        ),
        Page(
            "Near the bottom the slope is small, and so are the steps. Press {key iteration} a few times "
            "and follow w on the curve: it slows down by itself.",
            at="1",
            shows="curve",
        ),
    ),
    goal=Goal(
        "Make J grow three times in a row. Press {key edit} and give learning rate = 1.1, then {key iteration}: "
        "each step jumps over the valley, to where it is higher.",
        lambda now: len(now.losses) > 3 and all(now.losses[i - 1] < now.losses[i] for i in (-3, -2, -1)),
    ),
    then=Next("Here J was two nodes away from w. How do slopes come through many nodes?", "chain"),
)
