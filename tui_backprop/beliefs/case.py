"""A backward call by position, and whether a machine would have left just the gradients that it left.

Where each node passes on its finished gradient, every sum can be looked at by itself: their own gradients of the
consumers say what should have come. So a mistake is seen where it was made, and one that only spreads is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np

from minidl_core.arrays import Array, quiet
from minidl_core.gradients import EvaluatedOperation

from .comparison import FINER, near, parting, tolerance
from .evaluated_graph import BackwardCall, Edge, EvaluatedGraph
from .formulas import Slope
from .machine import EndlessError, Machine, run, start_cells
from .orders import AGAIN, ONCE, RIGHT, WRONG

_MOST_SUBSETS = 4096
"""In a sum where some contributions replace it, so many ways to come to a number are tried."""
_MOST_WAYS = 200_000


class Case:
    """A backward call with everything by position in its graph: what a belief is tried on."""

    def __init__(self, call: BackwardCall) -> None:
        self.graph = graph = EvaluatedGraph(call.evaluation, call.loss, call.children)
        self.theirs: dict[int, Any]
        self.before: dict[int, Any]
        self.theirs, self.before = (
            {
                graph.index[node]: float(gradient) if graph.is_scalar and np.shape(gradient) == () else gradient
                for node, gradient in given.items()
                if node in graph.index
            }
            for given in (call.theirs, call.before)
        )
        self.stale = {graph.index[node]: value for node, value in call.stale.items() if node in graph.index}
        self.tolerance = max(map(tolerance, call.theirs.values()), default=0.0)
        # whether each sum can be looked at by itself
        self.is_complete = all(not sources or at in self.theirs for at, sources in enumerate(graph.inputs) if at)
        self._passed_on: dict[int, list[Any]] = {}
        self._magnitudes: dict[int, list[Any]] = {}
        self._slips: dict[int, float] = {}
        self._alike: dict[tuple[str, int], tuple[list[int], EvaluatedOperation, Array]] = {}
        self._slopes: dict[tuple[str, int, Slope], dict[int, float]] = {}

    @cached_property
    def parted(self) -> list[int]:
        """The positions of the sums that are not what should have come."""
        return list(self._unexplained(Machine(), range(len(self.graph.nodes))))

    def parting(self, machine: Machine) -> int | None:
        """Return the position of a gradient that a machine does not leave as theirs is; None where it leaves them all.

        It is the first in the order of the search, of those that part from the right ones where there is one.
        """
        if self.has_to_run(machine):
            return self._simulated(machine)
        order = self._suspects_first if self.is_complete else range(len(self.graph.nodes))
        return next(self._unexplained(machine, order), None)

    @cached_property
    def _suspects_first(self) -> list[int]:
        return list(dict.fromkeys([*self.parted, *range(len(self.graph.nodes))]))

    def work(self, machine: Machine) -> int:
        """Return how much it takes to find where a machine parts, in contributions of single numbers."""
        if not self.has_to_run(machine):
            return self._weight * (1 if self.is_complete else len(self.graph.nodes))
        return self._weight * (self._ways if machine.order in AGAIN else sum(map(len, self.graph.inputs)))

    @cached_property
    def _weight(self) -> int:
        """How many contributions of single numbers one of this graph's takes as long as."""
        if self.graph.is_scalar:
            return 1
        return 10 + sum(np.size(value) for value in self.graph.values) // (20 * len(self.graph.values))

    def has_to_run(self, machine: Machine) -> bool:
        """Return whether a machine has to be run to its end, because sums cannot be looked at by themselves."""
        return machine.order in WRONG or bool(machine.shared) or (bool(machine.set_edges) and not self.is_complete)

    def arrived(self, position: int, machine: Machine, own: dict[int, Any] | None = None) -> list[tuple[Edge, Any]]:
        """Return what comes to a node over its edges in a machine whose consumers have their gradients.

        `own` has the gradients of those consumers for which they have none.
        """
        if self.is_complete and self.graph.is_scalar:
            arrived = zip(self.graph.consumers[position], self._terms[position], strict=True)
            if not machine.alterations:
                return list(arrived)
            altered = [(edge, machine.altered(edge, self._own(edge[0], machine), term)) for edge, term in arrived]
            return [(edge, term) for edge, term in altered if term is not None]
        found = []
        for edge in self.graph.consumers[position]:
            consumer, input_index = edge
            if consumer in self.theirs:
                gradient = self.theirs[consumer]
                contributions = self._passed_on.get(consumer)
                if contributions is None:
                    contributions = self._passed_on[consumer] = self._contributions(consumer, gradient)
            else:
                gradient = (own or {}).get(consumer, machine.seed if consumer == 0 else 0.0)
                contributions = self._contributions(consumer, gradient)
            contribution = machine.altered(edge, gradient, contributions[input_index])
            if contribution is not None:
                found.append((edge, contribution))
        return found

    def _own(self, position: int, machine: Machine) -> Any:
        return self.theirs[position] if position else self.theirs.get(0, machine.seed)

    @cached_property
    def _terms(self) -> list[list[float]]:
        """What comes to each node of a scalar graph over its edges, made of their own gradients."""
        terms: list[list[float]] = [[] for _ in self.graph.nodes]
        for position, sources in enumerate(self.graph.inputs):
            if sources:
                for source, term in zip(
                    sources, self._contributions(position, self._own(position, Machine())), strict=True
                ):
                    terms[source].append(term)
        return terms

    def _contributions(self, consumer: int, gradient: Any) -> list[Any]:
        """Return what a consumer passes on; where its gradient has not its value's shape, nobody can say."""
        shape = self.graph.values[consumer].shape
        if np.shape(gradient) != shape:
            gradient = np.full(shape, np.nan)[()]
        return self.graph.contributions(consumer, gradient)

    def slopes(self, kind: str, input_index: int, formula: Slope) -> dict[int, float]:
        """Return what a formula makes of the slopes of a kind of operation in a scalar graph, by position."""
        if (kind, input_index, formula) not in self._slopes:
            if (kind, input_index) not in self._alike:
                positions = [
                    at
                    for at, each in enumerate(self.graph.kinds)
                    if each == kind and len(self.graph.inputs[at]) > input_index
                ]
                # one step may have a branch that another has not
                if not positions:
                    return {}
                right = np.array([self.graph.contributions(at, 1.0)[input_index] for at in positions])
                self._alike[kind, input_index] = positions, self.graph.together(positions), right
            positions, op, right = self._alike[kind, input_index]
            self._slopes[kind, input_index, formula] = dict(zip(positions, formula(op, right).tolist(), strict=True))
        return self._slopes[kind, input_index, formula]

    def start(self, position: int, machine: Machine) -> Any:
        """Return what stands in a node before anything comes to it."""
        if position == 0:
            return machine.seed
        return self.before.get(position, 0.0) if position in machine.kept else 0.0

    def agree(self, position: int, total: Any, terms: Sequence[Any]) -> bool:
        """Return whether their gradient of a node is a sum of some terms, but for rounding."""
        theirs = self.theirs[position]
        if type(theirs) is float and type(total) is float:
            return near(theirs, total, map(abs, terms), self.tolerance)
        found = parting(theirs, total, [np.abs(term) for term in terms])
        if found is None or not found.any():
            return found is not None
        sizes = []
        for consumer, input_index in self.graph.consumers[position]:
            gradient = self.theirs.get(consumer)
            if gradient is not None and np.shape(gradient) == self.graph.values[consumer].shape:
                if consumer not in self._magnitudes:
                    self._magnitudes[consumer] = self.graph.magnitudes(consumer, gradient)
                sizes.append(self._magnitudes[consumer][input_index])
        found = parting(theirs, total, sizes)
        if found is None or not found.any():
            return found is not None
        found = parting(theirs, total, [*sizes, self._slip(position) / self.tolerance])
        return found is not None and not found.any()

    @cached_property
    def _rounded(self) -> EvaluatedGraph:
        evaluation = self.graph.evaluation
        return EvaluatedGraph(evaluation.rounded(self.tolerance / FINER), self.graph.nodes[0])

    def _slip(self, position: int) -> float:
        """Return how far rounding in the values moves what comes to a node of an array graph, as `compare` has it."""
        if position not in self._slips:
            slip: Any = 0.0
            for consumer, input_index in self.graph.consumers[position]:
                gradient = self.theirs.get(consumer)
                if gradient is None or np.shape(gradient) != self.graph.values[consumer].shape:
                    continue
                moved = self._rounded.contributions(consumer, gradient)[input_index]
                slip = slip + moved - self.graph.contributions(consumer, gradient)[input_index]
            self._slips[position] = float(np.max(np.abs(slip), initial=0.0, where=np.isfinite(slip)))
        return self._slips[position]

    def _unexplained(self, machine: Machine, positions: Any) -> Iterator[int]:
        own: dict[int, Any] = {}
        with quiet():
            for position in positions:
                arrived = self.arrived(position, machine, own)
                start, terms = self.start(position, machine), [term for _, term in arrived]
                if position not in self.theirs:
                    own[position] = self._full(position, sum(terms, start))
                    continue
                totals = self._totals(start, arrived, machine) if machine.set_edges else [sum(terms, start)]
                terms.append(start)
                if not any(self.agree(position, self._full(position, total), terms) for total in totals):
                    yield position

    def _full(self, position: int, total: Any) -> Any:
        """Return a sum to which nothing came as an array of its node's shape."""
        if self.graph.is_scalar:
            return total
        shape = self.graph.values[position].shape
        return np.full(shape, total) if shape and not np.shape(total) else total

    def _totals(self, start: Any, arrived: Sequence[tuple[Edge, Any]], machine: Machine) -> Iterator[Any]:
        """Yield what a gradient can be: one number, and several where a contribution replaces it."""
        sets = [(edge, term) for edge, term in arrived if edge in machine.set_edges]
        adds = [(edge, term) for edge, term in arrived if edge not in machine.set_edges]
        if not sets:
            yield sum([term for _, term in adds], start)
        elif len(sets) << len(adds) <= _MOST_SUBSETS:
            for (_, last), chosen in product(sets, product((False, True), repeat=len(adds))):
                yield sum([term for (_, term), is_after in zip(adds, chosen, strict=True) if is_after], last)
        else:
            for ranks in self._ranks:
                last_edge, last = max(sets, key=lambda each: (ranks[each[0][0]], each[0][1]))
                when = ranks[last_edge[0]], last_edge[1]
                yield sum([term for edge, term in adds if (ranks[edge[0]], edge[1]) > when], last)

    @cached_property
    def _ranks(self) -> list[dict[int, int]]:
        """For each right order when it visits a node."""
        return [{position: time for time, (position, _) in enumerate(order(self.graph))} for order in RIGHT]

    @cached_property
    def _ways(self) -> int:
        """How often a search that comes to a node again and again passes on anything."""
        ways = [1] + [0] * (len(self.graph.nodes) - 1)
        for position, sources in enumerate(self.graph.inputs):
            for source in sources:
                ways[source] += ways[position]
        return sum(many * len(sources) for many, sources in zip(ways, self.graph.inputs, strict=True))

    def _simulated(self, machine: Machine) -> int | None:
        """Return where a machine that has to be run to its end parts from theirs.

        One that visits each node once is stopped at the first finished gradient that parts.
        """
        if machine.order in AGAIN and self._ways > _MOST_WAYS:
            return 0
        graph, stops = self.graph, machine.order in ONCE and not machine.shared
        cells = start_cells(graph, machine, self.before)
        left = [len(consumers) for consumers in graph.consumers]
        largest = [0.0] * len(cells)
        most = 0.0  # what passes by a gradient that has cancelled is rounding of numbers as large as this

        def agrees(position: int) -> bool:
            return self.agree(position, cells[position][0], [largest[position], 1e-4 * most])

        try:
            for consumer, input_index, contribution in run(graph, machine, cells):
                source = graph.inputs[consumer][input_index]
                left[source] -= 1
                size = abs(contribution) if graph.is_scalar else float(np.max(np.abs(contribution), initial=0.0))
                largest[source] = max(largest[source], size)
                most = max(most, size)
                if stops and not left[source] and source in self.theirs and not agrees(source):
                    return source
        except EndlessError:
            return 0
        return next((at for at in sorted(self.theirs) if not agrees(at)), None)
