"""What an operation is: its computation, formula and reason. It knows nothing of nodes.

All that the inspector, the narration, the help and the gradient tests say about an operation is read from here.
"""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache, partial
from operator import index
from pathlib import PurePath
from typing import Any, ClassVar, get_args, get_type_hints

import numpy as np

from .arrays import Array, Shape, quiet, taken_over
from .attributes import takes, words_for
from .errors import GraphError

Compute = Callable[..., Array]
Attributes = Mapping[str, Any]
GradientFunction = Callable[[Any, Array], Any]

_OUR_OPERATIONS = f"{__package__}.operations."
_MOST_ONES = 1_000_000
_MOST_SHAPES = 1_000
_NOT_ATTRIBUTES = {
    "name": "calling an operation with name=... names the node",
    "inputs": "in a gradient function op.inputs are the arrays that it was computed from",
    "output": "in a gradient function op.output is its value",
    "needs": "in a gradient function op.needs says which gradients are wanted",
    "operation": "in a gradient function op.operation is the node",
}


class GradientRule:
    """A registered gradient function, and what is said about it: a formula and a reason for each input.

    An operation keeps its rule: registering another function changes it, for the plans that have been made, too. One
    that is `measured`, by differences, is known to ten digits. It is `replaced` where the function is of another file
    than the first one. `changes` counts how often that was done, to any.
    """

    changes: ClassVar[int] = 0

    def __init__(self, function: GradientFunction, formulas: Sequence[str], measured: bool = False) -> None:
        self.measured = measured
        self._module = getattr(function, "__module__", None)
        self.change(function, formulas)

    def change(self, function: GradientFunction, formulas: Sequence[str]) -> None:
        """Put another function, and what is said about it, in the place of those before."""
        GradientRule.changes += 1
        self.function = function
        self.is_ours = is_ours(function)
        self.replaced = getattr(function, "__module__", None) != self._module
        self.formulas = tuple(formulas)
        paragraphs = (function.__doc__ or "").strip().split("\n\n")
        self.reasons = tuple(" ".join(paragraph.split()) for paragraph in paragraphs)

    @property
    def location(self) -> str:
        """Where the gradient function was written, as file:line."""
        code = getattr(self.function, "__code__", None)
        return f"{PurePath(code.co_filename).name}:{code.co_firstlineno}" if code else "built in"

    def formula_for(self, input_index: int) -> str:
        """Return the formula of the gradient for this input: its own, or the only one, or '' where none was given."""
        formulas = self.formulas * (input_index + 1) if len(self.formulas) == 1 else self.formulas
        return formulas[input_index] if input_index < len(formulas) else ""

    def reason_for(self, input_index: int) -> str:
        """Return the reason for this input: its own paragraph of the docstring, or the only one."""
        return self.reasons[min(input_index, len(self.reasons) - 1)]


@dataclass(eq=False)
class OperationDefinition:
    """An operation, apart from any node; the decorator `operation` makes it, and says what its fields mean.

    Its inputs are the positional-only parameters of `compute`, its attributes (such as `axis`) the others. In
    `formula`, `reason` and `remedy` an input is written as its parameter's name in capitals, the output as Y. One of a
    list, whose inputs are `*arrays`, writes INPUTS; each of its nodes has the definition for as many as it has.
    One that belongs to a single program, and not among all `definitions`, brings its own gradient `rule`.
    """

    compute: Compute
    formula: str
    samples: Sequence[Any]
    element: str | Callable[..., str]
    elementwise: bool
    unchecked: bool
    copies: bool
    shape: Callable[..., Shape] | None
    domain: tuple[float, float]
    remedy: str
    rule: GradientRule | None = None

    def __post_init__(self) -> None:
        self.name = self.compute.__name__
        self.reason = one_line(self.compute.__doc__)
        parameters = [p.replace(annotation=p.empty) for p in inspect.signature(self.compute).parameters.values()]
        self._signature = inspect.Signature(parameters)
        self.symbols = tuple(p.name.upper() for p in parameters if p.kind is p.POSITIONAL_ONLY)
        self.takes_list = any(p.kind is p.VAR_POSITIONAL for p in parameters)
        inputs = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.VAR_POSITIONAL)
        self.attributes = {p.name: p.default for p in parameters if p.kind not in inputs}
        self.for_count = cache(self._for_count)
        if not self.symbols and not self.takes_list:
            raise GraphError(f"operation {self.name} has no inputs; write them before a slash: def {self.name}(a, /).")
        for name in self.attributes:
            if name in _NOT_ATTRIBUTES:
                wrong = f"operation {self.name} cannot have an attribute called {name}"
                raise GraphError(f"{wrong}: {_NOT_ATTRIBUTES[name]}; call it differently.")
        self._wants_more = inspect.Parameter.empty in self.attributes.values()
        self.is_of_one = self.elementwise and len(self.symbols) == 1 and not self._wants_more
        self._shape_of_inputs = lru_cache(_MOST_SHAPES)(self._find_shape)

    def _for_count(self, count: int) -> OperationDefinition:
        """Return this operation of a list as one of so many inputs, A1 to An."""
        made = copy(self)
        made.takes_list = False
        made.symbols = tuple([f"A{number}" for number in range(1, count + 1)])
        made.formula = self.formula.replace("INPUTS", ", ".join(made.symbols))
        kinds = inspect.Parameter
        made._signature = inspect.Signature(
            [kinds(symbol.lower(), kinds.POSITIONAL_ONLY) for symbol in made.symbols]
            + [kinds(name, kinds.POSITIONAL_OR_KEYWORD, default=value) for name, value in self.attributes.items()]
        )
        return made

    def take_list(self, inputs: tuple[Any, ...]) -> tuple[OperationDefinition, tuple[Any, ...]]:
        """Return this operation of a list as one of so many inputs, and the inputs that the list holds.

        Raises GraphError where it is called with anything but a list.
        """
        if not inputs or not isinstance(inputs[0], list | tuple) or not inputs[0]:
            raise GraphError(f"{self.name} takes a list of nodes: {self.name}([a, b]).")
        return self.for_count(len(inputs[0])), (*inputs[0], *inputs[1:])

    def sort_out(self, inputs: tuple[Any, ...], attributes: Attributes) -> tuple[tuple[Any, ...], Attributes]:
        """Return the inputs alone, and all attributes: those given by position, by name, and by default.

        Raises GraphError where they are not this operation's, or an attribute is not what its annotation says.
        """
        if not attributes and len(inputs) == len(self.symbols) and not self._wants_more:
            return inputs, self.attributes
        if inputs and isinstance(inputs[0], str):
            # a text is no input: einsum("ij,jk->ik", a, b), as NumPy has it
            attributes = {next(iter(self.attributes), "name"): inputs[0], **attributes}
            inputs = inputs[1:]
        try:
            given = self._signature.bind(*inputs, **attributes)
        except TypeError as error:
            shown = str(self._signature).replace(", /", "")[1:-1]
            _, _, more = inspect.cleandoc(self.compute.__doc__ or "").partition("\n\n")
            raise GraphError(f"{self.name} takes ({shown}, name=None): {error}. {more}".strip()) from error
        given.apply_defaults()
        settings = {key: self._checked(key, given.arguments[key]) for key in self.attributes}
        return given.args[: len(self.symbols)], settings

    def _checked(self, name: str, value: Any) -> Any:
        """Return an attribute as it was written, a list as a tuple; raises GraphError where it cannot be this one's."""
        annotation = self._annotations.get(name)
        if annotation is None or value is self.attributes[name]:
            return tuple(value) if isinstance(value, list) else value
        value = _as_tuples(value)
        if not takes(annotation, value):
            amount = float in (annotation, *get_args(annotation)) and not isinstance(value, str)
            way = "; dl.maximum, dl.minimum and dl.where take nodes and arrays" if amount else ""
            raise GraphError(f"{name} must be {words_for(annotation)}, not {value!r}{way}.")
        return value

    @cached_property
    def _annotations(self) -> Mapping[str, Any]:
        """What the attributes may be, of those of which it is known."""
        try:
            found = get_type_hints(self.compute)
        except Exception:  # a stranger may annotate with what is imported for a type checker alone
            return {}
        return {name: found[name] for name in self.attributes if name in found and words_for(found[name])}

    def bind(self, attributes: Attributes, shape: Shape | None = ()) -> Compute:
        """Return the function that computes Y from the inputs alone; the shape of Y is None where only a run knows it.

        Then it raises ValueError where the inputs do not fit, also where NumPy would take them.
        """
        compute = partial(self.compute, **attributes) if attributes else self.compute
        if not (self.unchecked or is_ours(self.compute)):
            compute = _taking_over(compute)
        return compute if shape is not None or self.shape is None else self._checking(compute, attributes)

    def _checking(self, compute: Compute, attributes: Attributes) -> Compute:
        fitting: set[tuple[Shape, ...]] = set()

        def computed(*inputs: Array) -> Array:
            shapes = tuple([each.shape for each in inputs])
            if shapes not in fitting:
                self.output_shape(shapes, attributes)
                fitting.add(shapes)
            return compute(*inputs)

        return computed

    def output_shape(self, shapes: tuple[Shape, ...], attributes: Attributes) -> Shape | None:
        """Return the shape of Y for these shapes of the inputs.

        Raises ValueError where they do not fit; returns None where only a run can tell.
        """
        if self.elementwise and shapes.count(shapes[0]) == len(shapes):
            return shapes[0]
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
            with quiet():
                return np.shape(self.compute(*map(np.ones, shapes), **attributes))
        except ValueError:
            raise
        except Exception:  # a stranger's operation may want more than ones; the run will tell
            return None

    def element_of(self, shapes: Sequence[Shape], attributes: Attributes) -> str:
        """Return what one element of Y is for inputs of these shapes; '' where the formula does not say."""
        return self.element(*shapes, **attributes) if callable(self.element) else self.element

    def remedy_for(self, inputs: Sequence[str], attributes: Attributes) -> str:
        """Return the remedy of a shape mistake, with the names of these inputs and these attributes in it."""
        return self.name_symbols(self.remedy.format(**attributes), inputs)

    def name_symbols(self, text: str, inputs: Sequence[str], output: str = "Y") -> str:
        """Return the text with the symbols A, B ... Y replaced by these names."""
        names = dict(zip(self.symbols, inputs, strict=True)) | {"Y": output}
        return re.sub(r"(?<![A-Za-z])[A-Z][0-9]*(?![A-Za-z0-9])", lambda symbol: names.get(symbol[0], symbol[0]), text)


def _as_tuples(value: Any) -> Any:
    """Return lists and arrays of numbers, also in one another, as tuples."""
    value = value.tolist() if isinstance(value, np.ndarray) else value
    return tuple(map(_as_tuples, value)) if isinstance(value, list | tuple) else value


def _taking_over(compute: Compute) -> Compute:
    return lambda *inputs: taken_over(compute(*inputs))


definitions: dict[str, OperationDefinition] = {}
"""Every operation by its name; the decorator `operation` fills it."""


def is_ours(function: Callable[..., Any]) -> bool:
    """Return whether a function is one of our operations', which depends on nothing but what it is given."""
    return str(getattr(function, "__module__", "")).startswith(_OUR_OPERATIONS)


def one_line(docstring: str | None) -> str:
    """Return the first paragraph of a docstring on one line."""
    return " ".join((docstring or "").strip().partition("\n\n")[0].split())
