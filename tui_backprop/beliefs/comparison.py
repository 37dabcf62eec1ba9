"""Somebody's gradient beside the right one: where they part by more than rounding.

A gradient that is not quite the right one agrees all the same where it is what the right rule makes of somebody's own
gradients of its consumers, and those agree: rounding that came from further up is not a mistake of this node. Nor is
rounding in the values that slopes are made of: how far it goes is seen on the same run with numbers a little off. Just
at a bend, as that of relu at 0, more than one slope is right.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minidl_core import Node, Operation
from minidl_core.arrays import Array, quiet
from minidl_core.plan import Evaluation

from .evaluated_graph import EvaluatedGraph
from .tied_graph import TiedGraph, has_ties, is_single

FINER = 16
"""So many times finer than gradients are compared are the numbers moved that tell how far rounding goes."""


@dataclass(frozen=True, eq=False)
class Disagreement:
    """A node whose gradient is another one than the right one."""

    node: Node
    theirs: Array
    right: Array


@dataclass(frozen=True, eq=False)
class Comparison:
    """How many gradients were compared, and those that disagree, in the order of the search."""

    compared: int
    disagreeing: tuple[Disagreement, ...]


@dataclass(frozen=True, eq=False)
class Arrival:
    """What comes to a gradient over one edge: how large the numbers are that it sums, and what it is.

    `passed_on` is made from somebody's own gradient of the consumer, None where that one parts already.
    """

    magnitude: Any
    passed_on: Any


def tolerance(theirs: Any) -> float:
    """Return by how much gradients may differ for rounding: 4e-10 of the numbers summed, in float32 7e-5."""
    return 7e-5 if getattr(theirs, "dtype", None) == np.float32 else 4e-10


def parting(theirs: Any, right: Any, magnitudes: Sequence[Any]) -> NDArray[Any] | None:
    """Return which entries of two gradients of one shape part; None where their shapes differ.

    An entry parts where the two differ by more than `tolerance` times the largest of it and of the numbers that are
    summed for it, which may have cancelled. NaN agrees with NaN, and an infinity with the same one.
    """
    if np.shape(theirs) != np.shape(right):
        return None
    with quiet():
        scale = np.abs(right)
        for magnitude in magnitudes:
            scale = np.fmax(scale, magnitude)
        # what cancels to 0 in one entry of an array is rounded as the others are
        scale = np.fmax(scale, 1e-5 * np.max(scale, initial=0.0, where=np.isfinite(scale)))
        # where the scale is infinite, only the same infinity agrees
        near = np.abs(theirs - right) <= tolerance(theirs) * np.where(np.isfinite(scale), scale, 0)
        same = near | (theirs == right) | (np.isnan(theirs) & np.isnan(right))
    return np.asarray(~same)


def parts(theirs: Any, right: Any, arrivals: Iterable[Arrival], slip: Any = 0.0) -> bool:
    """Return whether a gradient parts from the right one; `arrivals`, one for each edge, are asked for if it may.

    `slip` is how far rounding in the values moves it.
    """
    if np.shape(theirs) != (() if type(right) is float else np.shape(right)):
        return True
    if not _any(theirs, right, []):
        return False
    arrived = list(arrivals)
    magnitudes = [*[each.magnitude for each in arrived], slip / tolerance(theirs)]
    if not _any(theirs, right, magnitudes):
        return False
    if not arrived or any(each.passed_on is None for each in arrived):
        return True
    return _any(theirs, sum(each.passed_on for each in arrived), magnitudes)


def near(theirs: float, right: float, magnitudes: Iterable[float], share: float) -> bool:
    """Return whether two numbers agree by the same rule as in `parting`, where `share` is the tolerance."""
    return (
        theirs == right
        or abs(theirs - right) <= share * max(abs(right), max(magnitudes, default=0.0)) < inf
        or (theirs != theirs and right != right)
    )


def _any(theirs: Any, right: Any, magnitudes: Sequence[Any]) -> bool:
    if type(right) is float:  # in a graph of single numbers there are many
        return not near(float(theirs), right, magnitudes, tolerance(theirs))
    found = parting(theirs, right, magnitudes)
    return found is None or bool(found.any())


def compare(evaluation: Evaluation, loss: Node, theirs: Mapping[Node, Array]) -> Comparison:
    """Compare gradients with the right ones of a loss; nodes that do not lead to it are left out.

    Raises NonFiniteError where a right gradient is not finite.
    """
    graph = EvaluatedGraph(evaluation, loss)
    comparison = _compare(graph, theirs, None)
    single = is_single(theirs.values())
    rounded = None
    if comparison.disagreeing and not graph.is_scalar:
        rounded = evaluation.rounded(max(map(tolerance, theirs.values())) / FINER)
        comparison = _compare(graph, theirs, EvaluatedGraph(rounded, loss))
    if comparison.disagreeing and has_ties(graph.nodes, evaluation.__getitem__, is_single=single):
        # each side of a bend is right, but it is one side everywhere
        for side in (1, -1):
            beside = partial(TiedGraph, loss=loss, side=side, is_single=single)
            other = _compare(beside(evaluation), theirs, None if rounded is None else beside(rounded))
            comparison = min(comparison, other, key=lambda each: len(each.disagreeing))
    return comparison


def _compare(graph: EvaluatedGraph, theirs: Mapping[Node, Array], rounded: EvaluatedGraph | None) -> Comparison:
    """Compare gradients; `rounded` is the graph with values that are a little off, where they are looked at, too."""
    compared, wrong, carried, slipped = 0, set[int](), dict[int, Arrival](), dict[int, Any]()
    disagreeing: list[Disagreement] = []
    for position, node in enumerate(graph.nodes):
        found, right = theirs.get(node), graph.right[position]
        arrivals: Iterable[Arrival] = _arrivals(graph, position, theirs, wrong, carried)
        slip: Any = 0.0
        if rounded is not None and (arrivals := list(arrivals)) and all(a.passed_on is not None for a in arrivals):
            moved = _rounded_sum(rounded, position, graph, theirs, slipped)
            slip = _largest(moved - sum(each.passed_on for each in arrivals))
            slipped[position] = moved
        if found is None:
            if theirs and isinstance(node, Operation) and (made := carry(arrivals)) is not None:
                carried[position] = made
            continue
        compared += 1
        if parts(found, right, arrivals, slip):
            wrong.add(position)
            disagreeing.append(Disagreement(node, found, np.asarray(right)))
    return Comparison(compared, tuple(disagreeing))


def _rounded_sum(
    rounded: EvaluatedGraph,
    position: int,
    graph: EvaluatedGraph,
    theirs: Mapping[Node, Array],
    slipped: Mapping[int, Any],
) -> Any:
    """Return what the right rule makes of somebody's own gradients where values are a little off."""
    total: Any = 0.0
    for consumer, input_index in graph.consumers[position]:
        gradient = theirs.get(graph.nodes[consumer])
        gradient = slipped.get(consumer, graph.right[consumer]) if gradient is None else gradient
        total = total + rounded.contributions(consumer, gradient)[input_index]
    return total


def _largest(array: Any) -> float:
    return float(np.max(np.abs(array), initial=0.0, where=np.isfinite(array)))


def carry(arrivals: Iterable[Arrival]) -> Arrival | None:
    """Return what the right rule makes of somebody's own gradients for a node of which they have none.

    None where nothing comes to it, or a gradient that parts.
    """
    arrived = list(arrivals)
    if not arrived or any(each.passed_on is None for each in arrived):
        return None
    magnitude = np.maximum.reduce([np.asarray(each.magnitude) for each in arrived])
    return Arrival(magnitude[()], sum(each.passed_on for each in arrived))


def _arrivals(
    graph: EvaluatedGraph, position: int, theirs: Mapping[Node, Array], wrong: set[int], carried: Mapping[int, Arrival]
) -> Iterable[Arrival]:
    for consumer, input_index in graph.consumers[position]:
        passed_on, right, way = None, graph.right[consumer], carried.get(consumer)
        gradient: Any = right
        if consumer not in wrong:
            gradient = theirs.get(graph.nodes[consumer], right)
            gradient = gradient if way is None else way.passed_on
            passed_on = graph.contributions(consumer, gradient)[input_index]
        summed = np.fmax(np.abs(right), np.abs(gradient) if way is None else way.magnitude)
        yield Arrival(graph.magnitudes(consumer, summed)[input_index], passed_on)
