"""A step in which some function of theirs has one node after the other pass its gradient on, as `node.backward()`.

No call of theirs is one of the whole graph then: the first is that of the loss alone, and those that follow from the
same frame belong to the same step.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from types import FrameType
from typing import Any

import numpy as np

from .noting import Noted
from .taken import Numbers, Taken, is_absent
from .walking import Walk


class NodeByNode:
    """A step that goes on for as long as nodes of its graph pass their gradients on."""

    def __init__(self, taken: Taken, walk: Walk, caller: FrameType) -> None:
        self._taken, self._loss, self._caller = taken, walk.nodes[-1], caller
        self._positions = {id(node): position for position, node in enumerate(walk.nodes)}
        self._nodes = walk.nodes

    def goes_on_with(self, node: object, caller: FrameType) -> bool:
        """Return whether a call belongs to this step."""
        return caller is self._caller and id(node) in self._positions and node is not self._loss

    def go_on(self, operands: Sequence[Noted], gradients: Numbers) -> None:
        """Keep the gradients that a node has passed on to its operands."""
        after = self._taken.after
        if isinstance(after, array) and not isinstance(gradients, array):
            after = self._taken.after = list(after)
        for operand, gradient in zip(operands, gradients, strict=True):
            after[self._positions[id(operand)]] = gradient  # type: ignore[index]


def passed_on_alone(walk: Walk, operands: Sequence[Noted], before: Numbers, after: Numbers) -> bool:
    """Return whether a call has passed gradients on to nothing but the operands of the last node."""
    reached = {id(walk.nodes[-1]), *map(id, operands)}
    gradients = zip(walk.nodes, before, after, strict=True)
    return all(_is_same(old, new) for node, old, new in gradients if id(node) not in reached)


def _is_same(one: Any, other: Any) -> bool:
    if is_absent(one) or is_absent(other):
        return is_absent(one) and is_absent(other)
    if type(one) is type(other) is float:
        return one == other or (one != one and other != other)
    return np.array_equal(one, other, equal_nan=True)
