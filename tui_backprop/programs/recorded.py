"""The run that a program made: each step of training that it took, with its own feeds, optimizer and loss."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import overload

from minidl_core import Node, Placeholder, Variable
from minidl_core.arrays import Array
from minidl_core.train import Optimizer

_NOTHING: Mapping[Node, Array] = {}
_NONE_SET: Mapping[Variable, Array] = {}
_NO_CHILDREN: Mapping[Node, Sequence[Node]] = {}


@dataclass(frozen=True, eq=False)
class RecordedStep:
    """One step of training as the program took it.

    `optimizer` is a copy with the settings of this step; what it remembers is kept under `owner`, which is one object
    for all steps of one optimizer. `label` says which step it is where a program has several. `trained` are the
    variables that it moves, where others are frozen. `measured` is the loss that the program saw.

    A step starts from what the step before left, but for the variables that the program itself has set since then,
    `set_before`; `left_after` are those that the program left otherwise than the optimizer's rule does, to the bit;
    where the engine is its own, they are all that a later step starts from.
    `begins` is whether another session took the step before: then `set_before` holds also where somebody has edited a
    number. `theirs` are the gradients that the program's own engine found, by node; it is empty where our engine
    trains, and where several calls add up for one update, it has what this one added. `before` are the gradients that
    stood in the nodes before the program called its engine, `stale` the numbers of those leaves that it had changed
    between the forward pass and that call, `children` the inputs of operations in the order in which the engine's own
    container goes through them, where it is known. `old_sum` is how many calls the gradients were summed from that the
    program's update used, where some of them it had used before: nobody set them to 0; it is 0 where all is right.
    `unused_sums` are leaves that no update moves, in which gradients of earlier calls are still in the sum: of them,
    too, `theirs` has what this call added.
    """

    loss: Node
    optimizer: Optimizer
    owner: Optimizer
    feeds: Mapping[Placeholder, Array]
    measured: float
    label: str = ""
    trained: Sequence[Variable] | None = None
    set_before: Mapping[Variable, Array] = field(default_factory=lambda: _NONE_SET)
    left_after: Mapping[Variable, Array] = field(default_factory=lambda: _NONE_SET)
    begins: bool = False
    theirs: Mapping[Node, Array] = field(default_factory=lambda: _NOTHING)
    before: Mapping[Node, Array] = field(default_factory=lambda: _NOTHING)
    stale: Mapping[Node, Array] = field(default_factory=lambda: _NOTHING)
    children: Mapping[Node, Sequence[Node]] = field(default_factory=lambda: _NO_CHILDREN)
    old_sum: int = 0
    unused_sums: Sequence[Node] = ()


class StepsOnDemand(Sequence[RecordedStep]):
    """So many recorded steps, each made when it is asked for; the last few are kept."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._step = lru_cache(8)(self._make_step)

    @abstractmethod
    def _make_step(self, number: int) -> RecordedStep:
        """Return a step by its number, from 0; a graph is built when a step over it is asked for first."""

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> RecordedStep: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[RecordedStep]: ...
    def __getitem__(self, index: int | slice) -> RecordedStep | Sequence[RecordedStep]:
        """Return a step, or some."""
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        return self._step(range(len(self))[index])
