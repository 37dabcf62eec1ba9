"""The terms of a long sum: what each is called, which one is pinned, and how those that are not shown are grouped."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..formula import Entry, Total, evaluate, leaves
from ..moment import Moment
from .pinned import Pinned, axis_names, is_by_point, point_word, points


def over_points(moment: Moment, total: Total) -> bool:
    """Return whether a sum runs over the data points."""
    return len(total.letters) == 1 and _sizes(total)[0] == points(moment) and _first_axis(total)


def _first_axis(total: Total) -> bool:
    entries = [leaf for leaf in leaves(total.body) if isinstance(leaf, Entry) and total.letters[0] in leaf.index]
    return bool(entries) and all(entry.index[0] == total.letters[0] for entry in entries)


def _sizes(total: Total) -> list[int]:
    shape = evaluate(total.body).shape
    return [shape[axis] for axis in total.axes]


def term_name(moment: Moment, total: Total) -> Callable[[int], str]:
    """Return what the terms are called: row 3, k = 5, [0,2]."""
    sizes = _sizes(total)
    if over_points(moment, total):
        wide = len(str(sizes[0] - 1))
        return lambda term: f"{point_word(moment)} {term:>{wide}}"
    if len(sizes) == 1:
        return lambda term: f"{total.letters[0]} = {term}"
    return lambda term: f"[{','.join(map(str, np.unravel_index(term, sizes)))}]"


def pinned_term(moment: Moment, total: Total, pinned: Pinned) -> int:
    """Return which term is followed: the pinned point's, or that of the pinned entry."""
    sizes = _sizes(total)
    index = pinned.index(tuple(sizes), over_points(moment, total) or sizes[0] == points(moment))
    return int(np.ravel_multi_index(index, sizes))


def grouped(moment: Moment, total: Total) -> Callable[[Sequence[int]], list[tuple[str, list[int]]]]:
    """Return what puts the terms that are not shown into groups: by class where the points have classes."""
    size = int(np.prod(_sizes(total)))
    classes = _classes(moment) if over_points(moment, total) else None

    def groups(shown: Sequence[int]) -> list[tuple[str, list[int]]]:
        hidden = [term for term in range(size) if term not in set(shown)]
        if not hidden:
            return []
        if classes is None:
            return [(f"the other {len(hidden)}", hidden)]
        found = []
        for name in dict.fromkeys(classes):
            members = [term for term in hidden if classes[term] == name]
            other = "other " if any(classes[term] == name for term in shown) else ""
            if members:
                found.append((f"{len(members)} {other}{name}", members))
        return found

    return groups


def _classes(moment: Moment) -> list[str] | None:
    plane = moment.example.plane
    if plane is None or not is_by_point(moment, plane.classes, moment.example.feeds[plane.classes].shape):
        return None
    names = axis_names(moment, plane.classes, 1)
    return [names[c] for c in moment.example.feeds[plane.classes].argmax(axis=1)] if names else None
