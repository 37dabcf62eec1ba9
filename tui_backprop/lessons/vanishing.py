"""Ten sigmoids in a row: each slope is at most 1/4, so the gradient that arrives at w is nearly nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from minidl_core import Constant, Graph, Node, Variable, add, relu, sigmoid, square, subtract, tanh

from .lesson import Example, Lesson

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
)
_tanh = replace(
    _sigmoids,
    name="vanishing: tanh",
    summary="ten times tanh in a row: its slope is up to 1, so more of the gradient is left for w",
    build=_row(lambda value, name: tanh(value, name=name)),
    sentences={},
)
_relu = replace(
    _sigmoids,
    name="vanishing: relu",
    summary="ten times relu in a row: above 0 its slope is 1, and the whole gradient arrives at w",
    build=_row(lambda value, name: relu(value, name=name)),
    learning_rate=0.1,
    sentences={},
)
_skip = replace(
    _sigmoids,
    name="vanishing: skip",
    summary="ten sigmoids with a skip around each: on that way the gradient arrives at w undiminished",
    build=_row(lambda value, name: add(value, sigmoid(value), name=name)),
    learning_rate=0.02,
    sentences={},
)

lesson = replace(_sigmoids, variants={"tanh": _tanh, "relu": _relu, "skip": _skip})
