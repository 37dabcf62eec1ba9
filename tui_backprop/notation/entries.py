"""Which elements of which arrays the symbols of a formula stand for, where it is computed for one element."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod

import numpy as np

from minidl_core import Operation
from minidl_core.arrays import Array, Shape
from minidl_core.gradients import gradient_rule

from .expression import (
    Apply,
    Entry,
    Number,
    Symbol,
    Total,
    Tree,
    UnreadableError,
    element_text,
    leaves,
    parse,
    replace_leaves,
    write,
)
from .fitting import cut
from .formats import notation, number
from .formulas import axes_of

LETTERS = "ijklmnopqrstuvwxyz"
NAME_LENGTH = 24
_MOST_NUMBERED = 1_000_000
_MOST_COPIES = 8

Index = Sequence[int | str]
"""The index of an element; a letter stands for every position along its axis."""


def value_entries(op: Operation, inputs: Sequence[Array], output: Array, index: tuple[int, ...]) -> Tree:
    """Return an operation's formula with the entries that one element of its output is computed from.

    Raises UnreadableError where the formula does not say which entries these are.
    """
    arrays = _Arrays(op, inputs, output)
    if op.definition.copies:
        return _copied(arrays, inputs, int(_numbered(op, inputs)[index]))
    if _names_elements(op):
        left, right = _element_formula(op)
        return _bound(arrays, right, dict(zip(_letters(left), index, strict=True)))
    tree = parse(op.definition.formula.partition(" = ")[2])
    space = _Space(arrays, tree)
    return space.bound(tree, space.position_of_output(index))


def contribution_entries(
    op: Operation, input_index: int, inputs: Sequence[Array], output: Array, grad: Array, index: tuple[int, ...]
) -> Tree:
    """Return the formula of the gradient of one input with the entries that one of its elements is computed from.

    Where the operation's formula names the elements, the gradient's is made from it: the slope of a product is the
    product of the other factors, so G stands for the input, and the sum runs over all elements for which
    this one was used. Raises UnreadableError where the formula does not say which entries these are.
    """
    arrays = _Arrays(op, inputs, output, grad)
    symbol = op.definition.symbols[input_index]
    if op.definition.copies:
        number = sum(array.size for array in inputs[:input_index]) + _place(index, inputs[input_index].shape)
        return _copies(arrays, np.argwhere(_numbered(op, inputs) == number).tolist())
    if _names_elements(op):
        left, right = _element_formula(op)
        product = _under_sum(right)
        factors = product.parts if isinstance(product, Apply) and product.kind == "product" else (product,)
        own = [factor for factor in factors if isinstance(factor, Symbol) and factor.name == symbol]
        if len(own) != 1 or not all(isinstance(factor, Symbol) for factor in factors):
            raise UnreadableError("only of a product is the slope known")
        changed = tuple(Symbol("G", _letters(left)) if factor is own[0] else factor for factor in factors)
        body = Apply("product", changed) if len(changed) > 1 else changed[0]
        return _bound(arrays, body, dict(zip(_letters(own[0]), index, strict=True)))
    tree = parse(gradient_rule(op).formula_for(input_index))
    space = _Space(arrays, tree)
    position = space.position_of_input(symbol, index)
    return arrays.total(space.bound(tree, position), [i for i in position if isinstance(i, str)])


def in_letters(op: Operation, input_index: int, inputs: Sequence[Array], output: Array) -> tuple[str, str]:
    """Return the formula for any element, and the element of one input in it: `y[i,j] = x[i,j] + b[j]` and `b[j]`.

    Raises UnreadableError where the formula does not say.
    """
    arrays = _Arrays(op, inputs, output)
    symbol = op.definition.symbols[input_index]
    if _names_elements(op):
        left, tree = _element_formula(op)
    elif op.definition.elementwise:
        tree = parse(op.definition.formula.partition(" = ")[2])
        position = list(LETTERS[: output.ndim])
        left = Symbol("Y", tuple(position))

        def placed(leaf: Number | Symbol | Entry) -> Tree:
            if not isinstance(leaf, Symbol) or leaf.name not in arrays.values:
                return leaf
            index = broadcast_index(position, arrays.values[leaf.name].shape, output.shape)
            return Symbol(leaf.name, tuple(map(str, index)))

        tree = replace_leaves(tree, placed)
    else:
        raise UnreadableError("no elements are named")
    own = next((leaf for leaf in leaves(tree) if isinstance(leaf, Symbol) and leaf.name == symbol), None)
    if own is None:
        raise UnreadableError(f"{symbol} is not in the formula")

    def named(leaf: Number | Symbol | Entry) -> Tree:
        return Symbol(arrays.names.get(leaf.name, leaf.name), leaf.letters) if isinstance(leaf, Symbol) else leaf

    whole = f"{write(named(left))} = {write(replace_leaves(tree, named))}"
    return whole, element_text(arrays.names[symbol], _letters(own))


def broadcast_index(position: Index, shape: Shape, full: Shape) -> list[int | str]:
    """Return which element of an array of this shape broadcasting puts at a position of the full shape."""
    missing = len(full) - len(shape)
    return [0 if size == 1 < full[axis] else position[axis] for axis, size in enumerate(shape, missing)]


class _Arrays:
    """The arrays behind the symbols of an operation's formulas, and their names."""

    def __init__(self, op: Operation, inputs: Sequence[Array], output: Array, grad: Array | None = None) -> None:
        self.op = op
        self.letters: list[str] = []
        self.values = dict(zip(op.definition.symbols, inputs, strict=True)) | {"Y": output}
        nodes = (*op.inputs, op)
        self.names = {symbol: cut(node.name, NAME_LENGTH) for symbol, node in zip(self.values, nodes, strict=True)}
        if grad is not None:
            self.values["G"] = grad
            self.names["G"] = "G"

    def entry(self, symbol: str, index: Index) -> Entry:
        """Return the entry of an array at an index."""
        array = self.values.get(symbol)
        free = [i for i in index if isinstance(i, str)]
        if array is None or len(index) != array.ndim or len(set(free)) < len(free):
            raise UnreadableError(f"{symbol}[{index}] is not an element")
        value = array[tuple(slice(None) if isinstance(i, str) else i for i in index)]
        value = value.transpose([free.index(letter) for letter in self.letters if letter in free])
        sizes = iter(value.shape)
        value = value.reshape([next(sizes) if letter in free else 1 for letter in self.letters])
        return Entry(symbol, self.names[symbol], tuple(index), value, notation(array))

    def total(self, body: Tree, letters: Iterable[str]) -> Tree:
        """Return the sum of a body over these letters, if there are any."""
        over = tuple(letters)
        return Total(body, over, tuple(map(self.letters.index, over))) if over else body


# operations that copy entries: where each comes from is found by letting them copy numbers that count the entries


def _numbered(op: Operation, inputs: Sequence[Array]) -> Array:
    """Return for each entry of the output the number, from 1, of the input's entry that it is, or 0."""
    if sum(array.size for array in inputs) > _MOST_NUMBERED:
        raise UnreadableError("too many entries to follow")
    count, numbers = 1, []
    for input_index, array in enumerate(inputs):
        is_copied = input_index == 0 or op.definition.symbols[0] == "A1"  # of a list, all are
        numbers.append(np.arange(count, count + array.size, dtype=float).reshape(array.shape) if is_copied else array)
        count += array.size
    return np.asarray(op.definition.bind(op.attributes)(*numbers))


def _place(index: tuple[int, ...], shape: Shape) -> int:
    return 1 + (int(np.ravel_multi_index(index, shape)) if shape else 0)


def _copied(arrays: _Arrays, inputs: Sequence[Array], number: int) -> Tree:
    """Return the entry of an input that has this number."""
    for symbol, array in zip(arrays.op.definition.symbols, inputs, strict=True):
        if 0 < number <= array.size:
            return arrays.entry(symbol, [int(i) for i in np.unravel_index(number - 1, array.shape)])
        number -= array.size
    return Number(0.0, "0")


def _copies(arrays: _Arrays, places: Sequence[Sequence[int]]) -> Tree:
    """Return the sum of the entries of G at these places of the output."""
    if len(places) > _MOST_COPIES:
        raise UnreadableError("too many copies to be written one after the other")
    entries = tuple(arrays.entry("G", place) for place in places)
    return Apply("sum", entries) if len(entries) > 1 else entries[0] if entries else Number(0.0, "0")


# operations that name their elements: Y[i,j] = Σ A[i,k]·B[k,j]


def _names_elements(op: Operation) -> bool:
    return " = " in op.definition.element


def _element_formula(op: Operation) -> tuple[Symbol, Tree]:
    left, _, right = op.definition.element.partition(" = ")
    output = parse(left)
    if not isinstance(output, Symbol):
        raise UnreadableError(f"{left} is not an element")
    return output, parse(right)


def _under_sum(tree: Tree) -> Tree:
    return tree.body if isinstance(tree, Total) else tree


def _letters(symbol: Symbol) -> tuple[str, ...]:
    if symbol.letters is None:
        raise UnreadableError(f"which element of {symbol.name}?")
    return symbol.letters


def _bound(arrays: _Arrays, tree: Tree, known: dict[str, int]) -> Tree:
    """Return the tree with its entries where some letters are known; the sum runs over the others."""
    body = _under_sum(tree)
    used = [letter for leaf in leaves(body) if isinstance(leaf, Symbol) for letter in _letters(leaf)]
    arrays.letters = [letter for letter in dict.fromkeys(used) if letter not in known]

    def entry(leaf: Number | Symbol | Entry) -> Tree:
        if not isinstance(leaf, Symbol):
            return leaf
        return arrays.entry(leaf.name, [known.get(letter, letter) for letter in _letters(leaf)])

    return arrays.total(replace_leaves(body, entry), arrays.letters)


# operations that do not: element by element, or along an axis


class _Space:
    """The shape over which all arrays of a formula without indexes are spread out; an element has a position in it.

    For an elementwise operation it is the shape of the output, for one with an axis the shape of the input, whose
    reduced `axes` a sum runs along.
    """

    def __init__(self, arrays: _Arrays, tree: Tree) -> None:
        op = arrays.op
        shapes = [array.shape for array in arrays.values.values()]
        self.arrays = arrays
        self.sums = "axis" in op.attributes
        self.axes: tuple[int, ...] = ()
        self.shape = arrays.values["Y"].shape
        if self.sums:
            self.shape = max(shapes, key=len)
            self.axes = axes_of(op, self.shape)
        elif not op.definition.elementwise and (len(set(shapes)) > 1 or _multiplies(tree)):
            # it may be a product of matrices, or put its entries elsewhere
            raise UnreadableError("which elements?")
        arrays.letters = list(LETTERS[: len(self.shape)])

    def position_of_output(self, index: tuple[int, ...]) -> list[int | str]:
        """Return the position of an element of the output, with letters where several were made into one."""
        output = self.arrays.values["Y"].shape
        if output == self.shape:
            return list(index)
        kept = iter(index if len(output) < len(self.shape) else [i for a, i in enumerate(index) if a not in self.axes])
        return [LETTERS[axis] if axis in self.axes else next(kept) for axis in range(len(self.shape))]

    def position_of_input(self, symbol: str, index: tuple[int, ...]) -> list[int | str]:
        """Return the position of an element of an input, with letters where broadcasting copied it."""
        missing = len(self.shape) - len(index)
        known = [*LETTERS[:missing], *index]
        sizes = [0] * missing + list(self.arrays.values[symbol].shape)
        return [LETTERS[axis] if size == 1 < self.shape[axis] else known[axis] for axis, size in enumerate(sizes)]

    def bound(self, tree: Tree, position: Index, summing: bool = False) -> Tree:
        """Return the tree with its entries at this position."""
        match tree:
            case Total(body):
                if summing or not self.sums:
                    raise UnreadableError("a sum over what?")
                along = [LETTERS[axis] if axis in self.axes else i for axis, i in enumerate(position)]
                return self.arrays.total(self.bound(body, along, True), [LETTERS[axis] for axis in self.axes])
            case Apply("max", (Symbol(name, None),)) if self.sums and name in self.arrays.values:
                return self._largest(name, position)
            case Apply(kind, parts):
                return Apply(kind, tuple(self.bound(part, position, summing) for part in parts))
            case Symbol(name, None) if name in self.arrays.values:
                entry = self.arrays.entry(name, self._index(self.arrays.values[name].shape, position))
                if self.sums and not summing and any(isinstance(i, str) for i in entry.index):
                    raise UnreadableError(f"which of several elements of {name}?")
                return entry
            case Symbol(name, None):
                return self._number(name)
            case Symbol():
                raise UnreadableError("an element in a formula without elements")
            case _:
                return tree

    def _largest(self, name: str, position: Index) -> Entry:
        """Return the largest entry of an array along the axes, at a position: `max A` in a formula."""
        array = self.arrays.values[name]
        largest = array.max(axis=self.axes)
        index = tuple([i for axis, i in enumerate(position) if axis not in self.axes])
        if array.shape != self.shape or any(isinstance(i, str) for i in index):
            raise UnreadableError(f"which entries of {name}?")
        value = np.reshape(largest[index], (1,) * len(self.arrays.letters))
        return Entry(f"max {name}", f"max {self.arrays.names[name]}", index, value, notation(array))

    def _index(self, shape: Shape, position: Index) -> Index:
        if self.sums and len(shape) < len(self.shape):
            return [i for axis, i in enumerate(position) if axis not in self.axes]
        return broadcast_index(position, shape, self.shape)

    def _number(self, name: str) -> Number:
        """Return the number behind another name: an attribute, or n, how many entries are made into one."""
        value = self.arrays.op.attributes.get(name)
        if name == "n" and self.sums:
            value = prod(self.shape[axis] for axis in self.axes)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise UnreadableError(f"what is {name}?")
        return Number(float(value), number(value))


def _multiplies(tree: Tree) -> bool:
    """Return whether arrays are multiplied with each other."""
    match tree:
        case Apply(kind, parts):
            arrays = [part for part in parts if any(isinstance(leaf, Symbol) for leaf in leaves(part))]
            return (kind == "product" and len(arrays) > 1) or any(map(_multiplies, parts))
        case Total(body):
            return _multiplies(body)
        case _:
            return False
