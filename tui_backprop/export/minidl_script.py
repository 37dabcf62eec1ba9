"""A program as a script of our own engine, minidl_core: it is opened again as it is, with the names of its nodes."""

from __future__ import annotations

from dataclasses import fields

from minidl_core import Node, Operation, Placeholder, train

from ..programs.program import ProgramError
from .exported import Exported
from .literals import attribute_text


def minidl_script(exported: Exported) -> list[str]:
    """Return the lines of the script; raises ProgramError where the program has operations or optimizers of its own."""
    optimizer = exported.optimizer
    kind = type(optimizer).__name__
    if getattr(train, kind, None) is not type(optimizer):
        raise ProgramError(f"{kind} is defined in a file of its own; --export numpy can write it")
    exported.name_nodes()
    names = exported.names
    data_names: dict[Node, str] = {node: exported.own_names.take(f"{names[node]}_data") for node in exported.feeds}
    leaves, choices = exported.leaf_lines(_leaf, data_names)
    placeholders = [f"{names[node]} = dl.placeholder({exported.shapes[node]}{_name(node)})" for node in exported.feeds]
    graph = [_operation(exported, node) for node in exported.nodes if isinstance(node, Operation)]
    fed = ", ".join(f"{names[node]}: {name}" for node, name in data_names.items())
    settings = [
        f", {field.name}={getattr(optimizer, field.name)!r}"
        for field in fields(optimizer)
        if field.name != "learning_rate" and getattr(optimizer, field.name) != field.default
    ]
    moved = f", var_list=[{', '.join(names[node] for node in exported.variables)}]" if exported.frozen else ""
    rate = "rate" if len(exported.rates) == 1 else "rates[0]"
    changes = [] if len(exported.rates) == 1 else ["optimizer.learning_rate = rates[iteration]"]
    loop = [*choices, *changes, f"print(iteration, session.run(step{f', {{{fed}}}' if fed else ''}))"]
    values = [f'print("{names[node]}", session.run({names[node]}).tolist())' for node in exported.variables]
    return [
        *exported.heading,
        "",
        *(["from pathlib import Path", ""] if exported.data.beside else []),
        *(["import numpy as np", ""] if exported.data.beside or "np." in "".join(graph) else []),
        "import minidl_core as dl",
        "",
        *leaves,
        *placeholders,
        *graph,
        "",
        *exported.rate_lines,
        f"optimizer = dl.train.{kind}({rate}{''.join(settings)})",
        f"step = optimizer.minimize({names[exported.loss]}{moved})",
        "session = dl.Session()",
        f"for iteration in range({exported.steps}):",
        *[f"    {line}" for line in loop],
        *values,
    ]


def _leaf(node: Node, text: str) -> str:
    return text if isinstance(node, Placeholder) else f"dl.{type(node).__name__}({text}{_name(node)})"


def _name(node: Node) -> str:
    return f", name={node.name!r}" if node.is_named else ""


def _operation(exported: Exported, node: Operation) -> str:
    if exported.is_own(node):
        raise ProgramError(f"{node.describe()} is defined in a file of its own; --export numpy can write it")
    inputs = ", ".join([exported.operand(source, node) for source in node.inputs])
    if node.kind in ("concatenate", "stack"):
        inputs = f"[{inputs}]"
    defaults = node.definition.attributes
    attributes = "".join(
        f", {name}={attribute_text(value)}" for name, value in node.attributes.items() if value is not defaults[name]
    )
    return f"{exported.names[node]} = dl.{node.kind}({inputs}{attributes}{_name(node)})"
