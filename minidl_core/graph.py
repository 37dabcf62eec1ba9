"""A computational graph: which node computes from which.

A graph says what is to be computed; the only numbers it is computed from that it holds are those it was written with.
Values and gradients belong to an evaluation (plan.py), and that to a session. So one graph can be trained by two
sessions, or checked in the middle of a paused iteration, undisturbed. A node keeps its last evaluation, whose ever it
was, only to be asked about it where no session is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from math import isfinite
from operator import index
from sys import _getframe
from types import FrameType
from typing import Any, NoReturn

import numpy as np

from .arrays import Array, Shape, as_text, copy_in, is_finite
from .copies import CopiedWithGraph, CopiedWithNodes
from .defaults import MadeDefault, begin_with, default
from .definition import OperationDefinition, definitions
from .errors import GraphError, ShapeError
from .finite import non_finite_leaf
from .names import Names, checked_name
from .operators import Comparison, Operators
from .order import post_order as post_order
from .places import Placed, asking_frame

_NO_ATTRIBUTES: dict[str, Any] = {}
_new = object.__new__
_LONG = 2.0**63


class Graph(CopiedWithNodes):
    """A set of nodes with unique names."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self._scope = ""
        self._named = 0
        self._linked = 0
        self._names = Names()

    def as_default(self) -> MadeDefault[Graph]:
        """Add every node that this thread makes from now on to this graph; as a context manager, only in its block."""
        return MadeDefault(self)

    def _name_nodes(self) -> None:
        """Give the nodes made since the last call their names.

        Names are made when somebody asks, because most nodes of a large graph are never called by theirs.
        """
        while self._named < len(self.nodes):
            node = self.nodes[self._named]
            node._name = self._names.take(node._wanted_name())
            self._named += 1

    def _enter(self, scope: str) -> str:
        """Put a scope before the names of the nodes made from now on, and return the one before the others' names."""
        self._name_nodes()
        outer, self._scope = self._scope, scope
        return outer

    def _link_nodes(self) -> None:
        """Note the nodes made since the last call with their inputs, as their consumers; as late as names are made."""
        while self._linked < len(self.nodes):
            node: Any = self.nodes[self._linked]
            node._consumers = []
            for source in dict.fromkeys(node.inputs):
                source._consumers.append(node)
            self._linked += 1


begin_with(Graph())


@contextmanager
def name_scope(name: str) -> Iterator[None]:
    """Put `name/` before the names of the nodes made in this block, numbered where it is taken; scopes nest."""
    graph: Graph = default.graph
    graph._name_nodes()
    with in_scope(graph, graph._names.take(f"{graph._scope}{name}", "/")[:-1]):
        yield


@contextmanager
def in_scope(graph: Graph, name: str) -> Iterator[None]:
    """Put `name/` before the names of the nodes made in this block, also where the scope has nodes already."""
    outer = graph._enter(f"{name}/" if name else "")
    try:
        yield
    finally:
        graph._enter(outer)


def _operator(name: str, is_swapped: bool = False) -> Any:
    """Return the method of a node that is an operator on two: on the node and another, or on another and the node.

    Where nothing has to be found out it makes an Operation itself, the shortest way: a graph of scalars has many.
    """

    def operate(self: Node, other: Any) -> Operation:
        graph, shape = default.graph, self._shape
        if not isinstance(other, Node):
            other = _as_node(other, _getframe(1))
        first, second = (other, self) if is_swapped else (self, other)
        if shape is None or shape != other._shape or self.graph is not graph or other.graph is not graph:
            return Operation(definitions[name], (first, second))
        node = _new(Operation)
        node.definition = definition = definitions[name]
        node.attributes = definition.attributes
        node.graph = graph
        node._first = first
        node._second = second
        node._shape = shape
        node._given_name = None
        frame = _getframe(1)
        node._code = frame.f_code
        node._at = frame.f_lasti
        graph.nodes.append(node)
        return node

    return operate


class Node(CopiedWithGraph, Operators, Placed):
    """A node of a graph: something that has a value in each run.

    `shape` is known before a run where the inputs' shapes are; else it is None. `location` is where it was made.
    """

    # those of a large graph are hardly ever asked for a name, consumers or an evaluation: these are set when one is
    __slots__ = ("_consumers", "_first", "_given_name", "_last_evaluation", "_name", "_second", "_shape", "graph")
    _consumers: list[Operation]
    _last_evaluation: object  # whose it is, session.py decides
    _name: str
    _first: Any  # of two inputs; else all of them
    _second: Node | None
    _why_no_value = ""  # of a node without a value, and the remedy: a step of training is one

    def __init__(self, name: str | None, inputs: tuple[Node, ...] = (), graph: Graph | None = None) -> None:
        self.graph = default.graph if graph is None else graph
        # two inputs have slots of their own: a tuple more for each node is work for the garbage collector
        self._first, self._second = inputs if len(inputs) == 2 else (inputs, None)
        self._given_name = name if name is None else checked_name(name)
        self._note_place(asking_frame())

    def _begin(self, graph: Graph, inputs: tuple[Node, ...], shape: Shape | None, frame: FrameType) -> None:
        """Be a node of a graph, without a name and not of two inputs, that somebody asked for in this frame."""
        self.graph = graph
        self._first = inputs
        self._second = None
        self._shape = shape
        self._given_name = None
        self._code = frame.f_code
        self._at = frame.f_lasti
        graph.nodes.append(self)

    def _join(self, shape: Shape | None) -> None:
        """Take the node into its graph, when nothing is wrong with it."""
        self._shape = shape
        self.graph.nodes.append(self)

    @property
    def inputs(self) -> tuple[Node, ...]:
        """The nodes that it computes from, in order."""
        first, second = self._first, self._second
        return first if second is None else (first, second)

    @property
    def consumers(self) -> list[Operation]:
        """The operations that compute from it, each once, in the order in which they were made."""
        self.graph._link_nodes()
        return self._consumers

    def _wanted_name(self) -> str:
        return self.graph._scope + (self._given_name or self.kind)

    @property
    def name(self) -> str:
        """Its name, unique in its graph: a number is put behind one that is taken.

        Setting it gives the old one back, and raises GraphError where it is no text.
        """
        self.graph._name_nodes()
        return getattr(self, "_name", "") or self._wanted_name()  # one that is wrong never joins its graph

    @name.setter
    def name(self, name: str) -> None:
        wanted = checked_name(name)
        self.graph._names.give_back(self.name)
        self._given_name = wanted
        self._name = self.graph._names.take(wanted)

    @property
    def is_named(self) -> bool:
        """Whether somebody gave it its name."""
        return self._given_name is not None

    @property
    def kind(self) -> str:
        """What the node is, in one word: its operation's name, or placeholder, variable, constant."""
        return type(self).__name__.lower()

    def describe(self) -> str:
        """Return how errors name this node: kind, name and location."""
        return f"{self.kind} '{self.name}' ({self.location})"

    def __repr__(self) -> str:
        return f"<{self.describe()}>"

    __hash__ = object.__hash__

    def _operate(self, name: str, *inputs: Any, **attributes: Any) -> Operation:
        return Operation(definitions[name], inputs, attributes)

    __add__, __radd__ = _operator("add"), _operator("add", is_swapped=True)
    __sub__, __rsub__ = _operator("subtract"), _operator("subtract", is_swapped=True)
    __mul__, __rmul__ = _operator("multiply"), _operator("multiply", is_swapped=True)
    __truediv__, __rtruediv__ = _operator("divide"), _operator("divide", is_swapped=True)
    __pow__, __rpow__ = _operator("power"), _operator("power", is_swapped=True)

    def _of_one(self, name: str) -> Operation:
        return self._function(definitions[name], _getframe(2))

    def _function(self, definition: OperationDefinition, frame: FrameType) -> Operation:
        if self.graph is not default.graph or self._why_no_value:
            return Operation(definition, (self,))
        node = _new(Operation)
        node.definition = definition
        node.attributes = definition.attributes
        node._begin(self.graph, (self,), self._shape, frame)
        return node


class Placeholder(Node):
    """Data that every run must be fed with."""

    __slots__ = ()

    def __init__(self, shape: Iterable[int] | None = None, name: str | None = None) -> None:
        super().__init__(name)
        try:
            known = None if shape is None else tuple([index(size) for size in shape])
        except TypeError:
            known = (-1,)
        if known and min(known) < 0:
            wrong = f"its shape must be whole numbers, such as (100, 2), not {shape!r}"
            raise ShapeError(f"{wrong}; leave it out where it varies.", self)
        self._join(known)


def placeholder(shape: Iterable[int] | None = None, name: str | None = None) -> Placeholder:
    """Make a placeholder: data that every run must be fed with, of the given shape, or of any."""
    return Placeholder(shape, name)


class _Leaf(Node):
    """A node whose first value is written in the graph."""

    __slots__ = ("initial_value",)
    initial_value: Array

    def __init__(self, value: Any, name: str | None = None) -> None:
        if name is None and type(value) is float and isfinite(value):
            self.initial_value = np.float64(value)  # type: ignore[assignment]
            self._begin(default.graph, (), (), _getframe(1))
            return
        Node.__init__(self, name)
        try:
            self.initial_value = number = copy_in(value)
        except (TypeError, ValueError) as error:
            raise GraphError(f"it is not an array of numbers: {error}.", self) from error
        if not is_finite(number):
            raise non_finite_leaf(self, number)
        self._join(number.shape)


class Variable(_Leaf):
    """Numbers that training may change; each session has its own, starting from `initial_value` (a copy, float64)."""

    __slots__ = ()

    def _not_in_place(self, _: Any) -> NoReturn:
        way = "session.variables[w] = session.run(w) - rate * gradient changes its number"
        raise GraphError(f"it cannot be changed in place; {way}, and w + x makes a new node.", self)

    __iadd__ = __isub__ = __imul__ = __itruediv__ = __imatmul__ = __ipow__ = _not_in_place


class Constant(_Leaf):
    """Numbers that never change: what an operation makes of a Python number, a list or an array among its inputs."""

    __slots__ = ()


def _as_node(value: Any, frame: FrameType | None = None) -> Node:
    """Return the node that an input stands for: a number, a list or an array is a constant, written in this frame."""
    if (type(value) is float or type(value) is int) and abs(value) < _LONG:
        node = _new(Constant)
        node.initial_value = np.float64(value)  # type: ignore[assignment]
        node._begin(default.graph, (), (), frame or asking_frame())
        return node
    if isinstance(value, Comparison):
        return _as_node(value.node())
    return value if isinstance(value, Node) else Constant(value)


class Operation(Node):
    """A node that computes its value from its inputs; made by calling an operation such as `matmul`.

    Numbers, lists and arrays among the inputs become constants. Raises GraphError where the inputs or attributes are
    not its operation's, ShapeError where the shapes of the inputs are known and do not fit.
    """

    __slots__ = ("attributes", "definition")

    def __init__(
        self,
        definition: OperationDefinition,
        inputs: tuple[Any, ...],
        attributes: Mapping[str, Any] = _NO_ATTRIBUTES,
        name: str | None = None,
    ) -> None:
        self.definition = definition
        try:
            if definition.takes_list:
                self.definition, inputs = definition, inputs = definition.take_list(inputs)
            inputs, self.attributes = definition.sort_out(inputs, attributes)
        except GraphError as error:
            super().__init__(name)
            raise GraphError(str(error), self) from error
        for value in inputs:
            if not isinstance(value, Node):
                inputs = tuple([_as_node(each) for each in inputs])
                break
        Node.__init__(self, name, inputs)
        known: list[Shape] = []
        for node in inputs:
            if node.graph is not self.graph:
                raise GraphError(f"its input {node.describe()} belongs to another graph; build both in one.", self)
            if node._why_no_value:
                raise GraphError(f"its input {node.describe()} {node._why_no_value}.", self)
            if node._shape is not None:
                known.append(node._shape)
        try:
            self._join(definition.output_shape(tuple(known), self.attributes) if len(known) == len(inputs) else None)
        except ValueError as error:
            raise self.misfit(known, error) from error

    @property
    def kind(self) -> str:
        """The name of its operation."""
        return self.definition.name

    def misfit(self, shapes: Iterable[Shape], error: Exception) -> ShapeError:
        """Return the error that says why inputs of these shapes do not fit, and the remedy."""
        named = {node.name: as_text(shape) for node, shape in zip(self.inputs, shapes, strict=True)}
        wrong = " but ".join(f"{name} is {shape}" for name, shape in named.items())
        remedy = self.definition.remedy_for([node.name for node in self.inputs], self.attributes)
        return ShapeError(f"{wrong}; {remedy or error}.", self)


def check_has_value(loss: Any) -> None:
    """Raise GraphError where a loss is no node, or one without a value: a step of training."""
    if not isinstance(loss, Node):
        raise GraphError(f"{loss!r} is not a node; a loss is what an operation makes, such as reduce_sum(x).")
    if loss._why_no_value:
        raise GraphError(f"it {loss._why_no_value}.", loss)
