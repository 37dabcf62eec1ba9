"""Graphs of ours for the graphs that a learner's engine made: each structure once, all over the same variables."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from types import CodeType, FunctionType
from typing import Any

import numpy as np

from minidl_core import Constant, Graph, Node, Operation, Placeholder, Variable, reduce_sum, reshape
from minidl_core.arrays import Array, copy_in, quiet
from minidl_core.graph import in_scope

from ..learners_engine import LearnersEngine, TheirFunctions
from .attributes import stored
from .meaning import Meaning, Sample, meaning_of
from .noting import Site
from .recorder import Recorder
from .taken import Structure, Taken
from .their_function import their_function
from .walking import OperationKind

_MOST_SAMPLES = 50


@dataclass(frozen=True, eq=False)
class Built:
    """A graph: its nodes in the order in which their numbers were recorded.

    `fed` are the placeholders by the number of the leaf, or by -1 - the index of the plain number, that feeds them. The
    loss is the last of the nodes, or where that is an array the sum of its entries.
    """

    nodes: list[Node]
    fed: dict[int, Placeholder]
    loss: Node


def as_array(value: Any) -> Array:
    """Return a recorded number as the engine keeps numbers."""
    return copy_in(value)


def is_same(one: Any, other: Any) -> bool:
    """Return whether two recorded numbers are the same."""
    if type(one) is type(other) is float:
        return bool(one == other)
    return np.array_equal(one, other)


def number_of(step: Taken, number: int) -> Any:
    """Return the number of a leaf in a step, or of a plain number by -1 - its index."""
    return step.numbers[number] if number >= 0 else step.raw[-1 - number]


class Graphs:
    """Builds the graphs; `variables` are by the serial numbers of their leaves."""

    def __init__(
        self,
        recorder: Recorder,
        files: Collection[str],
        trained: set[int],
        names: Mapping[int, str],
        kind_names: Mapping[int, str],
    ) -> None:
        assert recorder.attributes is not None
        assert recorder.loss_type is not None
        self.variables: dict[int, Variable] = {}
        self._walker = recorder.walker
        self._attributes = recorder.attributes
        self._kinds = recorder.walker.kinds.seen
        self._structures = list(dict.fromkeys(step.structure for step in recorder.steps))
        self._trained, self._names, self._kind_names = trained, names, kind_names
        self._files = files
        self._graph = Graph()
        self._samples: dict[tuple[CodeType, str, int], list[Sample]] = {}
        self._meanings: dict[tuple[CodeType, str, int], Meaning] = {}
        self._by_kind: dict[int, tuple[Meaning, TheirFunctions]] = {}
        self._origins: dict[tuple[Site, int], tuple[str, int, str]] = {}
        self._functions: dict[Node, TheirFunctions] = {}
        codes = [kind.code for kind in self._kinds]
        self._classes = {kind.__name__ for kind, is_node in recorder.walker.node_types.items() if is_node}
        self._classes |= {code.co_qualname.split(".")[0] for code in codes if "." in code.co_qualname}
        written = next((code.co_filename for code in codes), next(iter(files)))
        self.engine = LearnersEngine(
            recorder.loss_type.__name__,
            written,
            self._attributes.number,
            self._attributes.gradient,
            self._functions,
            recorder.backward,
            recorder.called_at,
        )

    def build(self, like: Sequence[Taken]) -> Built:
        """Return the graph of some steps that differ in nothing but the numbers of their data."""
        with self._graph.as_default():
            return self._build(like)

    def _build(self, like: Sequence[Taken]) -> Built:
        structure = like[0].structure
        nodes: list[Node] = []
        fed: dict[int, Placeholder] = {}
        leaf = 0
        entries = list(_entries(structure))
        uses = Counter([kind for kind, _, _ in entries])
        for position, (kind, site_index, operands) in enumerate(entries):
            label = structure.labels.get(position)
            if kind < 0:
                node = self._leaf(like, leaf, self._walker.sites[site_index], label, fed)
                leaf += 1
            else:
                inputs = [nodes[n] if n >= 0 else self._data(like, n, None, fed) for n in operands]
                name = self._kind_names.get(kind) if uses[kind] == 1 else None
                node = self._operation(kind, inputs, name or label)
            nodes.append(node)
        return Built(nodes, fed, _one_number(nodes[-1], np.shape(structure.values[-1])))

    def _operation(self, kind: int, inputs: Sequence[Node], name: str | None) -> Node:
        meaning, functions = self._meaning(kind, len(inputs))
        site: Site = self._kinds[kind].site
        file, line, scope = self._origin(site, site.made_by + 1)
        ordered = tuple([inputs[n] for n in meaning.order])
        with in_scope(self._graph, "" if name else scope):
            node = Operation(meaning.definition, ordered, meaning.attributes, name)
        node.locate(file, line)
        self._functions[node] = functions
        return node

    def _leaf(
        self, like: Sequence[Taken], leaf: int, site: Site, label: str | None, fed: dict[int, Placeholder]
    ) -> Node:
        serial = like[0].serials[leaf]
        file, line, _ = self._origin(site, 0)
        name = self._names.get(serial) or label
        if serial not in self._trained:
            node = self._data(like, leaf, name, fed)
        elif serial in self.variables:
            return self.variables[serial]
        else:
            node = self.variables[serial] = Variable(as_array(number_of(like[0], leaf)), name)
        node.locate(file, line)
        return node

    def _data(self, like: Sequence[Taken], number: int, name: str | None, fed: dict[int, Placeholder]) -> Node:
        """Return a placeholder for a number that differs between the steps or that has a name, else a constant."""
        value = number_of(like[0], number)
        if name is None and all(is_same(number_of(other, number), value) for other in like[1:]):
            return Constant(as_array(value))
        fed[number] = Placeholder(np.shape(value), name or "x")
        return fed[number]

    def _origin(self, site: Site, level: int) -> tuple[str, int, str]:
        """Return where a node was called for, as a file and a line, and the functions that were running as a scope."""
        if (site, level) not in self._origins:
            callers = site.callers[level:]
            outside = [caller for caller in callers if not self._is_theirs(caller[0])] or site.callers[-1:]
            code, line = outside[0]
            scope: list[str] = []
            for caller, _ in outside[::-1]:
                word = caller.co_name
                if word in ("__call__", "forward"):
                    word = caller.co_qualname.split(".")[0]
                if not word.startswith("<") and word not in scope[-1:]:
                    scope.append(word.strip("_") or word)
            self._origins[site, level] = code.co_filename, line, "/".join(scope)
        return self._origins[site, level]

    def _is_theirs(self, code: CodeType) -> bool:
        """Return whether a function is a part of the engine, and not of what is done with it."""
        if code.co_qualname.split(".")[0] in self._classes:
            return True
        return code.co_filename == self.engine.file and code.co_filename not in self._files

    def _meaning(self, number: int, count: int) -> tuple[Meaning, TheirFunctions]:
        """Return what a kind of operation means: the same for all places that call one function alike."""
        if number not in self._by_kind:
            if not self._samples:
                self._sample()
            kind = self._kinds[number]
            key = (kind.code, kind.extra, count)
            if key not in self._meanings:
                theirs = their_function(kind, self._attributes, self._walker.counts)
                self._meanings[key] = meaning_of(kind, self._samples[key], theirs)
            self._by_kind[number] = self._meanings[key], TheirFunctions(kind.code, _backward_code(kind))
        return self._by_kind[number]

    def not_repeated(self) -> str | None:
        """Return the first operation that does not give the numbers that it gave; None where all do."""
        for key, meaning in self._meanings.items():
            for inputs, output in self._samples[key]:
                with quiet():
                    again = meaning.definition.compute(*[inputs[n] for n in meaning.order], **meaning.attributes)
                if not np.allclose(again, output, rtol=1e-4, atol=1e-6, equal_nan=True):
                    return meaning.definition.name
        return None

    def _sample(self) -> None:
        """Gather of each kind of operation the numbers that it took and gave in the steps whose values were kept."""
        keys = [(kind.code, kind.extra) for kind in self._kinds]
        for structure in self._structures:
            for position, (number, _, operands) in enumerate(_entries(structure)):
                if number < 0:
                    continue
                kept = self._samples.setdefault((*keys[number], len(operands)), [])
                if len(kept) < _MOST_SAMPLES:
                    taken = tuple([self._sampled(structure, n) for n in operands])
                    kept.append((taken, np.asarray(structure.values[position])))

    def _sampled(self, structure: Structure, number: int) -> Array:
        value = structure.values[number] if number >= 0 else structure.raw[-1 - number]
        return np.asarray(value, dtype=float)[()]


def _one_number(last: Node, shape: tuple[int, ...]) -> Node:
    """Return the loss where `backward()` is called on this: an array stands for the sum of its entries."""
    if shape == ():
        return last
    return reshape(last, (), name="J") if prod(shape) == 1 else reduce_sum(last, name="J")


def _entries(structure: Structure) -> Iterator[tuple[int, int, Sequence[int]]]:
    """Return for each node its kind, or -1 and the number of its site for a leaf, and its operands."""
    codes, at = structure.codes, 0
    while at < len(codes):
        count = codes[at + 2]
        yield codes[at], codes[at + 1], codes[at + 3 : at + 3 + count]
        at += 3 + count


def _backward_code(kind: OperationKind) -> CodeType | None:
    """Return the function of theirs that passes a node's gradient on: one that it keeps, or its class's `backward`."""
    kept = [value.__code__ for value in stored(kind.made).values() if isinstance(value, FunctionType)]
    if kept:
        return kept[0]
    owner: Any = kind.given[0] if kind.given else None
    owner = owner if isinstance(owner, type) else type(owner)
    backward = getattr(owner, "backward", None)
    if kind.code.co_name.strip("_") in ("apply", "call", "forward"):
        return getattr(inspect.unwrap(backward), "__code__", None) if backward is not None else None
    return None
