"""A gradient that the program's own engine found, beside the right one: where they part, but for rounding."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minidl_core import Node, Operation
from minidl_core.arrays import Array, quiet
from minidl_core.gradients import gradient_rule, input_gradients
from minidl_core.plan import Evaluation

_FLOOR = 1e-3
"""What counts as much as this part of the tolerance of a gradient of 1, however small the gradient is."""


def parting(theirs: Array, right: Array, contributions: Sequence[Array]) -> NDArray[Any] | None:
    """Return which entries of two gradients of one shape part; None where their shapes differ.

    An entry parts where the two differ by more than rounding can explain: relative to the largest of it and of its
    contributions, which may have cancelled, 4e-10 in float64 and 7e-5 in float32. NaN agrees with NaN.
    """
    if theirs.shape != right.shape:
        return None
    tolerance = float(np.finfo(np.float32 if theirs.dtype == np.float32 else np.float64).eps) ** 0.6
    with quiet():
        scale = np.abs(right)
        for contribution in contributions:
            scale = np.fmax(scale, np.abs(contribution))
        # as a product: where the scale is infinite, only the same infinity agrees
        near = np.abs(theirs - right) <= tolerance * np.where(np.isfinite(scale), scale + _FLOOR, 0)
        same = near | (theirs == right) | (np.isnan(theirs) & np.isnan(right))
    return np.asarray(~same)


class Parted(NamedTuple):
    """A node for which the learner's engine found another gradient."""

    node: Node
    theirs: Array
    right: Array


def compare(evaluation: Evaluation, loss: Node, theirs: Mapping[Node, Array]) -> tuple[int, list[Parted]]:
    """Return how many gradients were compared, and those that part, in the order of the search.

    Raises what the engine raises where a gradient cannot be computed.
    """
    gradients = evaluation.gradients(loss)
    contributions: defaultdict[Node, list[Array]] = defaultdict(list)
    for node, gradient in gradients.items():
        if isinstance(node, Operation):
            given = input_gradients(gradient_rule(node), evaluation.operation(node), gradient)
            for source, contribution in zip(node.inputs, given, strict=True):
                contributions[source].append(contribution)
    compared = [node for node in gradients if node in theirs]
    parted = []
    for node in compared:
        parts = parting(theirs[node], gradients[node], contributions[node])
        if parts is None or parts.any():
            parted.append(Parted(node, theirs[node], gradients[node]))
    return len(compared), parted
