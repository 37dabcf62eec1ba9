"""From item to item by arrows: left to an input, right to a consumer, up and down to what stands beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .layout import Layout
from .picture import Picture


def along(picture: Picture, rows: Mapping[str, int], here: str, direction: str, trail: Sequence[str]) -> str:
    """Return the item at the other end of an edge: the one that the trail came from, else the nearest row.

    Where there is no edge in this direction it is the same item.
    """
    ends = picture.items[here].inputs if direction == "left" else picture.consumers[here]
    passed = [name for name in reversed(trail) if name in ends]
    return passed[0] if passed else min(ends, key=lambda name: abs(rows[name] - rows[here]), default=here)


def beside(layout: Layout, here: str, direction: str) -> str:
    """Return the nearest box above or below, first in the same layer; where there is none, the same one."""
    origin = layout.boxes[here]
    sign = 1 if direction == "down" else -1

    def distance(name: str) -> tuple[int, int]:
        box = layout.boxes[name]
        return abs(box.x - origin.x), sign * (box.y - origin.y)

    return min((name for name in layout.boxes if distance(name)[1] > 0), key=distance, default=here)
