"""Putting a view together: what to leave out where the pane is low, and where to leave a line blank where it is high."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field

from ..glyphs import fit
from ..palette import Line, Span

COMFORT = 5
"""So many rows of an array are shown before anything that explains it."""


@dataclass
class Section:
    """Some lines that stay or go together: the more important, the longer they stay.

    One section of a view may stretch: `draw` is then called with its height, between `least` and `most`. `joined` is
    never set off from what stands above it.
    """

    importance: int
    lines: list[Line] = field(default_factory=list)
    draw: Callable[[int], list[Line]] | None = None
    least: int = 1
    comfort: int = COMFORT
    most: int = 1
    joined: bool = False


def compose(sections: list[Section], width: int, height: int) -> list[Line]:
    """Return the lines of the sections that fit, a blank line between two where there is room, never more than height."""
    kept = [section for section in sections if section.lines or section.draw]

    def needed(comfortable: bool) -> int:
        return sum(
            len(s.lines) if s.draw is None else min(s.comfort if comfortable else s.least, s.most) for s in kept
        )

    while len(kept) > 1:
        last = min(kept, key=lambda section: section.importance)
        if needed(comfortable=last.importance < 5) <= height:
            break
        kept.remove(last)
    comfortable = needed(True) <= height
    spare = height - needed(comfortable)
    # the most important sections are the first to be set off
    apart = sorted((-s.importance, place) for place, s in enumerate(kept) if place and not s.joined)
    before = {place for _, place in apart[: max(spare, 0)]}
    spare -= len(before)
    lines: list[Line] = []
    for place, section in enumerate(kept):
        if place in before:
            lines.append([])
        if section.draw is None:
            lines += section.lines
        else:
            room = min(section.comfort if comfortable else section.least, section.most)
            more = max(min(spare, section.most - room), 0)
            spare -= more
            room = max(min(room + more, height), 1)
            lines += section.draw(room)[:room]
    return [clip(line, width) for line in lines[:height]]


def clip(line: Line, width: int) -> Line:
    """Cut a line to the pane's width."""
    spans: list[Span] = []
    for text, style in line:
        if len(text) > width:
            if width > 0:
                spans.append((fit(text, width), style))
            break
        spans.append((text, style))
        width -= len(text)
    return spans


def prose(text: str, width: int, style: str = "text", indent: str = "") -> list[Line]:
    """Wrap a sentence."""
    wrapped = textwrap.wrap(text, max(width, 8), subsequent_indent=indent, break_on_hyphens=False)
    return [[(line, style)] for line in wrapped]
