"""Graphs of every kind and size that the graph view must draw, as lessons that can be opened and trained."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from random import Random

import numpy as np

from minidl_core import (
    Constant,
    Graph,
    Node,
    Variable,
    add,
    log,
    matmul,
    multiply,
    name_scope,
    negative,
    placeholder,
    reduce_sum,
    sigmoid,
    softmax,
    square,
    subtract,
)
from tui_backprop.lessons import lesson_names, load_lesson
from tui_backprop.lessons.lesson import Example, Lesson


def lesson_of(name: str, build: Callable[[], Example]) -> Lesson:
    """Return a lesson that builds this example."""

    def build_in_its_graph(seed: int) -> Example:
        with Graph().as_default():
            return build()

    return Lesson(name, name, build_in_its_graph, learning_rate=0.001)


def two_layers() -> Example:
    """Build a network of two layers with softmax and cross-entropy, in scopes."""
    random = np.random.default_rng(1)
    c, x = placeholder((20, 2), name="c"), placeholder((20, 2), name="X")
    h: Node = x
    for i, (width, activation) in enumerate([(3, sigmoid), (2, softmax)], 1):
        with name_scope(f"layer{i}"):
            w = Variable(random.normal(size=(2 if i == 1 else 3, width)), name="W")
            b = Variable(np.zeros(width), name="b")
            h = activation(add(matmul(h, w), b))
    with name_scope("loss"):
        loss = negative(reduce_sum(reduce_sum(multiply(c, log(h)), axis=1)), name="J")
    classes = np.eye(2)[np.arange(20) % 2]
    return Example(loss, {c: classes, x: random.normal(size=(20, 2)) + 2 * classes})


def residual_blocks(count: int = 5) -> Example:
    """Build blocks x + sigmoid(x·W)·V, one behind the other."""
    random = np.random.default_rng(2)
    data = placeholder((6, 3), name="X")
    x: Node = data
    for _ in range(count):
        with name_scope("block"):
            w, v = (Variable(0.5 * random.normal(size=(3, 3)), name=name) for name in "WV")
            x = add(x, matmul(sigmoid(matmul(x, w)), v))
    return Example(reduce_sum(square(x), name="J"), {data: random.normal(size=(6, 3))})


def recurrent(steps: int = 6) -> Example:
    """Build an unrolled recurrent network; every step multiplies by the same W and adds the same b."""
    random = np.random.default_rng(3)
    w, b = Variable(0.4 * random.normal(size=(2, 2)), name="W"), Variable(np.zeros(2), name="b")
    h: Node = Constant(np.zeros((1, 2)), name="h0")
    feeds = {}
    for i in range(1, steps + 1):
        x = placeholder((1, 2), name=f"x{i}")
        feeds[x] = random.normal(size=(1, 2))
        h = sigmoid(add(add(matmul(h, w, name=f"m{i}"), x, name=f"s{i}"), b, name=f"t{i}"), name=f"h{i}")
    return Example(reduce_sum(square(h), name="J"), feeds)


def random_layers(count: int, seed: int = 4) -> Example:
    """Build about so many nodes in layers, each an operation of one or two nodes of the layers before."""
    random = Random(seed)
    width = max(round(count**0.5 / 2), 3)
    layers: list[list[Node]] = [[Variable(random.uniform(-1, 1), name=f"x{i}") for i in range(width)]]
    made = width
    while made + 2 * width <= count:
        layer: list[Node] = []
        for _ in range(width):
            one = random.choice(layers[-1])
            other = random.choice(layers[-1 if random.random() < 0.8 else -min(len(layers), 3)])
            layer.append(sigmoid(one) if random.random() < 0.3 else multiply(one, other))
        layers.append(layer)
        made += width
    total = layers[-1][0]
    for node in layers[-1][1:]:
        total = add(total, node)
    return Example(square(total, name="J"), {})


def scalar_network(widths: tuple[int, ...] = (2, 16, 16, 16, 16, 1), points: int = 4) -> Example:
    """Build a network of single numbers, a scope for each layer and in it for each neuron; about 8,000 nodes."""
    random = Random(5)
    inputs = [[Constant(random.uniform(-1, 1), name=f"x{p}_{i}") for i in range(widths[0])] for p in range(points)]
    layers: list[list[Node]] = [list(row) for row in inputs]
    for before, width in pairwise(widths):
        with name_scope("layer"):
            following: list[list[Node]] = [[] for _ in range(points)]
            for _ in range(width):
                with name_scope("neuron"):
                    weights = [Variable(random.uniform(-0.5, 0.5), name="w") for _ in range(before)]
                    bias = Variable(0.0, name="b")
                    for p in range(points):
                        total: Node = bias
                        for weight, value in zip(weights, layers[p], strict=True):
                            total = add(total, multiply(weight, value))
                        following[p].append(sigmoid(total))
            layers = following
    with name_scope("loss"):
        loss: Node = Constant(0.0, name="zero")
        for row in layers:
            loss = add(loss, square(subtract(row[0], 0.5)))
    return Example(loss, {})


def long_chain(count: int = 10_000) -> Example:
    """Build a chain of single numbers, without scopes."""
    x = Variable(0.5, name="x")
    node: Node = x
    for _ in range(count - 2):
        node = sigmoid(node)
    return Example(square(node, name="J"), {})


def one_node() -> Example:
    """Build the smallest graph that can be trained: a variable that is the loss."""
    return Example(Variable(2.0, name="J"), {})


def many_inputs(count: int = 500) -> Example:
    """Build one node with so many inputs: parts of a list summed at once by an operation that takes them all."""
    x = [Variable(float(i), name=f"x{i}") for i in range(count)]
    total = x[0] + x[1]
    for node in x[2:]:
        total = add(total, node)
    return Example(square(total, name="J"), {})


SWEPT = sorted({*lesson_names()} - {"vanishing", "rates", "engine", "attention"})
"""The lessons that are gone through moment by moment; the others would bring more of the same."""

SMALL = {
    "chain": load_lesson("chain"),
    "two-paths": load_lesson("two-paths"),
    "skip": load_lesson("skip"),
    "perceptron": load_lesson("perceptron"),
    "two-layers": lesson_of("two-layers", two_layers),
    "residual-blocks": lesson_of("residual-blocks", residual_blocks),
    "recurrent": lesson_of("recurrent", recurrent),
}
"""The first seven: what people learn from."""

LARGE = {
    "random-100": lesson_of("random-100", lambda: random_layers(100)),
    "random-300": lesson_of("random-300", lambda: random_layers(300)),
    "scalar-network": lesson_of("scalar-network", scalar_network),
    "long-chain": lesson_of("long-chain", long_chain),
}
