"""The arrays behind the symbols of an operation's formulas, their names, and their entries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from minidl_core import Operation
from minidl_core.arrays import Array, Shape

from .expression import Entry, Total, Tree, UnreadableError
from .formats import notation
from .indexes import Index, affine
from .names import called, formula_names


class Arrays:
    """The `values` of the symbols of one operation, and their `names`.

    `letters` are those that the indexes of a formula have; one that does not run along a whole axis has so many values
    as `runs` says, from 0.
    """

    def __init__(self, op: Operation, inputs: Sequence[Array], output: Array, grad: Array | None = None) -> None:
        self.op = op
        self.letters: list[str] = []
        self.runs: dict[str, int] = {}
        self.values = dict(zip(op.definition.symbols, inputs, strict=True)) | {"Y": output}
        nodes = (*op.inputs, op)
        names = formula_names(op)
        self.names = {symbol: called(node, names[node]) for symbol, node in zip(self.values, nodes, strict=True)}
        self._written_as: dict[str, str] = {}
        if grad is not None:
            self.values["G"] = grad
            self.names["G"] = "G"

    def derive(self, kind: str, symbol: str, axes: tuple[int, ...], shape: Shape) -> str:
        """Add what a function makes of a whole array of this shape, or of one number for each of its rows.

        Returns its symbol, such as `max A`.
        """
        array = self.values[symbol]
        if array.shape != shape and kind != "onehot":
            raise UnreadableError(f"which entries of {symbol}?")
        made = f"{kind} {symbol}"
        self.names[made] = f"{kind} {self.names[symbol]}"
        match kind:
            case "max":
                self.values[made], self._written_as[made] = array.max(axis=axes), symbol
            case "mean":
                self.values[made] = array.mean(axis=axes)
            case "softmax":
                raised = np.exp(array - array.max(axis=axes, keepdims=True))
                self.values[made] = raised / raised.sum(axis=axes, keepdims=True)
            case _:
                self.values[made] = array if array.shape == shape else np.eye(shape[-1])[array.astype(int)]
        return made

    def entry(self, symbol: str, index: Index) -> Entry:
        """Return the entry of an array at an index."""
        array = self.values.get(symbol)
        if array is None or len(index) != array.ndim:
            raise UnreadableError(f"{symbol}[{index}] is not an element")
        cells: list[int | slice] = []
        free: list[str] = []
        for each in index:
            letter, cell = (None, each) if isinstance(each, int) else self._along(each)
            cells.append(cell)
            free += [letter] if letter else []
        if len(set(free)) < len(free):
            raise UnreadableError(f"{symbol}[{index}] is not an element")
        value = array[tuple(cells)]
        value = value.transpose([free.index(letter) for letter in self.letters if letter in free])
        sizes = iter(value.shape)
        value = value.reshape([next(sizes) if letter in free else 1 for letter in self.letters])
        written = notation(self.values[self._written_as.get(symbol, symbol)])
        return Entry(symbol, self.names[symbol], tuple(index), value, written, tuple(cells))

    def _along(self, index: str) -> tuple[str, slice]:
        """Return the letter of an index, and where it runs along its axis."""
        if index not in self.runs and index.isalpha():
            return index, slice(None)
        read = affine(index)
        if len(read.letters) != 1:
            raise UnreadableError(f"where is {index}?")
        [(letter, step)] = read.letters.items()
        stop = read.constant + step * self.runs[letter]
        return letter, slice(read.constant, stop if stop >= 0 else None, step)

    def total(self, body: Tree, letters: Iterable[str], kind: str = "sum") -> Tree:
        """Return the sum of a body over these letters, or its max, min or argmax; without letters, the body."""
        over = tuple(letters)
        return Total(body, over, tuple(map(self.letters.index, over)), kind) if over else body
