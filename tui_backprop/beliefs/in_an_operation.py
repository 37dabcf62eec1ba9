"""The belief that the slope of an operation is another one: a formula that people write, or a factor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from minidl_core import Node
from minidl_core.sums import sum_to_shape

from .belief import Belief, Cause, Edges, Suspicion, an_operation, named, right_contribution
from .case import Case
from .evaluated_graph import Edge
from .formulas import MINUS, Slope, wrong_slopes
from .machine import Machine


def _slope(suspicion: Suspicion) -> Iterator[Cause]:
    case = suspicion.case
    nodes: dict[tuple[str, int], list[Node]] = {}
    for node, input_index in suspicion.edges():
        nodes.setdefault((node.kind, input_index), []).append(node)
    for (kind, input_index), of_kind in nodes.items():
        for message, formula in _wrong_slopes(case, of_kind, input_index):
            change = partial(_with_slope, kind=kind, index=input_index, formula=formula)
            yield Cause(f"slope:{kind}", message, change, kind, input_index)
        for each in (input_index, None) if input_index == 0 else (input_index,):
            factor = _factor(suspicion, kind, each)
            if factor is not None:
                right = right_contribution(case, kind, input_index)
                yield Cause(
                    f"slope:{kind}",
                    f"what {named(kind, each)} passes on is {factor:.6g} times the right contribution{right}",
                    partial(_scaled, kind=kind, index=each, factor=factor),
                    kind,
                    each,
                    None if factor == -1.0 else factor,
                )


def _slope_of_one(suspicion: Suspicion) -> Iterator[Cause]:
    for node, input_index in suspicion.edges():
        for message, formula in _wrong_slopes(suspicion.case, [node], input_index, f" in {node.name}"):
            change = partial(_with_slope, kind=node.kind, index=input_index, formula=formula, only=node)
            yield Cause(f"slope:{node.name}", message, change, node.kind, input_index)


def _wrong_slopes(case: Case, nodes: Sequence[Node], input_index: int, where: str = "") -> Iterator[tuple[str, Slope]]:
    """Yield the slopes that people write for an input of operations of a kind, each with what is said of it."""
    kind = nodes[0].kind
    if not an_operation(case, kind).definition.elementwise:
        return
    right = right_contribution(case, kind, input_index)
    # of W * W one contribution takes the other one away: nothing comes from it, as where a penalty is forgotten
    is_taken_away = all(each.inputs.count(each.inputs[input_index]) > 1 for each in nodes)
    for text, formula in wrong_slopes(input_index).items():
        if is_taken_away and text == MINUS:
            continue
        wrong = text if case.graph.is_scalar else text.replace("·", "⊙")
        yield f"the slope of {named(kind, input_index)}{where} is wrong: yours passes on {wrong}{right}", formula


def _with_slope(
    machine: Machine, case: Case, *, kind: str, index: int, formula: Slope, only: Node | None = None
) -> Machine:
    graph, edges = case.graph, Edges(case.graph, kind, index, only)
    numbers = case.slopes(kind, index, formula) if graph.is_scalar else {}

    def alteration(edge: Edge, gradient: Any, contribution: Any) -> Any:
        if edge not in edges:
            return contribution
        position, input_index = edge
        if graph.is_scalar:
            return gradient * numbers[position]
        op = graph.evaluation.operation(graph.operation(position))
        with np.errstate(all="ignore"):  # a wrong slope may be an infinity where the right one is none
            spread = gradient * formula(op, graph.slopes(position)[input_index])
        shape = graph.values[graph.inputs[position][input_index]].shape
        return sum_to_shape(spread, shape) if np.shape(spread) else spread

    return replace(machine, alterations=(*machine.alterations, alteration))


def _scaled(machine: Machine, case: Case, *, kind: str, index: int | None, factor: float) -> Machine:
    edges = Edges(case.graph, kind, index)

    def alteration(edge: Edge, _: Any, contribution: Any) -> Any:
        return contribution * factor if edge in edges else contribution

    return replace(machine, alterations=(*machine.alterations, alteration))


def _factor(suspicion: Suspicion, kind: str, input_index: int | None) -> float | None:
    """Return by which factor the contributions of a use would have to be scaled to make the parting gradient theirs."""
    case, at, machine = suspicion.case, suspicion.parting, suspicion.machine
    edges = Edges(case.graph, kind, input_index)
    arrived = case.arrived(at, machine)
    theirs, start = np.asarray(case.theirs[at]), case.start(at, machine)
    share = np.asarray(sum(term for edge, term in arrived if edge in edges))
    missing = theirs - sum([term for edge, term in arrived if edge not in edges], start)
    if not share.size or share.shape != missing.shape:
        return None
    entry = int(np.argmax(np.abs(share)))
    with np.errstate(all="ignore"):
        factor = float(np.ravel(missing)[entry] / np.ravel(share)[entry])
    if not np.isfinite(factor) or factor in (0.0, 1.0):
        return None
    nearest = round(factor)
    return float(nearest) if abs(factor - nearest) < 1e-9 * abs(factor) else factor


SLOPE = Belief("slope", "the slope of this operation is another one", _slope)
SLOPE_OF_ONE = Belief("slope of one", "the slope of this operation in one node is another one", _slope_of_one)
