"""A computational graph: which node computes from which.

A graph says what is to be computed; the only numbers it is computed from that it holds are those it was written with.
Values and gradients belong to an evaluation (plan.py), and that to a session. So one graph can be trained by two
sessions, or checked in the middle of a paused iteration, undisturbed. A node keeps its last evaluation, whose ever it
was, only to be asked about it where no session is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise
from operator import index
from types import TracebackType
from typing import Any, NoReturn

from .arrays import Array, Shape, as_text, copy_in, is_finite
from .definition import OperationDefinition, definitions
from .errors import GraphError, ShapeError
from .finite import non_finite_leaf
from .names import Names
from .operators import Comparison, Operators
from .places import Placed

_NO_ATTRIBUTES: dict[str, Any] = {}
_new = object.__new__


class Graph:
    """A set of nodes with unique names."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self._scope = ""
        self._named = 0
        self._linked = 0
        self._names = Names()

    def as_default(self) -> _Default:
        """Add every node made from now on to this graph; as a context manager, only within its block."""
        return _Default(self)

    def _name_nodes(self) -> None:
        """Give the nodes made since the last call their names.

        Names are made when somebody asks, because most nodes of a large graph are never called by theirs.
        """
        while self._named < len(self.nodes):
            node = self.nodes[self._named]
            node._name = self._names.take(node._wanted_name())
            self._named += 1

    def _link_nodes(self) -> None:
        """Note the nodes made since the last call with their inputs, as their consumers; as late as names are made."""
        while self._linked < len(self.nodes):
            node = self.nodes[self._linked]
            node._consumers = []
            if isinstance(node, Operation):
                for source in dict.fromkeys(node.inputs):
                    source._consumers.append(node)
            self._linked += 1


class _Default:
    """Makes a graph the default one; leaving it as a context manager brings back the one before."""

    def __init__(self, graph: Graph) -> None:
        global _default_graph
        self._graph = graph
        self._replaced: Graph | None = _default_graph
        self._outer: list[Graph] = []
        _default_graph = graph

    @property
    def nodes(self) -> list[Node]:
        """The nodes of the graph, as somebody asks who kept this in its place: graph = Graph().as_default()."""
        return self._graph.nodes

    def __enter__(self) -> Graph:
        global _default_graph
        # the first block goes back to what this one replaced, unless another has become the default one since
        replaced, self._replaced = self._replaced, None
        self._outer.append(replaced if replaced is not None and _default_graph is self._graph else _default_graph)
        _default_graph = self._graph
        return self._graph

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        global _default_graph
        _default_graph = self._outer.pop()


_default_graph = Graph()


@contextmanager
def name_scope(name: str) -> Iterator[None]:
    """Put `name/` before the names of the nodes made in this block, numbered where it is taken; scopes nest."""
    graph = _default_graph
    outer = graph._scope
    graph._name_nodes()
    graph._scope = graph._names.take(f"{outer}{name}", "/")
    try:
        yield
    finally:
        graph._scope = outer


class Node(Operators, Placed):
    """A node of a graph: something that has a value in each run.

    `inputs` are the nodes it computes from, in order. `shape` is known before a run where the inputs' shapes are; else
    it is None. `location` is where it was made, `is_named` whether somebody gave it a name.
    """

    __slots__ = ("_consumers", "_last_evaluation", "_name", "_shape", "_wanted", "graph", "inputs", "is_named")
    _consumers: list[Operation]
    _why_no_value = ""  # of a node without a value, and the remedy: a step of training is one

    def __init__(self, name: str | None, inputs: tuple[Node, ...] = (), graph: Graph | None = None) -> None:
        self._begin(_default_graph if graph is None else graph, inputs, name)

    def _begin(self, graph: Graph, inputs: tuple[Node, ...], name: str | None, calls: int = 3) -> None:
        """Set what every node has; who asks for it is so many calls back, or more where these are ours."""
        self.graph = graph
        self.inputs = inputs
        self._last_evaluation: object = None  # whose it is, session.py decides
        self.is_named = name is not None
        self._name: str | None = None
        self._wanted = graph._scope if name is None else graph._scope + _checked(name)
        self._note_place(calls)

    def _join(self, shape: Shape | None) -> None:
        """Take the node into its graph, when nothing is wrong with it."""
        self._shape = shape
        self.graph.nodes.append(self)

    @property
    def consumers(self) -> list[Operation]:
        """The operations that compute from it, each once, in the order in which they were made."""
        self.graph._link_nodes()
        return self._consumers

    def _wanted_name(self) -> str:
        return self._wanted if self.is_named else self._wanted + self.kind

    @property
    def name(self) -> str:
        """Its name, unique in its graph: a number is put behind one that is taken.

        Setting it gives the old one back, and raises GraphError where it is no text.
        """
        self.graph._name_nodes()
        return self._name or self._wanted_name()  # one with which something is wrong never joins its graph

    @name.setter
    def name(self, name: str) -> None:
        wanted = _checked(name)
        self.graph._names.give_back(self.name)
        self._name = self.graph._names.take(wanted)
        self.is_named = True

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

    def _of_two(self, name: str, first: Any, second: Any) -> Operation:
        # of two nodes of one shape, as in any graph of scalars, it is made the shortest way; the others go the long one
        graph = _default_graph
        if type(first) is float or type(first) is int:
            first = _constant(first, graph)
        elif type(second) is float or type(second) is int:
            second = _constant(second, graph)
        if (
            not (isinstance(first, Node) and isinstance(second, Node))
            or not (first.graph is graph is second.graph and first._shape == second._shape)
            or first._why_no_value
            or second._why_no_value
        ):
            return Operation(definitions[name], (first, second))
        node = _new(Operation)
        node.definition = definition = definitions[name]
        node.attributes = definition.attributes
        node._begin(graph, (first, second), None)
        node._shape = first._shape
        graph.nodes.append(node)
        return node


@contextmanager
def in_scope(graph: Graph, name: str) -> Iterator[None]:
    """Put `name/` before the names of the nodes made in this block, also where the scope has nodes already."""
    outer, graph._scope = graph._scope, f"{name}/" if name else ""
    try:
        yield
    finally:
        graph._scope = outer


def _checked(name: Any) -> str:
    """Return the name that somebody gives a node; raises GraphError where it is no text."""
    if not isinstance(name, str) or not name:
        raise GraphError(f"the name of a node must be text, such as 'W', not {name!r}.")
    return name


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
        Node.__init__(self, name)
        self._start_from(value)

    def _start_from(self, value: Any) -> None:
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


def _constant(value: float, graph: Graph) -> Constant:
    """Return the constant for a number beside an operator, which somebody wrote four calls back."""
    node = _new(Constant)
    node._begin(graph, (), None, 4)
    node._start_from(value)
    return node


def _as_node(value: Any) -> Node:
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


def post_order(fetches: Iterable[Node]) -> list[Node]:
    """Return every node that the fetches need, each once, inputs before their consumers."""
    return list(numbered(fetches))


def numbered(fetches: Iterable[Node]) -> dict[Node, int]:
    """Return the position of every node that the fetches need in the post-order, found without recursion.

    Raises GraphError where a node needs itself: a cycle, which can only be made by force.
    """
    done: dict[Node, int] = {}
    for node in fetches:
        if node in done:
            continue
        path, most = list[Node](), len(node.graph.nodes)
        while True:
            for source in node.inputs:
                if source not in done:
                    if len(path) > most:  # then some of them are there twice
                        raise _cycle(path)
                    path.append(node)
                    node = source
                    break
            else:
                done[node] = len(done)
                if not path:
                    break
                node = path.pop()
    return done


def _cycle(path: list[Node]) -> GraphError:
    """Return the error for a path from consumers to inputs that comes to one of its nodes again."""
    seen: set[Node] = set()
    for consumer, node in pairwise(path):
        seen.add(consumer)
        if node in seen:
            break
    return GraphError(f"it needs its own value: a cycle by way of {node.describe()}; take one edge out.", consumer)
