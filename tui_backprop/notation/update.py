"""The update of a variable's element, written out: the terms of its optimizer in numbers, and what is taken off it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from math import nan
from types import MappingProxyType

import numpy as np

from minidl_core import VariableUpdated
from minidl_core.arrays import Array
from minidl_core.train import ComputedTerm, Term

from ..debugger.followed import grid_cell, grid_shape
from ..drawing.glyphs import RIGHT
from ..drawing.palette import Line
from .expression import (
    Apply,
    Entry,
    Leaf,
    Number,
    Symbol,
    Tree,
    evaluate,
    leaves,
    replace_leaves,
    symbols_in,
    write,
)
from .fitting import printable
from .formats import Notation, addition, digits_of_change, element_text, notation, number
from .names import called
from .sections import window
from .worked import Worked, computed, rounds_to, worked_formula
from .worked_rate import single

ROWS, COLUMNS = 8, 4
"""So many rows and columns around the followed element are shown, and add up as they are shown."""

Index = tuple[int, ...]
_NOTHING: Mapping[int, float] = MappingProxyType({})


def worked_terms(event: VariableUpdated, index: Index) -> list[Worked]:
    """Work out each term of the update of one element, in order."""
    known, found = _before(event, index), []
    for each in event.terms:
        symbol = each.term.symbol
        worked = worked_formula(printable(symbol), each.term.formula, known, float(each.value[index]))
        settings = event.numbers.keys() - {"t", "norm"}
        found.append(worked if worked.tree is None else replace(worked, tree=_folded(worked.tree, settings)))
        known[symbol] = _entry(symbol, each.value, index)
    return found


def step_if(event: VariableUpdated, index: Index, instead: Mapping[int, float] = _NOTHING, *, forgets: bool) -> float:
    """Return what the step of one element would be if terms came to other numbers, or if its slots had been 0.

    `instead` has numbers by the places of the terms. NaN where a formula cannot be read.
    """
    known = _before(event, index)
    if forgets:
        known |= {each.term.symbol: single(each.term.symbol, 0.0) for each in event.terms if each.term.is_slot}
    step = nan
    for place, each in enumerate(event.terms):
        step = instead[place] if place in instead else computed(each.term.formula, known)
        known[each.term.symbol] = single(each.term.symbol, step)
    return step


def left_out(event: VariableUpdated, index: Index) -> Mapping[int, float]:
    """Return the terms that correct a number, by their places, each with the number that it corrects.

    That is what the first symbol in its formula stands for that is G or a term; a slot corrects nothing.
    """
    known = {"G": float(event.gradient[index])}
    found = {}
    for place, each in enumerate(event.terms[:-1]):
        corrected = next((symbol for symbol in symbols_in(each.term.formula) if symbol in known), None)
        if corrected is not None and not each.term.is_slot:
            found[place] = known[corrected]
        known[each.term.symbol] = float(each.value[index])
    return found


def carrier(event: VariableUpdated, index: Index) -> ComputedTerm | None:
    """Return the first term whose sign makes a step go along with the gradient; None where none does."""
    step, slope = float(event.terms[-1].value[index]), float(event.gradient[index])
    for place, each in enumerate(event.terms[:-1] if step * slope < 0 else ()):
        value = float(each.value[index])
        if value * step > 0 and step_if(event, index, {place: -value}, forgets=False) * step < 0:
            return each
    return None


def why_it_moves(event: VariableUpdated, index: Index, target: str) -> str:
    """Say which way an element moves, and where that is not against its gradient, which number makes it so."""
    step, slope = float(event.terms[-1].value[index]), float(event.gradient[index])
    move = float(event.new[index] - event.old[index])
    way = f"{target} {'rises' if move > 0 else 'falls'}"
    if move == 0:
        lost = "0" if step == 0 else f"{number(step)}, less than its rounding"
        return f"{target} stays: its step is {lost}"
    if slope == 0:
        return f"yet {way}: its step is {number(step)}"
    if move * slope < 0:
        return way
    cause = carrier(event, index)
    named = "its step" if cause is None else cause.term.symbol
    return f"yet {way}: {named} = {number(step if cause is None else float(cause.value[index]))} has the other sign"


def step_text(rule: Sequence[Term], name: str, slope: str) -> str:
    """Return what is taken off a variable: the step, or, where that is the only term, its formula in names."""
    if len(rule) > 1:
        return "step"
    return re.sub(r"\b[WG]\b", lambda symbol: name if symbol[0] == "W" else slope, printable(rule[0].formula))


def _before(event: VariableUpdated, index: Index) -> dict[str, Entry]:
    """Return what symbols stand for before the first term is computed; those of slots for what they were."""
    known = {name: single(name, x) for name, x in event.numbers.items() if isinstance(x, int | float)}
    for each in event.terms:
        if each.before is not None:
            known[each.term.symbol] = _entry(each.term.symbol, each.before, index)
    return known | {"W": _entry("W", event.old, index), "G": _entry("G", event.gradient, index)}


def _entry(symbol: str, array: Array, index: Index) -> Entry:
    return Entry(symbol, symbol, (), array[index], notation(array))


def update_notations(old: Array, step: Array, new: Array, index: Index) -> tuple[Notation, Notation]:
    """Return how old value and step, and how the new value are written, so that they add up around the element.

    There are digits enough to see that the element moved.
    """
    shape = grid_shape(new.shape, False)
    row, column = grid_cell(new.shape, index, False)
    rows, columns = window(shape[0], ROWS, row), window(shape[1], COLUMNS, column)

    def near(array: Array) -> Array:
        return array.reshape(shape)[rows.start : rows.stop, columns.start : columns.stop].reshape(-1)

    # the more sums there are, the more digits it takes to make all of them add up
    least = 4 if near(new).size < 10 else 3
    digits = digits_of_change(old[index], new[index], least, np.concatenate([near(old), near(new)]))
    return addition(np.stack([near(old), -near(step)]), near(new), digits)


def worked_update(event: VariableUpdated, index: Index, fine: Notation, coarse: Notation) -> list[Line]:
    """Write what is taken off an element, and before it the step in numbers if that is the only term.

    The numbers of arrays in it have so many digits that the step comes out as it is shown.
    """
    old, step, new = (float(array[index]) for array in (event.old, event.terms[-1].value, event.new))
    moved = fine.text(-step)
    signed = f"- {moved[1:]}" if moved.startswith("-") else f"+ {moved}"
    target = element_text(called(event.node), index)
    before = fine.text(old) if old else "0"
    head, margin = (f"{RIGHT} {target}", "followed"), f"{'':{len(target) + 2}}"
    summed = f" = {before} {signed} = {coarse.text(new)}"
    tree = worked_terms(event, index)[0].tree if len(event.terms) == 1 else None
    if tree is None:
        return [[head, (summed, "text")]]
    shown = [_with_digits(tree, event, digits) for digits in range(4, 10)]
    chosen = next((each for each in shown if rounds_to(-float(evaluate(each)), moved)), shown[0])
    texts = replace_leaves(chosen, lambda leaf: Symbol(_factor(leaf)))
    subtraction = write(Apply("sum", (Symbol(before), Apply("negative", (texts,)))))
    return [[head, (f" = {subtraction}", "text")], [(f"{margin}{summed}", "text")]]


def _with_digits(tree: Tree, event: VariableUpdated, digits: int) -> Tree:
    """Return a tree with the numbers of arrays in so many digits, and the others in all of theirs."""

    def shown(leaf: Leaf) -> Tree:
        if not isinstance(leaf, Entry):
            return leaf
        text = number(leaf.value.item(), 15 if leaf.symbol in event.numbers else digits)
        return Number(float(text), text)

    return replace_leaves(tree, shown)


def _folded(tree: Tree, settings: Set[str]) -> Tree:
    """Return a tree in which what is computed from settings alone, such as 1 - β1, is one number."""
    if not isinstance(tree, Apply):
        return tree
    parts = list(leaves(tree))
    if not all(isinstance(leaf, Number) or (isinstance(leaf, Entry) and leaf.symbol in settings) for leaf in parts):
        return Apply(tree.kind, tuple(_folded(part, settings) for part in tree.parts))
    if all(isinstance(leaf, Number) for leaf in parts) or tree.kind != "sum":
        return tree
    return single(f"({write(tree)})", float(evaluate(tree)))


def _factor(leaf: Leaf) -> str:
    text = write(leaf)
    return f"({text})" if text.startswith("-") else text
