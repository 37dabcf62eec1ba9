"""Planting: which mistake a seed makes in which graph, so that it shows, and that nothing else would show the same.

An address of a hunt is a command line: `hunt skip --seed 7` opens it again.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import partial
from random import Random
from typing import Any, NamedTuple

import numpy as np

from minidl_core import (
    Constant,
    ContributionAdded,
    GradientCompleted,
    Graph,
    MinidlError,
    Node,
    Operation,
    Variable,
    VariableUpdated,
    reduce_sum,
    square,
)
from minidl_core.arrays import Array, quiet
from minidl_core.definition import OperationDefinition, definitions
from minidl_core.graph import post_order
from minidl_core.plan import Plan

from ..lessons.lesson import Example, Lesson
from ..programs import HUNT, is_path
from ..programs.opening import open_program
from ..programs.program import Program, ProgramError, program_of
from .broken_stepper import BrokenStepper
from .mutants import KINDS, Mutant, mutants

GRAPHS = ("chain", "two-paths", "skip", "two-edges", "off-path", "broadcast", "softmax", "xor", "vanishing")
"""The lessons that a mistake is planted in where no program is named: each can be read number by number."""
MOST_NODES = 60
"""In a larger graph nobody would look for a mistake by hand."""

_ITERATIONS = 2
"""After so many every mistake shows: what is left of an iteration is seen in the next one."""
_SHOWS = 0.01
"""A wrong number is off by at least this part of it."""
_SMALLEST = 1e-4
_SAME = 1e-6
_RATE = 0.05


@dataclass(frozen=True)
class Planted:
    """A program whose engine has a mistake, and that mistake."""

    program: Program
    mutant: Mutant


def hunt_address(seed: int, address: str | None = None) -> str:
    """Return the address of the hunt of a seed, in a program or in the graph that the seed chooses."""
    return shlex.join([HUNT, *([address] if address is not None else []), "--seed", str(seed)])


def plant(address: str) -> Planted:
    """Return the program at the address of a hunt with the mistake that its seed makes.

    Raises ProgramError where no mistake can be planted, and what opening the program raises.
    """
    try:
        *named, option, seed_text = shlex.split(address)[1:]
        seed = int(seed_text)
    except ValueError:
        named, option, seed = [], "", 0
    if option != "--seed" or len(named) > 1:
        raise ProgramError(f"'{address}' is no hunt; one is written as {hunt_address(7, GRAPHS[0])}")
    graphs = named or Random(f"graphs {seed}").sample(GRAPHS, len(GRAPHS))
    opened: dict[str, tuple[Program, list[Mutant]]] = {}
    for kind in kinds_by(seed):
        for name in graphs:
            if name not in opened:
                opened[name] = _opened(name, seed)
            program, mutants_there = opened[name]
            found = [each for each in mutants_there if isinstance(each, kind)]
            if found:
                return _planted(program, Random(f"place {seed}").choice(found), hunt_address(seed, name))
    raise ProgramError(f"no mistake in {graphs[0]} would show in its first {_ITERATIONS} iterations")


def kinds_by(seed: int) -> list[type[Mutant]]:
    """Return the kinds of mistakes in the order in which a seed tries to plant them."""
    return Random(seed).sample(KINDS, len(KINDS))


def _planted(program: Program, mutant: Mutant, address: str) -> Planted:
    summary = "One thing in this engine is broken, after the forward pass, and two iterations show it. What, and where?"
    # what a lesson says of its numbers holds for an engine that is right
    name = f"hunt: {program.lesson.name}"
    lesson = replace(program.lesson, name=name, summary=summary, sentences={}, pages=(), goal=None, then=None)
    broken = replace(program, lesson=lesson, address=address, make_stepper=partial(BrokenStepper, mutant))
    return Planted(broken, mutant)


def _opened(address: str, seed: int) -> tuple[Program, list[Mutant]]:
    """Return a program and the mistakes that can be made in it: where it has operations of its own, in those.

    A file that trains nothing but defines operations is a graph of one of them, which the seed chooses.
    """
    own: list[OperationDefinition] = []
    try:
        program = open_program(address)
    except KeyError:
        raise ProgramError(f"a hunt is in a lesson or a Python file, and {address} is neither") from None
    except ProgramError as error:
        own = _operations_of(address) if is_path(address) else []
        if not own or error.__cause__ is not None:  # it trains nothing because it stopped at a mistake
            raise
        program = _program_about(Random(f"operation {seed}").choice(own), address, seed)
    else:
        own = _operations_of(address) if is_path(address) else []
    if program.engine is not None:
        raise ProgramError(f"a mistake can be planted in our engine only; {address} has its own")
    if len(nodes := post_order([program.example.loss])) > MOST_NODES:
        raise ProgramError(f"{address} has {len(nodes)} nodes; a hunt is in a graph of at most {MOST_NODES}")
    # from where it starts, with its first feeds
    program = replace(program, steps=())
    return program, detectable(program, {node.kind for node in nodes} & {each.name for each in own})


def _operations_of(path: str) -> list[OperationDefinition]:
    """Return the operations that a file has defined."""
    file = os.path.realpath(path)
    return [
        each
        for each in definitions.values()
        if os.path.realpath(getattr(getattr(each.compute, "__code__", None), "co_filename", "")) == file
    ]


def _program_about(definition: OperationDefinition, address: str, seed: int) -> Program:
    """Return a program about one operation on its first sample: the sum of the squares of what it computes."""
    if not definition.samples:
        raise ProgramError(f"{address}: {definition.name} has no samples to be tried with; give it samples=[((3, 2),)]")
    *inputs, last = definition.samples[0]
    attributes = last if isinstance(last, dict) else {}
    shapes = inputs if isinstance(last, dict) else [*inputs, last]
    rng = np.random.default_rng(seed)

    def build(_: int) -> Example:
        with Graph().as_default():
            nodes: list[Node] = [
                Variable(rng.uniform(*definition.domain, shape), name=name)
                if isinstance(shape, tuple)
                else Constant(shape, name=name)
                for shape, name in zip(shapes, "abcdefgh", strict=False)
            ]
            given = (nodes,) if definition.takes_list else tuple(nodes)
            made = Operation(definition, given, attributes, "y")
            return Example(reduce_sum(square(made), name="J"), {})

    return program_of(Lesson(definition.name, definition.reason, build, _RATE), address=address)


class _Numbers(NamedTuple):
    """What a run showed: by what it is, every number, and whether one of them is seen to be wrong by a check."""

    keys: tuple[tuple[Any, ...], ...]
    flat: Array
    shows: bool


def detectable(program: Program, operations: Collection[str] = ()) -> list[Mutant]:
    """Return the mistakes that the first iterations show, and that no other mistake would show in the same numbers."""
    seen = [(mutant, _numbers(program, mutant)) for mutant in mutants(program.example.loss, operations)]
    found = [(mutant, numbers) for mutant, numbers in seen if numbers is not None and numbers.shows]
    return [
        mutant
        for mutant, numbers in found
        if not any(other is not mutant and _same(numbers, others) for other, others in found)
    ]


def _same(one: _Numbers, other: _Numbers) -> bool:
    return one.keys == other.keys and bool(np.allclose(one.flat, other.flat, rtol=_SAME, atol=0.0))


def _numbers(program: Program, mutant: Mutant) -> _Numbers | None:
    """Return what a mistake shows in the first iterations; None where training stops in them."""
    loss, feeds = program.example.loss, program.example.feeds
    found: dict[tuple[Any, ...], Array] = {}
    shows = False
    try:
        stepper = BrokenStepper(mutant, loss, feeds, optimizer=program.optimizer)
        for iteration in range(_ITERATIONS):
            start = stepper.state()
            with quiet():
                right = Plan([loss]).run(start.feeds, start.variables).gradients(loss)
            for event in stepper.iteration():
                match event:
                    case ContributionAdded(node, consumer, input_index):
                        found[iteration, consumer.name, input_index] = event.contribution
                        found[iteration, consumer.name, input_index, "total"] = event.total
                    case GradientCompleted(node, gradient):
                        found[iteration, node.name] = gradient
                        shows = shows or _is_off(gradient, right[node])
                    case VariableUpdated(node):
                        found[iteration, node.name, "new"] = event.new
                        shows = shows or _is_off(event.old - event.new, start.rate * event.gradient)
    except MinidlError:
        return None
    keys = sorted(found, key=repr)
    return _Numbers(tuple(keys), np.concatenate([np.ravel(found[key]) for key in keys]), shows)


def _is_off(found: Array, right: Array) -> bool:
    """Return whether a number is so far from the right one that a check tells them apart."""
    size = float(np.max(np.abs([found, right])))
    return size > _SMALLEST and float(np.max(np.abs(found - right))) > _SHOWS * size
