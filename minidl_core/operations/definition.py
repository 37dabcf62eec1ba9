"""What an operation is: its computation, formula and reason, said once, beside its gradient.

The decorator `operation` turns a NumPy function into something that builds nodes. All that the inspector, the
narration, the help and the gradient tests say about an operation is read from here.
"""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from operator import index
from typing import Any

import numpy as np

from ..arrays import Array, Shape
from ..errors import GraphError
from ..graph import Constant, Node, Operation, definitions

Compute = Callable[..., Array]
Attributes = dict[str, Any]

_MOST_ONES = 1_000_000
_MOST_SHAPES = 1_000
_NOT_ATTRIBUTES = {
    "name": "calling an operation with name=... names the node",
    "inputs": "in a gradient function op.inputs are the arrays that it was computed from",
    "output": "in a gradient function op.output is its value",
    "needs": "in a gradient function op.needs says which gradients are wanted",
    "operation": "in a gradient function op.operation is the node",
}


@dataclass(eq=False)
class OperationDefinition:
    """An operation: calling it builds a node. See `operation` for what its fields say.

    Its inputs are the positional-only parameters of `compute`, its attributes (such as `axis`) the others. In
    `formula`, `reason` and `remedy` an input is written as its parameter's name in capitals, the output as Y.
    """

    compute: Compute
    formula: str
    samples: Sequence[Any]
    element: str
    elementwise: bool
    unchecked: bool
    shape: Callable[..., Shape] | None
    domain: tuple[float, float]
    remedy: str

    def __post_init__(self) -> None:
        self.name = self.__name__ = self.compute.__name__
        self.__doc__ = self.compute.__doc__
        self.reason = one_line(self.__doc__)
        parameters = [p.replace(annotation=p.empty) for p in inspect.signature(self.compute).parameters.values()]
        self._signature = inspect.Signature(parameters)
        self.symbols = tuple(p.name.upper() for p in parameters if p.kind is p.POSITIONAL_ONLY)
        self.attributes = {p.name: p.default for p in parameters if p.kind is not p.POSITIONAL_ONLY}
        if not self.symbols:
            raise GraphError(f"operation {self.name} has no inputs; write them before a slash: def {self.name}(a, /).")
        for name in self.attributes:
            if name in _NOT_ATTRIBUTES:
                said = f"operation {self.name} cannot have an attribute called {name}"
                raise GraphError(f"{said}: {_NOT_ATTRIBUTES[name]}; call it differently.")
        self._wants_more = inspect.Parameter.empty in self.attributes.values()
        self._shape_of_inputs = lru_cache(_MOST_SHAPES)(self._find_shape)

    def __call__(self, *inputs: Any, name: str | None = None, **attributes: Any) -> Operation:
        """Build a node; numbers, lists and arrays among the inputs become constants.

        Raises GraphError where the inputs or attributes are not this operation's, ShapeError where shapes do not fit.
        """
        if attributes or len(inputs) != len(self.symbols) or self._wants_more:
            inputs, attributes = self._sorted_out(inputs, attributes)
        else:
            attributes = self.attributes
        for value in inputs:
            if not isinstance(value, Node):
                inputs = tuple([each if isinstance(each, Node) else Constant(each) for each in inputs])
                break
        return Operation(self, inputs, attributes, name)

    def _sorted_out(self, inputs: tuple[Any, ...], attributes: dict[str, Any]) -> tuple[tuple[Any, ...], Attributes]:
        """Return the inputs alone, and all attributes: those given by position, by name, and by default."""
        try:
            given = self._signature.bind(*inputs, **attributes)
        except TypeError as error:
            shown = str(self._signature).replace(", /", "")[1:-1]
            raise GraphError(f"{self.name} takes ({shown}, name=None): {error}.") from error
        given.apply_defaults()
        settings = {key: given.arguments[key] for key in self.attributes}
        return given.args[: len(self.symbols)], {
            key: tuple(value) if isinstance(value, list) else value for key, value in settings.items()
        }

    def bind(self, attributes: Mapping[str, Any]) -> Compute:
        """Return the function that computes Y from the inputs alone."""
        return partial(self.compute, **attributes) if attributes else self.compute

    def output_shape(self, shapes: tuple[Shape, ...], attributes: Mapping[str, Any]) -> Shape | None:
        """Return the shape of Y for these shapes of the inputs.

        Raises ValueError where they do not fit; returns None where only a run can tell.
        """
        # attributes may be anything, also what has no hash or is equal to what means something else, as 1.0 is to 1
        return self._find_shape(shapes, **attributes) if attributes else self._shape_of_inputs(shapes)

    def _find_shape(self, shapes: tuple[Shape, ...], /, **attributes: Any) -> Shape | None:
        if self.elementwise:
            return np.broadcast_shapes(*shapes)
        if self.shape is None:
            return self._tried_shape(shapes, attributes)
        try:
            shape = self.shape(*shapes, **attributes)
            return None if shape is None else tuple(map(index, shape))
        except ValueError:
            raise
        except Exception as error:  # a stranger's mistake, or an attribute that is no axis or shape at all
            raise ValueError(f"its shape function raised {type(error).__name__}: {error}") from error

    def _tried_shape(self, shapes: tuple[Shape, ...], attributes: Attributes) -> Shape | None:
        """Compute the operation once on ones, if they are not too many."""
        if sum(map(math.prod, shapes)) > _MOST_ONES:
            return None
        try:
            with np.errstate(all="ignore"):
                return np.shape(self.compute(*map(np.ones, shapes), **attributes))
        except ValueError:
            raise
        except Exception:  # a stranger's operation may want more than ones; the run will tell
            return None

    def remedy_for(self, operation: Operation) -> str:
        """Return the remedy of a shape mistake with this operation's own names and attributes in it."""
        remedy = self.remedy.format(**operation.attributes)
        return self.name_symbols(remedy, [node.name for node in operation.inputs])

    def name_symbols(self, text: str, inputs: Sequence[str], output: str = "Y") -> str:
        """Return the text with the symbols A, B ... Y replaced by these names."""
        names = dict(zip(self.symbols, inputs, strict=True)) | {"Y": output}
        return re.sub(r"(?<![A-Za-z])[A-Z](?![A-Za-z])", lambda symbol: names.get(symbol[0], symbol[0]), text)


def operation(
    *,
    formula: str,
    samples: Sequence[Any] = (),
    element: str | None = None,
    elementwise: bool = False,
    unchecked: bool = False,
    shape: Callable[..., Shape] | None = None,
    domain: tuple[float, float] = (-2.0, 2.0),
    remedy: str = "",
) -> Callable[[Compute], OperationDefinition]:
    """Define an operation by the NumPy function that computes it; its docstring is the reason, in one sentence.

    `formula` says what Y is; `element`, where it differs, what one element of Y is (see `gradients.RegisterGradient`).
    `samples` are tuples of input shapes to test with, each optionally followed by a dict of attributes, and
    `domain` the range that the tests draw numbers from. An `elementwise` operation broadcasts its inputs, and its
    gradients are summed back to their shapes; of any other, `shape` tells the shape of Y from those of the inputs (and
    the attributes) or raises ValueError; without it, a trial on ones tells. `remedy` completes the message where shapes
    do not fit. An `unchecked` operation promises to make float64 of float64, to change no input, and to pass every NaN
    and infinity on, forward and backward, to what has entries, so that the fast path need not look after it.

    Raises GraphError where there are no positional-only inputs, an attribute is called what means something else, or
    the name is taken by an operation of another file.
    """
    if elementwise and not remedy:
        remedy = "counted from the right, each dimension must be equal in both, or 1"
    element = element or formula.partition(" = ")[2]

    def define(compute: Compute) -> OperationDefinition:
        made = OperationDefinition(compute, formula, samples, element, elementwise, unchecked, shape, domain, remedy)
        other = definitions.get(made.name)
        if other is not None and other.compute.__module__ != compute.__module__:
            raise GraphError(
                f"{other.compute.__module__} has an operation {made.name} already; name yours differently."
            )
        definitions[made.name] = made
        return made

    return define


def one_line(docstring: str | None) -> str:
    """Return the first paragraph of a docstring on one line."""
    return " ".join((docstring or "").strip().partition("\n\n")[0].split())
