"""What is to be written as a script: a program's graph, the name of each node, and the run that is to be repeated."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from minidl_core import Constant, Node, Operation, Placeholder, Stepper, Variable
from minidl_core.arrays import Array, Shape, quiet
from minidl_core.gradients import gradient_rule
from minidl_core.plan import Plan
from minidl_core.train import Optimizer, rate_at

from ..notation.fitting import printable
from ..programs.program import Program, ProgramError
from ..programs.updates import ProgramsOptimizer
from .literals import Data, list_text
from .names import Names

MOST_NODES = 2_000
_INLINE = {
    *("add", "subtract", "multiply", "divide", "power", "maximum", "minimum", "greater", "greater_equal", "less"),
    *("less_equal", "equal", "not_equal"),
}
_TAKEN = ("np", "torch", "dl", "data", "iteration", "rate", "rates", "length", "optimizer", "each", "file", "session")
_OF_FILES = ("Path", "SimpleNamespace", "feeds")


@dataclass(frozen=True)
class Written:
    """An operation that is to be written: with the shapes of its inputs and its own, which choose among texts."""

    operation: Operation
    shapes: Sequence[Shape]
    shape: Shape

    def attribute(self, name: str) -> Any:
        """Return an attribute of the operation."""
        return self.operation.attributes[name]


@dataclass(frozen=True)
class Batches:
    """What one placeholder is fed with in each iteration: one of several arrays, or always the same one."""

    arrays: Sequence[Array]
    order: Sequence[int]


class Exported:
    """A program as it is written: `nodes` in the order of their evaluation, `shapes`, `names`, and the run.

    `rates` are the learning rates of the iterations; where all are the same, it has only that one. Raises ProgramError
    where it cannot be written.
    """

    def __init__(self, program: Program, steps: int, command: str, most_inside: int) -> None:
        self.program = program
        self.command = command
        self.loss, self.optimizer = program.example.loss, program.optimizer
        self.steps = steps
        self.feeds = self._find_feeds()
        plan = Plan([self.loss])
        self.nodes: list[Node] = plan.nodes
        if len(self.nodes) > MOST_NODES:
            raise ProgramError(f"it has {len(self.nodes):,} nodes, and a script is written of at most {MOST_NODES:,}")
        for node in self.nodes:
            if isinstance(node, Operation) and getattr(node.definition.compute, "__closure__", None):
                raise ProgramError(f"{node.describe()} is computed by what only the program itself has")
        first = {node: batches.arrays[batches.order[0]] for node, batches in self.feeds.items()}
        with quiet():
            values = plan.run(plan.feed(first), {})
        self.shapes: dict[Node, Shape] = {node: values[node].shape for node in self.nodes}
        moved = next((step.trained for step in program.steps), None)
        leaves = [node for node in self.nodes if isinstance(node, Variable)]
        self.variables = [node for node in leaves if moved is None or node in moved]
        self.frozen = [node for node in leaves if node not in self.variables]
        self.start: Mapping[Variable, Array] = program.steps[0].set_before if program.steps else {}
        self.trained = self._find_trained()
        self.rates = self._find_rates()
        self.warning = self._find_difference()
        self.data = Data(most_inside)
        self.own_names = Names([*_TAKEN, *_OF_FILES])
        self.names: dict[Node, str] = {}

    def _find_trained(self) -> set[Node]:
        """Return the nodes whose gradients training needs: the variables that it moves, and all that they lead to."""
        found: set[Node] = set(self.variables)
        for node in self.nodes:
            if not found.isdisjoint(node.inputs):
                found.add(node)
        return found

    def name_nodes(self) -> None:
        """Give each node the name that it has in the script, beside those that the script has for itself."""
        self.names = {node: self.own_names.take(node.name) for node in self.nodes}

    def is_inline(self, node: Node, consumer: Operation) -> bool:
        """Return whether a node is a number that is written where it is used."""
        others = [each for each in consumer.inputs if each is not node]
        return (
            isinstance(node, Constant)
            and not node.shape
            and consumer.kind in _INLINE
            and not all(isinstance(each, Constant) for each in others)
        )

    def operand(self, node: Node, consumer: Operation) -> str:
        """Return how a node is written as an input of a consumer."""
        if not self.is_inline(node, consumer):
            return self.names[node]
        number = float(self.constant(node))
        text = repr(int(number)) if number.is_integer() and abs(number) < 1e6 else repr(number)
        return f"({text})" if number < 0 else text

    def written(self, node: Operation) -> Written:
        """Return an operation with its shapes."""
        return Written(node, [self.shapes[source] for source in node.inputs], self.shapes[node])

    def is_own(self, node: Operation) -> bool:
        """Return whether an operation is a person's own, though it may be called like one of ours."""
        functions = [node.definition.compute, *([gradient_rule(node).function] if node in self.trained else [])]
        return not all(function.__module__.startswith("minidl_core.") for function in functions)

    def constant(self, node: Node) -> Array:
        """Return the number of a constant."""
        assert isinstance(node, Constant)
        return node.initial_value

    @property
    def named_constants(self) -> list[Constant]:
        """The constants that are not written where they are used."""
        return [
            node
            for node in self.nodes
            if isinstance(node, Constant)
            and (not node.consumers or not all(self.is_inline(node, c) for c in node.consumers if c in self.shapes))
        ]

    @property
    def heading(self) -> list[str]:
        """The lines that say what the script is; texts of a person's program are in it as comments."""
        lesson = self.program.lesson
        said = f"{lesson.name}: {lesson.summary}" if lesson.summary else lesson.name
        lines = [said, f"Written by: {self.command}", *([self.warning] if self.warning else [])]
        return [f"# {printable(line)}" for line in lines]

    @property
    def rate_lines(self) -> list[str]:
        """The lines that say the learning rate, or those of all iterations."""
        rates = list(map(float, self.rates))
        if len(rates) == 1:
            return [f"rate = {rates[0]!r}  # the learning rate"]
        return f"rates = {list_text(rates)}".split("\n")

    def leaf_lines(
        self, make: Callable[[Node, str], str], data_names: Mapping[Node, str] | None = None
    ) -> tuple[list[str], list[str]]:
        """Return the lines that make data, constants and variables, and those that choose each iteration's batch.

        `make` writes what a leaf is, from the text of its numbers. Data have the names of their nodes, or others.
        """
        lines: list[str] = []
        choices: list[str] = []
        for node, batches in self.feeds.items():
            name = several = (data_names or self.names)[node]
            if len(batches.arrays) > 1:
                several = self.own_names.take(f"{name}_batches")
                order = list(batches.order)
                number = f"iteration % {len(order)}"
                if order != list(range(len(order))):
                    which = self.own_names.take(f"{name}_order")
                    lines += f"{which} = {list_text(order)}".split("\n")
                    number = f"{which}[{number}]"
                choices.append(f"{name} = {several}[{number}]")
            array = batches.arrays[0] if several == name else np.stack(batches.arrays)
            lines += f"{several} = {make(node, self.data.written(several, array))}".split("\n")
        values: dict[Node, Array] = {leaf: leaf.initial_value for leaf in self.named_constants}
        values |= {leaf: self.start.get(leaf, leaf.initial_value) for leaf in (*self.frozen, *self.variables)}
        for leaf, value in values.items():
            name = self.names[leaf]
            lines += f"{name} = {make(leaf, self.data.written(name, value))}".split("\n")
        if self.data.beside:
            reading = 'with np.load(Path(__file__).with_suffix(".npz")) as file:'
            lines = [reading, "    data = dict(file)", *lines]
        return lines, choices

    def _find_feeds(self) -> dict[Placeholder, Batches]:
        """Return the feeds of all iterations: those of the recorded steps, which come again, or of the example."""
        steps = self.program.steps
        if not steps:
            return {node: Batches([np.asarray(a, dtype=float)], [0]) for node, a in self.program.example.feeds.items()}
        found: dict[Placeholder, Batches] = {}
        for each in steps:
            if isinstance(each.optimizer, ProgramsOptimizer):
                raise ProgramError("it updates its variables by a rule of its own, which only the script itself knows")
            same = each.owner is steps[0].owner and _settings(each.optimizer) == _settings(self.optimizer)
            if each.loss is not self.loss or not same:
                raise ProgramError(
                    "it trains more than one loss, or by more than one optimizer; only one can be written"
                )
        for node in steps[0].feeds:
            arrays: list[Array] = []
            order: list[int] = []
            places: dict[int, int] = {}
            for each in steps:
                array = each.feeds[node]
                # feeds of the same bytes are one array
                order.append(places.setdefault(id(array), len(arrays)))
                if order[-1] == len(arrays):
                    arrays.append(array)
            if len({array.shape for array in arrays}) > 1:
                raise ProgramError(
                    f"{node.name} is fed with batches of different shapes, and only equal ones are written"
                )
            found[node] = Batches(arrays, order)
        return found

    def _find_rates(self) -> list[float]:
        settings = [each.optimizer.learning_rate for each in self.program.steps] or [self.program.learning_rate]
        count = max(self.steps, 1)
        if len(set(settings)) == 1 and not callable(settings[0]):
            return [settings[0]]
        rates = [rate_at(settings[n % len(settings)], n + 1) for n in range(count)]
        return rates if len(set(rates)) > 1 else rates[:1]

    def feeds_of(self, iteration: int) -> dict[Placeholder, Array]:
        """Return the feeds of an iteration, counted from 0."""
        return {node: each.arrays[each.order[iteration % len(each.order)]] for node, each in self.feeds.items()}

    def _find_difference(self) -> str:
        """Say from which step on a recorded run is not what the optimizer alone does from the same start."""
        steps = self.program.steps[: self.steps]
        if not steps:
            return ""
        # what was computed in float32 parts by rounding alone
        share = 1e-4 if self.program.engine is not None and self.program.engine.precision else 1e-9
        stepper = Stepper(self.loss, self.feeds_of(0), optimizer=self.optimizer)
        stepper.session.variables.update(steps[0].set_before)
        for number, each in enumerate(steps):
            rate = each.optimizer.learning_rate
            stepper.restore(replace(stepper.state(), feeds=self.feeds_of(number), learning_rate=rate))
            [loss] = stepper.run(1)
            if not math.isnan(each.measured) and not math.isclose(loss, each.measured, rel_tol=share, abs_tol=share):
                return (
                    f"From step {number + 1} on the losses are not those of the program, which had "
                    f"{each.measured:.6g} there: its gradients are others, or it changes its numbers itself."
                )
        return ""


def _settings(optimizer: Optimizer) -> dict[str, object]:
    """Return the settings of an optimizer without its learning rate."""
    return {field.name: getattr(optimizer, field.name) for field in fields(optimizer) if field.name != "learning_rate"}
