"""A character model with one attention block, built of scalars as a learner's own engine does: thousands of nodes."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import numpy as np

from minidl_core import Constant, Node, Variable, exp, log, name_scope, relu
from tui_backprop.lessons.lesson import Example

Row = list[Node]


def tiny_gpt(places: int = 6, width: int = 12, heads: int = 2, *, scopes: bool = True, names: bool = True) -> Example:
    """Return the model trained on one word; its functions are scopes, its weights are named like elements of lists."""
    draw = np.random.default_rng(3)
    letters = 16

    def call(name: str) -> AbstractContextManager[None]:
        return name_scope(name) if scopes else nullcontext()

    def matrix(name: str, rows: int, columns: int) -> list[Row]:
        return [
            [Variable(draw.normal(0, 0.2), name=f"{name}[{i}][{j}]" if names else None) for j in range(columns)]
            for i in range(rows)
        ]

    tokens, spots = matrix("tokens", letters, width), matrix("places", places, width)
    query, key, value, out = (matrix(f"model['{name}']", width, width) for name in ("query", "key", "value", "out"))
    up, down = matrix("model['up']", 2 * width, width), matrix("model['down']", width, 2 * width)
    head = matrix("head", letters, width)

    def total(terms: Row) -> Node:
        result: Node = Constant(0.0)
        for term in terms:
            result = result + term
        return result

    def linear(x: Row, weights: list[Row]) -> Row:
        with call("linear"):
            return [total([w * v for w, v in zip(row, x, strict=True)]) for row in weights]

    def softmax(scores: Row) -> Row:
        with call("softmax"):
            powers = [exp(score - 0.1) for score in scores]
            whole = total(powers)
            return [power / whole for power in powers]

    def normalise(x: Row) -> Row:
        with call("normalise"):
            scale = (total([v * v for v in x]) * (1 / len(x)) + 1e-5) ** -0.5
            return [v * scale for v in x]

    keys: list[Row] = []
    values: list[Row] = []

    def attend(x: Row) -> Row:
        with call("attend"):
            asked = linear(x, query)
            keys.append(linear(x, key))
            values.append(linear(x, value))
            size = width // heads
            mixed = []
            for first in range(0, width, size):
                part = slice(first, first + size)
                scores = [
                    total([q * k for q, k in zip(asked[part], each[part], strict=True)]) * size**-0.5 for each in keys
                ]
                weights = softmax(scores)
                for j in range(size):
                    mixed.append(total([w * each[part][j] for w, each in zip(weights, values, strict=True)]))
            return linear(mixed, out)

    def predict(token: int, place: int) -> Row:
        with call("predict"):
            x = [a + b for a, b in zip(tokens[token], spots[place], strict=True)]
            x = [a + b for a, b in zip(x, attend(normalise(x)), strict=True)]
            hidden = [relu(h) for h in linear(normalise(x), up)]
            x = [a + b for a, b in zip(x, linear(hidden, down), strict=True)]
            return softmax(linear(normalise(x), head))

    losses = [-log(predict(place % letters, place)[(place + 1) % letters]) for place in range(places)]
    return Example(total(losses) * (1 / places), {})
