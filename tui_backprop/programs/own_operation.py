"""A definition for an operation that is none of ours: it belongs to one program, and is computed by its functions."""

from __future__ import annotations

import inspect
from collections.abc import Callable

from minidl_core.arrays import Array, Shape
from minidl_core.definition import GradientFunction, GradientRule, OperationDefinition


def own_operation(
    word: str,
    count: int,
    function: Callable[..., Array],
    gradient: GradientFunction,
    reason: str,
    shape: Callable[..., Shape] | None = None,
    *,
    measured: bool = False,
) -> OperationDefinition:
    """Return the definition of an operation of so many inputs, computed by a function of their arrays."""

    def compute(*inputs: Array) -> Array:
        return function(*inputs)

    compute.__name__, compute.__doc__ = word, reason
    names = [chr(ord("a") + n) for n in range(count)] if count < 24 else [f"a{n}" for n in range(count)]
    parameters = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_ONLY) for name in names]
    compute.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    formula = f"Y = {word}({', '.join(name.upper() for name in names)})"
    return OperationDefinition(
        compute,
        formula,
        samples=(),
        element=formula.partition(" = ")[2],
        elementwise=False,
        unchecked=False,
        copies=False,
        shape=shape,
        domain=(-2.0, 2.0),
        remedy="",
        rule=GradientRule(gradient, (), measured),
    )
