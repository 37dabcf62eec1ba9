"""What a lesson's goal is asked about, read from a session and a viewer of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan
from typing import Protocol

import numpy as np

from minidl_core import Node
from minidl_core.arrays import Array

from ..debugger.moment import Moment
from ..debugger.timeline import Timeline

_MOST_LOSSES = 100


class Looking(Protocol):
    """Who looks: at which node, in which view."""

    @property
    def node(self) -> Node | None:
        """The node in view."""

    @property
    def shown_view(self) -> str:
        """The view that the inspector shows."""


@dataclass(frozen=True, eq=False)
class Here:
    """The situation of a viewer (see lessons/pages.py)."""

    timeline: Timeline
    moment: Moment
    viewer: Looking

    @property
    def iteration(self) -> int:
        """The number of the iteration that is shown, from 1."""
        return self.moment.iteration

    @property
    def loss(self) -> float:
        """The loss of this iteration."""
        return nan if self.moment.loss is None else self.moment.loss

    @property
    def losses(self) -> Sequence[float]:
        """The losses of the last hundred iterations up to this one, NaN where one is not kept."""
        before = range(max(self.iteration - _MOST_LOSSES, 0) + 1, self.iteration)
        found = [self.timeline.losses.loss_at(iteration) for iteration in before]
        return [nan if loss is None else loss for loss in found] + [self.loss]

    @property
    def learning_rate(self) -> float:
        """The learning rate of this iteration's update."""
        return self.moment.learning_rate

    @property
    def node(self) -> str:
        """The name of the node in view."""
        node = self.viewer.node
        return "" if node is None else node.name

    @property
    def view(self) -> str:
        """The name of the view that the inspector shows."""
        return self.viewer.shown_view

    @property
    def phase(self) -> str:
        """The pass of the iteration."""
        return self.moment.phase

    @property
    def stopped(self) -> bool:
        """Whether training has come to a NaN or an infinity."""
        return self.moment.error is not None

    @property
    def edited(self) -> bool:
        """Whether a number or the learning rate was edited on this branch."""
        return bool(self.timeline.branch.made)

    def value(self, node: str) -> Array:
        """Return the value of a node, NaN where there is none yet."""
        value = self.moment.value(self._named(node))
        return np.array(nan) if value is None else value

    def gradient(self, node: str) -> Array:
        """Return the complete gradient of a node, NaN where there is none yet."""
        gradient = self.moment.gradient(self._named(node))
        return np.array(nan) if gradient is None else gradient

    def _named(self, name: str) -> Node:
        for node in self.moment.graph.nodes:
            if node.name == name:
                return node
        raise KeyError(name)
