"""Operations that name the elements in their formula: Y[i,j] = Σ A[i,k]·B[k,j], and Y[i] = max A[2i+h] for h<2.

The gradient needs no formula of its own: in a sum of products each factor's slope is the product of the others, and of
a maximum it is 1 where the entry is the largest. It is summed over all elements for which an entry was used.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from .expression import Apply, Leaf, Number, Symbol, Total, Tree, UnreadableError, leaves, parse, replace_leaves
from .indexes import Affine, affine, ranges, solve
from .operands import Arrays


@dataclass(frozen=True)
class ElementFormula:
    """`left` is an element of Y, `right` what it is computed from; each letter in `limits` ends below a number."""

    arrays: Arrays
    left: Symbol
    right: Tree
    limits: tuple[tuple[Affine, Affine], ...]

    @property
    def _kind(self) -> str:
        is_extreme = isinstance(self.right, Apply) and self.right.kind in ("max", "min") and len(self.right.parts) == 1
        return self.right.kind if is_extreme and isinstance(self.right, Apply) else "sum"

    @property
    def _body(self) -> Tree:
        if isinstance(self.right, Total):
            return self.right.body
        return self.right.parts[0] if self._kind != "sum" and isinstance(self.right, Apply) else self.right

    def of_output(self, index: tuple[int, ...]) -> Tree:
        """Return the formula with the entries that one element of the output is computed from."""
        known = {letter: Affine(i, {}) for letter, i in zip(self.left.letters or (), index, strict=True)}
        indexes = {text for leaf in leaves(self._body) if isinstance(leaf, Symbol) for text in leaf.letters or ()}
        for symbol in indexes & self.arrays.values.keys():  # an index that is an entry itself: A[i,C]
            known[symbol] = Affine(int(self.arrays.values[symbol][index]), {})
        return self._bound(self._body, known, self._kind)

    def has_slopes(self, symbol: str) -> bool:
        """Return whether the formula says what the slope of an input is: of a factor, and of a maximum."""
        own = [leaf for leaf in leaves(self.right) if isinstance(leaf, Symbol) and leaf.name == symbol]
        return len(own) == 1 and (isinstance(self._body, Symbol) or _is_factor(self._body, own[0]))

    def of_input(self, symbol: str, index: tuple[int, ...]) -> Tree:
        """Return the formula of the gradient with the entries that one element of an input's is computed from."""
        own = next(leaf for leaf in leaves(self._body) if isinstance(leaf, Symbol) and leaf.name == symbol)
        known = solve(zip(map(affine, own.letters or ()), index, strict=True))
        if known is None:
            return Number(0.0, "0")
        g = Symbol("G", self.left.letters)
        if self._kind == "sum":
            return self._bound(replace_leaves(self._body, lambda leaf: g if leaf is own else leaf), known)
        is_it = Apply("=", (own, Symbol("Y", self.left.letters)))
        return self._bound(Apply("product", (g, is_it)), known)

    def _bound(self, tree: Tree, known: dict[str, Affine], kind: str = "sum") -> Tree:
        """Return the tree with its entries where some letters are known; the sum runs over the others."""
        tree = self._derived(tree)
        used = [leaf for leaf in leaves(tree) if isinstance(leaf, Symbol)]
        least: list[Affine] = []
        for symbol in used:
            indexes = [affine(text).replace(known) for text in symbol.letters or ()]
            for index, size in zip(indexes, self.arrays.values[symbol.name].shape, strict=True):
                least += [index, Affine(size - 1, {}).less(index)]
        for letter, end in self.limits:
            least += [letter.replace(known), end.less(letter).less(Affine(1, {})).replace(known)]
        free = list(dict.fromkeys(letter for each in least for letter in each.letters))
        runs = ranges(free, least)
        if runs is None:
            return Number(0.0, "0")
        # each letter counts from 0, and one that has a single value is that number
        start = {k: Affine(run[0], {k: 1} if len(run) > 1 else {}) for k, run in runs.items()}
        self.arrays.letters = [letter for letter in free if len(runs[letter]) > 1]
        self.arrays.runs = {letter: len(runs[letter]) for letter in self.arrays.letters}
        placed = replace_leaves(tree, partial(self._entry, known=known, start=start))
        return self.arrays.total(placed, self.arrays.letters, kind)

    def _entry(self, leaf: Leaf, known: dict[str, Affine], start: dict[str, Affine]) -> Tree:
        if not isinstance(leaf, Symbol):
            return leaf
        indexes = [affine(text).replace(known).replace(start).index for text in leaf.letters or ()]
        return self.arrays.entry(leaf.name, indexes)

    def _derived(self, tree: Tree) -> Tree:
        """Return the tree with `softmax A[i,k]` as an element of an array of its own."""
        match tree:
            case Apply("softmax", (Symbol(name, letters),)):
                shape = self.arrays.values[name].shape
                return Symbol(self.arrays.derive("softmax", name, (len(shape) - 1,), shape), letters)
            case Apply(kind, parts):
                return Apply(kind, tuple(map(self._derived, parts)))
            case _:
                return tree


def _is_factor(tree: Tree, own: Symbol) -> bool:
    """Return whether a tree is so many times a symbol."""
    match tree:
        case Apply("product", parts):
            return any(_is_factor(part, own) for part in parts)
        case Apply("quotient", (above, _)):
            return _is_factor(above, own)
        case _:
            return tree is own


def element_formula(arrays: Arrays) -> ElementFormula | None:
    """Return the formula of an operation that names the elements; None where it does not.

    Raises UnreadableError.
    """
    definition = arrays.op.definition
    shapes = [arrays.values[symbol].shape for symbol in definition.symbols]
    text, _, limits = definition.element_of(shapes, arrays.op.attributes).partition(" for ")
    if not text:
        return None
    left, _, right = text.partition(" = ")
    output = parse(left)
    if not isinstance(output, Symbol):
        raise UnreadableError(f"{left} is not an element")
    pairs = [limit.split("<") for limit in limits.split(", ") if limit]
    return ElementFormula(arrays, output, parse(right), tuple([(affine(low), affine(high)) for low, high in pairs]))
