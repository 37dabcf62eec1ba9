"""Beliefs about what stands in the nodes when the way back begins: the seed, old sums, and old numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from .belief import Belief, Cause, Suspicion, WrongMachine
from .case import Case
from .evaluated_graph import Edge
from .machine import Machine

ALL_NOT_ZEROED = (
    "the gradients of the step before are still in the sums: set every gradient to 0 before each backward call"
)


def _seed(suspicion: Suspicion) -> Iterator[Cause]:
    yield Cause(
        "seed",
        "every gradient is 0: the loss's own gradient has to be set to 1 before the way back begins",
        lambda machine, _: replace(machine, seed=0.0),
    )
    case = suspicion.case
    theirs = case.theirs.get(0)
    if theirs is None and suspicion.parting:  # all of them are as many times too large
        found = np.ravel(case.theirs[suspicion.parting])
        right = np.ravel(case.graph.right[suspicion.parting])
        if found.size == right.size:
            entry = int(np.argmax(np.abs(right)))
            theirs = found[entry] / right[entry] if right[entry] else None
    if theirs is not None and np.shape(theirs) == () and np.isfinite(theirs) and theirs not in (0.0, 1.0):
        seed = float(theirs)
        yield Cause(
            "seed",
            f"every gradient is {seed:.6g} times the right one: the loss's own gradient is 1, not {seed:.6g}",
            lambda machine, _: replace(machine, seed=seed),
            factor=seed,
        )


def _not_zeroed(suspicion: Suspicion) -> Iterator[Cause]:
    case = suspicion.case
    if suspicion.parting not in case.before:
        return
    yield Cause(
        "not-zeroed",
        ALL_NOT_ZEROED,
        lambda machine, case: replace(machine, kept=frozenset(case.before)),
    )
    name = case.graph.nodes[suspicion.parting].name

    def some(machine: Machine, case: Case) -> Machine:
        """Keep what stood in those nodes that are not right without it."""
        return replace(machine, kept=frozenset(case.before).intersection(case.parted))

    yield Cause(
        "not-zeroed",
        f"the gradient of the step before is still in some sums, first in that of {name}: "
        "set every gradient to 0 before each backward call",
        some,
    )


STALE = Cause(
    "stale-update",
    "the parameters were changed between the forward pass and the backward call: update them after the backward call",
    lambda machine, case: replace(machine, alterations=(*machine.alterations, _with_new_numbers(case))),
)
"""The cause where the numbers of leaves were changed too early."""


def _stale_update(suspicion: Suspicion) -> Iterator[Cause]:
    if suspicion.case.stale:
        yield STALE


def _with_new_numbers(case: Case) -> Any:
    graph, stale = case.graph, case.stale

    def alteration(edge: Edge, gradient: Any, contribution: Any) -> Any:
        position, input_index = edge
        if stale.keys().isdisjoint(graph.inputs[position]):
            return contribution
        return graph.contributions(position, gradient, stale)[input_index]

    return alteration


SEED = Belief("seed", "the way back needs no start", _seed)
NOT_ZEROED = WrongMachine(
    "not-zeroed",
    "gradients start again by themselves, so that nobody sets them to 0",
    _not_zeroed,
    label="no zeroing",
    supposed="nobody sets the gradient of the iteration before to 0, so that it is still in the sum",
    # of variables alone, and of one iteration: in most engines a forward pass makes all other nodes anew
    build=lambda _, stood: Machine(kept=stood),
)
STALE_UPDATE = Belief("stale-update", "it does not matter when the update comes", _stale_update)
