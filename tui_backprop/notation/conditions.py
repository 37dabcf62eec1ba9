"""Conditions of breakpoints as a person writes them: `gradient > 10`, `phase backward`, `loss rises`."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Sequence

from minidl_core import Node, Operation

from ..debugger.breakpoints import (
    Breakpoint,
    at_first,
    at_gradient,
    at_loss,
    at_nodes,
    at_phase,
    gradient_parts,
    loss_rises,
    not_finite,
)
from ..debugger.event_table import PHASES
from ..debugger.loss_graph import LossGraph
from .fitting import cut
from .listing import listed
from .names import by_name

FORMS = (
    "node b",
    "node b backward",
    "node b first",
    "operation add",
    "phase backward",
    "gradient > 10",
    "gradient of b < 1e-6",
    "gradient parts",
    "loss < 0.1",
    "loss rises",
    "not finite",
)
"""What a condition may look like."""

IN_WORDS = {
    "at the first NaN or infinity": "not finite",
    "when the loss rises": "loss rises",
    "when the loss is below a bound": "loss < ",
    "when the loss is above a bound": "loss > ",
    "where a gradient of yours parts": "gradient parts",
    "when |gradient| is above a bound": "gradient > ",
    "when |gradient| is below a bound": "gradient < ",
    "at a phase": "phase ",
    "at an operation": "operation ",
    "at a node": "node ",
}
"""Each kind of condition, described, and how it is written; where that ends in a blank, the rest is to be typed."""

_FIRST = "first"
_OF_ALL = {"gradient parts": gradient_parts, "loss rises": loss_rises, "not finite": not_finite}
_GRADIENT = re.compile(r"\|?gradient(?: of (.+?))?\|? *([<>]) *(\S*)", re.DOTALL)


_LOSS = re.compile(r"loss *([<>]) *(\S*)")


class ConditionError(ValueError):
    """A condition makes no sense; the message explains why."""


def read_breakpoint(text: str, graph: LossGraph) -> Breakpoint:
    """Return the breakpoint with this condition; raises ConditionError."""
    text = " ".join(text.split())
    kind, _, rest = text.partition(" ")
    match = _GRADIENT.fullmatch(text)
    if match is not None:
        return _at_gradient(match[1], match[2], match[3], graph)
    match = _LOSS.fullmatch(text)
    if match is not None:
        return _at_loss(match[1], match[2])
    if kind == "node" and rest:
        name, which = _split(rest, [node.name for node in graph.nodes])
        node = _node(name, graph)
        return _at_steps(f"node {node.name}", (node,), which)
    if kind == "operation" and rest:
        return _at_operation(rest, graph)
    if kind == "phase" and rest:
        phase = next((phase for phase in PHASES if phase == rest), None)
        if phase is None:
            raise ConditionError(f"There is no phase '{cut(rest, 40)}'. There are {listed(PHASES, str)}.")
        return Breakpoint(text, at_phase(phase))
    if text in _OF_ALL:
        return Breakpoint(text, _OF_ALL[text])
    if text in by_name(graph.nodes):
        return at_node(_node(text, graph))
    if not text:
        raise ConditionError("Type a condition of one of these forms.")
    begun = next((form for form in FORMS if form.startswith(f"{text} ")), None)
    if begun is not None:
        raise ConditionError(f"'{text}' is only the beginning of a condition, as {begun} is one.")
    raise ConditionError(f"'{cut(text, 40)}' is not a condition of one of these forms.")


def at_node(node: Node) -> Breakpoint:
    """Return the breakpoint at every step of a node."""
    return _at_steps(f"node {node.name}", (node,), "")


def _split(rest: str, names: Sequence[str]) -> tuple[str, str]:
    """Return a name and which of its steps are meant: those of a phase, the first of an iteration, or '' for all."""
    name, _, which = rest.rpartition(" ")
    return (name, which) if rest not in names and which in (*PHASES, _FIRST) else (rest, "")


def _at_steps(text: str, nodes: tuple[Node, ...], which: str) -> Breakpoint:
    stop = at_nodes(frozenset(nodes), next((phase for phase in PHASES if phase == which), None))
    return Breakpoint(f"{text} {which}".strip(), at_first(stop) if which == _FIRST else stop, nodes)


def _at_operation(name: str, graph: LossGraph) -> Breakpoint:
    operations = [node for node in graph.nodes if isinstance(node, Operation)]
    names = list(dict.fromkeys(node.definition.name for node in operations))
    name, which = _split(name, names)
    if name not in names:
        raise ConditionError(f"There is no operation '{cut(name, 40)}' here. There are {listed(names, str, 12)}.")
    nodes = tuple(node for node in operations if node.definition.name == name)
    return _at_steps(f"operation {name}", nodes, which)


def _at_gradient(name: str | None, sign: str, written: str, graph: LossGraph) -> Breakpoint:
    only = None if name is None else _node(name, graph)
    bound = _bound(f"gradient {sign}", written)
    if not 0 <= bound < math.inf:
        raise ConditionError(f"'{cut(written, 40)}' is no bound for |gradient|: that is a finite number, 0 or above.")
    if sign == "<" and bound == 0:
        raise ConditionError("No |gradient| is below 0.")
    whose, nodes = ("", ()) if only is None else (f" of {only.name}", (only,))
    return Breakpoint(f"gradient{whose} {sign} {written}", at_gradient(only, bound, above=sign == ">"), nodes)


def _at_loss(sign: str, written: str) -> Breakpoint:
    bound = _bound(f"loss {sign}", written)
    if not math.isfinite(bound):
        raise ConditionError(f"'{cut(written, 40)}' is no bound for the loss: that is a finite number.")
    return Breakpoint(f"loss {sign} {written}", at_loss(bound, above=sign == ">"))


def _bound(begun: str, written: str) -> float:
    """Return the number that is written behind a sign, NaN where it is none; raises ConditionError for nothing."""
    if not written:
        raise ConditionError(f"Which bound? Write it behind the '{begun[-1]}', as in {begun} 0.1")
    try:
        return float(written)
    except ValueError:
        return math.nan


def _node(name: str, graph: LossGraph) -> Node:
    nodes = by_name(graph.nodes)
    if name in nodes:
        return nodes[name]
    near = difflib.get_close_matches(name, nodes, n=1)
    names = listed(list(nodes), lambda node: cut(node, 40), 12)
    there_are = f"did you mean {cut(near[0], 40)}?" if near else f"there are {names}."
    raise ConditionError(f"There is no node '{cut(name, 40)}'; {there_are}")
