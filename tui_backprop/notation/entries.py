"""Which elements of which arrays the symbols of a formula stand for, where it is computed for one element."""

from __future__ import annotations

from collections.abc import Sequence
from math import pi, prod

import numpy as np

from minidl_core import Operation
from minidl_core.arrays import Array, Shape
from minidl_core.gradients import gradient_rule

from .elements import element_formula
from .expression import (
    OF_AN_ARRAY,
    Apply,
    Entry,
    Number,
    Symbol,
    Total,
    Tree,
    UnreadableError,
    leaves,
    parse,
    replace_leaves,
    write,
)
from .formats import element_text, notation, number
from .formulas import axes_of
from .indexes import Index
from .operands import Arrays

LETTERS = "ijklmnopqrstuvwxyz"
_MOST_NUMBERED = 1_000_000
_MOST_COPIES = 8


def value_entries(op: Operation, inputs: Sequence[Array], output: Array, index: tuple[int, ...]) -> Tree:
    """Return an operation's formula with the entries that one element of its output is computed from.

    Raises UnreadableError where the formula does not say which entries these are.
    """
    arrays = Arrays(op, inputs, output)
    if op.definition.copies:
        return _copied(arrays, inputs, int(_numbered(op, inputs)[index]))
    formula = element_formula(arrays)
    if formula is not None:
        return formula.of_output(index)
    tree = parse(op.definition.formula.partition(" = ")[2])
    space = _Space(arrays, tree)
    position = space.position_of_output(index)
    if isinstance(tree, Apply) and tree.kind in ("max", "min", "argmax") and len(tree.parts) == 1:
        return space.reduced(tree.kind, tree.parts[0], position)
    return space.bound(tree, position)


def contribution_entries(
    op: Operation, input_index: int, inputs: Sequence[Array], output: Array, grad: Array, index: tuple[int, ...]
) -> Tree:
    """Return the formula of the gradient of one input with the entries that one of its elements is computed from.

    Where the operation's formula names the elements, the gradient's is made from it: the slope of a product is the
    product of the other factors, so G stands for the input, and the sum runs over all elements for which
    this one was used. Raises UnreadableError where the formula does not say which entries these are.
    """
    arrays = Arrays(op, inputs, output, grad)
    symbol = op.definition.symbols[input_index]
    if op.definition.copies:
        number = sum(array.size for array in inputs[:input_index]) + _place(index, inputs[input_index].shape)
        return _copies(arrays, np.argwhere(_numbered(op, inputs) == number).tolist())
    formula = element_formula(arrays)
    if formula is not None and formula.has_slopes(symbol):
        return formula.of_input(symbol, index)
    tree = parse(gradient_rule(op).formula_for(input_index))
    space = _Space(arrays, tree)
    position = space.position_of_input(symbol, index)
    return arrays.total(space.bound(tree, position), [i for i in position if isinstance(i, str)])


def in_letters(op: Operation, input_index: int, inputs: Sequence[Array], output: Array) -> tuple[str, str]:
    """Return the formula for any element, and the element of one input in it: `y[i,j] = x[i,j] + b[j]` and `b[j]`.

    Raises UnreadableError where the formula does not say.
    """
    arrays = Arrays(op, inputs, output)
    symbol = op.definition.symbols[input_index]
    formula = element_formula(arrays)
    if formula is not None:
        left, tree = formula.left, formula.right
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
    return whole, element_text(arrays.names[symbol], own.letters or ())


def broadcast_index(position: Index, shape: Shape, full: Shape) -> list[int | str]:
    """Return which element of an array of this shape broadcasting puts at a position of the full shape."""
    missing = len(full) - len(shape)
    return [0 if size == 1 < full[axis] else position[axis] for axis, size in enumerate(shape, missing)]


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


def _copied(arrays: Arrays, inputs: Sequence[Array], number: int) -> Tree:
    """Return the entry of an input that has this number."""
    for symbol, array in zip(arrays.op.definition.symbols, inputs, strict=True):
        if 0 < number <= array.size:
            return arrays.entry(symbol, [int(i) for i in np.unravel_index(number - 1, array.shape)])
        number -= array.size
    return Number(0.0, "0")


def _copies(arrays: Arrays, places: Sequence[Sequence[int]]) -> Tree:
    """Return the sum of the entries of G at these places of the output."""
    if len(places) > _MOST_COPIES:
        raise UnreadableError("too many copies to be written one after the other")
    entries = tuple(arrays.entry("G", place) for place in places)
    return Apply("sum", entries) if len(entries) > 1 else entries[0] if entries else Number(0.0, "0")


# operations that do not: element by element, or along an axis


class _Space:
    """The shape over which all arrays of a formula without indexes are spread out; an element has a position in it.

    For an elementwise operation it is the shape of the output, for one with an axis the shape of the input, whose
    reduced `axes` a sum runs along.
    """

    def __init__(self, arrays: Arrays, tree: Tree) -> None:
        op = arrays.op
        shapes = [array.shape for array in arrays.values.values()]
        self.arrays = arrays
        self.sums = "axis" in op.attributes
        self.axes: tuple[int, ...] = ()
        self.shape = arrays.values["Y"].shape
        if self.sums:
            self.shape = max(shapes, key=len)
            self.axes = axes_of(op, self.shape)
        elif not op.definition.elementwise and shapes[0] and shapes[0][:-1] == self.shape:
            self.sums, self.shape, self.axes = True, shapes[0], (len(shapes[0]) - 1,)  # it makes one number of each row
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
            case Apply(kind, (Symbol(name, None),)) if (
                self.sums and kind in ("max", *OF_AN_ARRAY) and name in self.arrays.values
            ):
                made = Symbol(self.arrays.derive(kind, name, self.axes, self.shape))
                return self.bound(made, position, summing)
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

    def reduced(self, kind: str, tree: Tree, position: Index) -> Tree:
        """Return the max, min or argmax of what a tree is along the axes."""
        if not self.sums:
            raise UnreadableError(f"{kind} of what?")
        letters = [LETTERS[axis] for axis in self.axes]
        along = [LETTERS[axis] if axis in self.axes else i for axis, i in enumerate(position)]
        return self.arrays.total(self.bound(tree, along, True), letters, kind)

    def _index(self, shape: Shape, position: Index) -> Index:
        if self.sums and len(shape) < len(self.shape):
            return [i for axis, i in enumerate(position) if axis not in self.axes]
        return broadcast_index(position, shape, self.shape)

    def _number(self, name: str) -> Number:
        """Return the number behind another name: an attribute, π, or n, how many entries are made into one."""
        if name == "π":
            return Number(pi, notation=notation([pi]))
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
