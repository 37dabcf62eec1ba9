"""Expressions as graphs: what somebody writes in Python is read as nodes.

Python's own parser reads it, and it is never run as Python: only what is named here makes nodes.
"""

from __future__ import annotations

import ast
import difflib
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from minidl_core import Constant, MinidlError, Node, Operation
from minidl_core.definition import definitions
from minidl_core.operators import CALLED, Operators

from . import FORMULA
from .program import ProgramError

_SHOWN = 100

_NUMBERS = {"pi": math.pi, "e": math.e, "inf": math.inf}
_LIBRARIES = ("np", "numpy", "dl", "torch", "math")
_BINARY: Mapping[type[ast.AST], tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Add: ("add", operator.add),
    ast.Sub: ("subtract", operator.sub),
    ast.Mult: ("multiply", operator.mul),
    ast.Div: ("divide", operator.truediv),
    ast.Pow: ("power", lambda a, b: float(a) ** float(b)),
    ast.MatMult: ("matmul", operator.matmul),
}
_COMPARISONS = {
    ast.Gt: "greater",
    ast.GtE: "greater_equal",
    ast.Lt: "less",
    ast.LtE: "less_equal",
    ast.Eq: "equal",
    ast.NotEq: "not_equal",
}
_METHODS = (
    *("sum", "mean", "max", "min", "var", "std", "argmax", "cumsum", "clip", "squeeze", "reshape", "flatten"),
    *("transpose", "dot"),
)
_ARRAYS: Mapping[str, Callable[..., Any]] = {
    name: getattr(np, name) for name in ("array", "arange", "linspace", "zeros", "ones", "eye")
}
_OF_TWO = {"max": "maximum", "min": "minimum"}
_WAYS = {
    ast.IfExp: "write where(condition, a, b)",
    ast.BoolOp: "of conditions a * b is true where both are",
    ast.ListComp: "write the list out, or calculate with arrays",
    ast.Lambda: "a formula calls functions, and makes none",
}


def _without_location(error: Exception) -> str:
    """Return what an error says of a node that a formula has made, whose location is shown otherwise."""
    node = error.node if isinstance(error, MinidlError) else None
    return str(error).replace(f" ({node.location})", "") if isinstance(node, Node) else str(error)


class Reader:
    """Makes nodes of syntax trees; `used` are the names that came up, in order, `location` is where the nodes are."""

    def __init__(self, text: str, leaves: Mapping[str, Node], option: str = FORMULA) -> None:
        self._text = text
        self._option = option
        self._names: dict[str, Any] = dict(leaves)
        self.used: dict[str, None] = {}
        self.location = "formula", 1

    def read_formula(self) -> Any:
        """Return what the formula is: a node or a number; before it, `name = formula;` gives parts of it a name."""
        try:
            *before, last = ast.parse(self._text).body or [ast.Pass()]
            for line in before:
                self._name_part(line)
            if isinstance(last, ast.Pass):
                raise ProgramError(f"{self._option} is empty; write a formula, such as -e 'w**2' --set w=3")
            if not isinstance(last, ast.Expr):
                raise self._refused(last, "the last part must be a formula, such as w**2")
            return self.read(last.value)
        except SyntaxError as error:
            column = len(self._text) if error.offset is None else error.offset - 1
            raise self._wrong(error.msg, column) from None
        except (ValueError, RecursionError, MemoryError) as error:
            raise ProgramError(f"{self._option} cannot be read: {error}") from None

    def _name_part(self, line: ast.stmt) -> None:
        if not (isinstance(line, ast.Assign) and len(line.targets) == 1 and isinstance(line.targets[0], ast.Name)):
            raise self._refused(line, "only a name can stand before the formula, as in h = tanh(w*x); h**2")
        name, made = line.targets[0].id, self.read(line.value)
        if isinstance(made, Operation) and not made.is_named:
            made.name = name
        self._names[name] = made

    def read(self, tree: ast.expr) -> Any:
        """Return what a part of the formula is: a node, a number, or a list or text among the inputs of a function."""
        match tree:
            case ast.Constant(value=bool() | int() | float() | str() | None):
                return tree.value
            case ast.Name():
                return self._named(tree)
            case ast.List() | ast.Tuple():
                values = [self.read(each) for each in tree.elts]
                return values if isinstance(tree, ast.List) else tuple(values)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd()):
                return self._signed(tree)
            case ast.BinOp(op=op) if type(op) in _BINARY:
                name, of_numbers = _BINARY[type(op)]
                return self._binary(tree, name, self.read(tree.left), self.read(tree.right), of_numbers)
            case ast.BinOp(op=ast.BitXor()):
                raise self._refused(tree, "use ** for a power, as in w**2")
            case ast.Compare(ops=[op], comparators=[other]) if type(op) in _COMPARISONS:
                return self.make(_COMPARISONS[type(op)], [self.read(tree.left), self.read(other)], tree)
            case ast.Call():
                return self._call(tree)
            case ast.Attribute(attr="T"):
                return self.make("transpose", [self.read(tree.value)], tree)
            case ast.Attribute(attr=name) if self._library(tree.value) and name in _NUMBERS:
                return _NUMBERS[name]
            case ast.Subscript():
                return self._indexed(tree)
        raise self._refused(tree, _WAYS.get(type(tree), "write operators, functions, numbers and names"))

    def make(self, name: str, inputs: Sequence[Any], tree: ast.expr | None = None, **attributes: Any) -> Node:
        """Return a node of an operation; a number among its inputs becomes a constant that is called as it is."""
        definition = definitions[name]
        # a text in front is no input, as in einsum("ij,jk->ik", a, b)
        count = len(definition.symbols) + isinstance([*inputs, None][0], str)
        try:
            given = [
                self._constant(each) if place < count and type(each) in (int, float) else each
                for place, each in enumerate(inputs)
            ]
            node = Operation(definition, tuple(given), attributes)
        except MinidlError as error:
            raise self._wrong(_without_location(error), 0 if tree is None else tree.col_offset) from error
        except (TypeError, ValueError) as error:
            raise self._wrong(f"{name}: {error}", 0 if tree is None else tree.col_offset) from error
        node.locate(*self.location)
        return node

    def _constant(self, value: float) -> Constant:
        constant = Constant(value, name=f"{value:g}")
        constant.locate(*self.location)
        return constant

    def _named(self, tree: ast.Name) -> Any:
        if tree.id in self._names:
            self.used[tree.id] = None
            return self._names[tree.id]
        if tree.id in _NUMBERS:
            return _NUMBERS[tree.id]
        if self._option != FORMULA:
            raise self._wrong(f"{tree.id} is no number; write one, such as 0.5, or a list of numbers", tree.col_offset)
        if tree.id in definitions or tree.id in CALLED:
            raise self._refused(tree, f"{tree.id} is a function; write {tree.id}(...)")
        raise self._wrong(f"{tree.id} has no value; add --set {tree.id}=2", tree.col_offset)

    def _signed(self, tree: ast.UnaryOp) -> Any:
        value = self.read(tree.operand)
        if isinstance(tree.op, ast.UAdd):
            return value
        return self.make("negative", [value], tree) if isinstance(value, Node) else self._number(tree, lambda: -value)

    def _binary(self, tree: ast.BinOp, name: str, left: Any, right: Any, of_numbers: Callable[[Any, Any], Any]) -> Any:
        if isinstance(left, Node) or isinstance(right, Node):
            return self.make(name, [left, right], tree)
        return self._number(tree, lambda: of_numbers(left, right))

    def _number(self, tree: ast.expr, compute: Callable[[], Any]) -> Any:
        """Return what a part without a node comes to."""
        try:
            value = compute()
        except (TypeError, ValueError, ArithmeticError) as error:
            raise self._wrong(str(error.args[-1]), tree.col_offset) from None
        if type(value) not in (int, float):
            raise self._refused(tree, "lists cannot be added or multiplied without a variable")
        return value

    def _call(self, tree: ast.Call) -> Any:
        if any(isinstance(each, ast.Starred) for each in tree.args) or any(each.arg is None for each in tree.keywords):
            raise self._refused(tree, "write the inputs out, without a star")
        given = [self.read(each) for each in tree.args]
        named = {each.arg: self.read(each.value) for each in tree.keywords if each.arg is not None}
        if "name" in named:
            raise self._refused(tree, "name a part of the formula as in h = tanh(w*x); h**2")
        match tree.func:
            case ast.Attribute(value=owner, attr=name) if not self._library(owner):
                node = self.read(owner)
                if name in _METHODS and isinstance(node, Node):
                    return self._method(tree, node, name, given, named)
                given = [node, *given]
            case ast.Attribute(attr=name):
                pass
            case ast.Name(id=name):
                if name in _OF_TWO and len(given) > 1:
                    name = _OF_TWO[name]
            case _:
                raise self._refused(tree, "only a function by its name can be called")
        if name == "dot" and len(given) == 2:
            node = given[0] if isinstance(given[0], Node) else given[1]
            if isinstance(node, Node):
                return self._method(tree, node, "_dot", given, named)
        if name == "logaddexp" and given[:1] in ([0], [0.0]):
            name, given = "softplus", given[1:]
        if name in _ARRAYS and not any(isinstance(each, Node) for each in given):
            try:
                return _ARRAYS[name](*given, **named)
            except (TypeError, ValueError, MemoryError) as error:
                raise self._wrong(f"{name}: {error}", tree.col_offset) from error
        name = "gather" if name == "take" and "axis" in named else CALLED.get(name, name)
        if name not in definitions:
            near = difflib.get_close_matches(name, [*definitions, *CALLED], n=1)
            meant = f"did you mean {near[0]}?" if near else "there are exp, log, tanh, sigmoid, relu, sum, mean ..."
            raise self._wrong(f"there is no function {name}; {meant}", tree.func.end_col_offset or 0, len(name))
        return self.make(name, given, tree, **named)

    def _method(self, tree: ast.Call, node: Node, name: str, given: Sequence[Any], named: Mapping[str, Any]) -> Node:
        try:
            made: Node = getattr(Operators, name)(node, *given, **named)
        except (MinidlError, TypeError, ValueError) as error:
            raise self._wrong(_without_location(error), tree.col_offset) from error
        made.locate(*self.location)
        return made

    def _indexed(self, tree: ast.Subscript) -> Node:
        node = self.read(tree.value)
        if not isinstance(node, Node):
            raise self._refused(tree, "only a node can be indexed")
        try:
            made: Node = node[self._index(tree.slice)]
        except (MinidlError, TypeError, ValueError) as error:
            raise self._wrong(_without_location(error), tree.col_offset) from error
        made.locate(*self.location)
        return made

    def _index(self, tree: ast.expr) -> Any:
        match tree:
            case ast.Slice():
                return slice(*[each and self.read(each) for each in (tree.lower, tree.upper, tree.step)])
            case ast.Tuple():
                return tuple([self._index(each) for each in tree.elts])
            case ast.Constant(value=value) if value is Ellipsis:
                return value
        return self.read(tree)

    def _library(self, tree: ast.expr) -> bool:
        """Return whether this is a library's name in front of a function, as in np.exp and np.linalg.norm."""
        while isinstance(tree, ast.Attribute):
            tree = tree.value
        return isinstance(tree, ast.Name) and tree.id in _LIBRARIES and tree.id not in self._names

    def _refused(self, tree: ast.stmt | ast.expr, why: str) -> ProgramError:
        part = ast.get_source_segment(self._text, tree) or self._text
        return self._wrong(f"{part[:40]} is no formula: {why}", tree.col_offset)

    def _wrong(self, why: str, column: int, back: int = 0) -> ProgramError:
        """Return the error that shows the place in the formula; columns count bytes, as those of Python's trees."""
        error = ProgramError(why if self._option == FORMULA else f"{self._option}{self._text}: {why}")
        place = len(self._text.encode()[:column].decode(errors="replace")) - back
        cut = max(place - _SHOWN // 2, 0) if len(self._text) > _SHOWN else 0
        error.add_note(f"  {self._text[cut : cut + _SHOWN]}")
        error.add_note(" " * (2 + place - cut) + "^")
        return error
