"""A formula as a program: `sigmoid(w*x + b)` with `w=0.5 b=-1 x=2` is a graph, whose variables are what was set."""

from __future__ import annotations

import keyword
import shlex
from collections.abc import Mapping, Sequence

import numpy as np

from minidl_core import Graph, Node, Operation, Placeholder, Variable, placeholder
from minidl_core.arrays import Array, as_text, copy_in
from minidl_core.graph import post_order

from ..lessons.lesson import Example, Lesson
from . import FORMULA
from .expressions import Reader
from .program import Program, ProgramError, program_of
from .tables import read_array

LEARNING_RATE = 0.1
LOSS = "J"


def open_formula(words: Sequence[str], learning_rate: float | None = None) -> Program:
    """Return the program of `-e FORMULA --set NAME=VALUE ... --data NAME=VALUE ...`.

    What is set is a variable; what comes from a file, or stands behind `--data`, is data. Raises ProgramError where the
    formula is none, names what has no value, or has nothing to train.
    """
    formula, values = "; ".join(words[1].split("\n")).strip("; "), _read_values(words[2:])
    with Graph().as_default():
        leaves = {name: _leaf(name, *value) for name, value in values.items()}
        loss, summed = _built(formula, leaves)
    feeds = {leaf: values[name][0] for name, leaf in leaves.items() if isinstance(leaf, Placeholder)}
    trained = [node.name for node in post_order([loss]) if isinstance(node, Variable)]
    if not trained:
        raise ProgramError(f"{FORMULA} has nothing to train: give at least one of its names a value by --set")
    parts = [f"{_listed(trained)}: set, so moved by training"]
    parts += [f"{_listed([node.name for node in feeds])}: data, so left as given"] if feeds else []
    lesson = Lesson(
        name=formula,
        summary="; ".join([*parts, *([summed] if summed else [])]),
        build=lambda _: Example(loss, feeds),
        learning_rate=LEARNING_RATE,
        seed=None,
        sentences={f"NodeEvaluated {loss.name}": f"{loss.name} is {{value}}: {summed}."} if summed else {},
    )
    return program_of(lesson, None, learning_rate, shlex.join(words), summed)


def _listed(names: Sequence[str]) -> str:
    return " and ".join([*([", ".join(names[:-1])] if len(names) > 1 else []), *names[-1:]])


def _leaf(name: str, value: Array, is_data: bool) -> Node:
    leaf = placeholder(value.shape, name=name) if is_data else Variable(value, name=name)
    leaf.locate("--data" if is_data else "--set", 1)
    return leaf


def _built(formula: str, leaves: Mapping[str, Node]) -> tuple[Node, str]:
    """Return the loss of a formula, and in a sentence that it is a sum where the formula is not one number."""
    reader = Reader(formula, leaves)
    result = reader.read_formula()
    if not isinstance(result, Node):
        raise ProgramError(f"{FORMULA} '{formula}' has no variable in it; name one, and give it a value by --set")
    unused = [name for name in leaves if name not in reader.used]
    if unused:
        raise ProgramError(f"{unused[0]} is set, but the formula does not have it; it has {_listed(list(reader.used))}")
    summed = ""
    if result.shape:
        summed = f"the formula is {as_text(result.shape)}, and a loss is one number, so its entries are summed"
        result = reader.make("reduce_sum", [result])
    if isinstance(result, Operation) and not result.is_named and LOSS not in leaves:
        result.name = LOSS
    return result, summed


def _read_values(words: Sequence[str]) -> dict[str, tuple[Array, bool]]:
    """Return the value of each name, and whether it is data."""
    values: dict[str, tuple[Array, bool]] = {}
    option = ""
    for word in words:
        if word in ("--set", "--data"):
            option = word
            continue
        name, is_given, text = word.partition("=")
        name, text = name.strip(), text.strip()
        if not is_given or not name.isidentifier() or keyword.iskeyword(name):
            raise ProgramError(f"{option} {word}: write a name and its value, as in {option} x=2 or W=[[1,2],[3,4]]")
        if name in values:
            raise ProgramError(f"{option} {word}: {name} has a value already")
        value = read_array(text[1:]) if text.startswith("@") else _array(text, f"{option} {name}=")
        values[name] = value, option == "--data" or text.startswith("@")
    return values


def _array(text: str, option: str) -> Array:
    if not text:
        raise ProgramError(f"{option} has no value; write a number, a list, or @FILE")
    try:
        value = copy_in(Reader(text, {}, option).read_formula())
    except (ValueError, TypeError):
        raise ProgramError(f"{option}{text}: its rows must be numbers, all of one length") from None
    if not value.size or not np.isfinite(value).all():
        raise ProgramError(f"{option}{text}: it must be finite numbers, and at least one")
    return value
