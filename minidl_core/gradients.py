"""How a gradient passes through one operation, backwards: the registry of gradient functions, and one call of one.

A gradient function is called as `f(op, grad)`: `op` is its operation as one run evaluated it, `grad` the gradient G of
the loss with respect to the operation's output. It returns one gradient for each input, each of its input's shape.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import PurePath
from typing import Any

import numpy as np

from .arrays import Array
from .errors import GradientError
from .graph import Operation, Shape

GradientFunction = Callable[["Evaluated", Array], Any]


class Evaluated:
    """An operation as one run evaluated it: what a gradient function sees.

    `inputs` and `output` are the arrays of that run, attributes such as `axis` are found as `op.axis`, and `needs`
    says for each input whether somebody wants its gradient; a gradient that nobody wants may be None.
    """

    __slots__ = ("inputs", "needs", "operation", "output")

    def __init__(self, operation: Operation, inputs: Sequence[Array], output: Array, needs: Sequence[bool]) -> None:
        self.operation = operation
        self.inputs = inputs
        self.output = output
        self.needs = needs

    def __getattr__(self, name: str) -> Any:
        try:
            return self.operation.attributes[name]
        except KeyError:
            raise AttributeError(f"{self.operation.describe()} has no attribute '{name}'") from None


class GradientRule:
    """A registered gradient function, and what is said about it: a formula and a reason for each input."""

    def __init__(self, function: GradientFunction, formulas: Sequence[str]) -> None:
        self.function = function
        self.formulas = tuple(formulas)
        paragraphs = (function.__doc__ or "").strip().split("\n\n")
        self.reasons = tuple(" ".join(paragraph.split()) for paragraph in paragraphs)
        code = getattr(function, "__code__", None)
        self.place = f"{PurePath(code.co_filename).name}:{code.co_firstlineno}" if code else "built in"

    def formula_for(self, slot: int) -> str:
        """Return the formula of the gradient for this input, or '' where none was given."""
        return self.formulas[slot] if slot < len(self.formulas) else ""

    def reason_for(self, slot: int) -> str:
        """Return the reason for this input: its own paragraph of the docstring, or the only one."""
        return self.reasons[min(slot, len(self.reasons) - 1)]


_gradient_registry: dict[str, GradientRule] = {}


def RegisterGradient(  # noqa: N802
    operation_name: str, formulas: Sequence[str] = ()
) -> Callable[[GradientFunction], GradientFunction]:
    """Register the decorated function as the gradient function of the operation of this name.

    `formulas` has one formula for each input, in the symbols of the operation's own formula, with G for the gradient
    of its output. The docstring says why: one paragraph for each input, or one for all.
    """

    def register(function: GradientFunction) -> GradientFunction:
        _gradient_registry[operation_name] = GradientRule(function, formulas)
        return function

    return register


def gradient_rule(operation: Operation) -> GradientRule:
    """Return the rule registered for this operation; raises GradientError where there is none."""
    try:
        return _gradient_registry[operation.definition.name]
    except KeyError:
        name = operation.definition.name
        raise GradientError(
            f'no gradient function is registered; write one under @RegisterGradient("{name}").', operation
        ) from None


def input_gradients(rule: GradientRule, op: Evaluated, grad: Array) -> list[Array]:
    """Call a gradient function once and return the gradient for each input; what nobody needs may be None.

    For an elementwise operation, a gradient is summed back to its input's shape over the positions to which
    broadcasting copied it. Raises GradientError where the function raises or returns the wrong number or shape.
    """
    try:
        returned = rule.function(op, grad)
    except FloatingPointError:
        raise
    except Exception as error:
        raise GradientError(
            f"its gradient function ({rule.place}) raised {type(error).__name__}: {error}", op.operation
        ) from error
    gradients = list(returned) if isinstance(returned, list | tuple) else [returned]
    if len(gradients) != len(op.inputs):
        raise GradientError(
            f"its gradient function ({rule.place}) returned {len(gradients)} gradients for {len(op.inputs)} inputs; "
            "return a list with one for each input.",
            op.operation,
        )
    for slot, (gradient, value) in enumerate(zip(gradients, op.inputs, strict=True)):
        if not op.needs[slot]:
            continue
        if type(gradient) is not np.ndarray:
            gradient = gradients[slot] = _as_array(rule, op, slot, gradient)
        if gradient.shape != value.shape:
            if op.operation.definition.elementwise:
                gradient = gradients[slot] = sum_to_shape(gradient, value.shape)
            if gradient.shape != value.shape:
                raise GradientError(
                    f"its gradient function ({rule.place}) returned {gradient.shape} for input {slot}, "
                    f"'{op.operation.inputs[slot].name}', which is {value.shape}; a gradient has its input's shape.",
                    op.operation,
                )
    return gradients


def _as_array(rule: GradientRule, op: Evaluated, slot: int, gradient: Any) -> Array:
    try:
        return np.asarray(gradient, dtype=np.float64)
    except (TypeError, ValueError):
        raise GradientError(
            f"its gradient function ({rule.place}) returned {type(gradient).__name__} for input {slot}, "
            f"'{op.operation.inputs[slot].name}'; return an array.",
            op.operation,
        ) from None


def sum_to_shape(gradient: Array, shape: Shape) -> Array:
    """Sum a gradient over the positions to which broadcasting copied an input of this shape.

    An element that was used in several places reaches the loss through each of them, so their slopes add up. Returns
    the gradient unchanged where the shape cannot have been broadcast to the gradient's.
    """
    extra = gradient.ndim - len(shape)
    if extra < 0:
        return gradient
    stretched = tuple(
        extra + axis for axis, size in enumerate(shape) if size == 1 and gradient.shape[extra + axis] != 1
    )
    summed = np.add.reduce(gradient, (*range(extra), *stretched), keepdims=True)
    return summed.reshape(summed.shape[extra:]) if extra else summed
