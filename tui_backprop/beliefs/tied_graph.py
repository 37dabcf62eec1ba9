"""The gradients of a graph where numbers that stand just at a bend, as 0 in relu, are taken a little to one side of it.

At a bend every slope between those of its two sides is right. Ours is the flattest; somebody's engine may take another.
An engine that computes in float32 may also stand on the other side of a bend that is nearer than it rounds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from minidl_core import GradientError, MinidlError, Node, Operation
from minidl_core.arrays import Array, quiet
from minidl_core.plan import Evaluation

from .evaluated_graph import EvaluatedGraph, is_own, passed_on

_BENT = ("relu", "leaky_relu", "abs", "clip", "maximum", "minimum")
_ASIDE = 1e-6
"""So far aside a slope that is measured is measured once more; it differs by more than it can otherwise at a bend."""
_CLEARLY = 1e-3
_ROUNDED = 3e-7
"""So far, of its largest number, an array of float32 may be from what it would be in float64."""


class TiedGraph(EvaluatedGraph):
    """A graph whose slopes at bends are those of the `side` that is above, 1, or below, -1.

    `is_single` is whether somebody's gradients are in float32.
    """

    def __init__(self, evaluation: Evaluation, loss: Node, side: int, *, is_single: bool) -> None:
        super().__init__(evaluation, loss)
        self._side, self._is_single = side, is_single
        self._found: dict[tuple[int, bytes], list[Any]] = {}

    @cached_property
    def right(self) -> list[Any]:
        """The gradients by these slopes, in the order of the search."""
        gradients: list[Any] = [np.zeros(value.shape)[()] for value in self.values]
        gradients[0] = np.float64(1.0)
        for position, node in enumerate(self.nodes):
            if isinstance(node, Operation):
                for source, each in zip(
                    self.inputs[position], self.contributions(position, gradients[position]), strict=True
                ):
                    gradients[source] = gradients[source] + each
        return [float(each) for each in gradients] if self.is_scalar else gradients

    def contributions(self, position: int, gradient: Any, stale: Mapping[int, Array] | None = None) -> list[Any]:
        """Return what an operation passes on, where it bends by the slope to this side."""
        usual = super().contributions(position, gradient, stale)
        operation = self.operation(position)
        if operation.kind not in _BENT and not is_own(operation):
            return usual
        key = position, np.asarray(gradient).tobytes()
        if key not in self._found:
            self._found[key] = self._aside(position, gradient, usual)
        return self._found[key]

    def _aside(self, position: int, gradient: Any, usual: list[Any]) -> list[Any]:
        """Return what an operation passes on to each input where that input is a little to this side."""
        inputs = [self.values[source] for source in self.inputs[position]]
        given = np.float64(gradient) if not np.shape(gradient) else gradient
        if not is_own(self.operation(position)):
            with quiet():
                near = inputs[0] + self._side * _width(inputs[0], is_single=self._is_single)
                moved = [np.nextafter(near, self._side * np.inf), *inputs[1:]]
            found = passed_on(self._evaluated(position, moved), given)
            return [float(each) for each in found] if self.is_scalar else found
        aside: list[Any] = []
        for index, each in enumerate(usual):
            moved = [
                array + self._side * max(_ASIDE, _width(array, is_single=self._is_single)) if n == index else array
                for n, array in enumerate(inputs)
            ]
            try:
                other = passed_on(self._evaluated(position, moved), given)[index]
            except GradientError:  # an index, or the end of the function's domain
                other = each
            is_bend = np.abs(other - each) > _CLEARLY * max(np.max(np.abs(both), initial=0.0) for both in (other, each))
            aside.append(np.where(is_bend, other, each)[()])
        return [float(each) for each in aside] if self.is_scalar else aside


def has_ties(nodes: Iterable[Node], value: Callable[[Node], Array], *, is_single: bool) -> bool:
    """Return whether some number of a graph stands just at a bend, or may, as in a function of arrays not ours."""
    return any(isinstance(node, Operation) and _is_tied(node, value, is_single=is_single) for node in nodes)


def _is_tied(operation: Operation, value: Callable[[Node], Array], *, is_single: bool) -> bool:
    if is_own(operation):
        return _bends(operation, [value(each) for each in operation.inputs], is_single=is_single)
    if operation.kind not in _BENT:
        return False
    first = value(operation.inputs[0])
    if operation.kind == "clip":
        bends = [operation.attributes.get("low"), operation.attributes.get("high")]
    else:
        bends = [value(each) for each in operation.inputs[1:]] or [0.0]
    width = _width(first, is_single=is_single)
    return any(bend is not None and np.any(np.abs(first - bend) <= width) for bend in bends)


def _bends(operation: Operation, inputs: Sequence[Array], *, is_single: bool) -> bool:
    """Return whether a function may bend just at some numbers: not where it rises to both sides of each alike.

    To call it a few times takes much less than to measure its slopes.
    """
    if any(each.shape for each in inputs):
        return True
    for index, number in enumerate(inputs):
        aside = 2 * max(_ASIDE, _width(number, is_single=is_single))
        beside = ([*inputs[:index], number + step, *inputs[index + 1 :]] for step in (-aside, 0.0, aside))
        try:
            with quiet():
                below, here, above = (float(operation.definition.compute(*each)) for each in beside)
        except (ArithmeticError, TypeError, ValueError, MinidlError):  # at the end of its domain, or it makes an array
            return True
        rising, falling = above - here, here - below
        if not abs(rising - falling) <= _CLEARLY * max(abs(rising), abs(falling)):
            return True
    return False


def _width(array: Array, *, is_single: bool) -> float:
    return _ROUNDED * float(np.max(np.abs(array), initial=0.0, where=np.isfinite(array))) if is_single else 0.0


def is_single(theirs: Iterable[Array]) -> bool:
    """Return whether some gradients are in float32."""
    return any(getattr(each, "dtype", None) == np.float32 for each in theirs)
