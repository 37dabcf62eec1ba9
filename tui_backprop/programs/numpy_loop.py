"""A training loop that somebody wrote in plain NumPy: which of its lines are the forward pass.

NumPy keeps no graph. But where the loop's own lines lead from the variables to the loss, they can be read as one, and
what they come to is compared with what the script itself computed. Gradients that the script found by hand, under a
name such as `dW` for the variable `W`, are compared, too.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from minidl_core import Constant, Node

from .bare_source import operation_like
from .expressions import Reader
from .program import ProgramError
from .update_lines import Assignment, Used, assignments, gradients_used

ENGINES = ("minidl_core", "torch", "tensorflow", "jax", "autograd")
_NO_NUMBERS = ("np", "numpy", "len", "float", "abs", "sum", "max", "min")
_LOSSES = ("loss", "J", "L", "cost", "error", "mse", "E")


@dataclass(frozen=True)
class NumpyLoop:
    """A loop of a script, outside of functions: its `loss`, and the assignments that lead there, in order.

    `leaves` are the names that these read and none of them makes, `counters` those that the loop itself counts with;
    `stores` are the names that each of its lines assigns, `imported` the modules that the script imports. `gradients`
    are those that its updates use, by the names of the weights. `reads` are the names that each name in it is computed
    from, and `updated` those that it only adds to or subtracts from.
    """

    first_line: int
    line: int
    last_line: int
    loss: str
    forward: list[ast.Assign]
    leaves: list[str]
    counters: set[str]
    imported: set[str]
    gradients: Mapping[str, Used]
    stores: Mapping[int, set[str]] = field(repr=False)
    functions: Mapping[str, ast.FunctionDef] = field(repr=False)
    reads: Mapping[str, set[str]] = field(repr=False)
    updated: set[str] = field(repr=False)

    def updated_below(self, name: str) -> set[str]:
        """Return what a name is computed from, of the names that the loop adds to or subtracts from."""
        waiting, seen = [name], set[str]()
        while waiting:
            each = waiting.pop()
            if each not in seen:
                seen.add(each)
                waiting += self.reads.get(each, ())
        return seen & self.updated

    @cached_property
    def made(self) -> Mapping[int, set[str]]:
        """The names of the forward pass that each line up to the loss assigns, also those of a batch."""
        last, wanted = self.forward[-1], {*self.leaves, *map(_name_of, self.forward)}
        end = last.end_lineno or last.lineno
        return {line: names & wanted for line, names in self.stores.items() if line <= end}

    def depending_on(self, variables: Sequence[str]) -> tuple[list[ast.Assign], list[str]]:
        """Return the lines that some variables lead to, and the names that these read and none of them makes."""
        known, lines, read = set(variables), [], dict.fromkeys(variables)
        made: set[str] = set()
        for line in self.forward:
            names = [each.id for each in ast.walk(line.value) if isinstance(each, ast.Name)]
            if known.isdisjoint(names):
                continue
            lines.append(line)
            read |= dict.fromkeys([name for name in names if name not in made and name not in self._not_read])
            known.add(_name_of(line))
            made.add(_name_of(line))
        return lines, list(read)

    @property
    def _not_read(self) -> set[str]:
        return {*_NO_NUMBERS, *self.functions}


def find_loop(source: bytes) -> NumpyLoop | None:
    """Return the training loop of a script in plain NumPy; None where it is something else."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    imported = imported_by(tree)
    if "numpy" not in imported or imported & set(ENGINES) or any(isinstance(each, ast.ClassDef) for each in tree.body):
        return None
    functions = {each.name: each for each in tree.body if isinstance(each, ast.FunctionDef)}
    for loop in _loops(tree):
        if loop.body[0].lineno > loop.lineno:
            for loss in _losses(loop):
                forward, leaves = _leading(loss, loop, set(functions))
                if forward and leaves and loss not in leaves:  # else it adds up over the iterations
                    first, lines = loop.body[0].lineno, assignments(loop)
                    return NumpyLoop(
                        first,
                        loop.lineno,
                        loop.end_lineno or first,
                        loss,
                        forward,
                        leaves,
                        _counters(loop),
                        imported,
                        gradients_used(loop, {*leaves, *map(_name_of, forward)}),
                        _stores(lines),
                        functions,
                        *_reads(loop, lines),
                    )
    return None


def _loops(tree: ast.AST) -> Iterator[ast.For | ast.While]:
    """Yield the loops outside of functions, an outer one before those in it."""
    for each in ast.iter_child_nodes(tree):
        if isinstance(each, ast.For | ast.While):
            yield each
        if isinstance(each, ast.For | ast.While | ast.If | ast.With):
            yield from _loops(each)


def imported_by(tree: ast.Module) -> set[str]:
    """Return the modules that a script imports, without what is in them."""
    return {name.partition(".")[0] for node in ast.walk(tree) for name in _imported(node)}


def _imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        yield node.module


def _losses(loop: ast.For | ast.While) -> Iterator[str]:
    """Yield what may be the loss: what is printed and called like one, is called like one, or is printed."""
    printed = [
        each.id
        for node in ast.walk(loop)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
        for each in ast.walk(node)
        if isinstance(each, ast.Name)
    ]
    yield from (name for name in printed if name in _LOSSES or "loss" in name.lower() or "cost" in name.lower())
    yield from ("loss", "cost", *printed, *_LOSSES)


def _leading(loss: str, loop: ast.For | ast.While, functions: set[str]) -> tuple[list[ast.Assign], list[str]]:
    """Return the loop's own assignments that lead to a name, in order, and the other names that they read."""
    made = [each for line in loop.body if (each := _assignment(line)) is not None and _name_of(each)]
    wanted = [(loss, len(made))]
    taken: set[int] = set()
    leaves: dict[str, None] = {}
    while wanted:
        name, before = wanted.pop()
        place = next((n for n in range(before - 1, -1, -1) if _name_of(made[n]) == name), None)
        if place is None:
            leaves[name] = None
        elif place not in taken:
            taken.add(place)
            read = [each for each in ast.walk(made[place].value) if isinstance(each, ast.Name)]
            wanted += [(each.id, place) for each in read if each.id not in _NO_NUMBERS and each.id not in functions]
    return [made[place] for place in sorted(taken)], list(leaves)


def _counters(loop: ast.For | ast.While) -> set[str]:
    """Return the names that the loop itself counts with."""
    return (
        {each.id for each in ast.walk(loop.target) if isinstance(each, ast.Name)}
        if isinstance(loop, ast.For)
        else set()
    )


def _assignment(line: ast.stmt) -> ast.Assign | None:
    """Return a line as an assignment: x -= y is x = x - y."""
    if isinstance(line, ast.AugAssign) and isinstance(line.target, ast.Name):
        before = ast.copy_location(ast.Name(line.target.id, ast.Load()), line.target)
        value = ast.copy_location(ast.BinOp(before, line.op, line.value), line)
        return ast.copy_location(ast.Assign([line.target], value), line)
    return line if isinstance(line, ast.Assign) else None


def _name_of(line: ast.Assign) -> str:
    [*_, target] = line.targets
    return target.id if len(line.targets) == 1 and isinstance(target, ast.Name) else ""


def _stores(lines: Sequence[Assignment]) -> dict[int, set[str]]:
    """Return the names that each line of a loop assigns."""
    found: dict[int, set[str]] = {}
    for each in lines:
        for line in each.lines:
            found.setdefault(line, set()).add(each.target)
    return found


def _reads(loop: ast.For | ast.While, lines: Sequence[Assignment]) -> tuple[dict[str, set[str]], set[str]]:
    """Return what each name in a loop is computed from, and the names that are only added to or subtracted from."""
    reads: dict[str, set[str]] = {}
    for each in lines:
        reads.setdefault(each.target, set()).update(each.reads)
    made = {each.target for each in lines if each.change is None}
    for inner in ast.walk(loop):
        if isinstance(inner, ast.For) and inner is not loop:
            read = {part.id for part in ast.walk(inner.iter) if isinstance(part, ast.Name)}
            for name in {part.id for part in ast.walk(inner.target) if isinstance(part, ast.Name)}:
                reads.setdefault(name, set()).update(read)
                made.add(name)
    return reads, {each.target for each in lines} - made


class Lines(Reader):
    """Reads the lines of a script's forward pass as nodes; a function of the script is read where it is called."""

    def __init__(self, file: str, loop: NumpyLoop, leaves: Mapping[str, Node], numbers: Mapping[str, float]) -> None:
        super().__init__("", leaves)
        self._numbers = numbers
        self._file, self._loop = file, loop
        self._calls: list[str] = []

    def read_forward(self, forward: Sequence[ast.Assign]) -> Node:
        """Return the loss as a node; raises ProgramError where a line cannot be read."""
        for line in forward:
            self.location = self._file, line.lineno
            self._name_part(line)
        loss = self._names[self._loop.loss]
        if not isinstance(loss, Node):
            raise ProgramError(f"{self._file}: {self._loop.loss} does not depend on an array")
        return loss

    @property
    def nodes(self) -> dict[str, Node]:
        """What each name stands for at the end of the forward pass."""
        return {name: node for name, node in self._names.items() if isinstance(node, Node)}

    def read(self, tree: ast.expr) -> Any:
        """Return what a part of a line is; shapes are numbers."""
        match tree:
            case ast.Attribute(value=owner, attr="shape"):
                return self.read(owner).shape
            case ast.Subscript(value=ast.Attribute(attr="shape") as owner, slice=ast.Constant(value=int() as place)):
                return self.read(owner)[place]
            case ast.Call(func=ast.Name(id="len"), args=[owner]):
                return self.read(owner).shape[0]
            case ast.Call(func=ast.Name(id="float"), args=[ast.Constant(value="inf" | "-inf" as text)]):
                return float(text)
            case ast.Call(func=ast.Name(id="float"), args=[owner]):
                return self.read(owner)
            case ast.Call(func=ast.Attribute(value=owner, attr="astype"), args=[_], keywords=[]):
                return self.read(owner)  # what is cut off by it shows in the loss, which is compared
            case ast.Subscript(value=ast.Call(func=ast.Attribute(attr="eye")) as owner):  # classes as rows of 0 and 1
                return self.make("gather", [Constant(self.read(owner)), self.read(tree.slice)], tree)
            case ast.Name(id=name) if name not in self._names and name in self._numbers:
                return self._numbers[name]
            case ast.Call(func=ast.Name(id=name)) if name in self._loop.functions and name not in self._calls:
                ours = operation_like(self._loop.functions[name])
                if ours is not None:
                    return self._call(ast.Call(ast.Name(ours.name), tree.args, tree.keywords))
                return self._call_of_theirs(tree, self._loop.functions[name])
        return super().read(tree)

    def _named(self, tree: ast.Name) -> Any:
        if tree.id not in self._names:
            raise self._wrong(f"{tree.id} is no array of numbers, so it is not followed", 0)
        return super()._named(tree)

    def _call_of_theirs(self, tree: ast.Call, function: ast.FunctionDef) -> Any:
        """Return what a function of the script returns for these inputs, if it is a few assignments and a return."""
        *lines, last = [each for each in function.body if not isinstance(each, ast.Expr)]
        names = [each.arg for each in (*function.args.posonlyargs, *function.args.args)]
        defaults = dict(zip(names[::-1], function.args.defaults[::-1], strict=False))
        given = dict(zip(names, tree.args, strict=False)) | {each.arg: each.value for each in tree.keywords if each.arg}
        if (
            not isinstance(last, ast.Return)
            or last.value is None
            or not all(isinstance(each, ast.Assign) for each in lines)
        ):
            raise self._wrong(f"{function.name} does more than calculate and return", 0)
        inside = {name: self.read(given.get(name, defaults.get(name, ast.Constant(None)))) for name in names}
        outside, self._names = self._names, {**self._names, **inside}
        self._calls.append(function.name)
        try:
            for line in lines:
                self._name_part(line)
            return self.read(last.value)
        finally:
            self._names = outside
            self._calls.pop()

    def _wrong(self, why: str, column: int, back: int = 0) -> ProgramError:  # noqa: ARG002
        return ProgramError(f"{':'.join(map(str, self.location))}: {why}")

    def _refused(self, tree: ast.stmt | ast.expr, why: str) -> ProgramError:
        return self._wrong(f"{ast.unparse(tree)[:60]} is not followed: {why}", 0)
