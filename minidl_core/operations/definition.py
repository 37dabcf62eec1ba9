"""What an operation is: its computation, formula and reason, said once, beside its gradient.

The decorator `operation` turns a NumPy function into something that builds nodes. All that the inspector, the
narration, the help and the gradient tests say about an operation is read from here.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from ..arrays import Array
from ..errors import GraphError
from ..graph import Constant, Node, Operation, Shape, definitions

Compute = Callable[..., Array]


class OperationDefinition:
    """An operation: calling it builds a node.

    Its inputs are the positional-only parameters of `compute`, its attributes (such as `axis`) the others. In
    `formula`, `reason` and `mend` an input is written as its parameter's name in capitals, the output as Y.
    """

    def __init__(
        self,
        compute: Compute,
        formula: str,
        samples: Sequence[Any],
        element: str | None,
        elementwise: bool,
        domain: tuple[float, float],
        mend: str,
    ) -> None:
        self.name = compute.__name__
        self.__name__ = self.name
        self.__doc__ = compute.__doc__
        self.compute = compute
        self.formula = formula
        self.reason = one_line(compute.__doc__)
        self.samples = samples
        self.elementwise = elementwise
        self.element = element or formula.partition(" = ")[2]
        self.domain = domain
        self.mend = mend
        parameters = inspect.signature(compute).parameters.values()
        self.symbols = tuple(p.name.upper() for p in parameters if p.kind is p.POSITIONAL_ONLY)
        self.attributes = {p.name: p.default for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD}
        self._shapes: dict[Any, Shape] = {}

    def __call__(self, *inputs: Any, name: str | None = None, **attributes: Any) -> Operation:
        """Build a node; numbers, lists and arrays among the inputs become constants.

        Raises GraphError where the inputs or attributes are not this operation's, ShapeError where shapes do not fit.
        """
        count = len(self.symbols)
        given = dict(zip(self.attributes, inputs[count:], strict=False)) | attributes
        if len(inputs) < count or len(inputs) > count + len(self.attributes) or given.keys() - self.attributes.keys():
            wanted = [
                *self.symbols,
                *(f"{key}={default!r}" for key, default in self.attributes.items()),
                "name=None",
            ]
            raise GraphError(f"{self.name} takes ({', '.join(wanted)}), not {len(inputs)} inputs and {sorted(given)}.")
        nodes = tuple(value if isinstance(value, Node) else Constant(value) for value in inputs[:count])
        return Operation(self, nodes, {**self.attributes, **given} if self.attributes else self.attributes, name)

    def bind(self, attributes: Mapping[str, Any]) -> Compute:
        """Return the function that computes Y from the inputs alone."""
        return partial(self.compute, **attributes) if attributes else self.compute

    def output_shape(self, shapes: Sequence[Shape], attributes: Mapping[str, Any]) -> Shape | None:
        """Return the shape of Y for these shapes of the inputs, by computing it once on ones.

        Raises ValueError where they do not fit; returns None where ones are not something it can compute with.
        """
        key = (*shapes, *map(str, attributes.values()))
        if key not in self._shapes:
            try:
                with np.errstate(all="ignore"):
                    self._shapes[key] = np.shape(self.compute(*map(np.ones, shapes), **attributes))
            except ValueError:
                raise
            except Exception:  # a stranger's operation may want more than ones; the run will tell
                return None
        return self._shapes[key]

    def mend_for(self, inputs: Sequence[Node]) -> str:
        """Return the mend of a shape mistake with the inputs' own names in it."""
        return self.name_symbols(self.mend, [node.name for node in inputs])

    def name_symbols(self, text: str, inputs: Sequence[str], output: str = "Y") -> str:
        """Return the text with the symbols A, B ... Y replaced by these names."""
        names = dict(zip(self.symbols, inputs, strict=True)) | {"Y": output}
        return re.sub(r"(?<![A-Za-z])[A-Z](?![A-Za-z])", lambda symbol: names.get(symbol[0], symbol[0]), text)


def operation(
    *,
    formula: str,
    samples: Sequence[Any],
    element: str | None = None,
    elementwise: bool = False,
    domain: tuple[float, float] = (-2.0, 2.0),
    mend: str = "",
) -> Callable[[Compute], OperationDefinition]:
    """Define an operation by the NumPy function that computes it; its docstring is the reason, in one sentence.

    `formula` says what Y is; `element`, where it differs, what one element of Y is (see `gradients.RegisterGradient`).
    `samples` are tuples of input shapes to test with, each optionally followed by a dict of attributes, and
    `domain` the range that the tests draw numbers from. An `elementwise` operation broadcasts its inputs, and its
    gradients are summed back to their shapes. `mend` completes the message where shapes do not fit.
    """
    if elementwise and not mend:
        mend = "counted from the right, each dimension must be equal in both, or 1"

    def define(compute: Compute) -> OperationDefinition:
        made = OperationDefinition(compute, formula, samples, element, elementwise, domain, mend)
        definitions[made.name] = made
        return made

    return define


def one_line(docstring: str | None) -> str:
    """Return the first paragraph of a docstring on one line."""
    return " ".join((docstring or "").strip().partition("\n\n")[0].split())
