"""Small engines as learners write them, in five styles, each right but for the mistake that is switched on."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import count
from random import Random
from typing import Any

import numpy as np

import minidl_core as dl

SLOPES: dict[str, Callable[[float, float, float], tuple[float, ...]]] = {
    "add": lambda a, b, y: (1.0, 1.0),
    "subtract": lambda a, b, y: (1.0, -1.0),
    "multiply": lambda a, b, y: (b, a),
    "divide": lambda a, b, y: (1.0 / b, -a / b**2),
    "tanh": lambda a, b, y: (1.0 - y * y,),
    "relu": lambda a, b, y: (float(a > 0),),
    "exp": lambda a, b, y: (y,),
}
WRONG_SLOPES: dict[str, tuple[str, Callable[[float, float, float], tuple[float, ...]]]] = {
    "tanh without the square": ("tanh", lambda a, b, y: (1.0 - y,)),
    "relu without its mask": ("relu", lambda a, b, y: (1.0,)),
    "the second slope of a difference": ("subtract", lambda a, b, y: (1.0, 1.0)),
    "the second slope of a quotient": ("divide", lambda a, b, y: (1.0 / b, a / b**2)),
    "a product with its own value": ("multiply", lambda a, b, y: (a, a)),
    "half of a sum": ("add", lambda a, b, y: (1.0, 0.5)),
}
VALUES: dict[str, Callable[..., float]] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "tanh": lambda a: math.tanh(a),
    "relu": lambda a: max(a, 0.0),
    "exp": lambda a: math.exp(a),
}


STYLES = ("closures", "parents", "container", "tape", "functions")
"""How engines order their visits: depth first, from the last parent, by a set of parents, as made, by generation."""
_numbers = count()


class Value:
    """A number with its gradient; `mistake` names what is wrong with the engine."""

    def __init__(self, data: float, kind: str = "", inputs: tuple[Value, ...] = ()) -> None:
        self.data, self.grad, self.kind, self.inputs = data, 0.0, kind, inputs
        self.number = next(_numbers)
        self.generation: int = max([each.generation for each in inputs], default=-1) + 1
        self.children = inputs

    def shuffle(self, random: Random) -> None:
        """Hold the inputs once each, in an order of its own, as a set does."""
        self.children = tuple(random.sample(list(dict.fromkeys(self.inputs)), len(set(self.inputs))))

    def slopes(self, mistake: str) -> tuple[float, ...]:
        table = dict(SLOPES)
        if mistake in WRONG_SLOPES:
            kind, slopes = WRONG_SLOPES[mistake]
            table[kind] = slopes
        a, b = self.inputs[0].data, self.inputs[-1].data
        return table[self.kind](a, b, self.data)

    def pass_on(self, mistake: str) -> None:
        for index, (child, slope) in enumerate(zip(self.inputs, self.slopes(mistake), strict=True)):
            if mistake == "one edge" and index and child is self.inputs[0]:
                continue
            if mistake == "product forgets" and self.kind == "multiply" and index:
                continue
            if mistake.startswith("set") and mistake in ("set", f"set in {self.kind}", "set and not zeroed"):
                child.grad = slope * self.grad
            else:
                child.grad += slope * self.grad


def sort(loss: Value, style: str) -> list[Value]:
    order: list[Value] = []
    seen: set[Value] = set()

    def visit(value: Value) -> None:
        if value not in seen:
            seen.add(value)
            for child in reversed(value.children) if style == "parents" else value.children:
                visit(child)
            order.append(value)

    visit(loss)
    if style == "tape":
        order.sort(key=lambda value: value.number)
    if style == "functions":
        order.sort(key=lambda value: value.generation)
    return order[::-1]


def backward(loss: Value, mistake: str, style: str) -> None:
    """Go back from the loss."""
    if mistake != "no seed":
        loss.grad = 3.0 if mistake == "seed 3" else 1.0
    if mistake == "recursion":

        def recurse(value: Value) -> None:
            if value.inputs:
                value.pass_on(mistake)
            for child in value.children:
                recurse(child)

        return recurse(loss)
    if mistake == "recursion by edge":

        def recurse_by_edge(value: Value) -> None:
            for child, slope in zip(value.inputs, value.slopes("") if value.inputs else (), strict=True):
                child.grad += slope * value.grad
                recurse_by_edge(child)

        return recurse_by_edge(loss)
    if mistake == "breadth first":
        queue, seen = [loss], {loss}
        for value in queue:
            if value.inputs:
                value.pass_on(mistake)
            for child in value.children:
                if child not in seen:
                    seen.add(child)
                    queue.append(child)
        return None
    order = sort(loss, style)
    if mistake == "not reversed":
        order.reverse()
    for value in order:
        if value.inputs:
            value.pass_on(mistake)
    return None


def program(random: Random, size: int = 9) -> tuple[list[Value], list[tuple[str, tuple[int, ...]]]]:
    """A random expression: its leaves' values, and steps over all that was made before; the last is the loss."""
    values = [Value(random.uniform(0.3, 1.2)) for _ in range(3)]
    steps: list[tuple[str, tuple[int, ...]]] = []
    for _ in range(size):
        kind = random.choice(list(SLOPES))
        recent = range(max(0, len(values) + len(steps) - 4), len(values) + len(steps))
        pool = [*recent, random.randrange(len(values) + len(steps))]
        steps.append((kind, tuple(random.choice(pool) for _ in range(1 if kind in ("tanh", "relu", "exp") else 2))))
    return values, steps


def run(leaves: list[Value], steps: list[tuple[str, tuple[int, ...]]]) -> list[Value]:
    made = list(leaves)
    for kind, operands in steps:
        inputs = tuple(made[i] for i in operands)
        made.append(Value(VALUES[kind](*[v.data for v in inputs]), kind, inputs))
    return made


def rebuild(made: list[Value]) -> tuple[dict[Value, dl.Node], Any]:
    """The same graph with our operations, evaluated."""
    dl.Graph().as_default()
    nodes: dict[Value, dl.Node] = {}
    for value in made:
        nodes[value] = (
            getattr(dl, value.kind)(*[nodes[i] for i in value.inputs]) if value.kind else dl.Variable(value.data)
        )
    loss = nodes[made[-1]]
    session = dl.Session()
    session.run(loss)
    return nodes, session.evaluations[loss]


def theirs(nodes: dict[Value, dl.Node]) -> dict[dl.Node, Any]:
    return {node: np.float64(value.grad) for value, node in nodes.items()}
