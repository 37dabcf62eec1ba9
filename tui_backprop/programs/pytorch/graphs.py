"""Graphs of ours for those that autograd recorded: each structure once, all over the same variables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from minidl_core import Constant, Graph, Node, Operation, Placeholder, Variable, reduce_sum
from minidl_core.arrays import Array, copy_in
from minidl_core.graph import in_scope

from .calls import Call
from .foreign import foreign_operation
from .known import Several
from .meaning import meaning_of
from .recorder import Structure, Taken


@dataclass(frozen=True, eq=False)
class Built:
    """A graph: its `loss`, its nodes as the structure numbers them, and what is `fed`, by the number of the leaf."""

    nodes: Sequence[Node]
    loss: Node
    fed: Mapping[int, Placeholder]


@dataclass(eq=False)
class Graphs:
    """Builds the graphs; `variables` are by the `id` of their tensors, and so are `names`; `scopes` by a root's.

    `starting` is the number of each parameter in the first step that has it, whichever graph is built first.
    """

    names: Mapping[int, str]
    scopes: Mapping[str, str]
    starting: Mapping[int, Array]
    variables: dict[int, Variable] = field(default_factory=dict)
    _graph: Graph = field(default_factory=Graph)
    _built: dict[Structure, Built] = field(default_factory=dict)

    def graph_of(self, step: Taken, others: Sequence[Taken]) -> Built:
        """Return the graph of a step, built at its first; `others` are all steps."""
        structure = step.structure
        if structure not in self._built:
            like = [other for other in others if other.structure is structure]
            with self._graph.as_default():
                self._built[structure] = self._build(like)
        return self._built[structure]

    def _build(self, like: Sequence[Taken]) -> Built:
        structure, first = like[0].structure, like[0]
        nodes: list[Node] = []
        fed: dict[int, Placeholder] = {}
        leaf = 0
        several: dict[int, Several] = {}
        used = _places_of_use(structure)
        for position, (call, inputs) in enumerate(zip(structure.calls, structure.inputs, strict=True)):
            if call is None:
                node = self._leaf(like, leaf)
                if isinstance(node, Placeholder):
                    fed[leaf] = node
                if not isinstance(node, Variable) or node.consumers == []:
                    node.locate(*used[position])
                leaf += 1
            else:
                node = self._operation(call, [nodes[n] for n in inputs], several)
            nodes.append(node)
        loss = nodes[-1]
        if loss.shape != () or not isinstance(loss, Operation):
            loss = reduce_sum(loss)
        if first.name and not loss.is_named:
            loss.name = first.name
        return Built(nodes, loss, fed)

    def _operation(self, call: Call, inputs: list[Node], several: dict[int, Several]) -> Node:
        before = len(self._graph.nodes)
        with in_scope(self._graph, self._scope_of(call)):
            node = meaning_of(call, inputs, several)
            if node is None:
                node = Operation(foreign_operation(call), tuple(inputs))
        for made in self._graph.nodes[before:]:
            made.locate(call.file, call.line)
        return node

    def _scope_of(self, call: Call) -> str:
        parts: list[str] = []
        outer = ""
        for number, path in enumerate(call.scope):
            if not number or path in self.scopes:
                word = self.scopes.get(path, path)
                outer = ""
            else:
                word = path.removeprefix(f"{outer}.") if outer else path
                outer = path
            if word:
                parts.append(word.replace("/", "_"))
        return "/".join(parts)

    def _leaf(self, like: Sequence[Taken], leaf: int) -> Node:
        first = like[0]
        tensor, number = first.ids[leaf], first.numbers[leaf]
        name = self.names.get(tensor) or first.names[leaf] or None
        if first.trainable[leaf]:
            if tensor not in self.variables:
                self.variables[tensor] = Variable(self.starting[tensor], name)
            return self.variables[tensor]
        name = first.names[leaf] or self.names.get(tensor)
        if (
            not name
            and np.isfinite(number).all()
            and all(other.numbers[leaf] is number or np.array_equal(other.numbers[leaf], number) for other in like[1:])
        ):
            return Constant(copy_in(number))
        return Placeholder(number.shape, name or "x")


def _places_of_use(structure: Structure) -> Mapping[int, tuple[str, int]]:
    """Return for each node by its number where it is used first, as file and line."""
    found: dict[int, tuple[str, int]] = {}
    for call, inputs in zip(structure.calls, structure.inputs, strict=True):
        for n in inputs:
            if call is not None:
                found.setdefault(n, (call.file, call.line))
    return found
