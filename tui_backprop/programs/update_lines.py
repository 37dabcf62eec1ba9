"""The lines by which a loop changes its names, read in one place, in whichever form they are written.

An update takes something off a weight: `w -= rate * g`, `w = w - rate * g`, `w = -rate * g + w`, also where the weight
loses a share, `w = (1 - rate * decay) * w - rate * g`; of one of several targets in a line; of entries, `w[0] -= ...`,
`p["w"] -= ...`, and attributes; or as NumPy's functions say it, `np.subtract(w, rate * g, out=w)`.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

_OPERATORS: Mapping[str, type[ast.operator]] = {"add": ast.Add, "subtract": ast.Sub, "multiply": ast.Mult}


class Used(NamedTuple):
    """What an update takes off, beside a learning rate: a name, or with a `sign` of -1 what it adds."""

    name: str
    sign: int


class Assignment(NamedTuple):
    """One assignment of a loop: which name it changes, `is_part` where only an entry or attribute of it, and how.

    The `place` is that name or attribute, without entries. It `reads` names for a `value`. The `change` is what is
    taken off the target, or with a `sign` of -1 added to it; None where the target is made anew.
    """

    target: str
    place: str
    is_part: bool
    reads: frozenset[str]
    value: ast.expr
    change: ast.expr | None
    sign: int
    lines: range


def assignments(loop: ast.AST) -> list[Assignment]:
    """Return the assignments of a loop in their order, those of several targets one by one."""
    found = [each for node in ast.walk(loop) if isinstance(node, ast.stmt) for each in _assigned(node)]
    return sorted(found, key=lambda each: (each.value.lineno, each.value.col_offset))


def gradients_used(loop: ast.For | ast.While, computed: Collection[str]) -> Mapping[str, Used]:
    """Return for each weight the gradient in its update, where it has a name.

    That is `g` of `w -= rate * g`, also where that product has a name of its own: made in the iteration itself, of what
    is `computed` by its forward pass, and of nothing that is kept from iterations before, as a velocity is. Where more
    than a rate stands beside it, which of that belongs to the gradient is not known, and it is left out.
    """
    lines = assignments(loop)
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
        if line.change is not None and not line.is_part and line.target in computed:
            name, sign = _used(line.change, fresh, lines)
            if name:
                found[line.target] = Used(name, line.sign * sign)
    return found


def stepped(loop: ast.AST) -> Iterator[tuple[str, bool]]:
    """Yield what a loop takes steps from, by products or by what is computed from it: names, and attributes of them.

    What is only spent or counted, as in `left -= 1` and `budget -= cost`, is none. What other steps are made from, such
    as a velocity, comes last. Each comes with whether it is surely no sum of a forward pass: where the step goes down,
    and no other step is made from it.
    """
    lines = assignments(loop)
    reads: dict[str, set[str]] = {}
    for line in lines:
        reads.setdefault(line.target, set()).update(line.reads)
    steps = [
        (line, line.change)
        for line in lines
        if line.change is not None and (_is_product(line.change) or _leads_to(line.target, line.change, reads))
    ]
    used = {each for line, change in steps for each in _places(change) - {line.place}}
    for line, _ in sorted(steps, key=lambda step: step[0].place in used):
        yield line.place, line.sign > 0 and line.place not in used


def _assigned(node: ast.stmt) -> Iterator[Assignment]:
    match node:
        case ast.AugAssign(target=target, op=op, value=value):
            sign = {ast.Sub: 1, ast.Add: -1}.get(type(op), 0)
            before = ast.copy_location(ast.BinOp(target, op, value), value)
            yield from _of_target(target, before, value if sign else None, sign, node)
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                yield from _of_targets(target, value, node)
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            yield from _of_targets(target, value, node)
        case ast.Expr(value=ast.Call(args=[_, _, target]) as call) if _operator(call):
            yield from _of_targets(target, call, node)
        case ast.Expr(value=ast.Call(args=[_, _], keywords=[ast.keyword(arg="out", value=target)]) as call):
            if _operator(call):
                yield from _of_targets(target, call, node)


def _of_targets(target: ast.expr, value: ast.expr, node: ast.stmt) -> Iterator[Assignment]:
    if isinstance(target, ast.Tuple | ast.List):
        of_each = isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts)
        values = value.elts if of_each and isinstance(value, ast.Tuple | ast.List) else [value] * len(target.elts)
        for part, own in zip(target.elts, values, strict=True):
            yield from _of_targets(part, own, node)
        return
    change, sign = _change(target, value)
    yield from _of_target(target, value, change, sign, node)


def _of_target(
    target: ast.expr, value: ast.expr, change: ast.expr | None, sign: int, node: ast.stmt
) -> Iterator[Assignment]:
    owner, is_part, attributes = target, False, ""
    while isinstance(owner, ast.Subscript | ast.Attribute | ast.Starred):
        is_part = is_part or not (isinstance(owner, ast.Subscript) and ast.unparse(owner.slice) in (":", "..."))
        attributes = f".{owner.attr}{attributes}" if isinstance(owner, ast.Attribute) else ""
        owner = owner.value
    if isinstance(owner, ast.Name):
        lines = range(node.lineno, (node.end_lineno or node.lineno) + 1)
        yield Assignment(owner.id, owner.id + attributes, is_part, _names(value), value, change, sign, lines)


def _change(target: ast.expr, value: ast.expr) -> tuple[ast.expr | None, int]:
    """Return what a value takes off a target, and 1; what it adds, and -1; None where it is something else."""
    kind, left, right = _sides(value)
    if left is not None and right is not None and kind in (ast.Add, ast.Sub):
        if _is_share(left, target):
            return right, 1 if kind is ast.Sub else -1
        if kind is ast.Add and _is_share(right, target):
            return left, -1
    return None, 0


def _sides(value: ast.expr) -> tuple[type[ast.operator] | None, ast.expr | None, ast.expr | None]:
    """Return an operator and its operands, also of np.subtract(a, b)."""
    match value:
        case ast.BinOp(left=left, op=op, right=right):
            return type(op), left, right
        case ast.Call(args=[left, right, *_]):
            return _operator(value), left, right
    return None, None, None


def _operator(call: ast.Call) -> type[ast.operator] | None:
    match call.func:
        case ast.Attribute(value=ast.Name(id="np" | "numpy"), attr=name):
            return _OPERATORS.get(name)
    return None


def _is_share(value: ast.expr, target: ast.expr) -> bool:
    """Return whether a value is a target, or a multiple of it."""
    whole = target.value if isinstance(target, ast.Subscript) and ast.unparse(target.slice) in (":", "...") else target
    kind, left, right = _sides(value)
    if kind is ast.Mult and left is not None and right is not None:
        return _is_share(left, target) or _is_share(right, target)
    return ast.unparse(value) in (ast.unparse(target), ast.unparse(whole))


def _used(change: ast.expr, fresh: Collection[str], lines: Sequence[Assignment]) -> tuple[str, int]:
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
    kind, left, right = _sides(product)
    if kind is ast.Mult and left is not None and right is not None:
        (before, one), (after, other) = _factors(left), _factors(right)
        return [*before, *after], one * other
    if isinstance(product, ast.UnaryOp) and isinstance(product.op, ast.USub):
        factors, sign = _factors(product.operand)
        return factors, -sign
    return [product], 1


def _is_product(change: ast.expr) -> bool:
    kind, left, _ = _sides(change)
    while kind is ast.Div and left is not None:
        kind, left, _ = _sides(left)
    return kind is ast.Mult


def _leads_to(target: str, change: ast.expr, reads: Mapping[str, Collection[str]]) -> bool:
    """Return whether a change is computed from what it changes, through other names, as a gradient is."""
    waiting, seen = list(_names(change)), set[str]()
    while waiting:
        name = waiting.pop()
        if name == target:
            return True
        if name not in seen:
            seen.add(name)
            waiting += reads.get(name, ())
    return False


def _places(value: ast.expr) -> set[str]:
    return {ast.unparse(each) for each in ast.walk(value) if isinstance(each, ast.Name | ast.Attribute)}


def _names(value: ast.expr) -> frozenset[str]:
    return frozenset(each.id for each in ast.walk(value) if isinstance(each, ast.Name))
