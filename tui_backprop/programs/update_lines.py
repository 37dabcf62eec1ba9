"""The lines by which a loop updates its weights: which name in them is a gradient, whatever it is called."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple


class Used(NamedTuple):
    """What an update takes off, beside a learning rate: a name, or with a `sign` of -1 what it adds."""

    name: str
    sign: int


class _Line(NamedTuple):
    """One assignment of a loop: to which name, what it reads, and where it changes a weight, by which expression."""

    target: str
    reads: frozenset[str]
    value: ast.expr
    change: ast.expr | None
    sign: int


def gradients_used(loop: ast.For | ast.While, computed: Collection[str]) -> Mapping[str, Used]:
    """Return for each weight the gradient in its update, where it has a name.

    That is `g` of `w -= rate * g`, also where that product has a name of its own: made in the iteration itself, of what
    is `computed` by its forward pass, and of nothing that is kept from iterations before, as a velocity is. Where more
    than a rate stands beside it, which of that belongs to the gradient is not known, and it is left out.
    """
    lines = sorted(_lines(loop), key=lambda line: (line.value.lineno, line.value.col_offset))
    targets = {line.target for line in lines}
    fresh: set[str] = set()
    mentioned: set[str] = set()
    for line in lines:
        if line.target not in mentioned and line.target not in line.reads and line.change is None:
            kept = (line.reads & targets) - fresh
            if kept <= set(computed) and (line.reads & fresh or not line.reads.isdisjoint(computed)):
                fresh.add(line.target)
        mentioned |= {line.target, *line.reads}
    fresh -= set(computed)
    found: dict[str, Used] = {}
    for line in lines:
        if line.change is not None and line.target in computed:
            name, sign = _used(line.change, fresh, lines)
            if name:
                found[line.target] = Used(name, line.sign * sign)
    return found


def _lines(loop: ast.For | ast.While) -> Iterator[_Line]:
    for node in ast.walk(loop):
        match node:
            case ast.AugAssign(target=ast.Name(id=name), op=op, value=value):
                sign = {ast.Sub: 1, ast.Add: -1}.get(type(op), 0)
                yield _Line(name, _names(value) | {name}, value, value if sign else None, sign)
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                yield _line(name, value)
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
                for target, value in zip(targets, values, strict=False):
                    if isinstance(target, ast.Name):
                        yield _line(target.id, value)


def _line(name: str, value: ast.expr) -> _Line:
    match value:
        case ast.BinOp(left=ast.Name(id=before), op=ast.Sub() | ast.Add() as op, right=change) if before == name:
            return _Line(name, _names(value), value, change, 1 if isinstance(op, ast.Sub) else -1)
    return _Line(name, _names(value), value, None, 0)


def _used(change: ast.expr, fresh: Collection[str], lines: Sequence[_Line]) -> tuple[str, int]:
    """Return the only name in a change that is made in the iteration, and its sign; "" where there is none such."""
    factors, sign = _factors(change)
    names = [each.id for each in factors if isinstance(each, ast.Name) and each.id in fresh]
    is_plain = all(isinstance(each, ast.Name | ast.Constant) for each in factors)
    if len(names) != 1 or len(factors) > 2 or not is_plain:
        return "", sign
    made = [line.value for line in lines if line.target == names[0]]
    if (
        len(factors) == 1 and len(made) == 1 and len(_factors(made[0])[0]) > 1
    ):  # the rate is in what the name stands for
        name, inner = _used(made[0], fresh, lines)
        return name, sign * inner
    return names[0], sign


def _factors(product: ast.expr) -> tuple[list[ast.expr], int]:
    """Return the factors of a product, and its sign."""
    match product:
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            (before, one), (after, other) = _factors(left), _factors(right)
            return [*before, *after], one * other
        case ast.UnaryOp(op=ast.USub(), operand=part):
            factors, sign = _factors(part)
            return factors, -sign
    return [product], 1


def _names(value: ast.expr) -> frozenset[str]:
    return frozenset(each.id for each in ast.walk(value) if isinstance(each, ast.Name))
