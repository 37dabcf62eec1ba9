"""The value of a node: what it was computed from, and how its pinned element was."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from minidl_core import NonFiniteError, Node, Operation, Placeholder, Variable
from minidl_core.arrays import Array

from ..formats import number, shape_text, vector
from ..glyphs import DONE, MORE, NOT_YET, RIGHT, STALE
from ..moment import Moment
from ..palette import Line
from ..worked import Worked, worked_value
from .arrays import Block, block, draw_arrays
from .equation import draw_terms, used_elements, write_worked
from .grouping import grouped, pinned_term, term_name
from .pinned import Pinned, describe, input_names, is_by_point
from .sections import Section, compose, prose


def element_at(moment: Moment, node: Node, array: Array, pinned: Pinned) -> tuple[int, ...]:
    """Return the index of the pinned element in a node's array; where an error names an element, that."""
    if isinstance(moment.error, NonFiniteError) and moment.error.node is node and len(moment.error.entry) == array.ndim:
        return moment.error.entry
    return pinned.index(array.shape, is_by_point(moment, node, array.shape))


def draw_value(moment: Moment, node: Node, pinned: Pinned, width: int, height: int) -> list[Line]:
    """Draw an operation's operands, result and worked element, or the numbers of a leaf."""
    if isinstance(node, Operation):
        value = moment.evaluated_value(node)
        sections = [] if value is None else _operation(moment, node, value, pinned, width)
    else:
        value = leaf_value(moment, node)
        sections = _leaf(moment, node, value, pinned, width)
    if value is None:
        sections += _not_yet(node, width)
    return compose([*sections, *_facts(moment, node, pinned, width)], width, height)


def leaf_value(moment: Moment, node: Node) -> Array | None:
    """Return what a leaf holds, whether or not the forward pass has come to it."""
    if isinstance(node, Variable):
        return moment.variable(node)
    if isinstance(node, Placeholder):
        return moment.example.feeds.get(node)
    return getattr(node, "initial_value", None)


def _operation(moment: Moment, node: Operation, value: Array, pinned: Pinned, width: int) -> list[Section]:
    inputs = [_evaluated(moment, source) for source in node.inputs]
    index = element_at(moment, node, value, pinned)
    by_point = is_by_point(moment, node, value.shape)
    pinned = pinned.at(index, by_point)
    worked = worked_value(node, inputs, value, index)
    reason = node.definition.name_symbols(node.definition.reason, input_names(node), node.name)
    sections = [Section(2, prose(reason, width, "dim"))]
    heading: list[Line] = [[(f"{RIGHT} {describe(moment, node, index, by_point)}:", "pinned")]] if index else []
    if worked.long_sum is not None:
        sections.append(terms_section(moment, [worked], pinned, width))
        heading += [[(f"  {worked.target} = {worked.symbols}", "text")]]
        return [sections[0], Section(10, heading), sections[1]]
    blocks = []
    for symbol, source, array in zip(node.definition.symbols, node.inputs, inputs, strict=True):
        if not any(source is earlier for earlier in node.inputs[: len(blocks)]) or not node.definition.elementwise:
            blocks.append(block(moment, source, array, pinned, used_elements(worked, symbol)))
    blocks.append(block(moment, node, value, pinned, [index], sign=" ="))
    sections.append(arrays_section(blocks, width))
    sections.append(Section(10, heading + write_worked(worked, width)))
    return sections


def _evaluated(moment: Moment, node: Node) -> Array:
    value = moment.evaluated_value(node)
    assert value is not None, f"{node.name} was evaluated before its consumer"
    return value


def arrays_section(blocks: list[Block], width: int) -> Section:
    """Return arrays side by side as the section that stretches."""
    most = max(len(block.cells) for block in blocks)
    full = draw_arrays(blocks, width, most + 40)
    rows = min(most, 5)
    low = len(full) - most + rows + (most > rows)
    return Section(8, draw=lambda height: draw_arrays(blocks, width, height), least=2, comfort=low, most=len(full))


def terms_section(moment: Moment, columns: Sequence[Worked], pinned: Pinned, width: int) -> Section:
    """Return the terms of a long sum as the section that stretches."""
    totals = [worked.long_sum for worked in columns if worked.long_sum is not None]
    draw = partial(
        draw_terms,
        totals,
        [worked.value for worked in columns],
        [worked.target for worked in columns] if len(columns) > 1 else ["product" if _products(columns[0]) else "term"],
        pinned_term(moment, totals[0], pinned),
        term_name(moment, totals[0]),
        grouped(moment, totals[0]),
        width,
    )
    return Section(9, draw=draw, least=3, comfort=8, most=len(draw(10_000)))


def _products(worked: Worked) -> bool:
    return "·" in worked.symbols


def _leaf(moment: Moment, node: Node, value: Array | None, pinned: Pinned, width: int) -> list[Section]:
    said = {
        "placeholder": f"{node.name} is data: it is given, and training never changes it.",
        "variable": f"{node.name} is a variable: numbers that training may change.",
        "constant": f"{node.name} is a constant: it is written in the graph.",
    }
    sections = [Section(2, prose(said.get(node.kind, ""), width, "dim"))]
    if value is None:
        return sections
    index = element_at(moment, node, value, pinned)
    by_point = is_by_point(moment, node, value.shape)
    pinned = pinned.at(index, by_point)
    sections.append(arrays_section([block(moment, node, value, pinned)], width))
    if index:
        words = describe(moment, node, index, by_point)
        sections.append(Section(10, [[(f"{RIGHT} {words}: ", "pinned"), (_element(node, index, value), "text")]]))
    if by_point and value.ndim == 2 and 1 < value.shape[1] <= 4:
        sections.append(Section(6, [[(f"  all of {describe(moment, node, index[:1], True)}: ", "dim"),
                                     (vector(value[index[0]]), "text")]]))  # fmt: skip
    return sections


def _element(node: Node, index: tuple[int, ...], value: Array) -> str:
    return f"{node.name}[{','.join(map(str, index))}] = {number(float(value[index]))}"


def _not_yet(node: Node, width: int) -> list[Section]:
    if not isinstance(node, Operation):
        return [Section(10, prose(f"{NOT_YET} not known yet: every run must be fed with it", width))]
    names = input_names(node)
    definition = node.definition
    return [
        Section(10, [[(f"{NOT_YET} not computed yet: the forward pass brings it", "text")]]),
        Section(8, prose(definition.name_symbols(definition.formula, names, node.name), width, "title")),
        Section(2, prose(definition.name_symbols(definition.reason, names, node.name), width, "dim")),
    ]


def _facts(moment: Moment, node: Node, pinned: Pinned, width: int) -> list[Section]:
    inputs, used_by = ", ".join(dict.fromkeys(input_names(node))), ", ".join(c.name for c in node.consumers)
    used_by = used_by or ("nothing: it is the loss" if node is moment.graph.loss else "nothing")
    facts: list[Line] = [[("inputs    ", "dim"), (inputs, "text")], [("used by   ", "dim"), (used_by, "text")]]
    if not inputs:
        facts.pop(0)
    elif max(len(inputs), 16) + len(used_by) + 24 <= width:
        facts = [[*facts[0], (" " * max(19 - len(inputs), 3), "text"), *facts[1]]]
    said = gradient_state(moment, node, pinned)
    if len(said) + 10 > width:
        said = said.partition(":")[0]
    sections = [Section(3, facts), Section(4, [[("gradient  ", "dim"), (said, "text")]], joined=True)]
    if moment.value_mark(node) == STALE:
        stale = f"{STALE} made with the variables as they were before the update"
        sections.append(Section(5, [[(stale, "stale")]], joined=True))
    return sections


def gradient_state(moment: Moment, node: Node, pinned: Pinned) -> str:
    """Say how far the gradient of a node is."""
    if node not in moment.graph.position:
        return "none: it does not lead to the loss"
    gradient = moment.gradient(node)
    if gradient is not None:
        if gradient.size <= 4 and gradient.ndim < 2:
            said = vector(gradient) if gradient.ndim else number(float(gradient))
            return f"{DONE} dJ/d{node.name} = {said}".replace("dJ/", f"d{moment.graph.loss.name}/", 1)
        index = element_at(moment, node, gradient, pinned)
        return f"{DONE} {shape_text(gradient.shape)}, at [{','.join(map(str, index))}] {number(float(gradient[index]))}"
    mark = moment.gradient_mark(node)
    if mark.startswith("q"):
        return f"{mark} place {mark[1:]} in the queue"
    if mark.startswith("w"):
        waits = [c.name for c in moment.graph.consumers(node) if moment.gradient(c) is None]
        return f"{mark} waits for {', '.join(waits)}"
    return f"{NOT_YET} not computed yet: the backward pass brings it"


__all__ = ["MORE", "draw_value", "element_at", "gradient_state"]
