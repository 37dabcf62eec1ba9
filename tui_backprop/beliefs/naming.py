"""Which belief is behind a wrong answer: the one whose machine comes to just that number, or visits just that node."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from minidl_core import Node
from minidl_core.arrays import quiet

from .belief import WrongMachine
from .beliefs import WRONG_MACHINES
from .evaluated_graph import EvaluatedGraph
from .in_the_search import NO_ORDER, PLAIN_SEARCH
from .machine import Machine, summands
from .side_by_side import Course, SideBySide

Index = tuple[int, ...]

MOST_NODES = 2_000
"""In a graph of more nodes no machine is run to its end: what it makes of one sum has to do."""
_NEAR = 0.01
"""A number that is typed is that of a machine where it differs by at most so much of it."""


class Naming:
    """Names the beliefs behind wrong answers about one backward pass.

    `before` has the gradients that stood in variables, by position, when it began.
    """

    def __init__(self, graph: EvaluatedGraph, before: Mapping[int, Any]) -> None:
        self.graph = graph
        self.before = before
        self._sides: dict[WrongMachine, SideBySide] = {}

    def wrong_gradients(self, node: Node, element: Index = (), count: int | None = None) -> list[tuple[str, float]]:
        """Return the name of each belief with the wrong number that it has for an element of a node's gradient.

        First what a belief makes of this sum where all that comes is right, then what its machine computes. With a
        `count`, only so many contributions have come. Raises NonFiniteError where a right gradient is not finite.
        """
        position = self.graph.index[node]
        right = self._of_sum(Machine(), position, count)
        found = []
        for name, wrong in self._gradients(position, count):
            number = float(np.asarray(wrong)[element])
            if abs(number - float(np.asarray(right)[element])) > _NEAR * abs(number):
                found.append((name, number))
        return found

    def name_gradient(self, node: Node, number: float, element: Index = (), count: int | None = None) -> str:
        """Return a sentence about the beliefs that make a wrong number of an element of a gradient; else nothing."""
        wrong = self.wrong_gradients(node, element, count)
        return say([name for name, other in wrong if abs(number - other) <= _NEAR * abs(other)])

    def name_next(self, visited: int, node: Node) -> str:
        """Return a sentence about the beliefs that visit a node next when so many were visited; else nothing."""
        graph, position = self.graph, self.graph.index[node]
        done = [consumer < visited for consumer, _ in graph.consumers[position]]
        if position < visited or not any(done) or all(done):
            return ""
        plain = [at for at, _ in PLAIN_SEARCH.order(graph)]
        return say([NO_ORDER.name, *([PLAIN_SEARCH.name] if plain[visited] == position else [])])

    def _gradients(self, position: int, count: int | None) -> Iterator[tuple[str, Any]]:
        for wrong in WRONG_MACHINES:
            yield wrong.name, self._of_sum(self._machines[wrong], position, count)
        if count is None and len(self.graph.nodes) <= MOST_NODES:
            yield from ((wrong.name, self.beside(wrong).believed.gradients[position]) for wrong in WRONG_MACHINES)

    @cached_property
    def _machines(self) -> dict[WrongMachine, Machine]:
        return {wrong: wrong.build(self.graph, self.before.keys()) for wrong in WRONG_MACHINES}

    @cached_property
    def right(self) -> Course:
        """The right course of the backward pass."""
        return Course(self.graph, self.before)

    def beside(self, wrong: WrongMachine) -> SideBySide:
        """Return the course of a wrong machine beside the right one."""
        if wrong not in self._sides:
            self._sides[wrong] = SideBySide(wrong, Course(self.graph, self.before, wrong), self.right)
        return self._sides[wrong]

    def _of_sum(self, machine: Machine, position: int, count: int | None) -> Any:
        """Return what a machine makes of the right contributions to a node, or of the first ones."""
        if not position:
            return np.float64(1.0)
        with quiet():
            found = summands(self.graph, machine, position, self.graph.right, self.before, count)
            return sum((each for _, each in found), np.zeros(self.graph.values[position].shape))


def say(names: Sequence[str]) -> str:
    """Return the sentence about beliefs by their names, of more than two the first two; of none nothing."""
    supposed = {machine.name: machine.supposed for machine in WRONG_MACHINES}
    clauses = [supposed[name] for name in dict.fromkeys(names)]
    return f"that is what comes out if {', or if '.join(clauses[:2])}" if clauses else ""
