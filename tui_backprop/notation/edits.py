"""Edits as a person writes and reads them: `W[0,0] = 1`, `W[0,0] 0.2229 → 1`, and the branches they begin."""

from __future__ import annotations

import re
from math import isfinite, isinf

from minidl_core import Node, Operation, Placeholder, State, Variable

from ..debugger.branches import Branch
from ..debugger.edits import Edit, NumberEdit, OptimizerEdit, SeedEdit, start_value
from ..debugger.loss_graph import LossGraph
from ..debugger.timeline import Timeline
from .fitting import cut
from .formats import DIGITS, digits_of_change, element_text, number, shape_text
from .listing import listed
from .names import by_name
from .optimizer import OPTIMIZERS, name_of

LEARNING_RATE = "learning rate"
SEED = "seed"
OPTIMIZER = "optimizer"
_LONGEST_SEED = 18
ORIGINAL = "original"
_RATE_NAMES = (LEARNING_RATE, "learning_rate", "η", "eta")
LARGEST = 1e12
"""No edit may be larger: what is computed from it would soon be too large for a number."""


class EditError(ValueError):
    """What is wrong with a typed edit, in a sentence for the person who typed it."""


def label(edit: Edit, length: int = 16) -> str:
    """Say what is changed, the node's name cut to a length: W[0,0] 0.2229 → 1."""
    if not isinstance(edit, NumberEdit):
        return f"{before(edit)} → {edit.new}"
    if edit.node is None:
        return f"{before(edit)} → {edit.new:g}"
    if edit.index is None:
        return f"all of {cut(edit.node.name, length)} → {number(edit.new)}"
    return f"{before(edit, length)} → {_told_apart(edit)[1]}"


def before(edit: Edit, length: int = 16) -> str:
    """Say what there was, the node's name cut to a length: W[0,0] 0.2229."""
    if not isinstance(edit, NumberEdit):
        return f"seed {edit.old}" if isinstance(edit, SeedEdit) else edit.old
    if edit.node is None:
        return f"η {edit.old:g}"
    name = cut(edit.node.name, length)
    return f"{name} as it was" if edit.index is None else f"{element_text(name, edit.index)} {_told_apart(edit)[0]}"


def _told_apart(edit: NumberEdit) -> tuple[str, str]:
    """Write the old number, in few digits, and the new one, in as many as they need to differ."""
    digits = digits_of_change(edit.old, edit.new, 3)
    return number(edit.old, digits), number(edit.new, max(digits, DIGITS))


def written_out(edit: Edit, length: int = 24) -> str:
    """Say what there is and what there was, the node's name cut to a length: W[0,0] = 1 instead of 0.2229."""
    if isinstance(edit, SeedEdit):
        return f"variables drawn from seed {edit.new} instead of {edit.old}"
    if isinstance(edit, OptimizerEdit):
        return f"{edit.new} instead of {edit.old}"
    if edit.node is None:
        return f"the {LEARNING_RATE} η = {edit.new:g} instead of {edit.old:g}"
    name = cut(edit.node.name, length)
    if edit.index is None:
        return f"{number(edit.new)} for every number of {name}"
    digits = digits_of_change(edit.old, edit.new)
    return f"{element_text(name, edit.index)} = {number(edit.new, digits)} instead of {number(edit.old, digits)}"


def branch_label(branch: Branch) -> str:
    """Return what a branch is called: by the edit that began it."""
    return ORIGINAL if branch.edit is None else label(branch.edit)


def seen_from(branch: Branch, other: Branch) -> str:
    """Return the label that tells a branch from another: its own edit, or what the other's first one changed."""
    if branch.edits or not other.edits:
        return branch_label(branch)
    return f"{branch_label(branch)}: {before(other.edits[min(other.edits)][0])}"


def editable_names(graph: LossGraph) -> list[str]:
    """Return what can be edited: the variables, then the data that is fed, then the learning rate."""
    nodes = [*graph.variables, *(node for node in graph.nodes if isinstance(node, Placeholder))]
    return [*(cut(node.name, 16) for node in nodes), f"the {LEARNING_RATE}"]


def why_not_editable(node: Node, state: State, graph: LossGraph) -> str:
    """Say why the numbers of a node cannot be edited, and which can; nothing where they can."""
    can = listed(editable_names(graph), str, 6)
    name = cut(node.name, 16)
    if isinstance(node, Variable | Placeholder):
        value = start_value(state, node)
        return "" if value.size else f"{name} is {shape_text(value.shape)}: it has no numbers to set."
    if isinstance(node, Operation):
        sources = listed(list(dict.fromkeys(node.inputs)), lambda source: cut(source.name, 16))
        return f"{name} is computed from {sources}, so it cannot be set; {can} can."
    return f"{name} is a constant of the graph, so it stays as it is; {can} can be set."


def written_edit(target: str, value: float) -> str:
    """Write an edit as a person would type it."""
    return f"{target} = {value:.6g}"


def exact_edit(edit: Edit) -> str:
    """Write an edit with all digits of its number, so that it is read as the same one."""
    if not isinstance(edit, NumberEdit):
        return f"{SEED if isinstance(edit, SeedEdit) else OPTIMIZER} = {edit.new}"
    target = LEARNING_RATE if edit.node is None else edit.node.name
    if edit.node is not None and edit.index is not None:
        target = element_text(target, edit.index)
    return f"{target} = {edit.new!r}"


def read_any_edit(text: str, timeline: Timeline, target: str) -> Edit:
    """Return the edit that somebody typed: `seed = 5`, `optimizer = adam`, or a number (see `read_edit`).

    Raises EditError where it would change nothing, or the program has no such thing to change.
    """
    before, _, typed = text.rpartition("=")
    name = before.rpartition("=")[2].strip()  # a whole edit may be typed behind the one that stood there
    if name not in (SEED, OPTIMIZER) or name in {node.name for node in timeline.graph.nodes}:
        return read_edit(text, timeline.edited_state, timeline.graph, target)
    return _read_seed(typed.strip(), timeline) if name == SEED else _read_optimizer(typed.strip(), timeline)


def _read_seed(typed: str, timeline: Timeline) -> SeedEdit:
    program, before = timeline.program, timeline.edited_state
    if program.seed is None:
        raise EditError(f"{cut(program.lesson.name, 24)} draws no numbers from a seed.")
    if not typed.isdecimal() or len(typed) > _LONGEST_SEED:
        raise EditError(f"'{cut(typed, 24)}' is no seed: that is a whole number, 0 or above.")
    seeds = [program.seed, *(edit.new for _, edit in timeline.branch.made if isinstance(edit, SeedEdit))]
    edit = make_seed_edit(seeds[-1], int(typed), timeline)
    if all((start_value(before, variable) == value).all() for variable, value in edit.values.items()):
        raise EditError("Nothing would change: the variables are what this seed draws.")
    return edit


def make_seed_edit(old: int, new: int, timeline: Timeline) -> SeedEdit:
    """Return the edit that draws the variables from another seed, and leaves the data as they are."""
    drawn = {node.name: node for node in timeline.program.lesson.build(new).loss.graph.nodes}
    found = [(variable, drawn.get(variable.name)) for variable in timeline.graph.variables]
    return SeedEdit(old, new, {node: other.initial_value for node, other in found if isinstance(other, Variable)})


def _read_optimizer(typed: str, timeline: Timeline) -> OptimizerEdit:
    if timeline.program.steps:
        raise EditError(f"{cut(timeline.program.lesson.name, 24)} has its own optimizer; change it there.")
    new, now = typed.lower(), timeline.stepper.optimizer
    if new not in OPTIMIZERS:
        raise EditError(f"There is no optimizer '{cut(typed, 24)}'; there are {listed(list(OPTIMIZERS), str, 9)}.")
    edit = make_optimizer_edit(name_of(now), new)
    if type(edit.optimizer) is type(now):
        raise EditError(f"Nothing would change: {new} takes the steps already.")
    return edit


def make_optimizer_edit(old: str, new: str) -> OptimizerEdit:
    """Return the edit after which another optimizer takes the steps, at the learning rate that there is."""
    return OptimizerEdit(old, new, OPTIMIZERS[new](1.0))


def read_edit(text: str, state: State, graph: LossGraph, target: str) -> Edit:
    """Return the edit that somebody typed, such as `W[0,0] = 1`; of a number alone, the target is the given one.

    Raises EditError where there is no such number to edit, or what is to become of it is no number, is not finite, is
    larger than `LARGEST`, or is what it is already; for a learning rate also where it is not above 0.
    """
    text = re.sub(r"=[\s=]*=", "=", text)  # as Python asks whether two are equal
    written, _, typed = text.rpartition("=")
    if "=" in written and written.strip() not in by_name(graph.nodes):
        written = written.rpartition("=")[2]  # a whole edit was typed behind the one that stood there
    node, index = _target(written.strip() or target, state, graph)
    if node is None:
        old, name = state.rate, f"the {LEARNING_RATE}"
    else:
        array = start_value(state, node)
        old = float(array.flat[0] if index is None else array[index])
        name = node.name if index is None else element_text(node.name, index)
    new = _number(typed.strip(), cut(name, 24), one=index is not None or node is None)
    if node is None and new <= 0:
        raise EditError(f"The {LEARNING_RATE} must be above 0: it says how far an update moves.")
    if node is None and callable(state.learning_rate):
        return NumberEdit(node, index, old, new)  # the same number is a change, too, as it stays
    if new == old and (node is None or index is not None or bool((start_value(state, node) == new).all())):
        raise EditError(f"Nothing would change: {cut(name, 24)} is {new:g} already.")
    return NumberEdit(node, index, old, new)


def _target(
    written: str, state: State, graph: LossGraph
) -> tuple[Variable | Placeholder | None, tuple[int, ...] | None]:
    """Return the node and the index that somebody wrote, or none of both for the learning rate."""
    nodes = by_name(graph.nodes)
    place = None
    name = written
    if name not in nodes and (found := re.fullmatch(r"(.*?)\s*\[(.*)\]", written, re.DOTALL)):
        name, place = found[1], found[2]
    if name not in nodes:
        if written.lower() in _RATE_NAMES:
            return None, None
        raise EditError(f"There is no '{cut(name, 24)}'; {listed(editable_names(graph), str, 6)} can be edited.")
    node = nodes[name]
    wrong = why_not_editable(node, state, graph)
    if wrong:
        raise EditError(wrong)
    assert isinstance(node, Variable | Placeholder)
    shape = start_value(state, node).shape
    if place is None:
        return node, (() if not shape else None)
    parts = [part.strip() for part in place.split(",")]
    index = tuple(int(part) for part in parts if part.isdecimal())
    if len(index) == len(parts) == len(shape) and all(i < size for i, size in zip(index, shape, strict=True)):
        return node, index
    short, last = cut(name, 16), tuple(size - 1 for size in shape)
    if not shape:
        raise EditError(f"{short} is one number, without an index: write {short} = ...")
    ends = f"{element_text(short, (0,) * len(shape))} to {element_text(short, last)}"
    raise EditError(f"{short} is {shape_text(shape)}: there is no [{cut(place, 16)}] in it, only {ends}.")


def _number(typed: str, name: str, *, one: bool) -> float:
    text = typed.replace("−", "-")
    shown = cut(typed, 24)
    try:
        value = float(text)
    except ValueError:
        parts = re.findall(r"[^\s,;()\[\]]+", text)
        if not parts:
            example = name.removeprefix("the ")
            raise EditError(f"Which number? Write it behind the '=', as in {example} = 0.5") from None
        if len(parts) > 1 and all(_is_number(part) for part in parts):
            many = f"'{shown}' are {len(parts)} numbers"
            decimal = f" A decimal has a point: {text.replace(',', '.')}" if re.fullmatch(r"-?\d+,\d+", text) else ""
            only = f", but {name} is one." if one else f"; give one for all of {name}."
            raise EditError(f"{many}{only}{decimal}") from None
        raise EditError(f"'{shown}' is not a number.") from None
    if abs(value) > LARGEST and not (isinf(value) and "inf" in text.lower()):
        raise EditError(f"{shown} is far too large; numbers up to {LARGEST:g} in size are allowed.")
    if not isfinite(value):
        raise EditError(f"'{shown}' is not a finite number: all that is computed from it would be NaN or infinite.")
    return value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
