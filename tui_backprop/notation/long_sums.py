"""A sum of many terms as a table: the terms around the followed one, the others in groups, and the sum."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minidl_core.arrays import Array

from ..debugger.followed import Followed, is_by_point, points
from ..debugger.moment import Moment
from ..drawing.ascii import spell
from ..drawing.glyphs import RIGHT
from ..drawing.palette import Line, label_style
from .expression import Apply, Entry, Total, evaluate, leaves
from .formats import DIGITS, Notation, addition
from .names import axis_names, point_word
from .sections import Section, window
from .worked import Worked, count, rounds_to, sizes

GAP = 2
_MOST_EXTRA = 5

Group = tuple[str, NDArray[np.intp]]
"""The name of a group of terms, and which terms are in it."""


@dataclass(frozen=True)
class LongSum:
    """The same sum for one element or for several beside each other, in columns named `names`.

    `terms` has a row for each term, `factors` the columns that make the terms of a single sum where they are products.
    """

    terms: Array
    sums: Array
    names: tuple[str, ...]
    factors: tuple[tuple[str, Array, Notation], ...]
    followed: int
    term_name: Callable[[int], str]
    classes: tuple[str, ...]
    noun: str


def long_sum(moment: Moment, elements: Sequence[Worked], followed: Followed, names: Sequence[str] = ()) -> LongSum:
    """Return the long sums by which these elements were computed; without a name it is a sum of products or terms."""
    totals = [element.long_sum for element in elements if element.long_sum is not None]
    body, first = totals[0].body, totals[0]
    shape = evaluate(body).shape
    factors = body.parts if isinstance(body, Apply) and body.kind == "product" and len(totals) == 1 else ()
    by_point = over_points(moment, first)
    return LongSum(
        terms=np.stack([evaluate(total.body).reshape(-1) for total in totals], axis=1),
        sums=np.array([element.value for element in elements]),
        names=tuple(names) or ("product" if "·" in elements[0].symbols else "term",),
        factors=tuple(
            (factor.text, np.broadcast_to(factor.value, shape).reshape(-1), factor.notation)
            for factor in factors
            if isinstance(factor, Entry)
        ),
        followed=followed_term(moment, first, followed),
        term_name=_term_name(moment, first, by_point),
        classes=_classes(moment) if by_point else (),
        noun=f"{point_word(moment)}s" if by_point else "terms",
    )


def followed_term(moment: Moment, total: Total, followed: Followed) -> int:
    """Return which term of a long sum is looked at: the chosen one, or that of the followed element."""
    by_point = over_points(moment, total)
    if followed.term is not None and not by_point:
        return followed.term % count(total)
    return int(np.ravel_multi_index(followed.index(sizes(total), by_point), sizes(total)))


def long_sum_section(table: LongSum, width: int) -> Section:
    """Return the table as the section of a view that stretches."""
    least = 3 + len(_groups(table, range(table.followed, table.followed + 1)))
    return Section(
        9,
        draw=lambda height: draw_long_sum(table, width, height),
        least=least,
        comfort=least + 2,
        most=len(table.terms) + 2,
        joined=True,
    )


def draw_long_sum(table: LongSum, width: int, height: int) -> list[Line]:
    """Draw the terms that fit, the followed one among them, the others in groups, and the sum.

    What is shown adds up to the sum as it is shown, and the factors of a term multiply to it as it is shown.
    """
    rows, groups = _chosen(table, height)
    names = [*map(table.term_name, rows), *(name for name, _ in groups)]
    rule = spell(f"  Σ {len(table.terms)} {table.noun} ")
    label = max(*map(len, names), len(rule) - 3) + 2
    factors, terms = _columns(table, rows, groups, width - label)
    columns = [*factors, *terms]
    sizes = [max(map(len, column)) + GAP for column in columns]
    table_rows = zip(*columns, strict=True)
    heads, *cells = ([text.rjust(size) for text, size in zip(row, sizes, strict=True)] for row in table_rows)
    made = len(factors)
    styled = [(text, label_style(name)) for text, name in zip(heads[made:], table.names, strict=True)]
    lines: list[Line] = [[(" " * label + "".join(heads[:made]), "dim"), *styled]]
    for position, (name, row) in enumerate(zip(names, cells, strict=False)):
        style = "followed" if position == table.followed - rows.start else "text"
        mark = f"{RIGHT} " if style == "followed" else "  "
        lines.append(
            [((mark + name).ljust(label), "followed" if style == "followed" else "dim"), ("".join(row), style)]
        )
    inner = label + sum(sizes[:made])
    lines.append([(rule + "─" * max(inner - len(rule), 0), "dim"), ("".join(cells[-1][made:]), "title")])
    return lines


def _columns(
    table: LongSum, rows: range, groups: Sequence[Group], width: int
) -> tuple[list[list[str]], list[list[str]]]:
    """Return the columns of the factors and those of the terms, with their heads and sums.

    Where they are too wide, heads and numbers become shorter, and then the first factors go.
    """
    shown = np.concatenate([table.terms[rows.start : rows.stop], *(table.terms[g].sum(0)[None] for _, g in groups)])
    whole = [name for name, _, _ in table.factors]
    bare = [name.partition("[")[0] for name in whole]  # without its index a name is shorter
    for digits, heads in ((DIGITS, whole), (3, whole), (DIGITS, bare), (3, bare)):
        fine, coarse = addition(shown, table.sums, digits)
        sums = [coarse.text(x) + " " * max(fine.decimals - coarse.decimals, 0) for x in table.sums]
        cells = [[fine.text(x) for x in column] for column in shown.T]
        terms = [[name, *column, total] for name, column, total in zip(table.names, cells, sums, strict=True)]
        blank = [""] * (len(groups) + 1)
        texts = zip(*_factor_texts(table, rows, fine), strict=True)
        factors = [[head, *column, *blank] for head, column in zip(heads, texts, strict=False)]
        if _width(factors + terms) <= width:
            return factors, terms
    while factors and _width(factors + terms) > width:
        factors = factors[1:]
    return factors, terms


def _width(columns: Sequence[Sequence[str]]) -> int:
    return sum(max(map(len, column)) + GAP for column in columns)


def _chosen(table: LongSum, height: int) -> tuple[range, list[Group]]:
    """Return which terms are shown, and the groups of the others."""
    for size in range(min(len(table.terms), max(height - 2, 1)), 0, -1):
        rows = window(len(table.terms), size, table.followed)
        groups = _groups(table, rows)
        if len(rows) + len(groups) + 2 <= height:
            break
    return rows, groups


def _groups(table: LongSum, shown: range) -> list[Group]:
    """Group the terms that are not shown: by class where the points have classes."""
    hidden = np.ones(len(table.terms), dtype=bool)
    hidden[shown.start : shown.stop] = False
    if not hidden.any():
        return []
    if not table.classes:
        return [(f"the other {hidden.sum()}", np.flatnonzero(hidden))]
    classes = np.array(table.classes)
    groups = []
    for name in dict.fromkeys(table.classes):
        members = hidden & (classes == name)
        other = "other " if (classes[shown.start : shown.stop] == name).any() else ""
        if members.any():
            groups.append((f"{members.sum()} {other}{name}", np.flatnonzero(members)))
    return groups


def _factor_texts(table: LongSum, rows: range, fine: Notation) -> list[list[str]]:
    """Write the factors of the shown terms, with so many digits that those of each term multiply to it as it is shown.

    Where that takes too many digits, those of the followed term do.
    """
    followed = table.followed - rows.start
    products = [fine.text(table.terms[row, 0]) for row in rows] if table.factors else []
    first: list[list[str]] = []
    for extra in range(_MOST_EXTRA):
        texts = []
        for row in rows:
            values = [float(factor[row]) for _, factor, _ in table.factors]
            texts.append([_finer(same, extra).text(x) for (_, _, same), x in zip(table.factors, values, strict=True)])
        right = [
            rounds_to(float(np.prod([float(text) for text in row])), product)
            for row, product in zip(texts, products, strict=False)
        ]
        if all(right):
            return texts
        if right[followed] and not first:
            first = texts
    return first or texts


def _finer(same: Notation, extra: int) -> Notation:
    return same._replace(decimals=same.decimals + extra) if extra else same


def over_points(moment: Moment, total: Total) -> bool:
    """Return whether a sum runs over the data points."""
    entries = [leaf for leaf in leaves(total.body) if isinstance(leaf, Entry)]
    return sizes(total) == (points(moment),) and all(
        entry.index[0] == total.letters[0] for entry in entries if total.letters[0] in entry.index
    )


def _term_name(moment: Moment, total: Total, by_point: bool) -> Callable[[int], str]:
    """Return what the terms are called: row 3, k = 5, [0,2]."""
    shape = sizes(total)
    wide = len(str(count(total) - 1))
    if by_point:
        return lambda term: f"{point_word(moment)} {term:>{wide}}"
    if len(shape) == 1:
        return lambda term: f"{total.letters[0]} = {term:>{wide}}"
    return lambda term: f"[{','.join(map(str, np.unravel_index(term, shape)))}]"


def _classes(moment: Moment) -> tuple[str, ...]:
    """Return the name of each point's class, where the lesson names the classes."""
    plane = moment.program.example.plane
    if plane is None:
        return ()
    given = moment.feeds[plane.classes]
    names = axis_names(moment, plane.classes, 1, given.shape[1])
    if not names or not is_by_point(moment, plane.classes, given.shape):
        return ()
    return tuple(names[c] for c in given.argmax(axis=1))
