"""Finding out where the first NaN or infinity came from, and saying it in one sentence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .arrays import Array
from .errors import NonFiniteError
from .graph import Node, Operation


def first_entry(array: Array) -> tuple[int, ...]:
    """Return the index of the first NaN or infinity of an array that has one."""
    return tuple(int(index) for index in np.argwhere(~np.isfinite(array))[0])


def non_finite_value(node: Node, value: Array, inputs: Sequence[Array]) -> NonFiniteError:
    """Return the error for the first node whose value is NaN or infinite: which entry, and from which inputs."""
    entry = first_entry(value)
    if not isinstance(node, Operation):
        return NonFiniteError(f"it holds {_said(value, entry)}; take it out of the data.", node, entry)
    return NonFiniteError(f"it makes {_said(value, entry)}, because {_cause(node, value, entry, inputs)}.", node, entry)


def non_finite_gradient(node: Node, gradient: Array) -> NonFiniteError:
    """Return the error for a node whose gradient is the first to be NaN or infinite."""
    entry = first_entry(gradient)
    return NonFiniteError(
        f"its gradient becomes {_said(gradient, entry)}: a slope too steep for a number.", node, entry
    )


def non_finite_update(node: Node, value: Array, learning_rate: float) -> NonFiniteError:
    """Return the error for a variable that an update makes NaN or infinite."""
    entry = first_entry(value)
    return NonFiniteError(
        f"its update makes {_said(value, entry)}; the learning rate {learning_rate:g} is too high.",
        node,
        entry,
    )


def _said(array: Array, entry: tuple[int, ...]) -> str:
    place = f" in entry [{', '.join(map(str, entry))}]" if entry else ""
    return f"{array[entry]:g}{place}"


def _cause(node: Operation, value: Array, entry: tuple[int, ...], inputs: Sequence[Array]) -> str:
    named = zip(node.inputs, inputs, strict=True)
    if node.definition.elementwise:
        there = " there" if entry else ""
        parts = [f"{source.name} is {np.broadcast_to(array, value.shape)[entry]:g}{there}" for source, array in named]
    else:
        parts = [
            f"{source.name} has numbers as large as {np.max(np.abs(array), initial=0):g}" for source, array in named
        ]
    return " and ".join(dict.fromkeys(parts))
