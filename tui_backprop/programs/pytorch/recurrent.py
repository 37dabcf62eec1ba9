"""What torch's recurrent layers mean: their cell, unrolled over the steps of a sequence.

The formulas are those of torch.nn.LSTM, GRU and RNN; the gates lie beside each other in one matrix of weights.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any

import minidl_core as dl
from minidl_core import Node

from .known import Several, meanings, means, shape_of

_MOST_CELLS = 200
"""A layer of more cells stays one node: the gradient of each step's part of a sequence is as long as all of it."""

State = tuple[Node, ...]
"""What a cell hands on to the next step: h, and in an LSTM c."""
Weights = Sequence[Node]
"""Of the input and of h, transposed, and a bias for each, if there are biases."""
Cell = Callable[[Node, State, Weights], State]


def _sums(x: Node, h: Node, weights: Weights) -> tuple[Node, Node]:
    """Return what comes from the input and what from h, before any curve."""
    sums = dl.matmul(x, weights[0]), dl.matmul(h, weights[1])
    return (dl.add(sums[0], weights[2]), dl.add(sums[1], weights[3])) if len(weights) > 2 else sums


def _gates(a: Node, count: int) -> list[Node]:
    size = shape_of(a)[-1] // count
    return [dl.select(a, key=(..., slice(n * size, (n + 1) * size))) for n in range(count)]


def _lstm_cell(x: Node, state: State, weights: Weights) -> State:
    h, c = state
    i, f, g, o = _gates(dl.add(*_sums(x, h, weights)), 4)
    i, f, g, o = dl.sigmoid(i, name="i"), dl.sigmoid(f, name="f"), dl.tanh(g, name="g"), dl.sigmoid(o, name="o")
    c = dl.add(dl.multiply(f, c), dl.multiply(i, g), name="c")
    return dl.multiply(o, dl.tanh(c), name="h"), c


def _gru_cell(x: Node, state: State, weights: Weights) -> State:
    [h] = state
    of_x, of_h = (_gates(each, 3) for each in _sums(x, h, weights))
    r = dl.sigmoid(dl.add(of_x[0], of_h[0]), name="r")
    z = dl.sigmoid(dl.add(of_x[1], of_h[1]), name="z")
    n = dl.tanh(dl.add(of_x[2], dl.multiply(r, of_h[2])), name="n")
    return (dl.add(dl.multiply(dl.subtract(1.0, z), n), dl.multiply(z, h), name="h"),)


def _rnn_cell(curve: Callable[..., Node], x: Node, state: State, weights: Weights) -> State:
    return (curve(dl.add(*_sums(x, state[0], weights)), name="h"),)


_CELLS: dict[str, Cell] = {
    "lstm": _lstm_cell,
    "gru": _gru_cell,
    "rnn_tanh": partial(_rnn_cell, dl.tanh),
    "rnn_relu": partial(_rnn_cell, dl.relu),
}


def _transposed(weights: Sequence[Node]) -> Weights:
    return [*map(dl.transpose, weights[:2]), *weights[2:]]


def _layer(
    cell: Cell,
    sequence: Node,
    start: Any,
    weights: Any,
    has_biases: bool,
    layers: int,
    _dropout: float,
    _training: bool,
    bidirectional: bool,
    batch_first: bool = False,
    **_: int,
) -> Several | None:
    """Return the outputs of a layer: h of all steps, and the last h and c of each layer and direction."""
    axis, directions = int(batch_first), 1 + bidirectional
    count, each = shape_of(sequence)[axis], 4 if has_biases else 2
    if not isinstance(weights, list) or len(weights) != each * layers * directions:  # packed, or projected
        return None
    if count * layers * directions > _MOST_CELLS:
        return None
    starts: State = (start,) if isinstance(start, Node) else tuple(start)
    inputs = [dl.select(sequence, key=(*[slice(None)] * axis, step)) for step in range(count)]
    last: list[State] = []
    for layer in range(layers):
        found = []
        for direction in range(directions):
            number = len(last)
            own = _transposed(weights[number * each : (number + 1) * each])
            state: State = tuple([dl.select(node, key=number) for node in starts])
            hs = []
            with ExitStack() as scopes:
                if layers * directions > 1:
                    scopes.enter_context(dl.name_scope(f"l{layer}{'_reverse' * direction}"))
                for step in reversed(range(count)) if direction else range(count):
                    with dl.name_scope(f"step_{step + 1}"):
                        state = cell(inputs[step], state, own)
                    hs.append(state[0])
            last.append(state)
            found.append(hs[::-1] if direction else hs)
        inputs = [
            both[0] if len(both) == 1 else dl.concatenate(list(both), axis=-1) for both in zip(*found, strict=True)
        ]
    of_last = [partial(dl.stack, list(each)) for each in zip(*last, strict=True)]
    return (partial(dl.stack, inputs, axis=axis), *of_last)


for _name, _cell in _CELLS.items():
    meanings[_name] = partial(_layer, _cell)


@means("lstm_cell")
def _one_lstm_cell(x: Node, state: Any, *weights: Node, **_: int) -> Several:
    return tuple([partial(_itself, node) for node in _lstm_cell(x, tuple(state), _transposed(weights))])


def _one_cell(cell: Cell, x: Node, h: Node, *weights: Node) -> Node:
    return cell(x, (h,), _transposed(weights))[0]


meanings |= {f"{_name}_cell": partial(_one_cell, _CELLS[_name]) for _name in ("gru", "rnn_tanh", "rnn_relu")}


def _itself(node: Node) -> Node:
    return node
