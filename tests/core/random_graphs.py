"""Random graphs as recipes, which both the engine and the reference can follow."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
from hypothesis import strategies as st

import minidl_core as dl

from .reference import OPERATIONS, build

_SHAPES = [(), (2,), (3, 1), (3, 2), (2, 3), (2, 2)]

KINKED = ("relu", "maximum", "minimum", "abs", "clip", "leaky_relu", "reduce_max", "reduce_min", "greater")

Step = tuple[str, tuple[int, ...], dict[str, Any]]


@dataclass(frozen=True)
class Recipe:
    """Leaves, then steps `(operation, operands, attributes)` numbered on from them; the summands make the loss."""

    leaves: tuple[np.ndarray, ...]
    steps: tuple[Step, ...]
    summands: tuple[int, ...]

    def follow(self, leaves: Any, operation: Any) -> list[Any]:
        """Every node that the recipe makes of these leaves, the loss last; `operation(name)` says how."""
        made = list(leaves)
        for name, operands, attributes in self.steps:
            inputs: Any = [made[i] for i in operands]
            made.append(operation(name)(*inputs, **attributes))
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
        return self.follow(variables, lambda name: lambda *inputs, **given: build(name, inputs, given)), variables

    @property
    def is_smooth(self) -> bool:
        """Whether it has no kinks, so that differences measure its slopes everywhere."""
        return not any(name in KINKED for name, _, _ in self.steps)


def random_recipe(random: Random, most: int = 10) -> Recipe:
    """Shared nodes, skips, the same node in both inputs, broadcasting, every operation, nodes that lead nowhere."""
    shapes = [random.choice(_SHAPES) for _ in range(random.randint(2, 4))]
    numbers = np.random.default_rng(random.getrandbits(32))
    leaves = tuple(numbers.uniform(-1.2, 1.2, size=shape) for shape in shapes)
    steps: list[Step] = []
    for _ in range(random.randint(1, most)):
        for step in _some_steps(random, shapes):
            steps.append(step)
            shapes.append(_shape_after(step, shapes))
    summands = tuple(random.randrange(len(shapes)) for _ in range(random.randint(1, 3)))
    return Recipe(leaves, tuple(steps), summands)


def recipes(most: int = 10) -> st.SearchStrategy[Recipe]:
    """The same for hypothesis, which chooses what is random and simplifies what fails."""
    return st.randoms(use_true_random=False).map(lambda random: random_recipe(random, most))


def _some_steps(random: Random, shapes: list[tuple[int, ...]]) -> list[Step]:
    """One operation, or a few where it needs its input within bounds."""
    a, b = random.randrange(len(shapes)), random.randrange(len(shapes))
    shape, other, new = shapes[a], shapes[b], len(shapes)
    rank = len(shape)
    choices: list[list[Step]] = [[(name, (a,), {})] for name in ("negative", "sigmoid", "tanh", "relu", "square")]
    choices += [
        [("sigmoid", (a,), {}), ("log", (new,), {})],
        [("tanh", (a,), {}), ("exp", (new,), {})],
        [("transpose", (a,), {"axes": tuple(random.sample(range(rank), rank))})],
        [("reshape", (a,), {"shape": random.choice([(-1,), shape[::-1], (1, *shape)])})],
    ]
    axis = random.choice([None, random.randrange(-rank, rank), tuple(range(rank))]) if rank else None
    for name in ("reduce_sum", "reduce_mean"):
        choices.append([(name, (a,), {"axis": axis, "keepdims": random.choice([True, False])})])
    if rank:
        choices.append([("softmax", (a,), {"axis": random.randrange(-rank, rank)})])
    choices += [[(name, (a,), {})] for name in ("abs", "sin", "cos", "softplus", "gelu", "leaky_relu")]
    choices += [
        [("tanh", (a,), {}), ("exp", (new,), {}), ("sqrt", (new + 1,), {})],
        [("sigmoid", (a,), {}), ("norm", (new,), {"axis": axis})],
        [("clip", (a,), {"low": -0.5, "high": 0.5})],
        [("expand_dims", (a,), {"axis": random.randint(0, rank)}), ("squeeze", (new,), {})],
        [("broadcast_to", (a,), {"shape": (2, *shape)})],
        [("stack", (a, a), {"axis": random.randint(0, rank)})],
        [(random.choice(("reduce_max", "reduce_min", "reduce_variance")), (a,), {"axis": axis})],
    ]
    if rank:
        choices += [
            [("log_softmax", (a,), {"axis": random.randrange(-rank, rank)})],
            [("select", (a,), {"key": random.choice([0, -1, slice(None, None, -1), np.array([0, 0])])})],
            [("concatenate", (a, a), {"axis": random.randrange(-rank, rank)})],
            [("cumsum", (a,), {"axis": random.choice([None, random.randrange(-rank, rank)])})],
            [("pad", (a,), {"width": random.choice([1, (0, 2)])})],
            [("softmax", (a,), {}), ("cross_entropy", (a, new), {})],
        ]
    if rank == 1 == len(other):
        choices += [[("outer", (a, b), {})], [("einsum", (a, b), {"subscripts": "i,j->j"})]]
    if _broadcast(shape, other) is not None:
        choices += [[("minimum", (a, b), {})], [("greater", (a, b), {}), ("where", (new, a, b), {})]]
        choices += [[(name, (a, b), {})] for name in ("add", "subtract", "multiply", "maximum")]
        choices.append([("tanh", (b,), {}), ("exp", (new,), {}), ("divide", (a, new + 1), {})])
        choices.append([("sigmoid", (a,), {}), ("power", (new, b), {})])
    if shape and other and shape[-1] == other[-2:][0]:
        choices.append([("matmul", (a, b), {})])
    return random.choice(choices)


def _broadcast(*shapes: tuple[int, ...]) -> tuple[int, ...] | None:
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        return None


def _shape_after(step: Step, shapes: list[tuple[int, ...]]) -> tuple[int, ...]:
    name, operands, attributes = step
    return np.shape(OPERATIONS[name](*[np.ones(shapes[i]) for i in operands], **attributes))
