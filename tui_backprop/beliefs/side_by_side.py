"""A wrong machine beside the right one: their visits, their sums, the first step in which they part, what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from minidl_core.arrays import quiet

from .belief import WrongMachine
from .evaluated_graph import Edge, EvaluatedGraph
from .machine import Machine, gradients, summands


class Course:
    """One way through a backward pass: all gradients, `visits` in order, and their `ranks` by position.

    Without a wrong machine it is the right one. `joins` has the step in which a node joins the queue.
    """

    def __init__(self, graph: EvaluatedGraph, before: Mapping[int, Any], wrong: WrongMachine | None = None) -> None:
        self.graph = graph
        self._before = before
        self._machine = Machine() if wrong is None else wrong.build(graph, before.keys())
        self.gradients = gradients(graph, self._machine, before)
        order, waits = (self._machine.order, True) if wrong is None else (wrong.order, wrong.waits)
        self.visits = [position for position, _ in order(graph)]
        self.ranks = {position: rank for rank, position in enumerate(self.visits)}
        chosen = max if waits else min
        self.joins = [
            chosen((self.ranks[consumer] for consumer, _ in consumers), default=-1) for consumers in graph.consumers
        ]

    def queue(self, step: int) -> Iterator[int]:
        """Yield the positions of the nodes in the queue after a step, the next one first."""
        return (position for position in self.visits[step + 1 :] if self.joins[position] <= step)

    def summands(self, position: int) -> list[tuple[Edge | None, Any]]:
        """Return what the gradient of a node is the sum of, each with its edge, None for what stood there before."""
        with quiet():
            return summands(self.graph, self._machine, position, self.gradients, self._before)


@dataclass(frozen=True, eq=False)
class SideBySide:
    """A wrong machine's course, `believed`, and the right one."""

    wrong: WrongMachine
    believed: Course
    right: Course

    @cached_property
    def parted(self) -> int | None:
        """The first step in which they differ, by the node, its gradient or the queue; None where they never do."""
        believed, right, joining = self.believed, self.right, self._joining
        for step, (one, other) in enumerate(zip(believed.visits, right.visits, strict=True)):
            if one != other or one in self._wrong or step in joining:
                return step
        return None

    @cached_property
    def _joining(self) -> set[int]:
        """The steps of one of them in which nodes join the queue that do so in another step of the other."""
        pairs = zip(self.believed.joins, self.right.joins, strict=True)
        return {step for one, other in pairs if one != other for step in (one, other)}

    @cached_property
    def wrong_at(self) -> list[int]:
        """The positions of the nodes whose gradients come out wrong, in the right order."""
        pairs = enumerate(zip(self.believed.gradients, self.right.gradients, strict=True))
        return [position for position, (one, other) in pairs if not np.array_equal(one, other, equal_nan=True)]

    @cached_property
    def _wrong(self) -> set[int]:
        return set(self.wrong_at)

    @cached_property
    def early(self) -> int | None:
        """The first position in the wrong course that is visited before one of its consumers; None where none is."""
        ranks, consumers = self.believed.ranks, self.believed.graph.consumers
        visits = self.believed.visits
        return next((at for at in visits if any(ranks[user] > ranks[at] for user, _ in consumers[at])), None)
