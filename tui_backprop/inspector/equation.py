"""A worked element as lines: symbols, numbers, result, folded to the pane's width; and long sums as a table."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Sequence

import numpy as np

from minidl_core.arrays import Array

from ..formats import Notation, addition, notation, number
from ..formula import Apply, Entry, Total, Tree, evaluate
from ..glyphs import RIGHT
from ..palette import STYLES, Line
from ..worked import Worked
from .arrays import window

_GLUE = "\u00a0"

Groups = Callable[[Sequence[int]], list[tuple[str, list[int]]]]
"""Puts the terms that are not shown into groups, each with its name."""


def write_worked(worked: Worked, width: int, relation: str = "=") -> list[Line]:
    """Write an element and how it was computed.

        matmul[3,0] = X[3,0]·W[0,0] + X[3,1]·W[1,0]
                    = (0.921)(0.223) + (1.847)(-1.075)
                    = 0.205 - 1.986 = -1.78
    """
    steps, sign = worked.steps()
    members = [worked.symbols, *steps] if worked.symbols else steps
    joints = ["", *(["="] * (len(members) - 2)), sign][: len(members)]
    start = f"  {worked.target} {relation} "
    if len(members) < 4 and len(start) + len(f" {sign} ".join(members)) <= width:
        chain = members[0] + "".join(f" {joint} {member}" for joint, member in zip(joints[1:], members[1:], strict=True))
        return [[(start + chain, "text")]]
    margin = len(start) - 2
    if len(start) + max(map(len, members)) > width:
        # the target on a line of its own, where that leaves more room
        start, margin = (f"  {worked.target} {'gets' if relation == 'gets' else ''}".rstrip() + "\n  ", 2)
        start += "= " if relation == "=" else "  "
    lines = start.split("\n")
    lines[-1] += members[0]
    for place, (joint, member) in enumerate(zip(joints[1:], members[1:], strict=True), 1):
        packed = f"{lines[-1]} {joint} {member}"
        if place > 1 and len(packed) <= width:
            lines[-1] = packed
        else:
            lines.append(f"{' ' * margin}{joint} {member}")
    return [[(part, "text")] for line in lines for part in _folded(line, width)]


def _folded(line: str, width: int) -> list[str]:
    if len(line) <= width:
        return [line]
    hanging = " " * min(len(line) - len(line.lstrip()) + 4, max(width - 12, 0))
    # a line may end before a sign, and nowhere else
    glued = re.sub(r"(?<=\S) (?![-+=≈/])|(?<= [-+=≈/]) ", _GLUE, line)
    folded = textwrap.wrap(glued, max(width, 1), subsequent_indent=hanging, break_on_hyphens=False)
    return [part.replace(_GLUE, " ") for part in folded]


def used_elements(worked: Worked, symbol: str) -> list[tuple[int | str, ...]]:
    """Return the elements of the array behind a symbol that take part in a worked equation."""
    if worked.tree is None:
        return []
    return [leaf.index for leaf in _entries(worked.tree) if leaf.symbol == symbol]


def _entries(tree: Tree) -> list[Entry]:
    match tree:
        case Entry():
            return [tree]
        case Total(body):
            return _entries(body)
        case Apply(_, parts):
            return [entry for part in parts for entry in _entries(part)]
        case _:
            return []


def draw_terms(
    totals: Sequence[Total],
    sums: Sequence[float],
    names: Sequence[str],
    pinned: int,
    term_name: Callable[[int], str],
    groups: Groups,
    width: int,
    height: int,
) -> list[Line]:
    """Draw a long sum as a table of its terms: those around the pinned one, the rest in groups, the sum.

    With several totals (the same sum for neighbouring elements) each is a column; with one whose terms are products,
    the factors are columns too. What is shown adds up to the sum as shown.
    """
    shape = evaluate(totals[0].body).shape
    terms = np.stack([evaluate(total.body).reshape(-1) for total in totals], axis=1)
    body = totals[0].body
    factors = body.parts if isinstance(body, Apply) and body.kind == "product" and len(totals) == 1 else ()
    columns = [
        (factor.text, np.broadcast_to(factor.value, shape).reshape(-1), factor.notation)
        for factor in factors
        if isinstance(factor, Entry)
    ]
    rows = list(window(len(terms), len(terms), pinned))
    rest: list[tuple[str, list[int]]] = []
    for size in range(min(len(terms), max(height - 2, 1)), 0, -1):
        rows = list(window(len(terms), size, pinned))
        rest = groups(rows)
        if 2 + len(rows) + len(rest) <= height:
            break
    shown = np.concatenate([terms[rows], *(terms[members].sum(axis=0, keepdims=True) for _, members in rest)])
    fine, coarse = addition(shown, np.asarray(sums))
    texts = [[fine.text(x) for x in row] for row in shown]
    total_texts = [coarse.text(x) for x in sums]
    labels = [*(term_name(row) for row in rows), *(name for name, _ in rest)]
    label_width = max(map(len, [*labels, f"Σ {len(terms)} terms"])) + 2
    factor_texts = _factors(columns, rows, shown[: len(rows), 0], fine) if columns else []
    # the sum has a digit less, so its column is one cell wider than the texts
    widths = [max(len(text) for text in (*(row[c] for row in texts), total_texts[c])) + 2 for c in range(len(totals))]
    widths = [max(size, len(name) + 2) for size, name in zip(widths, names, strict=True)]
    factor_widths = [
        max(len(columns[c][0]), *(len(row[c]) for row in factor_texts)) + 2 for c in range(len(columns))
    ]
    if label_width + sum(widths) + sum(factor_widths) > width:
        columns, factor_texts, factor_widths = [], [[] for _ in rows], []
    head: Line = [(" " * label_width, "dim")]
    head += [(text.rjust(size), "dim") for (text, _, _), size in zip(columns, factor_widths, strict=True)]
    head += [(name.rjust(size), name if name in STYLES else "dim") for name, size in zip(names, widths, strict=True)]
    lines = [head]
    for place, (label, row) in enumerate(zip(labels, texts, strict=True)):
        here = place < len(rows) and rows[place] == pinned
        style = "pinned" if here else "text"
        line: Line = [((f"{RIGHT} " if here else "  ") + label.ljust(label_width - 2), "pinned" if here else "dim")]
        cells = factor_texts[place] if place < len(rows) and factor_texts else [""] * len(columns)
        line += [(text.rjust(size), style) for text, size in zip(cells, factor_widths, strict=True)]
        line += [(_aligned(text, fine).rjust(size), style) for text, size in zip(row, widths, strict=True)]
        lines.append(line)
    rule = f"  Σ {len(terms)} {'rows' if len(totals[0].letters) == 1 else 'terms'} "
    rule += "─" * max(label_width + sum(factor_widths) - len(rule), 0)
    pad = " " * max(fine.decimals - coarse.decimals, 0)
    lines.append(
        [(rule[: label_width + sum(factor_widths)], "dim")]
        + [((text + pad).rjust(size), "title") for text, size in zip(total_texts, widths, strict=True)]
    )
    return lines[:height]


def _aligned(text: str, same: Notation) -> str:
    return text


def _factors(
    columns: list[tuple[str, Array, Notation]], rows: list[int], products: Array, fine: Notation
) -> list[list[str]]:
    """Write the factors of the shown terms, with so many digits that each row multiplies to its term as shown."""
    texts: list[list[str]] = []
    for extra in range(5):
        texts = [
            [_digits(values[row], same, extra) for _, values, same in columns] for row in rows
        ]
        computed = [float(np.prod([float(text) for text in row])) for row in texts]
        if all(fine.text(a) == fine.text(b) for a, b in zip(computed, products, strict=True)):
            break
    return texts


def _digits(value: float, same: Notation, extra: int) -> str:
    return same._replace(decimals=same.decimals + extra).text(value) if extra else same.text(value)


def worked_terms(terms: Sequence[float], total: float) -> str:
    """Write a short sum of numbers out."""
    if len(terms) == 1:
        return number(total)
    fine, coarse = addition(terms, total)
    first, *others = [fine.text(x) for x in terms]
    signed = "".join(f" - {text[1:]}" if text.startswith("-") else f" + {text}" for text in others)
    return f"{first}{signed} = {coarse.text(total)}"


__all__ = ["draw_terms", "notation", "used_elements", "worked_terms", "write_worked"]
