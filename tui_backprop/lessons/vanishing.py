"""Ten sigmoids in a row: each slope is at most 1/4, so the gradient that arrives at w is nearly nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from minidl_core import Constant, Graph, Node, Variable, add, relu, sigmoid, square, subtract, tanh

from .lesson import Example, Lesson
from .pages import Goal, Next, Page

_LAYERS = 10


def _row(layer: Callable[[Node, str], Node]) -> Callable[[int], Example]:
    """Return what builds J = (s10 - 0.5)², where s1 is a layer over w = 2, s2 one over s1, and so on."""

    def build(seed: int) -> Example:  # noqa: ARG001 (nothing in it is random)
        with Graph().as_default():
            value: Node = Variable(2, name="w")
            for number in range(1, _LAYERS + 1):
                value = layer(value, f"s{number}")
            loss = square(subtract(value, Constant(0.5, name="0.5"), name="gap"), name="J")
        return Example(loss, {})

    return build


_sigmoids = Lesson(
    name="vanishing",
    summary="ten sigmoids in a row: little of the gradient is left for w; variants tanh, relu, skip",
    build=_row(lambda value, name: sigmoid(value, name=name)),
    learning_rate=1.0,
    sentences={
        "BackwardStarted J": "Backward starts at J: dJ/dJ = 1. Watch how small the gradient becomes: a sigmoid's slope "
        "is at most 1/4.",
    },
    picture="layers",
    pages=(
        Page(
            "w = {w} goes through ten sigmoids, s1 to s10, and J asks s10 to be 0.5. Forward, nothing is wrong: "
            "s1 = {s1}, s2 = {s2}, and at last s10 = {s10}. Each depends on w.",
            at="1:J:forward",
            node="s10",
            shows="graph",
        ),
        Page(
            "The gradient starts at s10 with {dJ/ds10}. At each sigmoid it is multiplied by a slope, s·(1 - s), which "
            "is at most 1/4. How much of it is left at w?",
            at="1:s10",
            node="s10",
            shows="graph",
            choices={
                "a tenth": "Slopes along a path are multiplied, not added: ten times a factor below 1/4.",
                "a thousandth": "After five sigmoids, at most that: (1/4)^5 is 1/1024. There are ten.",
                "less than a millionth": "Right: (1/4)^10 is about a millionth, and here the slopes are even smaller.",
            },
            answer="less than a millionth",
        ),
        Page(
            "{dJ/dw} arrives at w: the gradient has vanished. Each bar is a layer, the ones in front are the "
            "shortest. The step moves w by no more than that: the front of the row learns nothing.",
            at="1:w",
            node="w",
            shows="layers",
        ),
    ),
    goal=Goal(
        "Train 20 iterations, with {key iteration}, and see how little J falls.", lambda now: now.iteration >= 20
    ),
    then=Next(
        "What helps? {key lessons} lists this row again, of tanh, of relu and with a skip (--variant tanh, relu, "
        "skip). The path goes on with rates.",
        "rates",
    ),
)
_tanh = replace(
    _sigmoids,
    name="vanishing: tanh",
    summary="ten times tanh in a row: its slope is up to 1, so more of the gradient is left for w",
    build=_row(lambda value, name: tanh(value, name=name)),
    sentences={},
    pages=(
        Page(
            "Ten times tanh in place of sigmoid. Its slope, 1 - tanh², is up to 1, near 0. The gradient starts at s10 "
            "with {dJ/ds10}, and {dJ/dw} arrives at w: some hundred times less, not a million times.",
            at="1:w",
            node="w",
            shows="layers",
        ),
        Page(
            "Where w is far from 0, tanh is flat, and its slope is small again. Which w lets more through? "
            "{key edit} changes w.",
            at="1:w",
            node="s1",
            shows="ledger",
        ),
    ),
    goal=Goal(
        "Edit w so that at least a tenth of dJ/ds10 arrives at w.",
        lambda now: bool(abs(now.gradient("w")) > abs(now.gradient("s10")) / 10),
    ),
    then=Next("Next is the row of relu in the list of {key lessons}. The path goes on with rates.", "rates"),
)
_relu = replace(
    _sigmoids,
    name="vanishing: relu",
    summary="ten times relu in a row: above 0 its slope is 1, and the whole gradient arrives at w",
    build=_row(lambda value, name: relu(value, name=name)),
    learning_rate=0.1,
    sentences={},
    pages=(
        Page(
            "Ten times relu. Above 0 its slope is 1, so nothing gets lost: {dJ/ds10} starts at s10, {dJ/dw} arrives "
            "at w. From s10 to w all bars are equally long.",
            at="1:w",
            node="w",
            shows="layers",
        ),
        Page(
            "Below 0 the slope of relu is 0. Edit w to -1 with {key edit}: what arrives at w then?",
            at="1:w",
            node="w",
            shows="layers",
            answer="0",
            why="0: below 0, relu lets nothing through. A unit that only gets such numbers never learns: it is dead.",
        ),
    ),
    goal=Goal(
        "Kill the row: edit w so that dJ/dw is 0 and J is not.",
        lambda now: now.loss > 0.01 and bool(now.gradient("w") == 0),
    ),
    then=Next("Next is the row with a skip in the list of {key lessons}. The path goes on with rates.", "rates"),
)
_skip = replace(
    _sigmoids,
    name="vanishing: skip",
    summary="ten sigmoids with a skip around each: on that way the gradient arrives at w undiminished",
    build=_row(lambda value, name: add(value, sigmoid(value, name=name.replace("s", "g")), name=name)),
    learning_rate=0.02,
    sentences={},
    pages=(
        Page(
            "Ten sigmoids again, but each is added to what came in: s2 = s1 + sigmoid(s1). The gradient goes both "
            "ways, and one of them, the skip, has slope 1.",
            at="1:s1",
            node="s1",
            shows="ledger",
        ),
        Page(
            "{dJ/ds10} starts at s10, and {dJ/dw} arrives at w: it has not vanished, it has grown a little. "
            "Deep networks are built this way. Press {key train}: now w learns.",
            at="1:w",
            node="w",
            shows="layers",
        ),
    ),
    goal=Goal("Train until J is below 0.01.", lambda now: now.loss < 0.01),
    then=Next("The gradient arrives. How far should a step go? The path goes on with rates.", "rates"),
)

lesson = replace(_sigmoids, variants={"tanh": _tanh, "relu": _relu, "skip": _skip})
