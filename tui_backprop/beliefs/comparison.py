"""Somebody's gradients beside the right ones: which agree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from minidl_core import Node
from minidl_core.arrays import Array
from minidl_core.plan import Evaluation

from .evaluated_graph import EvaluatedGraph

TOLERANCE = 1e-9
"""The relative difference that sums in another order make in float64; for float32 take 1e-4."""


@dataclass(frozen=True, eq=False)
class Disagreement:
    """A node whose gradient is another one than the right one."""

    node: Node
    theirs: Array
    right: Array


@dataclass(frozen=True, eq=False)
class Comparison:
    """How many gradients were compared, and those that disagree, in the order of the search."""

    compared: int
    disagreeing: tuple[Disagreement, ...]


def compare(
    evaluation: Evaluation, loss: Node, theirs: Mapping[Node, Array], tolerance: float = TOLERANCE
) -> Comparison:
    """Compare gradients with the right ones of a loss; nodes that do not lead to it are left out.

    Two gradients agree where each entry differs by at most `tolerance` times the node's scale: the largest absolute
    contribution to the right gradient (also of a consumer whose own gradient cancelled), or the largest absolute entry
    of it, if that is more: a sum of large contributions that cancel cannot be more exact than they are.
    NaN agrees with nothing.
    """
    graph = EvaluatedGraph(evaluation, loss)
    right = dict(zip(graph.nodes, graph.right, strict=True))
    suspects = [
        node for node, gradient in right.items() if node in theirs and not agrees(theirs[node], gradient, tolerance)
    ]
    disagreeing = [
        Disagreement(node, theirs[node], right[node])
        for node in suspects
        if not agrees(theirs[node], right[node], tolerance, graph.scales[graph.index[node]])
    ]
    return Comparison(sum(node in theirs for node in right), tuple(disagreeing))


def agrees(theirs: Array, right: Array, tolerance: float, scale: float = 0.0) -> bool:
    """Return whether every entry differs by at most the tolerance times the scale, or the largest entry."""
    if not np.shape(theirs) and not np.shape(right):
        return bool(theirs == right or abs(theirs - right) <= tolerance * max(float(abs(right)), scale))
    if np.shape(theirs) != np.shape(right):
        return False
    scale = max(scale, float(np.max(np.abs(right), initial=0.0)))
    with np.errstate(invalid="ignore"):
        return bool(np.all((theirs == right) | (np.abs(theirs - right) <= tolerance * scale)))
