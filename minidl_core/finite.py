"""The first NaN or infinity: which node made it, in which entry, from which inputs, and the likely reason."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .arrays import Array, as_text
from .errors import Described, NonFiniteError

EMPTY_REMEDY = "look where an empty batch, slice or choice comes from"


def non_finite_leaf(node: Described, value: Array) -> NonFiniteError:
    """Return the error for a given array that holds a NaN or an infinity."""
    entry = _first_entry(value)
    return NonFiniteError(f"it holds {_number_at(value, entry)}", "take it out of the data", node, entry)


def non_finite_value(
    node: Described, value: Array, inputs: Sequence[tuple[str, Array]], elementwise: bool, trained: Sequence[str]
) -> NonFiniteError:
    """Return the error for the first operation whose value is not finite.

    `inputs` are the names and values that it was computed from, `trained` the variables that training has moved.
    """
    entry = _first_entry(value)
    remedy = EMPTY_REMEDY if without_numbers(inputs) else ""
    if trained and all(array.size for _, array in inputs):
        remedy = f"training has moved {' and '.join(trained)} since the start: the learning rate may be too high"
    finding = f"it makes {_number_at(value, entry)}, because {_cause(value, entry, inputs, elementwise)}"
    return NonFiniteError(finding, remedy, node, entry)


def non_finite_gradient(node: Described, gradient: Array) -> NonFiniteError:
    """Return the error for a node whose gradient is the first to be NaN or infinite."""
    entry = _first_entry(gradient)
    finding = f"its gradient becomes {_number_at(gradient, entry)}: a slope too steep for a number"
    return NonFiniteError(finding, "", node, entry)


def non_finite_update(variable: Described, value: Array, learning_rate: float) -> NonFiniteError:
    """Return the error for a variable that an update makes NaN or infinite."""
    entry = _first_entry(value)
    finding = f"its update makes {_number_at(value, entry)}"
    return NonFiniteError(finding, f"the learning rate {learning_rate:g} is too high", variable, entry)


def non_finite_term(variable: Described, term: str, value: Array, remedy: str) -> NonFiniteError:
    """Return the error for a variable of whose update a term, written as `v = β·v + G`, is NaN or infinite."""
    entry = _first_entry(value)
    return NonFiniteError(f"in its update, {term} becomes {_number_at(value, entry)}", remedy, variable, entry)


def without_numbers(inputs: Sequence[tuple[str, Array]]) -> str:
    """Say which inputs have no numbers; nothing where all have some."""
    empty = [f"{name} is {as_text(array.shape)} and has no numbers" for name, array in inputs if not array.size]
    return " and ".join(dict.fromkeys(empty))


def _first_entry(array: Array) -> tuple[int, ...]:
    return tuple(int(index) for index in np.argwhere(~np.isfinite(array))[0])


def _number_at(array: Array, entry: tuple[int, ...]) -> str:
    place = f" in entry [{', '.join(map(str, entry))}]" if entry else ""
    return f"{array[entry]:g}{place}"


def _cause(value: Array, entry: tuple[int, ...], inputs: Sequence[tuple[str, Array]], elementwise: bool) -> str:
    if empty := without_numbers(inputs):
        return empty
    if elementwise:
        numbers = [float(np.broadcast_to(array, value.shape)[entry]) for _, array in inputs]
        there = " there" if entry else ""
        parts = [f"{name} is {number:g}{there}" for (name, _), number in zip(inputs, numbers, strict=True)]
    else:
        numbers = [float(np.max(np.abs(array), initial=0.0)) for _, array in inputs]
        parts = [
            f"{name} has numbers as large as {number:g}" for (name, _), number in zip(inputs, numbers, strict=True)
        ]
    # an infinity made of numbers none of which is 0 is a number that has grown too large
    overflow = ", and numbers end at 1.8e+308" if np.isinf(value[entry]) and all(numbers) else ""
    return " and ".join(dict.fromkeys(parts)) + overflow
