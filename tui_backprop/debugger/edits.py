"""Edits: something of what an iteration starts from becomes another: a number, all that was drawn, the optimizer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from minidl_core import Placeholder, State, Variable
from minidl_core.arrays import Array, freeze
from minidl_core.train import Memory, Optimizer


@dataclass(frozen=True)
class NumberEdit:
    """A number becomes another: of a variable or of data at an index, or all of its numbers where that is None.

    Where there is no node it is the learning rate. `old` is what the number was (of all numbers, the first); it follows
    from where the edit was made, and may be NaN, where a schedule failed.
    """

    node: Variable | Placeholder | None
    index: tuple[int, ...] | None
    old: float = field(compare=False)
    new: float

    def applied(self, state: State) -> State:
        """Return the state with this edit made; the arrays of the given one stay as they are."""
        if self.node is None:
            return replace(state, learning_rate=self.new)
        array = np.array(start_value(state, self.node))
        array[... if self.index is None else self.index] = self.new
        if isinstance(self.node, Variable):
            return replace(state, variables={**state.variables, self.node: freeze(array)})
        return replace(state, feeds={**state.feeds, self.node: freeze(array)})


@dataclass(frozen=True)
class SeedEdit:
    """The variables become the `values` that another seed draws; what the optimizer remembers is forgotten."""

    old: int
    new: int
    values: Mapping[Variable, Array] = field(compare=False)
    node: None = field(default=None, init=False)

    def applied(self, state: State) -> State:
        """Return the state with these variables."""
        return replace(state, variables={**state.variables, **self.values}, memory=Memory())


@dataclass(frozen=True)
class OptimizerEdit:
    """Another `optimizer` takes the steps, with a memory of its own; both are named as a person names them."""

    old: str
    new: str
    optimizer: Optimizer = field(compare=False)
    node: None = field(default=None, init=False)

    def applied(self, state: State) -> State:
        """Return the state with nothing remembered; whoever takes the step has the optimizer."""
        return replace(state, memory=Memory())


Edit = NumberEdit | SeedEdit | OptimizerEdit


def start_value(state: State, node: Variable | Placeholder) -> Array:
    """Return what a variable or data holds in a state."""
    return state.variables.get(node, node.initial_value) if isinstance(node, Variable) else state.feeds[node]
