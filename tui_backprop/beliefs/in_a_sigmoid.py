"""The belief that a sigmoid which is written out, 1 / (1 + exp(-z)), has another slope than Y·(1 - Y)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from minidl_core.arrays import Array

from .belief import Belief, Cause, Suspicion
from .case import Case
from .evaluated_graph import Edge, EvaluatedGraph
from .machine import Machine

_SLOPES: Mapping[str, Callable[[Array, Array], Any]] = {
    "G": lambda y, _: np.ones_like(y),
    "minus the right contribution": lambda y, _: -y * (1.0 - y),
    "G·Y": lambda y, _: y,
    "G·(1 - Y)": lambda y, _: 1.0 - y,
    "G·Z·(1 - Z)": lambda _, z: z * (1.0 - z),
    "G·Y²": lambda y, _: y * y,
    "G·(1 - Y²)": lambda y, _: 1.0 - y * y,
    "G·Y·(1 + Y)": lambda y, _: y * (1.0 + y),
    "the slope of the sigmoid at Y": lambda y, _: _sigmoid(y) * (1.0 - _sigmoid(y)),
}


def _sigmoid(value: Array) -> Any:
    return 1.0 / (1.0 + np.exp(-value))


def _causes(suspicion: Suspicion) -> Iterator[Cause]:
    graph = suspicion.case.graph
    found = dict(_sigmoids(graph))
    groups = [list(found), *([each] for each in found)] if len(found) > 1 else [list(found)]
    for edges in groups if found else ():
        name = graph.nodes[found[edges[0]]].name
        where = f"in {name} " if len(edges) < len(found) else ""
        for text, slope in _SLOPES.items():
            wrong, right = (each if graph.is_scalar else each.replace("·", "⊙") for each in (text, "G·Y·(1 - Y)"))
            yield Cause(
                f"slope:sigmoid:{where}",
                f"the slope of the sigmoid 1 / (1 + exp(-Z)) {where}is wrong: yours passes on {wrong}; the right"
                f" contribution is {right}",
                partial(_with_slope, edges=edges, slope=slope),
            )


def _sigmoids(graph: EvaluatedGraph) -> Iterator[tuple[Edge, int]]:
    """Yield each sigmoid that is written out: the edge by which its exponential reads -z, and its own position."""
    for position, kind in enumerate(graph.kinds):
        sources = graph.inputs[position]
        if kind == "divide" and _is(graph, sources[0], 1.0):
            below = sources[1]
        elif kind == "power" and _is(graph, sources[1], -1.0):
            below = sources[0]
        else:
            continue
        for one, exponential in (graph.inputs[below], graph.inputs[below][::-1]) if graph.kinds[below] == "add" else ():
            if _is(graph, one, 1.0) and graph.kinds[exponential] == "exp":
                yield (exponential, 0), position


def _is(graph: EvaluatedGraph, position: int, number: float) -> bool:
    return not graph.inputs[position] and bool(np.all(graph.values[position] == number))


def _with_slope(
    machine: Machine, case: Case, *, edges: Sequence[Edge], slope: Callable[[Array, Array], Any]
) -> Machine:
    outputs = {edge: case.graph.values[position] for edge, position in _sigmoids(case.graph) if edge in edges}

    def alteration(edge: Edge, _: Any, contribution: Any) -> Any:
        if edge not in outputs:
            return contribution
        y = outputs[edge]
        minus_z = case.graph.values[case.graph.inputs[edge[0]][0]]
        with np.errstate(all="ignore"):  # where the sigmoid is 0 or 1 its slope is 0, and nothing is known of the other
            return contribution * (slope(y, -minus_z) / (y * (1.0 - y)))

    return replace(machine, alterations=(*machine.alterations, alteration))


SLOPE_OF_SIGMOID = Belief("slope of a sigmoid", "the slope of a sigmoid that is written out is another one", _causes)
