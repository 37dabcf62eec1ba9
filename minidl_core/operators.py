"""What Python and NumPy can do with a node: make the node of that meaning, or say in one sentence what to write.

A node has no number until a run. Whatever asks for one (a truth value, `float`, a NumPy function that is no operation
here) would otherwise be silently wrong, so it raises.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

import numpy as np

from .arrays import Shape
from .elsewhere import REFUSED, REMEDIES, RUN, way_for_function
from .errors import GraphError, MissingAttributeError

_UFUNCS = {"absolute": "abs", "fabs": "abs", "float_power": "power"}
_SAME = (
    *("add", "subtract", "multiply", "divide", "negative", "power", "matmul", "square", "sqrt", "exp", "log", "tanh"),
    *("sin", "cos", "maximum", "minimum", "greater", "greater_equal", "less", "less_equal", "equal", "not_equal"),
)
_FUNCTIONS = {
    "sum": "reduce_sum",
    "mean": "reduce_mean",
    "max": "reduce_max",
    "amax": "reduce_max",
    "min": "reduce_min",
    "amin": "reduce_min",
    "var": "reduce_variance",
    "std": "reduce_std",
    **{name: name for name in ("argmax", "reshape", "transpose", "concatenate", "stack", "where", "clip", "cumsum")},
    **{name: name for name in ("outer", "einsum", "pad", "broadcast_to", "expand_dims", "squeeze", "norm")},
}
CALLED: Mapping[str, str] = _UFUNCS | _FUNCTIONS
"""The operation that a function of NumPy means, where that is called otherwise."""
_CONDITIONS = ("equal", "not_equal", "greater", "greater_equal", "less", "less_equal")


class Operators:
    """The methods of a node that make other nodes, by the names that NumPy has for them."""

    __slots__ = ()
    _shape: Shape | None

    def _operate(self, name: str, *inputs: Any, **attributes: Any) -> Any:
        """Return a node of the operation of this name."""
        raise NotImplementedError

    def _of_one(self, name: str) -> Any:
        """Return a node of one of the operators - and abs, which are elementwise and have no attributes."""
        return self._operate(name, self)

    def describe(self) -> str:
        """Return how errors name this node."""
        raise NotImplementedError

    def _refuse(self, what: str) -> NoReturn:
        raise GraphError(f"{self.describe()}: {what}.")

    @property
    def shape(self) -> Shape | None:
        """Its shape where it is known before a run; it cannot be set."""
        return self._shape

    @shape.setter
    def shape(self, _: Any) -> NoReturn:
        self._refuse("its shape cannot be set; x.reshape(shape) makes a node of another")

    def _known_shape(self) -> Shape:
        if self.shape is None:
            self._refuse("its shape is known only in a run; make its placeholders with a shape, such as (100, 2)")
        return self.shape

    @property
    def ndim(self) -> int:
        """How many dimensions it has; raises GraphError where only a run knows."""
        return len(self._known_shape())

    @property
    def T(self) -> Any:  # noqa: N802 (NumPy's word)
        """Its transpose."""
        return self._operate("transpose", self)

    def __len__(self) -> int:
        if not (shape := self._known_shape()):
            self._refuse("it is a single number and has no length")
        return shape[0]

    def __iter__(self) -> Iterator[Any]:
        return iter([self[row] for row in range(len(self))])

    def __getitem__(self, key: Any) -> Any:
        parts = key if isinstance(key, tuple) else (key,)
        if not any(isinstance(part, Operators) for part in parts):
            key = tuple([np.array(part) if isinstance(part, list | range) else part for part in parts])
            if not all(map(_selects, key)):
                self._refuse("it is indexed by whole numbers, slices, lists of them, nodes, None and ...")
            return self._operate("select", self, key=key[0] if len(key) == 1 else key)
        if any(getattr(part, "kind", "") in _CONDITIONS for part in parts):
            self._refuse("only a run knows how many entries that are; dl.where(condition, x, 0) keeps the shape")
        taken = [axis for axis, part in enumerate(parts) if not (isinstance(part, slice) and part == slice(None))]
        if len(taken) == 1:
            return self._operate("gather", self, parts[taken[0]], axis=taken[0])
        if taken != [0, 1] or len(parts) > 2 or not all(map(_counts, parts)):
            self._refuse(
                "dl.gather(x, i, axis) takes rows by a node, and x[i, j] of whole numbers an entry of each row"
            )
        return self._operate("pick", self, *parts)

    def __eq__(self, other: object) -> Any:
        return Comparison("equal", self, other) if isinstance(other, _COMPARABLE) else NotImplemented

    def __ne__(self, other: object) -> Any:
        return Comparison("not_equal", self, other) if isinstance(other, _COMPARABLE) else NotImplemented

    __hash__ = object.__hash__

    def __add__(self, other: Any) -> Any:
        return self._operate("add", self, other)

    def __radd__(self, other: Any) -> Any:
        return self._operate("add", other, self)

    def __sub__(self, other: Any) -> Any:
        return self._operate("subtract", self, other)

    def __rsub__(self, other: Any) -> Any:
        return self._operate("subtract", other, self)

    def __mul__(self, other: Any) -> Any:
        return self._operate("multiply", self, other)

    def __rmul__(self, other: Any) -> Any:
        return self._operate("multiply", other, self)

    def __truediv__(self, other: Any) -> Any:
        return self._operate("divide", self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return self._operate("divide", other, self)

    def __pow__(self, other: Any) -> Any:
        return self._operate("power", self, other)

    def __rpow__(self, other: Any) -> Any:
        return self._operate("power", other, self)

    def __matmul__(self, other: Any) -> Any:
        return self._operate("matmul", self, other)

    def __rmatmul__(self, other: Any) -> Any:
        return self._operate("matmul", other, self)

    def __neg__(self) -> Any:
        return self._of_one("negative")

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return self._of_one("abs")

    def __lt__(self, other: Any) -> Any:
        return self._operate("less", self, other)

    def __le__(self, other: Any) -> Any:
        return self._operate("less_equal", self, other)

    def __gt__(self, other: Any) -> Any:
        return self._operate("greater", self, other)

    def __ge__(self, other: Any) -> Any:
        return self._operate("greater_equal", self, other)

    def __format__(self, spec: str) -> str:
        if spec:
            self._refuse(f"it has no number to write until a run; {RUN}")
        return str(self)

    def sum(self, *given: Any, **settings: Any) -> Any:
        """Return reduce_sum of it."""
        return self._operate("reduce_sum", self, *given, **settings)

    def mean(self, *given: Any, **settings: Any) -> Any:
        """Return reduce_mean of it."""
        return self._operate("reduce_mean", self, *given, **settings)

    def max(self, *given: Any, **settings: Any) -> Any:
        """Return reduce_max of it."""
        return self._operate("reduce_max", self, *given, **settings)

    def min(self, *given: Any, **settings: Any) -> Any:
        """Return reduce_min of it."""
        return self._operate("reduce_min", self, *given, **settings)

    def var(self, *given: Any, **settings: Any) -> Any:
        """Return reduce_variance of it."""
        return self._operate("reduce_variance", self, *given, **settings)

    def std(self, *given: Any, **settings: Any) -> Any:
        """Return reduce_std of it."""
        return self._operate("reduce_std", self, *given, **settings)

    def argmax(self, *given: Any, **settings: Any) -> Any:
        """Return argmax of it."""
        return self._operate("argmax", self, *given, **settings)

    def cumsum(self, *given: Any, **settings: Any) -> Any:
        """Return cumsum of it."""
        return self._operate("cumsum", self, *given, **settings)

    def clip(self, *given: Any, **settings: Any) -> Any:
        """Return clip of it; None is no bound."""
        bounds = dict(zip(("low", "high", "out"), given, strict=False)) | settings
        return self._operate("clip", self, **{name: bound for name, bound in bounds.items() if bound is not None})

    def squeeze(self, *given: Any, **settings: Any) -> Any:
        """Return squeeze of it."""
        return self._operate("squeeze", self, *given, **settings)

    def reshape(self, *shape: Any, **settings: Any) -> Any:
        """Return reshape of it: x.reshape(2, 3), or x.reshape((2, 3))."""
        given = {"shape": shape[0] if len(shape) == 1 else shape} if shape else {}
        return self._operate("reshape", self, **given, **settings)

    def flatten(self) -> Any:
        """Return all its entries, row by row."""
        return self._operate("reshape", self, shape=-1)

    def transpose(self, *axes: Any) -> Any:
        """Return transpose of it: x.transpose(1, 0), or x.transpose((1, 0)), or of all axes."""
        return self._operate("transpose", self, axes=axes[0] if len(axes) == 1 else axes or None)

    def dot(self, other: Any) -> Any:
        """Return what NumPy's dot would be; raises GraphError where only a run knows, and for more than matrices."""
        return self._dot(self, other)

    def _dot(self, first: Any, second: Any) -> Any:
        shapes = [each.shape if isinstance(each, Operators) else np.shape(each) for each in (first, second)]
        if None in shapes:
            self._refuse("dot is one thing for numbers and another for matrices, and a shape is not known: write x @ y")
        ranks = [len(shape) for shape in shapes if shape is not None]
        if max(ranks) > 2:
            self._refuse("dot is for numbers, vectors and matrices; write x @ y, or dl.einsum")
        return self._operate("matmul" if min(ranks) else "multiply", first, second)

    def astype(self, dtype: Any) -> Any:
        """Return the node itself, which is of float64; raises GraphError for any other type."""
        if np.dtype(dtype) != np.float64:
            self._refuse("all numbers are float64")
        return self

    def __array__(self, dtype: Any = None, copy: Any = None) -> NoReturn:
        self._refuse(f"no array can be made of it until a run; {RUN}, and dl.stack([x, y]) is a node of several")

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **settings: Any) -> Any:
        name = _UFUNCS.get(ufunc.__name__, ufunc.__name__)
        if name not in {*_SAME, *_UFUNCS.values()}:
            self._refuse(way_for_function(ufunc.__name__))
        if method != "__call__" or settings:
            way = "out" if "out" in settings else method if method != "__call__" else next(iter(settings))
            self._refuse(f"np.{ufunc.__name__} with {way} cannot take a node; write it without, as in a = a + x")
        return self._operate(name, *inputs)

    def __array_function__(self, function: Any, types: Any, args: Any, settings: Any) -> Any:
        name = function.__name__
        match name:
            case "shape":
                return self._known_shape()
            case "ndim":
                return self.ndim
            case "ravel":
                return self.flatten()
            case "clip" if isinstance(args[0], Operators):
                return args[0].clip(*args[1:], **settings)
            case "dot" if len(args) == 2:
                return self._dot(*args)
            case "norm" if len(args) > 1 or "ord" in settings:
                self._refuse("only the plain length is an operation here: dl.norm(x, axis)")
        if name not in _FUNCTIONS:
            self._refuse(way_for_function(name))
        return self._operate(_FUNCTIONS[name], *args, **settings)


class Comparison(Operators):
    """`a == b` before anybody has said what is meant by it: the operation `equal`, or whether both are one node.

    Lists, tuples and dictionaries find a node among others by `==` and take its truth value, which must be that both
    are the same node. Whatever calculates with it means the operation, which is made only then.
    """

    __slots__ = ("inputs", "kind")
    _shape = None

    def __init__(self, kind: str, node: Operators, other: Any) -> None:
        self.kind = kind
        self.inputs = (node, other)

    def __bool__(self) -> bool:
        node, other = self.inputs
        if not isinstance(other, Operators):
            node._refuse("only a run knows whether it is equal to a number: session.run(x) == number")
        return (node is other) == (self.kind == "equal")

    def node(self) -> Any:
        """Return the operation."""
        return self._operate(self.kind, *self.inputs)

    def describe(self) -> str:
        """Return how it is written as an operation."""
        return f"dl.{self.kind}(a, b)"

    def _operate(self, name: str, *inputs: Any, **attributes: Any) -> Any:
        return self.inputs[0]._operate(name, *inputs, **attributes)

    def __repr__(self) -> str:
        return self.describe()


_COMPARABLE = (Operators, int, float, list, np.ndarray, np.generic)


class _Missing:
    """A name that others have for what a node has not: reading it and setting it both raise.

    A `__getattr__` would do for all names at once, and make every look at a node's own attributes slower.
    """

    def __init__(self, name: str, remedy: str) -> None:
        self.message = f"a node has no .{name}; {remedy}."

    def __get__(self, node: Operators | None, owner: type) -> Any:
        if node is None:
            return self
        raise MissingAttributeError(f"{node.describe()}: {self.message}")

    def __set__(self, node: Operators, value: Any) -> NoReturn:
        raise MissingAttributeError(f"{node.describe()}: {self.message}")


def _refusing(what: str) -> Any:
    def refuse(self: Operators, *_: Any) -> NoReturn:
        self._refuse(what)

    return refuse


for _name, _what in REFUSED.items():
    setattr(Operators, _name, _refusing(_what))
for _name, _what in REMEDIES.items():
    setattr(Operators, _name, _Missing(_name, _what))


def _selects(part: Any) -> bool:
    """Return whether a part of an index can take entries out of an array."""
    if isinstance(part, np.ndarray | np.generic):
        return part.dtype.kind in "biu"
    return part is None or part is Ellipsis or isinstance(part, int | slice)


def _counts(part: Any) -> bool:
    """Return whether a part of an index is a node, or whole numbers."""
    return isinstance(part, Operators) or (not isinstance(part, slice) and np.asarray(part).dtype.kind in "iu")
