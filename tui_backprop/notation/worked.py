"""One element of a value or a gradient, worked out: the formula in this element's own numbers, down to the result.

Nothing is believed: what was read from the formula is computed and compared with the engine's number. Where the two
differ, or the formula says too little, nothing is written out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from itertools import product
from math import isclose, isfinite, isnan, nan, prod

import numpy as np

from minidl_core import Operation
from minidl_core.arrays import Array
from minidl_core.errors import GradientError

from .entries import contribution_entries, value_entries
from .expression import (
    Apply,
    Entry,
    Leaf,
    Number,
    Symbol,
    Total,
    Tree,
    UnreadableError,
    evaluate,
    leaves,
    parse,
    replace_leaves,
    write,
)
from .formats import DIGITS, Notation, element_text, notation, number
from .indexes import index_at
from .names import called

FEW = 4
"""A sum of at most so many terms is written out term by term."""

_EXTRA = range(7)
_MORE_FOR_A_SUM = 3
"""So many times the terms of a sum get a digit more before its result has fewer than in its array."""

_MORE = (0, 1, -1, 2, -2)
"""With so many decimals more than the given numbers those that are computed from them are tried."""
_CANNOT = (UnreadableError, GradientError, ArithmeticError, LookupError, TypeError, ValueError)


@dataclass(frozen=True)
class Worked:
    """An element and how it was computed.

    `target` is the element (`matmul[3,0]`), `value` the engine's number, `tree` the formula with this element's
    entries in the places of its symbols; None where it cannot be written out. `is_checked` says whether the formula is
    known to come to the number.
    """

    target: str
    value: float
    tree: Tree | None
    is_checked: bool = True

    @property
    def long_sum(self) -> Total | None:
        """The whole, where it is one sum of too many terms to be written one after the other."""
        is_long = isinstance(self.tree, Total) and self.tree.kind == "sum" and count(self.tree) > FEW
        return self.tree if is_long else None  # type: ignore[return-value]

    @property
    def entries(self) -> list[Entry]:
        """The entries that the element was computed from; those in a sum have letters in their index."""
        return [] if self.tree is None else [leaf for leaf in leaves(self.tree) if isinstance(leaf, Entry)]

    @property
    def operands(self) -> list[Entry]:
        """The single entries that it is made of, each once; none where a sum in it is too long to be written out."""
        parts = [] if self.tree is None else leaves(_expanded(self.tree))
        found = {leaf.text: leaf for leaf in parts if isinstance(leaf, Entry)}
        written_out = all(isinstance(i, int) for leaf in found.values() for i in leaf.index)
        return list(found.values()) if written_out else []

    @property
    def by_head(self) -> bool:
        """Whether a person can do it in the head: no functions, and no number of more than two digits."""
        simple = self.tree is not None and _kinds(self.tree) <= {"sum", "negative", "product", "quotient", "power"}
        operands = self.operands
        return simple and bool(operands) and all(is_short(leaf.value.item()) for leaf in operands)

    @property
    def symbols(self) -> str:
        """The formula with the names and indexes of the entries: X[3,0]·W[0,0] + X[3,1]·W[1,0]."""
        return "" if self.tree is None else write(_expanded(self.tree))

    @cached_property
    def steps(self) -> tuple[list[str], str]:
        """The formula in numbers, simplified step by step, the result last, and whether = or ≈ holds.

        With =, each step, computed as it is shown, gives the result as it is shown; wherever some number of digits
        allows it, each number of a step also follows from the step before as that is shown, and a sum that is rounded
        off has one digit less than its terms.
        """
        chain = [] if self.tree is None else [_in_numbers(_expanded(self.tree))]
        while chain and not isinstance(chain[-1], Number):
            chain.append(_simplified(chain[-1]))
        results = self._results(chain)
        before = [(step, _of_computed(step)) for step in chain[:-1]]
        adds_up: list[str] = []
        for result, given in results:
            for more in _MORE:
                shown = [_shown(step, same, given, max(given + more, 0)) for step, same in before]
                if not all(rounds_to(float(evaluate(step)), result) for step in shown):
                    continue
                texts = _distinct([*map(write, shown), result])
                if all(map(_follows, shown, shown[1:])) and (not shown or _is_coarser(result, shown[-1])):
                    return texts, "="
                adds_up = adds_up or texts
        if adds_up:
            return adds_up, "="
        sign = "≈" if self.is_checked else "="  # of a broken engine it is what that makes of it
        return _distinct([*(write(_shown(step, same, 0, 0)) for step, same in before), results[0][0]]), sign

    def _results(self, chain: list[Tree]) -> list[tuple[str, int]]:
        """Return ways to write the result, the best first, each with how many digits more its operands have.

        A copy is written as it is in its array, a result of which nothing is rounded off with all its digits, any
        other with the usual number of them, and what it is made of with more; only where that does not add up it has
        one digit less.
        """
        given = [leaf for leaf in leaves(chain[0]) if isinstance(leaf, Number)] if chain else []
        kinds = _kinds(chain[0]) if chain else set()
        if len(chain) < 2 or (len(given) == 1 and kinds == {"negative"}):
            return [(_text(Number(self.value, notation=given[0].notation if given else None), 0), 0)]
        rounded = [leaf for leaf in given if not _is_exact(_text(leaf, 0), leaf.value)]
        whole = number(self.value, 6)
        if not rounded and _is_exact(whole, self.value):
            return [(whole, extra) for extra in _EXTRA]
        fewer = [(number(self.value, DIGITS - 1), extra) for extra in _EXTRA]
        more = _EXTRA[: _MORE_FOR_A_SUM if len(rounded) > 1 and "sum" in kinds else 1]
        return [*((number(self.value), extra) for extra in more), *fewer]


def worked_value(op: Operation, inputs: Sequence[Array], output: Array, index: tuple[int, ...]) -> Worked:
    """Work out one element of an operation's value.

    `inputs` and `output` are the arrays of one run; `index` has one number for each dimension of the output.
    """
    try:
        tree = value_entries(op, inputs, output, index)
    except _CANNOT:
        tree = None
    return _checked(element_text(called(op), index), float(output[index]), tree)


def worked_contribution(
    op: Operation,
    input_index: int,
    inputs: Sequence[Array],
    output: Array,
    grad: Array,
    contribution: Array,
    index: tuple[int, ...],
    *,
    hunted: bool = False,
) -> Worked:
    """Work out one element of what an operation contributes to the gradient of its input with this index.

    `grad` is the gradient G of the operation's output; `index` has one number for each dimension of the input. Where a
    mistake is `hunted`, the formula is written out with whatever number the broken engine makes of it.
    """
    try:
        tree = contribution_entries(op, input_index, inputs, output, grad, index)
    except _CANNOT:
        tree = None
    target = element_text(called(op.inputs[input_index]), index)
    if hunted:
        return Worked(target, float(contribution[index]), tree, is_checked=False)
    return _checked(target, float(contribution[index]), tree)


def worked_formula(target: str, formula: str, known: Mapping[str, Entry], value: float) -> Worked:
    """Work out a formula of single numbers, with the entry that each of its symbols stands for."""
    return _checked(target, value, _in_entries(formula, known))


def computed(formula: str, known: Mapping[str, Entry]) -> float:
    """Return what a formula of single numbers comes to; NaN where it cannot be read."""
    tree = _in_entries(formula, known)
    try:
        return nan if tree is None else float(evaluate(tree))
    except _CANNOT:
        return nan


def symbols_of(formula: str) -> set[str]:
    """Return the symbols in a formula; none where it cannot be read."""
    try:
        return {leaf.name for leaf in leaves(parse(formula)) if isinstance(leaf, Symbol)}
    except _CANNOT:
        return set()


def _in_entries(formula: str, known: Mapping[str, Entry]) -> Tree | None:
    try:
        return replace_leaves(parse(formula), lambda leaf: known[leaf.name] if isinstance(leaf, Symbol) else leaf)
    except _CANNOT:
        return None


def _checked(target: str, value: float, tree: Tree | None) -> Worked:
    if tree is not None:
        try:
            computed = evaluate(tree)
            largest = max((float(np.max(np.abs(evaluate(leaf)), initial=0)) for leaf in leaves(tree)), default=0.0)
        except _CANNOT:
            computed = np.empty(0)
        # terms may cancel, so near is measured by the largest number that takes part
        near = 1e-12 * largest if computed.size and isfinite(largest) else 0
        if computed.size != 1 or not np.isclose(computed.item(), value, rtol=1e-9, atol=near, equal_nan=True):
            tree = None
    return Worked(target, value, tree)


def count(total: Total) -> int:
    """Return how many terms a sum has."""
    return prod(sizes(total))


def sizes(total: Total) -> tuple[int, ...]:
    """Return over how many values each letter of a sum runs."""
    shape = evaluate(total.body).shape
    return tuple(shape[axis] for axis in total.axes)


def _expanded(tree: Tree) -> Tree:
    """Write short sums out term by term."""
    match tree:
        case Total() if count(tree) <= FEW:
            terms = tuple(map(_expanded, _terms(tree)))
            return Apply(tree.kind, terms) if len(terms) > 1 else terms[0] if terms else Number(0.0)
        case Apply(kind, parts):
            return Apply(kind, tuple(map(_expanded, parts)))
        case _:
            return tree


def _terms(total: Total) -> list[Tree]:
    return [term_of(total, chosen) for chosen in product(*map(range, sizes(total)))]


def term_of(total: Total, chosen: Sequence[int]) -> Tree:
    """Return the term of a sum for these values of its letters."""
    values = dict(zip(total.letters, chosen, strict=True))

    def chosen_entry(leaf: Leaf) -> Tree:
        if not isinstance(leaf, Entry):
            return leaf
        value = leaf.value
        for axis, at in zip(total.axes, chosen, strict=True):
            value = value.take([at if value.shape[axis] > 1 else 0], axis)
        index = tuple(index_at(i, values) for i in leaf.index)
        return Entry(leaf.symbol, leaf.name, index, value, leaf.notation)

    return replace_leaves(total.body, chosen_entry)


def _in_numbers(tree: Tree) -> Tree:
    """Put numbers in the places of entries and of long sums."""
    match tree:
        case Entry():
            return Number(tree.value.item(), notation=tree.notation)
        case Total():
            return Number(evaluate(tree).item())
        case Apply(kind, parts):
            return Apply(kind, tuple(map(_in_numbers, parts)))
        case _:
            return tree


def _simplified(tree: Tree) -> Tree:
    """Compute whatever can be computed in one step; a subtracted number is a term of its sum."""
    if not isinstance(tree, Apply):
        return tree
    waiting = [part for part in tree.parts if not _is_term(part, tree.kind)]
    if tree.kind == "negative" and not waiting and isinstance(part := tree.parts[0], Number) and not part.text:
        return Number(-part.value, notation=part.notation)
    if not waiting:
        return Number(evaluate(tree).item())
    return Apply(tree.kind, tuple(_simplified(part) if part in waiting else part for part in tree.parts))


def _is_term(tree: Tree, kind: str) -> bool:
    if kind == "sum" and isinstance(tree, Apply) and tree.kind == "negative":
        return isinstance(tree.parts[0], Number)
    return isinstance(tree, Number)


def _of_computed(tree: Tree) -> Notation:
    """Return how the numbers of a tree are written that were computed: they share their decimals."""
    numbers = [leaf for leaf in leaves(tree) if isinstance(leaf, Number)]
    return notation([leaf.value for leaf in numbers if not (leaf.text or leaf.notation)])


def _shown(tree: Tree, same: Notation, given: int, computed: int) -> Tree:
    """Return the tree with its numbers as they are shown, so many decimals more for those given and those computed."""

    def show(leaf: Leaf) -> Tree:
        if not isinstance(leaf, Number) or leaf.text:
            return leaf
        text = _text(leaf, given) if leaf.notation else _text(Number(leaf.value, notation=same), computed)
        return Number(float(text), text)

    return replace_leaves(tree, show)


def _follows(before: Tree, after: Tree) -> bool:
    """Return whether every number of a step is what the step before gives for it, as both are shown."""
    match before, after:
        case _, Number(text=text):
            return rounds_to(float(evaluate(before)), text)
        case Apply(parts=given), Apply(parts=computed):
            return all(map(_follows, given, computed))
        case _:
            return True


def _is_coarser(result: str, last: Tree) -> bool:
    """Return whether a result has a digit less than each term of the sum before it; nothing rounded off needs none."""
    if not isinstance(last, Apply) or last.kind != "sum" or _is_exact(result, float(evaluate(last))):
        return True
    texts = [leaf.text for leaf in leaves(last) if isinstance(leaf, Number)]
    places = [int(Decimal(text).as_tuple().exponent) for text in texts if isfinite(float(text))]
    return not isfinite(float(result)) or min(places) < int(Decimal(result).as_tuple().exponent)


def _text(leaf: Number, extra: int) -> str:
    """Write a number as it is in its array; if that rounds it, with so many decimals more, else without zeros."""
    if leaf.text or leaf.notation is None:
        return leaf.text or number(leaf.value)
    text = leaf.notation.text(leaf.value)
    if _is_exact(text, leaf.value):
        return number(leaf.value, 15)
    return leaf.notation._replace(decimals=leaf.notation.decimals + extra).text(leaf.value) if extra else text


def is_short(value: float) -> bool:
    """Return whether a number has at most two digits."""
    return _is_exact(number(value, 2), value)


def _is_exact(text: str, value: float) -> bool:
    shown = float(text)
    return isclose(shown, value, rel_tol=1e-12) or (isnan(shown) and isnan(value))


def _kinds(tree: Tree) -> set[str]:
    """Return the kinds of computation in a tree."""
    return {tree.kind}.union(*map(_kinds, tree.parts)) if isinstance(tree, Apply) else set()


def rounds_to(computed: float, result: str) -> bool:
    """Return whether a number, rounded by hand to the digits of the shown result, is the shown result."""
    shown = Decimal(result)
    if not (isfinite(computed) and shown.is_finite()):
        return str(computed) == str(float(result))
    return Decimal(f"{computed:.15g}").quantize(shown, ROUND_HALF_UP) == shown


def _distinct(texts: list[str]) -> list[str]:
    return [text for place, text in enumerate(texts) if place == 0 or text != texts[place - 1]]
