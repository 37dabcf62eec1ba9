"""An operation's formula and reasons, with the names, shapes or numbers of one of its nodes for the symbols.

An operation's formula and reasons are written in A, B and Y (its inputs and output), G (the gradient of its output)
and J (the loss).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from numpy.lib.array_utils import normalize_axis_tuple

from minidl_core import Node, Operation
from minidl_core.arrays import Shape

from ..debugger.moment import Moment
from .formats import DIGITS, addition, number
from .listing import listed

_SYMBOL = re.compile(r"(?:\b(?i:an|any|each) entry of )?(?<![A-Za-z])([A-Z][0-9]*)(?![A-Za-z0-9])")


def right_side(operation: Operation) -> str:
    """Return what stands behind `Y =` in the formula of an operation."""
    formula = operation.definition.formula
    return formula.partition(" = ")[2] or formula


def symbols(operation: Operation) -> dict[str, Node]:
    """Return which node each symbol of the operation's formulas stands for."""
    return {**dict(zip(operation.definition.symbols, operation.inputs, strict=True)), "Y": operation}


def shapes_of(moment: Moment, operation: Operation) -> dict[Node, Shape]:
    """Return the shapes of an evaluated operation's inputs and output."""
    values = {node: moment.evaluated_value(node) for node in symbols(operation).values()}
    return {node: value.shape for node, value in values.items() if value is not None}


def in_names(
    text: str, operation: Operation, loss: Node, shapes: Mapping[Node, Shape], name: Callable[[Node], str]
) -> str:
    """Return a formula or reason in the names of nodes; of single numbers without words such as `each entry of`."""
    nodes = {"J": loss, **symbols(operation)}
    scalars = not any(shapes.values())

    def named(match: re.Match[str]) -> str:
        node = nodes.get(match[1])
        if node is None:
            return match[0]
        return name(node) if not shapes.get(node) else match[0].removesuffix(match[1]) + name(node)

    text = text.replace("⊙", "·") if scalars else text
    if " along the axis" in text:
        text = text.replace(" along the axis", _along(operation, shapes[operation.inputs[0]]))
    return _SYMBOL.sub(named, text)


def in_shapes(formula: str, shapes: Mapping[str, str]) -> str:
    """Return a formula with shapes for its symbols; nothing where it has words or functions in it."""
    return "" if re.search("[a-zΣ]", formula) else _SYMBOL.sub(lambda match: shapes.get(match[1], match[0]), formula)


def in_numbers(formula: str, values: Mapping[str, float], result: float, digits: int = DIGITS) -> str:
    """Return a formula of single numbers with numbers for its symbols, and its result: `2·3 = 6`.

    The result has so many digits, and what it is made of one more, so that what is shown adds up.
    """
    total = number(result, digits)
    if formula in values:
        return total
    if formula.startswith("-") and formula[1:] in values:
        digits -= 1  # of what only has another sign nothing is rounded off
    texts = {symbol: number(value, digits + 1) for symbol, value in values.items()}
    if re.fullmatch(r"[A-Z] [+-] [A-Z]", formula):
        first, second = values[formula[0]], values[formula[-1]]
        fine, coarse = addition([first, -second if "-" in formula else second], result)
        texts = {symbol: _bare(value, fine.text(value)) for symbol, value in values.items()}
        total = coarse.fixed(result)

    def written(match: re.Match[str]) -> str:
        text = texts.get(match[1], match[0])
        squared = formula[match.end() : match.end() + 1] == "²"
        odd = text.startswith("-") and (match.start() > 0 or squared)
        return f"({text})" if odd or ("e" in text and squared) else text

    calculation = _SYMBOL.sub(written, formula).replace("⊙", "·")
    return total if calculation == total else f"{calculation} = {total}"


def _bare(value: float, text: str) -> str:
    """Return the text of a term without the zeros that only make it as long as the other terms."""
    short = number(value)
    return short if abs(float(short) - value) <= 1e-12 * abs(value) else text


def axes_of(operation: Operation, shape: Shape) -> tuple[int, ...]:
    """Return along which axes of an input of this shape an operation works, in order; none where it has no axis.

    Raises AxisError (a ValueError) where the input has no such axis.
    """
    axis = operation.attributes.get("axis", ())
    whole = axis is None or not shape
    return tuple(range(len(shape)) if whole else sorted(normalize_axis_tuple(axis, len(shape))))


def axis_numbers(axes: Sequence[int]) -> str:
    """Return axes by their numbers: axis 1, axes 0 and 2."""
    return f"ax{'i' if len(axes) == 1 else 'e'}s {listed(axes, str)}"


def _along(operation: Operation, shape: Shape) -> str:
    """Say along which axes of its input an operation works; nothing where it takes all entries as one."""
    axes = axes_of(operation, shape)
    if len(axes) == len(shape):
        return ""
    return f" along {('each column', 'each row')[axes[0]] if len(shape) == 2 else axis_numbers(axes)}"
