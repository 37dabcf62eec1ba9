"""One element of a value or a gradient, worked out: from the operation's formula to this element's own numbers.

Nothing is believed: what was read from the formula is computed and compared with the engine's number. Where the two
differ, or the formula says too little, nothing is written out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from math import isfinite, prod

import numpy as np

from minidl_core import Operation
from minidl_core.gradients import gradient_rule
from minidl_core.graph import Array, Shape

from .formats import DIGITS, Notation, notation, number
from .formula import (
    Apply,
    Entry,
    Number,
    Symbol,
    Total,
    Tree,
    UnreadableError,
    element_text,
    evaluate,
    leaves,
    parse,
    replace_leaves,
    write,
)

LETTERS = "ijklmnopqrstuvwxyz"
FEW = 4
"""Sums of at most so many terms are written out term by term."""


@dataclass(frozen=True)
class Worked:
    """An element and how it was computed.

    `target` is the element (`matmul[3,0]`), `value` the engine's number, `tree` the formula with this element's
    entries in the place of its symbols; None where it cannot be written out.
    """

    target: str
    value: float
    tree: Tree | None

    @property
    def long_sum(self) -> Total | None:
        """The whole as one sum, where it has too many terms to be written one after the other."""
        return self.tree if isinstance(self.tree, Total) and count(self.tree) > FEW else None

    @property
    def symbols(self) -> str:
        """The formula with the names and indexes of this element: X[3,0]·W[0,0] + X[3,1]·W[1,0]."""
        return "" if self.tree is None else write(_expanded(self.tree))

    def steps(self) -> tuple[list[str], str]:
        """Return the formula in numbers, simplified step by step, the result last; and whether = or ≈ holds.

        Each member of the chain, computed as it is shown, gives the result as it is shown.
        """
        chain = [] if self.tree is None else [_without_totals(replace_leaves(_expanded(self.tree), _number))]
        while chain and not isinstance(chain[-1], Number):
            chain.append(_reduced(chain[-1]))
        results = self._results(chain)
        for result, extra in results:
            shown = [_shown(step, extra) for step in chain[:-1]]
            if all(_rounds_to(float(evaluate(step)), result) for step in shown):
                return _distinct([*map(write, shown), result]), "="
        return _distinct([*(write(_shown(step, 0)) for step in chain[:-1]), results[0][0]]), "≈"

    def _results(self, chain: list[Tree]) -> list[tuple[str, int]]:
        """Return how the result may be written, with how many digits more for what it is made of; the best first.

        A copy is written as its array is. Else the result has one digit less than its terms, and all digits where
        nothing is rounded off.
        """
        given = [leaf for leaf in (leaves(chain[0]) if chain else ()) if isinstance(leaf, Number)]
        copied = len(chain) < 2 or (len(chain) == 2 and len(given) == 1 and _kinds(chain[0]) == {"negative"})
        if copied:
            return [(_number_text(Number(self.value, notation=given[0].notation if given else None), 0), 0)]
        rounded = [leaf for leaf in given if not _is_exact(_number_text(leaf, 0), leaf.value)]
        if not rounded:
            full = number(self.value, 6)
            if _is_exact(full, self.value):
                return [(full, extra) for extra in range(7)]
        fewer = [(number(self.value, DIGITS - 1), extra) for extra in range(7)]
        return fewer if len(rounded) > 1 and "sum" in _kinds(chain[0]) else [(number(self.value), 0), *fewer]


def worked_value(op: Operation, inputs: Sequence[Array], output: Array, index: tuple[int, ...]) -> Worked:
    """Work out one element of an operation's value.

    `inputs` and `output` are the arrays of one run, `index` has one number for each dimension of the output.
    """
    value = float(output[index])
    try:
        tree = _forward(op, inputs, output, index)
    except (UnreadableError, ValueError, TypeError, IndexError):
        tree = None
    return _checked(element_text(op.name, index), value, tree)


def worked_contribution(
    op: Operation, slot: int, inputs: Sequence[Array], output: Array, grad: Array, contribution: Array, index: Shape
) -> Worked:
    """Work out one element of what an operation contributes to the gradient of the input in this slot.

    `grad` is the gradient G of the operation's output; `index` is of the input.
    """
    value = float(contribution[index])
    try:
        tree = _backward(op, slot, inputs, output, grad, index)
    except (UnreadableError, ValueError, TypeError, IndexError):
        tree = None
    return _checked(element_text(op.inputs[slot].name, index), value, tree)


def in_letters(op: Operation, slot: int, inputs: Sequence[Array], output: Array) -> tuple[str, str]:
    """Return the operation for any of its elements, and the element of this input in it: "y[i,j] = x[i,j] + b[j]", "b[j]".

    Both are '' where the formula does not say.
    """
    definition = op.definition
    names = [source.name for source in op.inputs]
    try:
        if " = " in definition.element:
            _, right = _element_formula(op)
            body = right.body if isinstance(right, Total) else right
            own = next(leaf for leaf in leaves(body) if isinstance(leaf, Symbol) and leaf.name == definition.symbols[slot])
            return definition.name_symbols(definition.element, names, op.name), element_text(names[slot], _letters(own))
        if not definition.elementwise:
            return "", ""
        shapes = dict(zip(definition.symbols, (array.shape for array in inputs), strict=True))
        named = dict(zip(definition.symbols, names, strict=True))
        tree = parse(definition.formula.partition(" = ")[2])
    except (UnreadableError, StopIteration):
        return "", ""

    def letters(shape: Shape) -> tuple[str, ...]:
        missing = output.ndim - len(shape)
        return tuple(
            "0" if size == 1 < output.shape[axis] else LETTERS[axis] for axis, size in enumerate(shape, missing)
        )

    def name(leaf: Number | Symbol | Entry) -> Tree:
        known = isinstance(leaf, Symbol) and leaf.name in shapes
        return Symbol(named[leaf.name], letters(shapes[leaf.name])) if known else leaf  # type: ignore[union-attr]

    whole = f"{element_text(op.name, letters(output.shape))} = {write(replace_leaves(tree, name))}"
    return whole, element_text(names[slot], letters(inputs[slot].shape))


def _checked(target: str, value: float, tree: Tree | None) -> Worked:
    if tree is not None:
        computed = evaluate(tree)
        largest = max((float(np.max(np.abs(evaluate(leaf)), initial=0)) for leaf in leaves(tree)), default=0)
        if computed.size != 1 or not np.isclose(
            computed.item(), value, rtol=1e-9, atol=1e-12 * largest if isfinite(largest) else 0, equal_nan=True
        ):
            tree = None
    return Worked(target, value, tree)


def count(total: Total) -> int:
    """Return how many terms a sum has."""
    return prod(evaluate(total.body).shape[axis] for axis in total.axes)


def terms_of(total: Total) -> dict[tuple[int, ...], Tree]:
    """Return the terms of a short sum, each under the values that the letters have in it."""
    shape = evaluate(total.body).shape
    keys = product(*(range(shape[axis]) for axis in total.axes))
    return {key: _at(total.body, dict(zip(total.letters, zip(total.axes, key, strict=True), strict=True))) for key in keys}


def _at(tree: Tree, chosen: dict[str, tuple[int, int]]) -> Tree:
    """Return the tree with these letters (letter: its axis and value) replaced by their values."""

    def fix(leaf: Number | Symbol | Entry) -> Tree:
        if not isinstance(leaf, Entry):
            return leaf
        value = leaf.value
        for axis, at in chosen.values():
            if value.shape[axis] > 1:
                value = np.take(value, [at], axis)
        index = tuple(chosen[i][1] if i in chosen else i for i in leaf.index)  # type: ignore[index]
        return Entry(leaf.symbol, leaf.name, index, value, leaf.notation)

    return replace_leaves(tree, fix)


def _expanded(tree: Tree) -> Tree:
    """Write short sums out term by term."""
    match tree:
        case Total() if count(tree) <= FEW:
            terms = tuple(map(_expanded, terms_of(tree).values()))
            return Apply("sum", terms) if len(terms) > 1 else terms[0]
        case Apply(kind, parts):
            return Apply(kind, tuple(map(_expanded, parts)))
        case _:
            return tree


# ---------------------------------------------------------------------------------------- formula to entries


class _Binding:
    """Finds the entries that the symbols of a formula mean at one element."""

    def __init__(self, op: Operation, inputs: Sequence[Array], output: Array, grad: Array | None) -> None:
        definition = op.definition
        self.op = op
        self.arrays = dict(zip(definition.symbols, inputs, strict=True)) | {"Y": output}
        self.names = {symbol: node.name for symbol, node in zip(definition.symbols, op.inputs, strict=True)}
        self.names["Y"] = op.name
        if grad is not None:
            self.arrays["G"] = grad
            self.names["G"] = "G"
        self.letters: list[str] = []

    def number(self, name: str, reduced: int) -> Number:
        """Return the number that a name other than an array's stands for: an attribute, or n, how many were reduced."""
        attribute = self.op.attributes.get(name)
        if isinstance(attribute, int | float) and not isinstance(attribute, bool):
            return Number(float(attribute), number(attribute))
        if name == "n" and reduced:
            return Number(float(reduced), str(reduced))
        raise UnreadableError(f"what is {name}?")

    def entry(self, symbol: str, index: Sequence[int | str]) -> Entry:
        """Return a symbol's entry; letters in the index run over all values."""
        array = self.arrays[symbol]
        if len(index) != array.ndim:
            raise UnreadableError(f"{symbol} has {array.ndim} dimensions, not {len(index)}")
        free = [i for i in index if isinstance(i, str)]
        if len(set(free)) < len(free):
            raise UnreadableError(f"a letter twice in {symbol}")
        value = array[tuple(slice(None) if isinstance(i, str) else i for i in index)]
        order = sorted(free, key=self.letters.index)
        value = value.transpose([free.index(letter) for letter in order])
        shape = iter(value.shape)
        value = value.reshape([next(shape) if letter in free else 1 for letter in self.letters])
        return Entry(symbol, self.names[symbol], tuple(index), value, notation(array))

    def total(self, body: Tree, letters: Sequence[str]) -> Tree:
        """Return the sum of a body over these letters."""
        if not letters:
            return body
        return Total(body, tuple(letters), tuple(self.letters.index(letter) for letter in letters))


def _forward(op: Operation, inputs: Sequence[Array], output: Array, index: tuple[int, ...]) -> Tree:
    binding = _Binding(op, inputs, output, None)
    if " = " in op.definition.element:
        left, right = _element_formula(op)
        return _bind_element(binding, right, dict(zip(_letters(left), index, strict=True)))
    tree = parse(op.definition.formula.partition(" = ")[2])
    place = _Place(binding, tree)
    return place.bind(tree, place.from_output(index))


def _backward(
    op: Operation, slot: int, inputs: Sequence[Array], output: Array, grad: Array, index: tuple[int, ...]
) -> Tree:
    binding = _Binding(op, inputs, output, grad)
    symbol = op.definition.symbols[slot]
    if " = " in op.definition.element:
        left, right = _element_formula(op)
        body = right.body if isinstance(right, Total) else right
        factors = body.parts if isinstance(body, Apply) and body.kind == "product" else (body,)
        if not all(isinstance(factor, Symbol) for factor in factors):
            raise UnreadableError("a slope is read from a product only")
        [own] = [factor for factor in factors if isinstance(factor, Symbol) and factor.name == symbol]
        changed = tuple(Symbol("G", _letters(left)) if factor is own else factor for factor in factors)
        body = Apply("product", changed) if len(changed) > 1 else changed[0]
        return _bind_element(binding, body, dict(zip(_letters(own), index, strict=True)))
    tree = parse(gradient_rule(op).formula_for(slot))
    place = _Place(binding, tree)
    position = place.from_input(symbol, index)
    body = place.bind(tree, position)
    return binding.total(body, [i for i in position if isinstance(i, str)])


def _element_formula(op: Operation) -> tuple[Symbol, Tree]:
    left, _, right = op.definition.element.partition(" = ")
    output = parse(left)
    if not isinstance(output, Symbol):
        raise UnreadableError(left)
    return output, parse(right)


def _letters(symbol: Tree) -> tuple[str, ...]:
    if not isinstance(symbol, Symbol) or symbol.letters is None:
        raise UnreadableError("an element without an index")
    return symbol.letters


def _bind_element(binding: _Binding, tree: Tree, known: dict[str, int]) -> Tree:
    """Bind a formula whose symbols have letters; the sum runs over the letters that are not known."""
    body = tree.body if isinstance(tree, Total) else tree
    used = [letter for leaf in leaves(body) if isinstance(leaf, Symbol) for letter in _letters(leaf)]
    binding.letters = [letter for letter in dict.fromkeys(used) if letter not in known]

    def entry(leaf: Number | Symbol | Entry) -> Tree:
        return binding.entry(leaf.name, [known.get(i, i) for i in _letters(leaf)]) if isinstance(leaf, Symbol) else leaf

    return binding.total(replace_leaves(body, entry), binding.letters)


class _Place:
    """Where an element is in formulas without indexes: a position in the shape over which all arrays are spread out.

    For an elementwise operation that is the shape of its output, for one with an axis the shape of its input.
    """

    def __init__(self, binding: _Binding, tree: Tree) -> None:
        self.binding = binding
        op = binding.op
        shapes = [array.shape for array in binding.arrays.values()]
        self.full = max(shapes, key=lambda shape: (len(shape), prod(shape)))
        self.axes: tuple[int, ...] = ()
        if "axis" in op.attributes:
            axis = op.attributes["axis"]
            given = range(len(self.full)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
            self.axes = tuple(sorted(int(a) % len(self.full) for a in given))
        elif op.definition.elementwise:
            self.full = binding.arrays["Y"].shape
        elif len(set(shapes)) > 1 or _is_product(tree):
            raise UnreadableError("which elements?")
        binding.letters = list(LETTERS[: len(self.full)])
        self.reduced = prod(self.full[axis] for axis in self.axes)

    def from_output(self, index: tuple[int, ...]) -> list[int | str]:
        """Return the position of an element of the output; letters where it was made of several."""
        shape = self.binding.arrays["Y"].shape
        if shape == self.full:
            return list(index)
        rest = iter(index if len(shape) < len(self.full) else [i for a, i in enumerate(index) if a not in self.axes])
        return [LETTERS[axis] if axis in self.axes else next(rest) for axis in range(len(self.full))]

    def from_input(self, symbol: str, index: tuple[int, ...]) -> list[int | str]:
        """Return the position of an element of an input; letters where broadcasting copied it."""
        missing = len(self.full) - len(index)
        position: list[int | str] = list(LETTERS[:missing])
        for axis, (i, size) in enumerate(zip(index, self.binding.arrays[symbol].shape, strict=True), missing):
            position.append(LETTERS[axis] if size == 1 < self.full[axis] else i)
        return position

    def bind(self, tree: Tree, position: Sequence[int | str], summed: bool = False) -> Tree:
        """Return the tree with its symbols replaced by their entries at this position."""
        match tree:
            case Total(body):
                if not self.axes or summed:
                    raise UnreadableError("a sum over what?")
                along = [LETTERS[axis] if axis in self.axes else i for axis, i in enumerate(position)]
                return self.binding.total(self.bind(body, along, True), [LETTERS[axis] for axis in self.axes])
            case Apply(kind, parts):
                return Apply(kind, tuple(self.bind(part, position, summed) for part in parts))
            case Symbol(name, None):
                if name not in self.binding.arrays:
                    return self.binding.number(name, self.reduced)
                entry = self.binding.entry(name, self._index(self.binding.arrays[name].shape, position))
                if not summed and self.axes and any(i == LETTERS[a] for a in self.axes for i in entry.index):
                    raise UnreadableError("one of several")
                return entry
            case Symbol():
                raise UnreadableError("letters here, but none in the operation")
            case _:
                return tree

    def _index(self, shape: Shape, position: Sequence[int | str]) -> list[int | str]:
        if self.axes and len(shape) < len(self.full):
            kept = [i for axis, i in enumerate(position) if axis not in self.axes]
        else:
            kept = list(position[len(position) - len(shape) :])
        spread = self.full[len(self.full) - len(shape) :]
        if self.axes and len(shape) < len(self.full):
            return kept
        return [0 if size == 1 < full else i for i, size, full in zip(kept, shape, spread, strict=True)]


def _is_product(tree: Tree) -> bool:
    """Return whether two arrays are multiplied: in an operation of its own kind that may be a product of matrices."""
    match tree:
        case Apply("product", parts) if sum(not isinstance(part, Number) for part in parts) > 1:
            return True
        case Apply(_, parts):
            return any(map(_is_product, parts))
        case Total(body):
            return _is_product(body)
        case _:
            return False


# ---------------------------------------------------------------------------------------- entries to shown numbers


def _number(leaf: Number | Symbol | Entry) -> Tree:
    """Replace an entry by its number, or, within a long sum, keep it."""
    return Number(leaf.value.item(), notation=leaf.notation) if isinstance(leaf, Entry) and leaf.value.size == 1 else leaf


def _without_totals(tree: Tree) -> Tree:
    """Replace long sums by their numbers."""
    match tree:
        case Total():
            return Number(evaluate(tree).item())
        case Apply(kind, parts):
            return Apply(kind, tuple(map(_without_totals, parts)))
        case _:
            return tree


def _reduced(tree: Tree) -> Tree:
    """Compute whatever can be computed in one step."""
    if not isinstance(tree, Apply):
        return tree
    if all(isinstance(part, Number) or (tree.kind == "sum" and _is_negated(part)) for part in tree.parts):
        return Number(evaluate(tree).item())
    return Apply(tree.kind, tuple(part if tree.kind == "sum" and _is_negated(part) else _reduced(part) for part in tree.parts))


def _is_negated(tree: Tree) -> bool:
    return isinstance(tree, Apply) and tree.kind == "negative" and isinstance(tree.parts[0], Number)


def _shown(tree: Tree, extra: int) -> Tree:
    """Return the tree with its numbers as they are shown, those that were computed with the same decimals."""
    computed = [leaf.value for leaf in leaves(tree) if isinstance(leaf, Number) and not leaf.text and not leaf.notation]
    same = notation(computed)

    def show(leaf: Number | Symbol | Entry) -> Tree:
        assert isinstance(leaf, Number)
        text = _number_text(leaf if leaf.text or leaf.notation else Number(leaf.value, notation=same), extra)
        return Number(float(text), text)

    return replace_leaves(tree, show)


def _number_text(leaf: Number, extra: int) -> str:
    """Write a number with more decimals than its array is shown with, where it has more."""
    if leaf.text or leaf.notation is None:
        return leaf.text or number(leaf.value)
    text = leaf.notation.text(leaf.value)
    if _is_exact(text, leaf.value):
        return number(leaf.value, 15)
    if not extra:
        return text
    return leaf.notation._replace(decimals=leaf.notation.decimals + extra).text(leaf.value)


def _is_exact(text: str, value: float) -> bool:
    return bool(np.isclose(float(text), value, rtol=1e-12, atol=0, equal_nan=True))


def _kinds(tree: Tree) -> set[str]:
    """Return the kinds of computation in a tree."""
    return {tree.kind}.union(*map(_kinds, tree.parts)) if isinstance(tree, Apply) else set()


def _rounds_to(computed: float, result: str) -> bool:
    """Tell whether a number is the shown result, rounded to its digits."""
    shown = Decimal(result)
    if not (isfinite(computed) and shown.is_finite()):
        return str(computed) == str(float(result))
    unit = Decimal(1).scaleb(int(shown.as_tuple().exponent))
    return abs(Decimal(computed) - shown) <= unit * Decimal("0.5000001")


def _distinct(texts: list[str]) -> list[str]:
    return [text for place, text in enumerate(texts) if place == 0 or text != texts[place - 1]]
