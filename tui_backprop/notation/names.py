"""What things are called: a node, an element, an axis, a slope; and an operation's formulas in its nodes' names."""

from __future__ import annotations

import re
from collections.abc import Iterable

from minidl_core import Constant, Node, Operation
from minidl_core.arrays import Array, Shape

from ..debugger.followed import is_by_point
from ..debugger.moment import Moment
from ..drawing.ascii import spell
from .fitting import cut, printable
from .formats import Notation, number, vector
from .formulas import in_names, symbols

_LENGTH = 24


def called(node: Node, name: str = "") -> str:
    """Return the name of a node, or another one that it has somewhere, cut where it is very long."""
    return cut(name or node.name, _LENGTH)


def formula_names(operation: Operation) -> dict[Node, str]:
    """Return how formulas write an operation and its inputs: without their scopes, whose strokes would divide.

    Where that would make two of them one, the scopes stay, with dots. The third constant 1, called 1_2, is a 1 here;
    a node that is called G is quoted, as G is a gradient.
    """
    nodes = (*operation.inputs, operation)
    numbers = {node: text for node in nodes if (text := number_of(node))}
    own = {node: node.name[:-1].rpartition("/")[2] + node.name[-1] for node in nodes if node not in numbers}
    if len(set(own.values())) < len(own):
        own = {node: node.name.replace("/", ".") for node in own}
    return {node: "'G'" if text == "G" else text for node, text in own.items()} | numbers


def number_of(node: Node) -> str:
    """Return the number for which a constant is called, also where more than one is; nothing for any other node."""
    if not isinstance(node, Constant) or node.initial_value.shape:
        return ""
    text = f"{node.initial_value.item():g}"
    return text if re.fullmatch(rf"(.*/)?{re.escape(text)}(_\d+)?", node.name) else ""


def by_name(nodes: Iterable[Node]) -> dict[str, Node]:
    """Return nodes by their names, also as those are shown: what is read off the screen can be typed."""
    found = {node.name: node for node in nodes}
    shown = {name: printable(name) for name in found}
    return {each: found[name] for name, text in shown.items() for each in (spell(text), text)} | found


def slope_name(moment: Moment, node: Node) -> str:
    """Return how the gradient of the loss with respect to a node is written: dJ/dW."""
    return f"d{called(moment.graph.loss)}/d{called(node)}"


def point_word(moment: Moment) -> str:
    """Return what a row of the data is called."""
    return "row" if moment.program.example.plane is None else "point"


def axis_names(moment: Moment, node: Node, axis: int, size: int) -> tuple[str, ...]:
    """Return the lesson's names for the positions along an axis of a node's array; nothing where it has none."""
    labels = moment.program.lesson.labels.get(node.name, ())
    return labels[axis] if axis < len(labels) and len(labels[axis]) == size else ()


def describe(moment: Moment, node: Node, index: tuple[int, ...], shape: Shape) -> str:
    """Describe an element by what its row and column are: point 3, blue."""
    by_point = is_by_point(moment, node, shape)
    parts = []
    if by_point:
        names = axis_names(moment, node, 0, shape[0])
        parts.append(f"{point_word(moment)} {names[index[0]] if names else index[0]}")
    for axis in range(by_point, len(index)):
        names = axis_names(moment, node, axis, shape[axis])
        if not names and len(index) != 2:
            return f"entry [{','.join(map(str, index))}]"
        # behind a point, a bare name would be read as the point's own class
        column = "column " if by_point else ""
        parts.append(column + names[index[axis]] if names else f"{('row', 'column')[axis]} {index[axis]}")
    return ", ".join(parts)


def text_in_names(moment: Moment, operation: Operation, text: str) -> str:
    """Return a formula or reason of an operation in the names of this node and its inputs."""
    shapes = {node: moment.shape(node) for node in symbols(operation).values()}
    known = {node: shape for node, shape in shapes.items() if shape is not None}
    names = formula_names(operation)
    if len(known) < len(shapes):
        short = {node: called(node, name) for node, name in names.items()}
        return operation.definition.name_symbols(text, [short[node] for node in operation.inputs], short[operation])
    return in_names(text, operation, moment.graph.loss, known, lambda node: called(node, names.get(node, "")))


def summed(formula: str, full: Shape, shape: Shape) -> str:
    """Return the formula of a contribution of this shape that is the sum of one of the full shape."""
    body = f"({formula})" if " " in formula else formula
    rows = len(full) == 2 and shape in (full[1:], (1, full[1]))
    return f"Σ rows of {body}" if rows else f"Σ {body}"


def part(array: Array, index: tuple[int, ...], *, whole: bool = True) -> Array:
    """Return what is written of an array: the `whole` of a small vector, else the element at this index."""
    return array if whole and array.ndim == 1 and array.size <= 3 else array[index]


def small(array: Array, index: tuple[int, ...], same: Notation | None = None, *, whole: bool = True) -> str:
    """Write an array if it is small, else its element at this index, in a notation if one is given."""
    shown = part(array, index, whole=whole)
    if shown.ndim:
        return vector(shown) if same is None else f"[{', '.join(map(same.text, shown))}]"
    place = f"[{','.join(map(str, index))}] " if index else ""
    return f"{place}{number(float(shown)) if same is None else same.text(float(shown))}"
