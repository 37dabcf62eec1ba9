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
from .pages import Goal, Next, Page

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
    sentences={
        "NodeEvaluated X": "X is given: four words, three numbers each.",
        "NodeEvaluated t": "t is given: what each word should become. It is X, but with Ann in place of her.",
        "NodeEvaluated Q": "Q = X·Wq: what each word asks for, as two numbers.",
        "NodeEvaluated K": "K = X·Wk: what each word offers, as two numbers.",
        "NodeEvaluated S": "S = Q·Kᵀ/√2: how well what a word asks for fits what each word offers; a row for each that "
        "asks.",
        "NodeEvaluated A": "A = softmax of each row of S: how much each word looks at each word. A row adds up to 1.",
        "NodeEvaluated O": "O = A·X: each row mixes the words by how much it looks at them.",
    },
    labels={
        **dict.fromkeys(("X", "O", "t", "gap", "square"), (_WORDS, _MEANINGS)),
        **dict.fromkeys(("Wq", "Wk"), (_MEANINGS, ())),
        **dict.fromkeys(("Q", "K"), (_WORDS, ())),
        "Kt": ((), _WORDS),
        **dict.fromkeys(("QKt", "S", "A"), (_WORDS, _WORDS)),
    },
    pages=(
        Page(
            "Four words: Ann saw her cat. Each is three numbers, a row of X. Q says what a word asks for, K what it "
            "offers, and S how well the two fit: in row her, column Ann stands {S[2,0]}.",
            at="1:S:forward",
            node="S[2,0]",
            shows="value",
        ),
        Page(
            "softmax makes shares of each row: how much a word looks at each word. her looks at Ann with {A[2,0]}. "
            "The output O mixes the rows of X by these shares.",
            at="1:A:forward",
            node="A[2,0]",
            shows="value",
        ),
        Page(
            "In t, the row of her is that of Ann: her should look at Ann. Which sign will dJ/dS have there, "
            "in row her, column Ann?",
            at="1:A",
            node="S[2,0]",
            choices={
                "+": "A step goes against the slope: then the score would fall, and her would look away from Ann.",
                "-": "Right: {dJ/dS[2,0]}. If the score grows, J falls. A step goes against the slope: it grows.",
                "none: it is 0": "Then nothing would change. her looks at Ann with {A[2,0]}, and should with nearly 1.",
            },
            answer="-",
        ),
        Page(
            "From the scores the gradient goes to Q and K, and from there to the twelve weights in Wq and Wk. "
            "Nobody tells a word where to look: it follows from what O should be.",
            at="1:Wq",
            node="Wq",
            shows="ledger",
        ),
    ),
    goal=Goal(
        "Train until J is below 0.05, and see in A where each word looks. {key train} trains on.",
        lambda now: now.loss < 0.05,
    ),
    then=Next("That was the path. Now open a script of your own, or look for a bug: backprop-tui hunt."),
)
