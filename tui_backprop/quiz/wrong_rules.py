"""Rules of gradients that a learner could take for the right one, and that are wrong here: computed, not believed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import numpy as np

from minidl_core import ContributionAdded, Operation
from minidl_core.arrays import Array, Shape
from minidl_core.gradients import gradient_rule
from minidl_core.sums import sum_to_shape

from ..notation.expression import Apply, Entry, Number, Symbol, Total, Tree, UnreadableError, evaluate, parse
from ..notation.formats import DIGITS, Notation, digits_of_change, element_text, number, shape_text
from ..notation.formulas import axes_of
from ..notation.names import called

_OTHERS = ("G⊙A", "G", "-G", "G⊙Y", "G/A", "2·G⊙A", "G⊙Y⊙(1 - Y)", "G⊙B", "G + A")
"""What other operations do with G, in the symbols of an operation of one or two inputs."""

_MATRIX_OTHERS = ("G·B", "Bᵀ·G", "A·G", "G·Aᵀ", "G⊙A", "G")


def wrong_rules(event: ContributionAdded, inputs: list[Array], output: Array) -> Iterator[tuple[str, str]]:
    """Yield formulas that do not give this contribution, each with what it gives, the likeliest mistakes first.

    `inputs` and `output` are the arrays of the consumer's run. A formula whose numbers cannot be computed is left out,
    and so is one that happens to give the same numbers.
    """
    op, right = event.consumer, gradient_rule(event.consumer).formula_for(event.input_index)
    arrays = {**dict(zip(op.definition.symbols, inputs, strict=True)), "Y": output, "G": event.gradient}
    for formula in dict.fromkeys(_mistaken(op, event.input_index, right)):
        if formula != right and (why := _why_wrong(formula, event, arrays)):
            yield formula, why


def _mistaken(op: Operation, input_index: int, right: str) -> Iterator[str]:
    """Yield the mistakes that can be made with a rule: a transpose, input, factor or sign, or another operation's."""
    symbols = op.definition.symbols
    if "ᵀ" in right:
        yield right.replace("ᵀ", "")
    if len(symbols) == 2:
        rule = gradient_rule(op)
        yield rule.formula_for(1 - input_index)
        yield _in(right, {symbols[0]: symbols[1], symbols[1]: symbols[0]})
    if right != "G" and "G" in right:
        yield right[1:] if right.startswith("-") else "G"
        alone = re.sub(r"(?<![A-Z])G[⊙·]|[⊙·]G\b", "", right).replace("G/", "1/")
        yield re.sub(r"^\(([^()]*)\)$", r"\1", alone)
    yield re.sub(r"^\d·", "", right)
    named = dict(zip("AB", symbols, strict=False))
    for formula in _MATRIX_OTHERS if "·" in right and "⊙" not in right else _OTHERS:
        if len(symbols) > 1 or "B" not in formula:
            yield _in(formula, named)


def _in(formula: str, names: Mapping[str, str]) -> str:
    return re.sub(r"[A-Z]", lambda symbol: names.get(symbol[0], symbol[0]), formula)


def _why_wrong(formula: str, event: ContributionAdded, arrays: Mapping[str, Array]) -> str:
    """Say what a formula gives in place of the contribution; nothing where that is not known, or the same."""
    right, op, name = event.contribution, event.consumer, called(event.node)
    with np.errstate(all="ignore"):
        try:
            computed = _computed(formula, op, arrays)
        except UnreadableError:
            return ""
        except ValueError:
            return "the shapes in it do not fit each other"
        if op.definition.elementwise and computed.shape == event.gradient.shape:
            computed = sum_to_shape(computed, right.shape)
        scale = float(np.max(np.abs(right), initial=0))
        if computed.shape != right.shape:
            return f"it is {shape_text(computed.shape)}, and {name} is {shape_text(right.shape)}"
        differing = np.argwhere(~np.isclose(computed, right, rtol=1e-6, atol=1e-9 * scale))
    if not len(differing):
        return ""
    index = tuple(map(int, differing[0]))
    found, wanted = float(computed[index]), float(right[index])
    digits = digits_of_change(found, wanted) if np.isfinite([found, wanted]).all() else DIGITS
    return f"it gives {number(found, digits)} to {element_text(name, index)}, and not {number(wanted, digits)}"


def _computed(formula: str, op: Operation, arrays: Mapping[str, Array]) -> Array:
    """Return what a formula gives; raises ValueError where shapes do not fit, UnreadableError where it is unknown."""
    if not op.definition.elementwise and re.fullmatch(r"[A-Z]ᵀ?(·[A-Z]ᵀ?)+", formula):
        return _product(formula, arrays)
    full = max((array.shape for array in arrays.values()), key=len)
    axes = axes_of(op, full)
    return evaluate(_bound(parse(formula), {name: _spread(array, axes, full) for name, array in arrays.items()}, axes))


def _product(formula: str, arrays: Mapping[str, Array]) -> Array:
    factors = [
        _turned(arrays[factor[0]]) if factor.endswith("ᵀ") else arrays[factor[0]] for factor in formula.split("·")
    ]
    product = factors[0]
    for factor in factors[1:]:
        # the gradient of a product of two vectors is one number, which matmul would refuse
        product = np.matmul(product, factor) if product.ndim and factor.ndim else np.multiply(product, factor)
    return product


def _turned(array: Array) -> Array:
    return array.swapaxes(-1, -2) if array.ndim > 1 else array


def _spread(array: Array, axes: tuple[int, ...], full: Shape) -> Array:
    """Repeat what was reduced along the axes over the entries that were reduced together."""
    if not axes or array.shape == full:
        return array
    return np.broadcast_to(array if array.ndim == len(full) else np.expand_dims(array, axes), full)


def _bound(tree: Tree, arrays: Mapping[str, Array], axes: tuple[int, ...]) -> Tree:
    """Return a tree with whole arrays in the places of its symbols."""
    match tree:
        case Symbol(name, None) if name in arrays:
            return Entry(name, name, (), arrays[name], Notation(0))
        case Apply(kind, parts):
            return Apply(kind, tuple(_bound(part, arrays, axes) for part in parts))
        case Total(body) if axes:
            return Total(_bound(body, arrays, axes), (), axes)
        case Number():
            return tree
        case _:
            raise UnreadableError("an element, or a sum over what?")
