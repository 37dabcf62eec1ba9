"""Graphs of ours for what a script's arrays did: each structure once, all over the same variables.

An operation is made again with nodes in place of arrays: NumPy asks a node as it asks an array.
"""

from __future__ import annotations

import operator
import os
import string
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from minidl_core import Constant, Graph, GraphError, MinidlError, Node, Placeholder, Variable, placeholder, softplus
from minidl_core import log as log_of
from minidl_core.arrays import Array, copy_in
from minidl_core.plan import Plan

from ..program import ProgramError
from .below import Below
from .floors import WithoutFloors, without_floors
from .lines import Lines
from .noted import plain, set_item
from .taken import Taken
from .tape import Note, Place, notes_in, same


def _hstack(arrays: Sequence[Any]) -> Any:
    return np.concatenate(list(arrays), axis=0 if len(np.shape(arrays[0])) == 1 else 1)


def _vstack(arrays: Sequence[Any]) -> Any:
    return np.concatenate([each if len(np.shape(each)) > 1 else each.reshape((1, -1)) for each in arrays], axis=0)


def _column_stack(arrays: Sequence[Any]) -> Any:
    return np.concatenate([each if len(np.shape(each)) > 1 else each.reshape((-1, 1)) for each in arrays], axis=1)


def _tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """Return a sum over pairs of axes as an einsum."""
    first, second = len(np.shape(a)), len(np.shape(b))
    if isinstance(axes, int):
        pairs = [(first - axes + each, each) for each in range(axes)]
    else:
        ends = [[each] if isinstance(each, int) else list(each) for each in axes]
        pairs = [(i % first, j % second) for i, j in zip(*ends, strict=True)]
    letters = string.ascii_letters
    of_a, of_b = [*letters[:first]], [*letters[first : first + second]]
    for i, j in pairs:
        of_b[j] = of_a[i]
    left = [each for each in (*of_a, *of_b) if (each in of_a) != (each in of_b)]
    return np.einsum(f"{''.join(of_a)},{''.join(of_b)}->{''.join(left)}", a, b)


_AS_FORMULAS: Mapping[str, Callable[..., Any]] = {
    "reciprocal": lambda x: 1.0 / x,
    "log1p": lambda x: log_of(1.0 + x),
    "expm1": lambda x: np.exp(x) - 1.0,
    "log2": lambda x: log_of(x) / np.log(2.0),
    "log10": lambda x: log_of(x) / np.log(10.0),
    "logaddexp": lambda a, b: b + softplus(a - b),
    "positive": lambda x: x,
    "tan": lambda x: np.sin(x) / np.cos(x),
    "sinh": lambda x: (np.exp(x) - np.exp(-x)) / 2.0,
    "cosh": lambda x: (np.exp(x) + np.exp(-x)) / 2.0,
    "hstack": _hstack,
    "vstack": _vstack,
    "column_stack": _column_stack,
}
"""What is no operation of ours, and how it is one formula."""


@dataclass(frozen=True, eq=False)
class Built:
    """A graph: its loss, the placeholders in the order of the leaves that feed them, and the nodes by place in a step.

    `weights` are the numbers of its variables, `given` what was fed last.
    """

    loss: Node
    fed: list[Placeholder]
    made: list[Node]
    weights: list[int]
    given: dict[Placeholder, Array] = field(default_factory=dict)
    floors: WithoutFloors | None = None
    """What was left out of it; None where it is as the script has it."""

    @cached_property
    def without_floors(self) -> Built | None:
        """The graph over the same leaves without its floors; None where it has none, or is that already."""
        without = without_floors(self.loss) if self.floors is None else None
        return None if without is None else replace(self, loss=without.loss, floors=without)

    @cached_property
    def plan(self) -> Plan:
        """The plan of the loss."""
        return Plan([self.loss])

    def feeds_of(self, below: Below) -> dict[Placeholder, Array]:
        """Return what a step feeds: the same arrays as the step before, where they have the same numbers."""
        for node, note in zip(self.fed, below.fed, strict=True):
            last = self.given.get(node)
            if last is None or not np.array_equal(last, note.value):
                self.given[node] = copy_in(note.value)
        return dict(self.given)


class Graphs:
    """Builds the graphs; `variables` are by the number of the weight."""

    def __init__(self, path: str, names: Mapping[int, str], data_names: Mapping[Note, str]) -> None:
        self._graph = Graph()
        self._file = os.path.basename(path)
        self._names, self._data_names = names, data_names
        self._built: dict[tuple[Any, ...], Built] = {}
        self.lines = Lines(data_names)
        self.variables: dict[int, Variable] = {}

    def again(self) -> Graphs:
        """Return what builds the same graphs anew, over variables of their own."""
        return Graphs(self._file, self._names, self._data_names)

    def build(self, step: Taken, below: Below) -> Built:
        """Return the graph of a step; raises ProgramError where an operation of it is none of ours."""
        built = self._built.get(below.key)
        if built is None:
            with self._graph.as_default():
                built = self._built[below.key] = self._build(step, below)
        return built

    def _build(self, step: Taken, below: Below) -> Built:
        places = _Places(below.made)
        nodes: dict[Note, Node] = {}
        for note in below.weights:
            number = step.weights[note]
            if number not in self.variables:
                called = self._names.get(number, f"w{number}")
                self.variables[number] = Variable(step.before[number], name=called)
                places.locate([self.variables[number]], note)
            nodes[note] = self.variables[number]
        calls = self.lines.names_of(below.made)
        taken = {*calls.values(), *(node.name for node in self.variables.values())}
        fed: list[Placeholder] = []
        for note in below.fed:
            data = placeholder(np.shape(note.value), self.lines.of_data(note, taken))
            places.locate([data], note)
            fed.append(data)
            nodes[note] = data
        loss = below.made[-1]
        # of an array of one number the sum is the loss
        total = calls.pop(loss, "") if np.shape(loss.value) else None
        made: list[Node] = []
        for note in below.made:
            begin = len(self._graph.nodes)
            nodes[note] = self._make(note, nodes)
            places.locate(self._graph.nodes[begin:], note)
            made.append(nodes[note])
        # of all that a name was it is the loss's, if it was that
        for note in (loss, *below.made[:-1]):
            name, node = calls.get(note), nodes[note]
            if name and note.what is not same and not node.is_named:
                node.name = name
        if total is not None:
            made.append(np.sum(made[-1]))
            made[-1].name = total or "loss"
            places.locate(made[-1:], loss)
        return Built(made[-1], fed, made, [step.weights[note] for note in below.weights])

    def _make(self, note: Note, nodes: Mapping[Note, Node]) -> Node:
        """Make an operation again with nodes in place of arrays."""
        what: Any = note.what
        inputs, settings = _with_nodes(note.inputs, nodes), _with_nodes(note.settings, nodes)
        try:
            if what is operator.getitem:
                node = _entries(*inputs)
            elif what is set_item and not _is_mask(note):
                node = _set(note, inputs)
            elif what is np.tensordot:
                node = _tensordot(*inputs, **settings)
            else:
                inputs = [_as_constant(each) for each in inputs] if isinstance(what, np.ufunc) else inputs
                formula = _AS_FORMULAS.get(getattr(what, "__name__", ""))
                node = formula(*inputs) if formula else what(*inputs, **settings)
            if not isinstance(node, Node):
                raise GraphError("it makes no single array")
            return node
        except (MinidlError, TypeError, ValueError, AttributeError) as error:
            name = getattr(what, "__name__", str(what))
            said = str(error).partition("): ")[2] or str(error)
            where = self._file if note.place is None else ":".join(map(str, _file_and_line(note.place)))
            raise ProgramError(f"{where}: {name} is not followed: {said}") from error


class _Places:
    """Where a script made what a graph is made of, or read it first; what it did not make is where it made the last."""

    def __init__(self, made: Sequence[Note]) -> None:
        self._places: dict[Note, Place] = {}
        last = next((note.place for note in made if note.place is not None), None)
        for note in made:
            last = note.place or last
            if last is not None:
                self._places[note] = last
                for source in note.sources:
                    self._places.setdefault(source, last)

    def locate(self, nodes: Sequence[Node], note: Note) -> None:
        """Say of the nodes of a note where they were made."""
        place = self._places.get(note)
        if place is not None:
            for node in nodes:
                node.locate(*_file_and_line(place))


def _file_and_line(place: Place) -> tuple[str, int]:
    return os.path.basename(place[0].co_filename), place[2]


def _with_nodes(given: Any, nodes: Mapping[Note, Node]) -> Any:
    kind = type(given)
    if kind is Note:
        return nodes[given]
    if kind in (list, tuple):
        return kind([_with_nodes(each, nodes) for each in given])
    if kind is dict:
        return {name: _with_nodes(each, nodes) for name, each in given.items()}
    return given


def _as_constant(value: Any) -> Any:
    """Return a number as a constant that is called as it is."""
    return Constant(value, name=f"{value:g}") if type(value) in (int, float, np.float64, np.float32) else value


def _entries(array: Any, key: Any) -> Any:
    """Return entries of an array, by a key that may have lists in it."""
    return array[tuple(map(_index, key)) if isinstance(key, tuple) else _index(key)]


def _index(part: Any) -> Any:
    return np.array(part) if isinstance(part, list | range) else part


def _set(note: Note, inputs: Sequence[Any]) -> Any:
    """Return an array with some entries set, where the same entries are in each step: a choice by a mask."""
    array, key, value = note.inputs
    before, put = (each.value if type(each) is Note else each for each in (array, value))
    mask = np.zeros(np.shape(before), dtype=bool)
    if not any(notes_in([key])):
        mask[plain(key)] = True
        if mask.all() and np.shape(put) == mask.shape:
            return inputs[2]
        with suppress(ValueError):
            if np.array_equal(np.where(mask, put, before), note.value):
                return np.where(mask, inputs[2], inputs[0])
    raise GraphError("entries of an array are set one by one; collect them in a list, and np.stack it")


def _is_mask(note: Note) -> bool:
    key: Any = note.inputs[1]
    return type(key) is Note and bool(np.asarray(key.value).dtype == np.bool_)
