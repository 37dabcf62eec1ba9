"""Attention: one head over four words; "her" learns to look at "Ann", and every number of it can be read."""

from __future__ import annotations

import numpy as np

from minidl_core import (
    Constant,
    Graph,
    Variable,
    divide,
    matmul,
    placeholder,
    reduce_sum,
    softmax,
    square,
    subtract,
    transpose,
)

from .lesson import Example, Lesson

_WORDS = ("Ann", "saw", "her", "cat")
_MEANINGS = ("human", "verb", "pronoun")
_X = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [-1.0, 0.0, 0.0]])


def build(seed: int) -> Example:
    """Build a head whose output is to be t, the words with Ann in place of her; J tends to 0.

    The values are the words themselves, so nothing but attention can bring Ann's numbers to her row. (Vaswani et al.
    2017, "Attention is all you need", section 3.2.1, where a third matrix makes the values.)
    """
    rng = np.random.default_rng(seed)
    with Graph().as_default():
        x, t = placeholder(_X.shape, name="X"), placeholder(_X.shape, name="t")
        w_query, w_key = (Variable(rng.normal(size=(3, 2)).round(1), name=name) for name in ("Wq", "Wk"))
        keys = transpose(matmul(x, w_key, name="K"), name="Kt")
        scores = divide(
            matmul(matmul(x, w_query, name="Q"), keys, name="QKt"), Constant(np.sqrt(2), name="√2"), name="S"
        )
        looks = softmax(scores, name="A")
        loss = reduce_sum(square(subtract(matmul(looks, x, name="O"), t, name="gap")), name="J")
    return Example(loss, {x: _X, t: _X[[0, 1, 0, 3]]})


lesson = Lesson(
    name="attention",
    summary='one head over four words: "her" learns to look at "Ann"',
    build=build,
    learning_rate=0.3,
    seed=0,
)
