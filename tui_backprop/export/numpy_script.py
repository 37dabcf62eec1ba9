"""A program as a script in plain NumPy: forward, backward and update written out by hand, a line for each step."""

from __future__ import annotations

from minidl_core import Node, Operation
from minidl_core.arrays import Shape
from minidl_core.backprop import search
from minidl_core.gradients import gradient_rule

from ..notation.fitting import printable
from ..notation.names import summed
from .exported import Exported
from .literals import attribute_text
from .numpy_texts import FUNCTIONS, TEXTS, Gradients, words
from .numpy_updates import update_lines
from .sources import Sources


def numpy_script(exported: Exported) -> list[str]:
    """Return the lines of the script; raises ProgramError where something in the program cannot be written."""
    return _Writer(exported).script()


class _Writer:
    def __init__(self, exported: Exported) -> None:
        self._exported = exported
        exported.own_names.reserve(FUNCTIONS)
        self._sources = Sources(exported.own_names)
        self._functions = {
            node: self._sources.take(node.definition.compute, node.describe())
            for node in exported.nodes
            if isinstance(node, Operation) and (node.kind not in TEXTS or exported.is_own(node))
        }
        exported.name_nodes()
        self._names = exported.names
        self._slopes = {node: exported.own_names.take(f"d_{exported.names[node]}") for node in exported.nodes}
        self._sourced: dict[Node, str] = {}

    def script(self) -> list[str]:
        """Return all lines."""
        exported = self._exported
        leaves, choices = exported.leaf_lines(lambda _, text: f"np.array({text})")
        forward = [self._forward(node) for node in exported.nodes if isinstance(node, Operation)]
        backward = self._backward()
        slots, update = update_lines(exported, self._slopes, self._sources)
        loss = self._names[exported.loss]
        loop = [*choices, "# forward", *forward, f"print(iteration, float({loss}))", "", "# backward", *backward, ""]
        loop += ["# update", *update]
        body = [*leaves, *slots, *exported.rate_lines, "", f"for iteration in range({exported.steps}):"]
        body += [f"    {line}" if line else "" for line in loop]
        body += [
            "",
            *[f'print("{name}", {name}.tolist())' for name in map(self._names.__getitem__, exported.variables)],
        ]
        text = "\n".join(body)
        functions = [
            line for name, source in FUNCTIONS.items() if f"{name}(" in text for line in f"\n\n{source}".splitlines()
        ]
        functions += self._sources.lines
        imports = ["from pathlib import Path"] if exported.data.beside else []
        imports += ["from types import SimpleNamespace"] if self._sourced else []
        return [
            *exported.heading,
            "# d_x is the gradient of the loss with respect to x; in its formula, G is that of the node it comes from.",
            "",
            *([*imports, ""] if imports else []),
            "import numpy as np",
            *functions,
            *(["", ""] if functions else [""]),
            *body,
        ]

    def _forward(self, node: Operation) -> str:
        if node in self._functions:
            attributes = [f"{name}={attribute_text(value)}" for name, value in node.attributes.items()]
            given = ", ".join([self._operands(node), *attributes])
            return f"{self._names[node]} = {self._functions[node]}({given})"
        text = TEXTS[node.kind][0]
        text = text(self._exported.written(node)) if callable(text) else text
        return f"{self._names[node]} = {self._filled(text, node)}"

    def _operands(self, node: Operation) -> str:
        return ", ".join([self._exported.operand(source, node) for source in node.inputs])

    def _filled(self, text: str, node: Operation, slope: str = "") -> str:
        """Return a text with the names of an operation's inputs, output and gradient in it."""
        written = self._exported.written(node)
        y, given = self._names[node], words(written)
        axis, keeps = node.attributes.get("axis"), node.attributes.get("keepdims", True)
        wide = "{}" if axis is None or keeps else f"np.expand_dims({{}}, {given['axis']})"
        operands = [self._exported.operand(source, node) for source in node.inputs]
        given |= {"y": y, "g": slope, "G": wide.format(slope), "Y": wide.format(y), "list": ", ".join(operands)}
        return text.format(*operands, **given)

    def _backward(self) -> list[str]:
        """Return the lines of the backward pass: for each node that training needs, the sum of its contributions."""
        exported, slopes = self._exported, self._slopes
        edges: dict[Node, list[tuple[Operation, int]]] = {node: [] for node in exported.nodes}
        lines = []
        for node, _ in search(exported.loss):
            if node not in exported.trained:
                continue
            if node is exported.loss:
                lines.append(f"{slopes[node]} = np.array(1.0)")
            for number, (consumer, input_index) in enumerate(edges[node]):
                text, formula = self._contribution(consumer, input_index)
                so_far = f"{slopes[node]} + " if number else ""
                lines.append(f"{slopes[node]} = {so_far}{text}{f'  # {formula}' if formula else ''}")
            if isinstance(node, Operation):
                for input_index, source in enumerate(node.inputs):
                    edges[source].append((node, input_index))
                if self._gradient_texts(node) is None:
                    lines.append(self._sourced_gradients(node))
        return lines

    def _gradient_texts(self, node: Operation) -> Gradients | None:
        if node in self._functions:
            return None
        texts = TEXTS[node.kind][1]
        return texts(self._exported.written(node)) if callable(texts) else texts

    def _contribution(self, consumer: Operation, input_index: int) -> tuple[str, str]:
        """Return what a consumer contributes to the gradient of one of its inputs, and the formula of it."""
        exported, source = self._exported, consumer.inputs[input_index]
        texts = self._gradient_texts(consumer)
        if texts is None:
            text = f"{self._sourced[consumer]}[{input_index}]"
        else:
            text = self._filled(texts[input_index], consumer, self._slopes[consumer])
        formula = gradient_rule(consumer).formula_for(input_index)
        named = [exported.operand(each, consumer) for each in consumer.inputs]
        formula = consumer.definition.name_symbols(formula, named, self._names[consumer])
        full, shape = exported.shapes[consumer], exported.shapes[source]
        if (consumer.definition.elementwise or consumer.kind == "broadcast_to") and full != shape:
            return _summed_back(text, full, shape), printable(formula and summed(formula, full, shape))
        return text, printable(formula)

    def _sourced_gradients(self, node: Operation) -> str:
        """Return the line that calls the operation's own gradient function, once for all of its inputs."""
        rule = gradient_rule(node)
        function = self._sources.take(rule.function, f"the gradient of {node.describe()}")
        name = self._sourced[node] = self._exported.own_names.take(f"gradients_of_{self._names[node]}")
        attributes = "".join(f", {name}={attribute_text(value)}" for name, value in node.attributes.items())
        needs = [source in self._exported.trained for source in node.inputs]
        given = f"inputs=[{self._operands(node)}], output={self._names[node]}, needs={needs}{attributes}"
        return f"{name} = {function}(SimpleNamespace({given}), {self._slopes[node]})"


def _summed_back(text: str, shape: Shape, wanted: Shape) -> str:
    """Return a gradient summed over the positions to which broadcasting copied the entries of an input."""
    if not wanted:
        return f"np.sum({text})"
    extra = len(shape) - len(wanted)
    stretched = [extra + axis for axis, size in enumerate(wanted) if size == 1 != shape[extra + axis]]
    axes = (*range(extra), *stretched)
    summed = f"np.sum({text}, axis={axes[0] if len(axes) == 1 else axes})"
    return f"{summed}.reshape({wanted})" if stretched else summed
