"""How an operation is defined: the decorator that turns a NumPy function into one that builds nodes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from sys import _getframe
from typing import Any

from ..arrays import Shape
from ..definition import Compute, OperationDefinition, definitions
from ..errors import GraphError
from ..graph import Node, Operation


def operation(
    *,
    formula: str,
    samples: Sequence[Any] = (),
    element: str | Callable[..., str] = "",
    elementwise: bool = False,
    unchecked: bool = False,
    copies: bool = False,
    shape: Callable[..., Shape] | None = None,
    domain: tuple[float, float] = (-2.0, 2.0),
    remedy: str = "",
) -> Callable[[Compute], Callable[..., Operation]]:
    """Define an operation by the NumPy function that computes it; its docstring is the reason, in one sentence.

    `formula` says what Y is; `element`, where that does not say which entries an entry of Y is computed from, names
    them: a text, or a function of the shapes of the inputs (and the attributes) that returns it. An index may be
    computed from letters, and a letter end below a number: "Y[i] = max A[2i+h] for h<2".
    `samples` are tuples of input shapes to test with, or of an array where not any numbers will do, each optionally
    followed by a dict of attributes, and `domain` the range that the tests draw numbers from. An `elementwise`
    operation broadcasts its inputs, and its gradients are summed back to their shapes; of any other, `shape` tells the
    shape of Y from those of the inputs (and the attributes) or raises ValueError; without it, a trial on ones tells.
    `remedy` completes the message where shapes do not fit. `unchecked` is a promise that spares the fast path a look at
    each array: float64 becomes float64, no input is changed, Y is a new array or a view of an input, and every NaN and
    infinity among the inputs shows in Y, and of G in the gradients. Of an operation that `copies`, each entry of Y is 0
    or an entry of its first input, or of any in its list.

    Raises GraphError where there are no positional-only inputs, an attribute is called what means something else, or
    the name is taken by an operation of another file.
    """
    if elementwise and not remedy:
        remedy = "counted from the right, each dimension must be equal in both, or 1"

    def define(compute: Compute) -> Callable[..., Operation]:
        made = OperationDefinition(
            compute, formula, samples, element, elementwise, unchecked, copies, shape, domain, remedy
        )
        other = definitions.get(made.name)
        if other is not None and other.compute.__module__ != compute.__module__:
            raise GraphError(
                f"{other.compute.__module__} has an operation {made.name} already; name yours differently."
            )
        definitions[made.name] = made
        is_of_one = made.is_of_one

        @wraps(compute)
        def build(*inputs: Any, name: str | None = None, **attributes: Any) -> Operation:
            if is_of_one and len(inputs) == 1 and name is None and not attributes and isinstance(inputs[0], Node):
                return inputs[0]._function(made, _getframe(1))
            return Operation(made, inputs, attributes, name)

        return build

    return define
