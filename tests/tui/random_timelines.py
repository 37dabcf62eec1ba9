"""Random graphs: shared nodes, skips, the same node twice, broadcasting, consumers off the path, odd names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
from hypothesis import strategies as st

from minidl_core import (
    Constant,
    Graph,
    Node,
    Variable,
    add,
    log,
    matmul,
    multiply,
    negative,
    placeholder,
    reduce_sum,
    sigmoid,
    softmax,
    square,
    subtract,
)
from minidl_core.graph import Array, Placeholder
from minidl_core.train import (
    AdamOptimizer,
    AdamWOptimizer,
    CosineRate,
    GradientDescentOptimizer,
    MomentumOptimizer,
    Optimizer,
    RMSPropOptimizer,
    StepRate,
    WarmUp,
)
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.lessons.lesson import Example, Lesson
from tui_backprop.programs.program import program_of

SHAPES = [(), (2,), (2, 2), (2, 1), (1, 2), (3, 1), (3, 2), (2, 3, 2)]
UNARY: dict[str, Callable[..., Node]] = {
    "negative": negative,
    "square": square,
    "sigmoid": sigmoid,
    "log": lambda a, name: log(sigmoid(a), name=name),
}
BINARY: dict[str, Callable[..., Node]] = {"add": add, "subtract": subtract, "multiply": multiply, "matmul": matmul}

NO_OTHER: st.SearchStrategy[Optimizer | None] = st.none()
MAKERS: dict[str, Callable[..., Optimizer]] = {
    "gradient descent": GradientDescentOptimizer,
    "momentum": partial(MomentumOptimizer, momentum=0.9),
    "nesterov": partial(MomentumOptimizer, momentum=0.9, nesterov=True),
    "rmsprop": RMSPropOptimizer,
    "adam": AdamOptimizer,
    "adamw": AdamWOptimizer,
}
"""Our optimizers, each made of a learning rate and of options."""

# small letters only: a capital that stands alone in a sentence is then a symbol that nobody replaced
names = st.text("abcxyz_/0123456789", min_size=1, max_size=12) | st.text("abcxyz_/012", min_size=60, max_size=90)


def lesson_of(example: Example, optimizer: Optimizer | None = None) -> Lesson:
    """A lesson that trains an example, by gradient descent if no other optimizer is given."""
    lesson = Lesson("test", "", lambda seed: example, 0.01)
    if optimizer is None:
        return lesson
    return replace(lesson, optimizer=lambda rate: optimizer, learning_rate=optimizer.learning_rate)


@st.composite
def optimizers(draw: st.DrawFn) -> Optimizer:
    """Any optimizer, with clipping, weight decay and a schedule or without."""
    rate = draw(st.sampled_from([0.01, 0.3, StepRate(0.05, 0.5, 2), CosineRate(0.05, 4, 0.01), WarmUp(3, 0.02)]))
    clip = draw(st.sampled_from([{}, {"clip_value": 0.1}, {"clip_norm": 0.4}]))
    decay = draw(st.sampled_from([{}, {"weight_decay": 0.3}]))
    return draw(st.sampled_from([*MAKERS.values()]))(rate, **clip, **decay)


@st.composite
def timelines(draw: st.DrawFn, by: st.SearchStrategy[Optimizer | None] = NO_OTHER) -> Timeline:
    rng = np.random.default_rng(draw(st.integers(0, 100)))
    feeds: dict[Placeholder, Array] = {}
    with Graph().as_default():
        nodes: list[Node] = [Variable(rng.normal(size=draw(st.sampled_from(SHAPES))), name=draw(names))]
        for _ in range(draw(st.integers(0, 3))):
            shape = draw(st.sampled_from(SHAPES))
            value = rng.normal(size=shape).round(draw(st.integers(0, 3)))
            kind = draw(st.sampled_from(["variable", "constant", "placeholder"]))
            if kind == "placeholder":
                data = placeholder(shape, name=draw(names))
                feeds[data] = value
                nodes.append(data)
            else:
                nodes.append((Variable if kind == "variable" else Constant)(value, name=draw(names)))
        for _ in range(draw(st.integers(1, 8))):
            nodes += _operation(draw, nodes)
        for node in nodes:
            if isinstance(node, Variable) or not node.consumers:
                nodes[0] = loss = nodes[0] + reduce_sum(node) if nodes[0].shape == () else reduce_sum(node)
        square(nodes[-1])  # leads nowhere
    used = {node for node in feeds if node in _ancestors(loss)}
    return Timeline(program_of(lesson_of(Example(loss, {node: feeds[node] for node in used}), draw(by))))


def _operation(draw: st.DrawFn, nodes: list[Node]) -> list[Node]:
    a, b = draw(st.sampled_from(nodes)), draw(st.sampled_from(nodes))
    kind = draw(st.sampled_from([*UNARY, *BINARY, "reduce_sum", "softmax"]))
    name = draw(st.none() | names)
    assert a.shape is not None
    if kind in UNARY:
        return [UNARY[kind](a, name=name)]
    if kind in BINARY:
        try:
            return [BINARY[kind](a, b, name=name)]
        except ValueError:
            return []
        except Exception as error:
            if "dimension" in str(error) or "columns" in str(error):
                return []
            raise
    axes = list(range(len(a.shape)))
    if kind == "softmax":
        return [softmax(a, axis=draw(st.sampled_from(axes)), name=name)] if axes else []
    axis = draw(st.none() | st.sampled_from(axes) if axes else st.none())
    return [reduce_sum(a, axis=axis, keepdims=draw(st.booleans()), name=name)]


def _ancestors(loss: Node) -> set[Node]:
    found: set[Node] = set()
    left = [loss]
    while left:
        node = left.pop()
        if node not in found:
            found.add(node)
            left += node.inputs
    return found
