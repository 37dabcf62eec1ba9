"""The belief that a product of matrices passes G on through the other factor as it stands, not transposed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from .belief import Belief, Cause, Edges, Suspicion, named, right_contribution
from .case import Case
from .evaluated_graph import Edge, EvaluatedGraph
from .machine import Machine

_KIND = "matmul"
_PASSED_ON = ("G·B", "A·G")


def _not_transposed(suspicion: Suspicion) -> Iterator[Cause]:
    case = suspicion.case
    for kind, input_index in suspicion.uses():
        # elsewhere shapes tell whoever forgets it
        if kind == _KIND and any(_passed_on(case.graph, edge) is not None for edge in _edges(case.graph, input_index)):
            right = right_contribution(case, kind, input_index)
            yield Cause(
                f"not transposed:{input_index}",
                f"the slope of {named(kind, input_index)} is wrong: yours passes on {_PASSED_ON[input_index]}{right}",
                partial(_changed, input_index=input_index),
                kind,
                input_index,
            )


def _edges(graph: EvaluatedGraph, input_index: int) -> Iterator[Edge]:
    for position, kind in enumerate(graph.kinds):
        if kind == _KIND:
            yield position, input_index


def _passed_on(graph: EvaluatedGraph, edge: Edge, gradient: Any = None) -> Any:
    """Return what comes of G without transposing; None where it does not fit, or there is nothing to transpose."""
    position, input_index = edge
    first, second = (np.asarray(graph.values[source]) for source in graph.inputs[position])
    gradient = np.zeros(np.shape(graph.values[position])) if gradient is None else gradient
    factors = (gradient, second) if input_index == 0 else (first, gradient)
    if factors[1 - input_index].ndim != 2 or factors[input_index].ndim not in (1, 2):
        return None
    if factors[0].shape[-1] != factors[1].shape[0]:
        return None
    found = factors[0] @ factors[1]
    return found if found.shape == (first, second)[input_index].shape else None


def _changed(machine: Machine, case: Case, *, input_index: int) -> Machine:
    edges = Edges(case.graph, _KIND, input_index)

    def alteration(edge: Edge, gradient: Any, contribution: Any) -> Any:
        with np.errstate(all="ignore"):
            found = _passed_on(case.graph, edge, np.asarray(gradient)) if edge in edges else None
        return contribution if found is None else found

    return replace(machine, alterations=(*machine.alterations, alteration))


NOT_TRANSPOSED = Belief(
    "not transposed", "the other factor of a product is not transposed on the way back", _not_transposed
)
