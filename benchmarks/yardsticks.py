"""The yardsticks: the same networks by hand in NumPy, in HIPS autograd and PyTorch, and two small engines' algorithms.

Each maker takes a Network and returns a function that trains one iteration and returns the loss before it.
"""

from __future__ import annotations

import functools
import itertools
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass
from queue import Queue
from typing import Any

import numpy as np

import minidl_core as dl

Step = Callable[[], float]

IN_A_ROW = 20
"""So many iterations are run in one call, where several are."""


@dataclass(frozen=True)
class Network:
    """A classifier: its data, its starting weights and offsets, sigmoid between the layers, softmax at the end."""

    points: np.ndarray
    classes: np.ndarray
    weights: list[np.ndarray]
    offsets: list[np.ndarray]
    learning_rate: float

    @staticmethod
    def random(sizes: tuple[int, ...], rows: int, learning_rate: float, seed: int = 28) -> Network:
        rng = np.random.default_rng(seed)
        pairs = list(itertools.pairwise(sizes))
        return Network(
            rng.normal(size=(rows, sizes[0])),
            np.eye(sizes[-1])[rng.integers(0, sizes[-1], size=rows)],
            [rng.normal(size=pair) / np.sqrt(pair[0]) for pair in pairs],
            [rng.normal(size=columns) for _, columns in pairs],
            learning_rate,
        )

    def graph(self) -> tuple[dl.Node, dict[dl.Node, np.ndarray]]:
        """The network as a graph of the engine: the step, and its feeds."""
        dl.Graph().as_default()
        points, classes = dl.placeholder(name="X"), dl.placeholder(name="c")
        value: dl.Node = points
        for layer, (weights, offsets) in enumerate(zip(self.weights, self.offsets, strict=True)):
            if layer:
                value = dl.sigmoid(value)
            value = dl.matmul(value, dl.Variable(weights)) + dl.Variable(offsets)
        by_row = dl.reduce_sum(dl.multiply(classes, dl.log(dl.softmax(value))), axis=1)
        loss = dl.negative(dl.reduce_sum(by_row))
        step = dl.train.GradientDescentOptimizer(self.learning_rate).minimize(loss)
        return step, {points: self.points, classes: self.classes}


def by_session(network: Network) -> Step:
    step, feeds = network.graph()
    session = dl.Session()
    return lambda: float(session.run(step, feeds))


def by_stepper(network: Network) -> Step:
    stepper = dl.Stepper(*network.graph())
    return lambda: stepper.run(1)[0]


def by_stepper_in_a_row(network: Network) -> Step:
    """Twenty iterations in one call; one of them is what is measured."""
    stepper = dl.Stepper(*network.graph())
    losses: list[float] = []

    def step() -> float:
        if not losses:
            losses.extend(reversed(stepper.run(IN_A_ROW)))
        return losses.pop()

    return step


def with_events(network: Network) -> Step:
    stepper = dl.Stepper(*network.graph())

    def step() -> float:
        for event in stepper.iteration():
            last = event
        return float(last.loss)

    return step


def by_hand(network: Network) -> Step:
    """The best that NumPy can do: buffers made before, rows contiguous, each call bound to its arrays beforehand.

    All is transposed, so that a row has one number of each point. What data alone say is computed before.
    """
    x, c = np.ascontiguousarray(network.points.T), np.ascontiguousarray(network.classes.T)
    weights = [np.ascontiguousarray(w.T) for w in network.weights]
    offsets = [b[:, None].copy() for b in network.offsets]
    rate, one = np.array(network.learning_rate), np.array(1.0)
    classes, rows = c.shape
    last = len(weights) - 1
    values = [np.empty((len(w), rows)) for w in weights]  # scores, then sigmoid or softmax of them, in place
    slopes = [np.empty_like(v) for v in values]
    spare = [np.empty_like(v) for v in values]
    weight_slopes = [np.empty_like(w) for w in weights]
    offset_slopes = [np.empty(len(w)) for w in weights]
    row, total, minus_c = np.empty(rows), np.empty(()), -c
    row_ones, class_ones = np.ones(rows), np.ones(classes)
    calls: list[Callable[[], object]] = []

    def do(function: Callable[..., object], *arguments: object) -> None:
        calls.append(functools.partial(function, *arguments))

    below = x
    for layer, value in enumerate(values):
        do(weights[layer].dot, below, value)
        do(np.add, value, offsets[layer], value)
        if layer < last:
            for function, operands in ((np.negative, ()), (np.exp, ()), (np.add, (one,)), (np.reciprocal, ())):
                do(function, value, *operands, value)
        below = value
    p, log_p, slope = values[last], spare[last], slopes[last]
    if classes == 2:
        calls.append(functools.partial(np.maximum, p[0], p[1], out=row))
    else:
        do(np.maximum.reduce, p, 0, None, row)
    do(np.subtract, p, row, p)
    do(np.exp, p, p)
    do(class_ones.dot, p, row)
    do(np.divide, p, row, p)
    do(np.log, p, log_p)
    do(np.multiply, c, log_p, log_p)
    do(class_ones.dot, log_p, row)
    do(row.dot, row_ones, total)
    do(np.divide, minus_c, p, slope)
    do(np.multiply, slope, p, log_p)
    do(class_ones.dot, log_p, row)
    do(np.subtract, slope, row, slope)
    do(np.multiply, slope, p, slope)
    for layer in range(last, -1, -1):
        slope = slopes[layer]
        do(slope.dot, row_ones, offset_slopes[layer])
        do(slope.dot, values[layer - 1].T if layer else x.T, weight_slopes[layer])
        if layer:
            below, back, rest = values[layer - 1], slopes[layer - 1], spare[layer - 1]
            do(weights[layer].T.dot, slope, back)
            do(np.multiply, back, below, back)
            do(np.subtract, one, below, rest)
            do(np.multiply, back, rest, back)
        for number, its_slope in (
            (weights[layer], weight_slopes[layer]),
            (offsets[layer], offset_slopes[layer][:, None]),
        ):
            do(np.multiply, its_slope, rate, its_slope)
            do(np.subtract, number, its_slope, number)

    def step() -> float:
        for call in calls:
            call()
        return -float(total)

    return step


def by_autograd(network: Network) -> Step:
    """HIPS autograd: the ancestor of JAX, a tape of NumPy calls."""
    import autograd
    import autograd.numpy as anp

    parameters = [(w.copy(), b.copy()) for w, b in zip(network.weights, network.offsets, strict=True)]

    def loss(parameters: Any) -> Any:
        value = network.points
        for layer, (w, b) in enumerate(parameters):
            if layer:
                value = 1 / (1 + anp.exp(-value))
            value = anp.dot(value, w) + b
        raised = anp.exp(value - anp.max(value, axis=1, keepdims=True))
        p = raised / anp.sum(raised, axis=1, keepdims=True)
        return -anp.sum(anp.sum(network.classes * anp.log(p), axis=1))

    slopes = autograd.value_and_grad(loss)

    def step() -> float:
        nonlocal parameters
        value, gradient = slopes(parameters)
        rate = network.learning_rate
        parameters = [(w - rate * gw, b - rate * gb) for (w, b), (gw, gb) in zip(parameters, gradient, strict=True)]
        return float(value)

    return step


def by_jax(network: Network) -> Step:
    """JAX, the whole step compiled by XLA."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    x, c = jnp.array(network.points), jnp.array(network.classes)
    parameters = [(jnp.array(w), jnp.array(b)) for w, b in zip(network.weights, network.offsets, strict=True)]

    def loss(parameters: Any) -> Any:
        value = x
        for layer, (w, b) in enumerate(parameters):
            if layer:
                value = jax.nn.sigmoid(value)
            value = value @ w + b
        return -(c * jnp.log(jax.nn.softmax(value, axis=1))).sum(axis=1).sum()

    @jax.jit
    def trained(parameters: Any) -> Any:
        value, slopes = jax.value_and_grad(loss)(parameters)
        return value, jax.tree.map(lambda number, slope: number - network.learning_rate * slope, parameters, slopes)

    def step() -> float:
        nonlocal parameters
        value, parameters = trained(parameters)
        return float(value)

    return step


def by_torch(network: Network) -> Step:
    """PyTorch eager, as its tutorials write it."""
    import torch

    torch.set_num_threads(1)
    x, c = torch.tensor(network.points), torch.tensor(network.classes)
    weights = [torch.tensor(w, requires_grad=True) for w in network.weights]
    offsets = [torch.tensor(b, requires_grad=True) for b in network.offsets]
    optimizer = torch.optim.SGD([*weights, *offsets], lr=network.learning_rate)

    def step() -> float:
        value = x
        for layer, (w, b) in enumerate(zip(weights, offsets, strict=True)):
            if layer:
                value = torch.sigmoid(value)
            value = value @ w + b
        loss = -(c * torch.log(torch.softmax(value, dim=1))).sum(dim=1).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return float(loss.item())

    return step


class _ChapterNode:
    """A node as the chapter has it: its value and its gradient function live in it."""

    def __init__(self, compute: Any, gradient: Any, *inputs: _ChapterNode) -> None:
        self.compute, self.gradient, self.inputs = compute, gradient, inputs
        self.consumers: list[_ChapterNode] = []
        self.output: Any = None
        for node in inputs:
            node.consumers.append(self)


def by_the_chapter(network: Network) -> Step:
    """The chapter's algorithm: a recursive order for every run, a Queue, each gradient function called per edge."""

    def softmax(a: np.ndarray) -> np.ndarray:
        raised = np.exp(a - np.max(a, axis=1)[:, None])
        return raised / np.sum(raised, axis=1)[:, None]

    def softmax_gradient(node: _ChapterNode, g: np.ndarray) -> list[np.ndarray]:
        s = node.output
        return [(g - np.sum(g * s, axis=1).reshape(-1, 1)) * s]

    def leaf(value: np.ndarray) -> _ChapterNode:
        node = _ChapterNode(None, None)
        node.output = value.copy()
        return node

    def values(node: _ChapterNode) -> list[np.ndarray]:
        return [source.output for source in node.inputs]

    node = leaf(network.points)
    variables = []
    for layer in range(len(network.weights)):
        w, b = leaf(network.weights[layer]), leaf(network.offsets[layer])
        variables += [w, b]
        if layer:
            node = _ChapterNode(lambda a: 1 / (1 + np.exp(-a)), lambda n, g: [g * n.output * (1 - n.output)], node)
        node = _ChapterNode(lambda a, b: a.dot(b), lambda n, g: [g.dot(values(n)[1].T), values(n)[0].T.dot(g)], node, w)
        node = _ChapterNode(lambda a, b: a + b, lambda _, g: [g, np.sum(g, axis=0)], node, b)
    node = _ChapterNode(softmax, softmax_gradient, node)
    node = _ChapterNode(np.log, lambda n, g: [g / values(n)[0]], node)
    classes = leaf(network.classes)
    node = _ChapterNode(lambda a, b: a * b, lambda n, g: [g * values(n)[1], g * values(n)[0]], classes, node)
    shape = network.classes.shape
    node = _ChapterNode(lambda a: np.sum(a, axis=1), lambda _, g: [np.tile(g[:, None], shape[1])], node)
    node = _ChapterNode(np.sum, lambda _, g: [np.full(shape[0], g)], node)
    loss = _ChapterNode(np.negative, lambda _, g: [-g], node)

    def evaluate(order: list[_ChapterNode], node: _ChapterNode) -> None:
        for source in node.inputs:
            evaluate(order, source)
        order.append(node)

    def compute_gradient() -> dict[_ChapterNode, Any]:
        table: dict[_ChapterNode, Any] = {loss: 1.0}
        visited, queue = {loss}, Queue[_ChapterNode]()
        queue.put(loss)
        while not queue.empty():
            node = queue.get()
            if node is not loss:
                table[node] = 0
                for consumer in node.consumers:
                    gradients = consumer.gradient(consumer, table[consumer])
                    table[node] = table[node] + gradients[consumer.inputs.index(node)]
            for source in node.inputs:
                if source not in visited:
                    visited.add(source)
                    queue.put(source)
        return table

    def step() -> float:
        order: list[_ChapterNode] = []
        evaluate(order, loss)
        for node in order:
            if node.compute:
                node.output = node.compute(*values(node))
        table = compute_gradient()
        for variable in variables:
            variable.output -= network.learning_rate * table[variable]
        return float(loss.output)

    return step


Scalars = Callable[[Callable[[float], Any], Callable[[Any], Any]], tuple[Any, Any]]
"""Builds a graph of single numbers of what makes a leaf, and of relu; returns its first leaf and its result."""


def chain(leaf: Callable[[float], Any], _relu: Callable[[Any], Any]) -> tuple[Any, Any]:
    """A chain of products and sums, 10,000 nodes one behind the other."""
    x = start = leaf(1.0)
    weight = leaf(0.9999)
    for _ in range(5_000):
        x = x * weight + weight
    return start, x


def micrograds_mlp(leaf: Callable[[float], Any], relu: Callable[[Any], Any]) -> tuple[Any, Any]:
    """What micrograd's MLP(2, [16, 16, 1]) builds for two points, and the sum of their squared errors."""
    numbers = random.Random(28)
    layers = [
        [([leaf(numbers.uniform(-1, 1)) for _ in range(inputs)], leaf(0.0)) for _ in range(outputs)]
        for inputs, outputs in itertools.pairwise((2, 16, 16, 1))
    ]
    squares = []
    for point, target in (((0.3, -0.2), 1.0), ((0.1, 0.7), -1.0)):
        x = [leaf(number) for number in point]
        for layer in layers:
            x = [sum((w * each for w, each in zip(weights, x, strict=True)), offset) for weights, offset in layer]
            x = x if layer is layers[-1] else [relu(each) for each in x]
        error = x[0] - target
        squares.append(error * error)
    return layers[0][0][0][0], squares[0] + squares[1]


SCALARS: dict[str, Scalars] = {"a chain of scalars": chain, "micrograd's MLP(2, [16, 16, 1])": micrograds_mlp}


def scalars_by_micrograd(build: Scalars) -> float:
    """Build a graph of single numbers and go through it forward and backward; return the gradient of its first leaf."""
    from micrograd.engine import Value

    sys.setrecursionlimit(max(sys.getrecursionlimit(), 20_000))  # micrograd's search is recursive
    start, result = build(Value, Value.relu)
    result.backward()
    return float(start.grad)


def scalars_by_the_engine(build: Scalars) -> float:
    """Do the same here."""
    dl.Graph().as_default()
    start, result = build(dl.Variable, dl.relu)
    dl.Session().run(result)
    return float(dl.compute_gradient(result)[start])


def scalars_run_again(build: Scalars) -> Callable[[], float]:
    """Return another run of a graph that is there, forward and backward, where micrograd has to build it anew."""
    dl.Graph().as_default()
    start, result = build(dl.Variable, dl.relu)
    session = dl.Session()

    def run() -> float:
        session.run(result)
        return float(dl.compute_gradient(result)[start])

    return run


def nodes_of(build: Scalars) -> int:
    """Return how many nodes a graph of single numbers has."""
    with dl.Graph().as_default() as graph:
        build(dl.Variable, dl.relu)
    return len(graph.nodes)


def ladder(rungs: int) -> None:
    """x = x + x·w again and again, built, run forward and backward: 2^rungs paths."""
    dl.Graph().as_default()
    x: dl.Node = dl.Variable(1.0)
    weight = dl.Variable(1e-3)
    for _ in range(rungs):
        x = x + x * weight
    dl.Session().run(x)
    dl.compute_gradient(x)
