"""Forward mode: how each node changes with one number of a leaf, accumulated in the order of the evaluation.

Where reverse mode goes once from the loss to all leaves, this goes once from one number to all nodes. Both multiply by
the same slopes: those of an operation's output with respect to its inputs, its Jacobian. (Griewank & Walther 2008, 3.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .arrays import Array, freeze, quiet
from .gradients import gradient_rule, input_gradients
from .graph import Node, Operation
from .plan import Evaluation


def local_jacobians(evaluation: Evaluation, operation: Operation) -> list[Array]:
    """Return the slopes of an operation's output with respect to each input: (entries of Y, entries of the input).

    Its own gradient function is asked for each entry of Y, with a gradient that is 1 there and 0 elsewhere.
    """
    rule, op = gradient_rule(operation), evaluation.operation(operation)
    value = np.asarray(evaluation[operation])
    rows: list[list[Array]] = [[] for _ in operation.inputs]
    with quiet():
        for place in range(value.size):
            unit = np.zeros(value.size)
            unit[place] = 1.0
            for input_index, gradient in enumerate(input_gradients(rule, op, freeze(unit.reshape(value.shape)))):
                rows[input_index].append(np.ravel(gradient))
    sizes = [np.size(evaluation[source]) for source in operation.inputs]
    return [np.array(each).reshape(value.size, size) for each, size in zip(rows, sizes, strict=True)]


@dataclass(frozen=True)
class ForwardPass:
    """One pass of forward mode: of each node on the way the change with one number of a leaf, in order.

    `changes` have their node's shape. `forward` and `reverse` are how many multiplications by a slope that is not 0 it
    takes to find the changes of the last node with respect to ALL numbers of the leaves, in either direction, and
    `forward_passes` and `reverse_passes` how many passes that are.
    """

    changes: Mapping[Node, Array]
    forward: int
    reverse: int
    forward_passes: int
    reverse_passes: int


def accumulate(
    evaluation: Evaluation, nodes: Sequence[Node], leaf: Node, index: tuple[int, ...], leaves: Sequence[Node]
) -> ForwardPass:
    """Accumulate the changes with the entry `index` of a leaf through nodes, inputs before their consumers.

    The counts are for the last of the nodes and all of the `leaves`. Raises GradientError where a gradient function is
    missing or wrong.
    """
    seed = np.zeros(np.shape(evaluation[leaf]))
    seed[index] = 1.0
    changes: dict[Node, Array] = {leaf: freeze(seed)}
    changing = set(leaves)
    multiplications = 0
    for node in nodes:
        if not isinstance(node, Operation) or changing.isdisjoint(node.inputs):
            continue
        changing.add(node)
        total = np.zeros(np.size(evaluation[node]))
        for source, slopes in zip(node.inputs, local_jacobians(evaluation, node), strict=True):
            if source in changing:
                multiplications += int(np.count_nonzero(slopes))
            if source in changes:
                total += slopes @ np.ravel(changes[source])
        if not changes.keys().isdisjoint(node.inputs):
            changes[node] = freeze(total.reshape(np.shape(evaluation[node])))
    entries = sum(np.size(evaluation[each]) for each in leaves)
    outputs = np.size(evaluation[nodes[-1]])
    return ForwardPass(changes, multiplications * entries, multiplications * outputs, entries, outputs)
