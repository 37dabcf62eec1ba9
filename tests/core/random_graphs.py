"""Random graphs as recipes, which both the engine and the reference can follow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

import minidl_core as dl

from .reference import OPERATIONS

SHAPES = [(), (2,), (3, 1), (3, 2), (2, 3), (2, 2)]


@dataclass(frozen=True)
class Recipe:
    """Leaves, then steps `(operation, operands, attributes)` numbered on from them; the summands make the loss."""

    leaves: tuple[np.ndarray, ...]
    steps: tuple[tuple[str, tuple[int, ...], tuple[tuple[str, Any], ...]], ...]
    summands: tuple[int, ...]

    def follow(self, leaves: Any, operation: Any) -> list[Any]:
        """Every node that the recipe makes of these leaves, the loss last; `operation(name)` says how."""
        made = list(leaves)
        for name, operands, attributes in self.steps:
            made.append(operation(name)(*[made[i] for i in operands], **dict(attributes)))
        total = operation("reduce_sum")(made[self.summands[0]])
        for summand in self.summands[1:]:
            total = operation("add")(total, operation("reduce_sum")(made[summand]))
        return [*made, total]

    def loss(self, *leaves: Any) -> Any:
        """The loss as a plain function of the leaves, as the reference computes it."""
        return self.follow(leaves, OPERATIONS.__getitem__)[-1]

    def build(self) -> tuple[list[dl.Node], list[dl.Variable]]:
        """The same as a graph of the engine: all its nodes, the loss last, and its variables."""
        dl.Graph().as_default()
        variables = [dl.Variable(leaf) for leaf in self.leaves]
        return self.follow(variables, lambda name: getattr(dl, name)), variables


@st.composite
def recipes(draw: st.DrawFn, most: int = 10) -> Recipe:
    """Shared nodes, skips, the same node in both inputs, broadcasting, matrix products, nodes that lead nowhere."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shapes = draw(st.lists(st.sampled_from(SHAPES), min_size=2, max_size=4))
    leaves = tuple(rng.uniform(-1.2, 1.2, size=shape) for shape in shapes)
    steps: list[Any] = []
    for _ in range(draw(st.integers(1, most))):
        step = draw(_steps(shapes))
        shapes = [*shapes, _shape_after(step, shapes)]
        steps.append(step)
        if step[0] == "sigmoid" and draw(st.booleans()):  # positive, so it has a logarithm
            steps.append(("log", (len(shapes) - 1,), ()))
            shapes = [*shapes, shapes[-1]]
    count = len(leaves) + len(steps)
    summands = draw(st.lists(st.integers(0, count - 1), min_size=1, max_size=3))
    return Recipe(leaves, tuple(steps), tuple(summands))


@st.composite
def _steps(draw: st.DrawFn, shapes: list[tuple[int, ...]]) -> Any:
    first = draw(st.integers(0, len(shapes) - 1))
    second = draw(st.integers(0, len(shapes) - 1))
    possible = [("negative", (first,)), ("sigmoid", (first,)), ("reduce_sum", (first,))]
    if shapes[first]:
        possible.append(("softmax", (first,)))
    if _broadcast(shapes[first], shapes[second]) is not None:
        possible += [(name, (first, second)) for name in ("add", "subtract", "multiply")]
    if len(shapes[first]) == len(shapes[second]) == 2 and shapes[first][1] == shapes[second][0]:
        possible.append(("matmul", (first, second)))
    name, operands = draw(st.sampled_from(possible))
    attributes: tuple[Any, ...] = ()
    rank = len(shapes[first])
    if name in ("softmax", "reduce_sum") and rank:
        attributes = (("axis", draw(st.integers(-rank, rank - 1))),)
    if name == "reduce_sum":
        attributes += (("keepdims", draw(st.booleans())),)
    return name, operands, attributes


def _broadcast(*shapes: tuple[int, ...]) -> tuple[int, ...] | None:
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        return None


def _shape_after(step: Any, shapes: list[tuple[int, ...]]) -> tuple[int, ...]:
    name, operands, attributes = step
    return np.shape(OPERATIONS[name](*[np.ones(shapes[i]) for i in operands], **dict(attributes)))
