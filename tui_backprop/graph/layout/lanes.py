"""How the lines between two layers share the channel: level in rows of their own, upright in one lane each.

This is channel routing with vertical constraints (Hashimoto and Stevens 1971), turned on its side: where one line comes
in at the row in which another goes out, the first must turn off before the second turns in. Lines that would have to
wait for each other in a circle are untied by a detour over a free row.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import count, pairwise
from typing import NamedTuple

Point = tuple[int, int]
Stroke = tuple[Point, Point]


class Passage(NamedTuple):
    """A line's way through one channel: in at one row, out at others, upright in between.

    `x` is the last cell before the channel. `onward` is the row in which the line goes on to later layers, if it does.
    `lanes` holds no column (the line is straight), one, or two with the row `detour` between them.
    """

    x: int
    row: int
    targets: tuple[int, ...]
    onward: int
    lanes: tuple[int, ...] = ()
    detour: int = 0

    @property
    def rows(self) -> tuple[int, ...]:
        """The rows in which the line is level."""
        return (self.row, *self.targets, self.detour) if len(self.lanes) == 2 else (self.row, *self.targets)

    def moved(self, down: int) -> Passage:
        """Return the same passage some rows further down."""
        return self._replace(
            row=self.row + down,
            targets=tuple(row + down for row in self.targets),
            onward=self.onward + down,
            detour=self.detour + down,
        )

    def corners(self, target: int) -> list[Point]:
        """Return where the line turns on its way to a target row."""
        if len(self.lanes) == 2:
            first, second = self.lanes
            return [(first, self.row), (first, self.detour), (second, self.detour), (second, target)]
        return [(lane, row) for lane in self.lanes for row in (self.row, target) if target != self.row]

    def strokes(self, end: int) -> tuple[Stroke, ...]:
        """Return the straight pieces of the whole line, up to the cell `end` behind the channel."""
        paths = ([(self.x, self.row), *self.corners(target), (end, target)] for target in self.targets)
        return tuple(dict.fromkeys(stroke for path in paths for stroke in pairwise(path)))


@dataclass(slots=True)
class _Upright:
    """A lane that is wanted: for which passage, from which row, to which others."""

    passage: int
    row: int
    ends: tuple[int, ...]

    @property
    def rows(self) -> range:
        return range(min(self.row, *self.ends), max(self.row, *self.ends) + 1)

    @property
    def rank(self) -> tuple[int, int]:
        # of two lines that go down side by side the lower one must turn first, of two that go up the upper one
        downwards = sum(self.ends) > self.row * len(self.ends)
        return (0, -self.row) if downwards else (1, self.row)


def route(passages: Sequence[Passage], x: int) -> tuple[list[Passage], int]:
    """Return the passages with their lanes, of which the first is in column x, and the number of columns used."""
    order, detours = _from_left_to_right(passages)
    lanes: dict[int, list[int]] = {}
    taken: dict[int, int] = {}
    for upright in order:
        column = max(taken.get(row, 0) for row in upright.rows)
        taken.update(dict.fromkeys(upright.rows, column + 1))
        lanes.setdefault(upright.passage, []).append(x + column)
    routed = [
        passage._replace(lanes=tuple(lanes.get(i, ())), detour=detours.get(i, 0)) for i, passage in enumerate(passages)
    ]
    return routed, max(taken.values(), default=0)


def _from_left_to_right(passages: Sequence[Passage]) -> tuple[list[_Upright], dict[int, int]]:
    """Order the lanes so that no line runs along another, and choose the rows of the detours that this takes."""
    uprights = [
        _Upright(i, passage.row, passage.targets)
        for i, passage in enumerate(passages)
        if passage.targets != (passage.row,)
    ]
    entering = {upright.row: i for i, upright in enumerate(uprights)}
    waits = [{entering[row] for row in upright.ends if row in entering} - {i} for i, upright in enumerate(uprights)]
    followers: list[list[int]] = [[] for _ in uprights]
    for i, others in enumerate(waits):
        for other in others:
            followers[other].append(i)
    ready = [(upright.rank, i) for i, upright in enumerate(uprights) if not waits[i]]
    heapify(ready)
    stuck = dict.fromkeys(i for i in range(len(uprights)) if waits[i])
    used = {row for passage in passages for row in passage.rows}
    detours: dict[int, int] = {}
    order = []
    while ready or stuck:
        if ready:
            _, i = heappop(ready)
            order.append(uprights[i])
        else:
            i = _in_circle(next(iter(stuck)), waits)
            del stuck[i]
            first, second = _untie(uprights[i], used)
            detours[first.passage] = first.ends[0]
            order.append(first)
            uprights.append(second)
            waits.append(waits[i])
            followers.append([])
            for other in waits[i]:
                followers[other].append(len(uprights) - 1)
            stuck[len(uprights) - 1] = None
        for other in followers[i]:
            if other in stuck:
                waits[other].discard(i)
                if not waits[other]:
                    del stuck[other]
                    heappush(ready, (uprights[other].rank, other))
    return order, detours


def _in_circle(i: int, waits: Sequence[set[int]]) -> int:
    """Return one of the lanes that wait for each other, starting from one that waits."""
    passed = set()
    while i not in passed:
        passed.add(i)
        i = min(waits[i])
    return i


def _untie(upright: _Upright, used: set[int]) -> tuple[_Upright, _Upright]:
    """Split a lane in two, joined by the nearest free row, which is then used."""
    nearest: Iterable[int] = (row for step in count(1) for row in (upright.row + step, upright.row - step))
    free = next(row for row in nearest if row not in used)
    used.add(free)
    return _Upright(upright.passage, upright.row, (free,)), _Upright(upright.passage, free, upright.ends)
