"""Leaves that are data: a loop gives them new numbers for each backward call, by lines such as `x.data = row[0]`.

Such a number is made of no gradient and of no number of a node, as those of an update are. What decides is the script,
not its numbers: by these an update of a rule that is not known looks like data. Where it is in doubt, a leaf is none.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_LOOPS = (ast.For, ast.While, *_FUNCTIONS)
_LOOPED, _ASSIGNED, _COMPUTED = range(3)
"""A name stands for what its loop goes through, for all that is assigned to it, or also for what functions return."""
_HARMLESS = ("zip", "enumerate", "range", "len", "reversed")


def data_leaves(names: Mapping[int, str], script: Script, called_at: tuple[str, int]) -> set[int]:
    """Return those of some leaves, by serial number with their names, that are data of the loop around a call."""
    loop = script.loop_around(*called_at)
    if loop is None:
        return set()
    given: set[str] = set()
    updated: set[str] = set()
    for base, value in script.writes(_always(loop.body)):
        if value is not None and not script.is_made_of_nodes(value, base):
            given |= script.paths(base, loops_only=True)
    for base, value in script.writes(script.statements):
        if value is None or script.is_made_of_nodes(value, base):
            updated |= script.paths(base)
    return {serial for serial, name in names.items() if re.sub(r"\[.*?\]", "", name) in given - updated}


class Script:
    """What the names of a script stand for: everything that is bound to each, wherever that is.

    `number` and `gradient` are the attributes of its engine's class.
    """

    def __init__(self, sources: Mapping[str, str], number: str, gradient: str) -> None:
        self._trees = {file: ast.parse(text) for file, text in sources.items()}
        self._number, self._gradient = number, gradient
        self._parents: dict[ast.AST, ast.AST] = {}
        self._bound: defaultdict[str, list[ast.AST]] = defaultdict(list)
        nodes = [node for tree in self._trees.values() for node in ast.walk(tree)]
        self.statements = [node for node in nodes if isinstance(node, ast.stmt)]
        modules = {each.asname or each.name for n in nodes if isinstance(n, ast.Import) for each in n.names}
        given: defaultdict[str, list[ast.AST]] = defaultdict(list)
        for node in nodes:
            self._parents.update(dict.fromkeys(ast.iter_child_nodes(node), node))
            if isinstance(node, ast.Call):
                arguments = [*node.args, *(each.value for each in node.keywords)]
                given[_key(node.func)] += arguments
                for each in node.keywords:
                    if each.arg == "out":
                        self._bound[_key(each.value)] += arguments
                if isinstance(node.func, ast.Attribute) and _key(node.func.value) not in modules:
                    self._bound[_key(node.func.value)] += arguments  # as in rows.append(row)
            for target, value in _bindings(node):
                self._bound[_key(target)].append(value)
        for node in nodes:
            if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
                self._bound[node.name] += node.body
            if isinstance(node, _FUNCTIONS):
                for argument in ast.walk(node.args):
                    if isinstance(argument, ast.arg):
                        self._bound[argument.arg] += given[node.name]

    def loop_around(self, file: str, line: int) -> ast.For | ast.While | ast.FunctionDef | ast.AsyncFunctionDef | None:
        """Return the innermost loop, or function, that has a line in it."""
        inside = [n for n in ast.walk(self._trees.get(file, ast.Module([], []))) if isinstance(n, _LOOPS)]
        around = [each for each in inside if each.body[0].lineno <= line <= (each.end_lineno or 0)]
        return max(around, key=lambda each: each.lineno, default=None)

    def writes(self, statements: Sequence[ast.stmt]) -> Iterator[tuple[ast.expr, ast.expr | None]]:
        """Yield what is given another number by these, and which; None where that is made of the old one."""
        for statement in statements:
            for target, value in _bindings(statement):
                if isinstance(target, ast.Attribute) and target.attr == self._number and _key(target.value) != "self":
                    yield target.value, None if isinstance(statement, ast.AugAssign) else value

    def paths(self, node: ast.AST, *, loops_only: bool = False) -> set[str]:
        """Return what an expression may stand for, without indices, such as `net.x` or `inputs`; or does, by loops."""
        reached = self._reached(node, _LOOPED if loops_only else _ASSIGNED)
        return {_path(each) for each in reached if isinstance(each, ast.expr)} - {""}

    def is_made_of_nodes(self, value: ast.AST, base: ast.AST) -> bool:
        """Return whether a number may be made of a gradient, a number of a node, or of the node that it is given to."""
        own = self.paths(base)
        for node in self._reached(value, _COMPUTED):
            match node:
                case ast.Attribute(attr=name, ctx=ast.Load()) | ast.Constant(value=str(name)):
                    if name in (self._number, self._gradient):
                        return True
                case ast.Call() if _key(node.func) not in _HARMLESS:
                    if any(_path(each) in own for each in node.args):
                        return True
        return False

    def _reached(self, start: ast.AST, by: int) -> Iterator[ast.AST]:
        """Yield all parts of an expression, and of what is bound to the names in it, in one of three ways."""
        waiting, seen = [start], {start}
        while waiting:
            node = waiting.pop()
            yield node
            following = [*ast.iter_child_nodes(node)]
            if isinstance(node, ast.Name | ast.Attribute):
                following += self._meant(node, by)
            for each in following:
                if each not in seen:
                    seen.add(each)
                    waiting.append(each)

    def _meant(self, node: ast.Name | ast.Attribute, by: int) -> list[ast.AST]:
        """Return what is bound to a name: by the loop that it stands in, or else anywhere."""
        around: ast.AST | None = node
        while around is not None and isinstance(node, ast.Name):
            for each in (around, *getattr(around, "generators", ())):
                if isinstance(each, ast.For | ast.comprehension) and node.id in map(_key, _targets(each.target)):
                    return [value for target, value in _bindings(each) if _key(target) == node.id]
            around = self._parents.get(around)
        found = [] if by == _LOOPED else self._bound[_key(node)]
        return [each for each in found if by == _COMPUTED or isinstance(each, ast.expr)]


def _always(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    """Return the statements that run whenever these do."""
    inner = [each.body for each in body if isinstance(each, ast.For | ast.With)]
    return [*body, *(each for inside in inner for each in _always(inside))]


def _bindings(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Yield each target that a statement, or a part of one, binds to a value."""
    pairs: list[tuple[ast.expr, ast.expr]] = []
    match node:
        case ast.Assign(targets=targets, value=value):
            pairs = [(target, value) for target in targets]
        case ast.AugAssign(target=target, value=value) | ast.NamedExpr(target=target, value=value):
            pairs = [(target, value)]
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            pairs = [(target, value)]
        case ast.For(target=target, iter=value) | ast.comprehension(target=target, iter=value):
            pairs = [(target, value)]
        case ast.withitem(context_expr=value, optional_vars=ast.expr() as target):
            pairs = [(target, value)]
    is_loop = isinstance(node, ast.For | ast.comprehension)
    for target, value in pairs:
        parts = _targets(target)
        if is_loop and isinstance(value, ast.Call) and _key(value.func) == "zip" and len(value.args) == len(parts):
            yield from zip(parts, value.args, strict=True)
        elif not is_loop and isinstance(value, ast.Tuple) and len(value.elts) == len(parts):
            yield from zip(parts, value.elts, strict=True)
        else:
            yield from ((part, value) for part in parts)


def _targets(target: ast.expr) -> list[ast.expr]:
    if isinstance(target, ast.Tuple | ast.List):
        return [part for each in target.elts for part in _targets(each)]
    return [target.value if isinstance(target, ast.Starred) else target]


def _key(node: ast.AST) -> str:
    """Return under which name something is known: the last one of a.b[0] is b."""
    while isinstance(node, ast.Subscript | ast.Starred):
        node = node.value
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _path(node: ast.AST) -> str:
    """Return names and attributes without their indices, "" for what is none of both."""
    if isinstance(node, ast.Subscript):
        return _path(node.value)
    if isinstance(node, ast.Attribute):
        return f"{before}.{node.attr}" if (before := _path(node.value)) else ""
    return node.id if isinstance(node, ast.Name) else ""
