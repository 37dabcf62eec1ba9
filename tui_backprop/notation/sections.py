"""A view from sections: a low pane has the most important of them, a high one blank lines between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ..drawing.palette import Line
from .fitting import clip

EXPLAINS = 5
"""What is less important than this explains the numbers; it has to leave them a comfortable height."""


@dataclass
class Section:
    """Some lines of a view that stay or go together, the least important first.

    Instead of having lines, one section of a view may stretch: `draw` is called with its height, at least `least`,
    rather `comfort`, at most `most`. A `joined` section is never set off from the one above it.
    """

    importance: int
    lines: list[Line] = field(default_factory=list)
    draw: Callable[[int], list[Line]] | None = None
    least: int = 0
    comfort: int = 0
    most: int = 0
    joined: bool = False


def compose(sections: list[Section], width: int, height: int) -> list[Line]:
    """Return the lines of the sections that fit, a blank line between two where there is room."""
    kept = [section for section in sections if section.lines or section.draw]
    fixed = sum(len(section.lines) for section in kept)
    stretching = next((section for section in kept if section.draw), None)
    comfort, least = (min(stretching.comfort, stretching.most), stretching.least) if stretching else (0, 0)
    while len(kept) > 1:
        last = min(kept, key=lambda section: section.importance)
        if fixed + (comfort if last.importance < EXPLAINS else least) <= height:
            break
        kept.remove(last)
        fixed -= len(last.lines)
        if last is stretching:
            stretching, comfort, least = None, 0, 0
    room = max(min(comfort, height - fixed), least)
    # the most important sections are the first to be set off
    apart = [position for position, section in enumerate(kept) if position and not section.joined]
    apart.sort(key=lambda position: -kept[position].importance)
    gaps = apart[: max(height - fixed - room, 0)]
    if stretching:
        room = min(height - fixed - len(gaps), max(stretching.most, 1))
    lines: list[Line] = []
    for position, section in enumerate(kept):
        if position in gaps:
            lines.append([])
        lines += section.draw(room)[: max(room, 0)] if section.draw else section.lines
    return [clip(line, width) for line in lines[: max(height, 0)]]


def window(count: int, size: int, at: int) -> range:
    """Return which `size` of `count` rows are shown, so that the followed one is among them."""
    size = min(size, count)
    # one row below the followed one is shown, and as many above it as there is room for
    start = max(min(at - max(size - 2, 0), count - size), 0)
    return range(start, start + size)


def centred(count: int, size: int, at: int) -> range:
    """Return which `size` of `count` rows are shown, so that the one at `at` is as near to the middle as can be."""
    start = max(min(at - size // 2, count - size), 0)
    return range(start, min(start + size, count))
