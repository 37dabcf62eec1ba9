"""The graph as boxes and lines: what of a layout shows in a viewport, with the marks of a moment.

The places come from the layout; a moment only says what stands in a box, over which edges a gradient went and which are
in use. Drawing costs the viewport, however large the graph is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from rich.cells import cell_len

from ..drawing.glyphs import DONE, EAST, JOINT, LEFT, LINES, NORTH, NOT_YET, NOW, RIGHT, SOUTH, STALE, UPDATED, WEST
from ..drawing.lines import fit, fit_name
from ..drawing.palette import Line
from .layout import Column, Edge, Layout, Place
from .layout.lanes import Point, Stroke

_MARK_STYLES = {NOT_YET: "dim", DONE: "done", NOW: "now", UPDATED: "variable", STALE: "stale", "": "dim"}


@dataclass(frozen=True, slots=True)
class NodeView:
    """What a moment shows of a node: a title, the details below it, the slots of its value and its gradient."""

    title: str
    details: tuple[str, ...]
    value: str
    gradient: str
    style: str = "text"
    now: bool = False
    selected: bool = False


def mark_style(slot: str) -> str:
    """Return the style of a slot such as v✓ or q1, which its sign tells as well."""
    return "flow" if slot.startswith("G") else _MARK_STYLES.get(slot[-1:], "waiting")


@dataclass(frozen=True, slots=True)
class Note:
    """What is said beside a node, at most `reach` cells from where its edges begin, a row counting as four."""

    lines: Sequence[str]
    near: str
    reach: int = 16


@dataclass(frozen=True, slots=True)
class Viewport:
    """The part of a layout that shows; it may reach beyond it on any side."""

    x: int
    y: int
    width: int
    height: int


def draw_diagram(
    layout: Layout,
    viewport: Viewport,
    view: Callable[[str], NodeView],
    went: Callable[[Edge], bool],
    in_use: Sequence[Edge] = (),
    note: Note | None = None,
) -> list[Line]:
    """Return the rows of the viewport.

    An edge over which its gradient `went` has its arrow at its source, any other at its consumer; those `in_use` are
    heavy. The `note` is left out where there is no room for it.
    """
    canvas = _Canvas(viewport)
    columns = list(layout.columns_between(viewport.x, viewport.x + viewport.width - 1))
    _draw_lines(canvas, columns, layout, in_use)
    _draw_arrows(canvas, columns, layout, went, in_use)
    for column in columns:
        for name in column.nodes:
            place = layout.places[name]
            if canvas.shows(place):
                _draw_node(canvas, place, view(name))
    if note is not None:
        _draw_note(canvas, note, layout.departure(note.near))
    return canvas.lines()


class _Canvas:
    """The cells of the viewport, each a text and the name of its style, addressed by the layout's coordinates."""

    def __init__(self, viewport: Viewport) -> None:
        self.left, self.top = viewport.x, viewport.y
        self.width, self.height = viewport.width, viewport.height
        self.cells = [[(" ", "text")] * self.width for _ in range(self.height)]

    def shows(self, place: Place) -> bool:
        return (
            place.x < self.left + self.width
            and place.x + place.width > self.left
            and place.y < self.top + self.height
            and place.y + place.height > self.top
        )

    def write(self, x: int, y: int, text: str, style: str) -> None:
        """Write a text; what does not show is cut, and of a wide character cut in two a space is left."""
        row, column = y - self.top, x - self.left
        if not 0 <= row < self.height:
            return
        cells = self.cells[row]
        for char in text:
            width = cell_len(char)
            if width == 0:
                if 0 < column <= self.width:
                    before, before_style = cells[column - 1]
                    cells[column - 1] = (before + char, before_style)
            elif column >= 0 and column + width <= self.width:
                cells[column] = (char, style)
                for extra in range(1, width):
                    cells[column + extra] = ("", style)
            elif width > 1:
                for part in range(max(column, 0), min(column + width, self.width)):
                    cells[part] = (" ", style)
            column += width

    def lines(self) -> list[Line]:
        return [
            [("".join(text for text, _ in run), style) for style, run in groupby(row, key=lambda cell: cell[1])]
            for row in self.cells
        ]


def _mask(strokes: Sequence[Stroke], canvas: _Canvas, mask: dict[Point, int]) -> None:
    """Add to each cell the sides at which the strokes leave it."""
    right, bottom = canvas.left + canvas.width, canvas.top + canvas.height
    for (x0, y0), (x1, y1) in strokes:
        if y0 == y1:
            if canvas.top <= y0 < bottom:
                for x in range(max(min(x0, x1), canvas.left - 1), min(max(x0, x1), right)):
                    mask[x, y0] = mask.get((x, y0), 0) | EAST
                    mask[x + 1, y0] = mask.get((x + 1, y0), 0) | WEST
        elif canvas.left <= x0 < right:
            for y in range(max(min(y0, y1), canvas.top - 1), min(max(y0, y1), bottom)):
                mask[x0, y] = mask.get((x0, y), 0) | SOUTH
                mask[x0, y + 1] = mask.get((x0, y + 1), 0) | NORTH


def _draw_lines(canvas: _Canvas, columns: Sequence[Column], layout: Layout, in_use: Sequence[Edge]) -> None:
    """Draw the lines; a dot tells where lines join that would else look as if they crossed."""
    across = {NORTH | SOUTH, EAST | WEST}
    light: dict[Point, int] = {}
    crossings = set()
    for column in columns:
        for strokes in column.lines:
            line: dict[Point, int] = {}
            _mask(strokes, canvas, line)
            for cell, sides in line.items():
                other = light.get(cell, 0)
                light[cell] = sides | other
                if {sides, other} == across:
                    crossings.add(cell)
    heavy: dict[Point, int] = {}
    for edge in in_use:
        _mask(list(pairwise(layout.path(edge))), canvas, heavy)
    for cell, sides in light.items():
        strong = heavy.get(cell, 0)
        sign = LINES[sides][strong] if sides != NORTH | EAST | SOUTH | WEST or cell in crossings else JOINT
        canvas.write(*cell, sign, "flow" if strong else "dim")


def _draw_arrows(
    canvas: _Canvas,
    columns: Sequence[Column],
    layout: Layout,
    went: Callable[[Edge], bool],
    in_use: Sequence[Edge],
) -> None:
    """Point each edge at its consumer, or at its source once a gradient went over it."""
    for column in columns:
        for name in column.nodes:
            place = layout.places[name]
            if not canvas.top - place.height < place.y < canvas.top + canvas.height:
                continue
            for edge in layout.incoming[name]:
                if not went(edge):
                    canvas.write(*layout.arrival(edge), RIGHT, "flow" if edge in in_use else "dim")
            if any(map(went, layout.outgoing[name])):
                flows = any(edge.source == name and went(edge) for edge in in_use)
                canvas.write(*layout.departure(name), LEFT, "flow" if flows else "done")


def _draw_node(canvas: _Canvas, place: Place, node: NodeView) -> None:
    x, y, inner = place.x, place.y, place.width - 2
    border, title_style = ("now", "now") if node.now else ("frame", node.style)
    if node.selected:
        border, title_style = "title", "selected"
    if place.height == 1:
        left, right = "║║" if node.selected else "[]"
        canvas.write(x, y, left, border)
        canvas.write(x + 1, y, fit_name(node.title, inner - 4) + " ", title_style)
        canvas.write(x + inner - 2, y, node.value[-1:], mark_style(node.value))
        canvas.write(x + inner - 1, y, fit(node.gradient.removeprefix("g"), 2), mark_style(node.gradient))
        canvas.write(x + inner + 1, y, right, border)
        return
    lines = "╔═╗║╚╝" if node.selected else "┏━┓┃┗┛" if node.now else "┌─┐│└┘"
    top_left, level, top_right, upright, bottom_left, bottom_right = list(lines)
    texts = [(fit_name(node.title, inner), title_style), *((fit(detail, inner), node.style) for detail in node.details)]
    canvas.write(x, y, top_left + level * inner + top_right, border)
    for row in range(1, place.height - 1):
        text, style = texts[row - 1] if row <= len(texts) else (" " * inner, "text")
        canvas.write(x, y + row, upright, border)
        canvas.write(x + 1, y + row, text, style)
        canvas.write(x + 1 + inner, y + row, upright, border)
    bottom = y + place.height - 1
    canvas.write(x, bottom, bottom_left + level * inner + bottom_right, border)
    slots = f"{node.value} {node.gradient}" if node.gradient else node.value
    start = x + (2 if len(slots) < inner else 1)
    canvas.write(start, bottom, slots, border)
    canvas.write(start, bottom, node.value, mark_style(node.value))
    canvas.write(start + len(node.value) + 1, bottom, node.gradient, mark_style(node.gradient))


def _draw_note(canvas: _Canvas, note: Note, near: Point) -> None:
    """Write the note into the nearest free cells."""
    count = len(note.lines)
    width = max(map(cell_len, note.lines))
    rows = ["".join(text[:1] or "." for text, _ in row) for row in canvas.cells]
    free = []
    for row in range(canvas.height - count + 1):
        common = "".join(" " if set(column) == {" "} else "." for column in zip(*rows[row : row + count], strict=True))
        for gap in re.finditer(f" {{{width + 4},}}", common):
            column = min(max(near[0] - canvas.left, gap.start() + 3), gap.end() - width - 1)
            free.append((4 * abs(canvas.top + row - near[1]) + abs(canvas.left + column - near[0]), row, column))
    distance, row, column = min(free, default=(note.reach + 1, 0, 0))
    if distance <= note.reach:
        for i, text in enumerate(note.lines):
            canvas.write(canvas.left + column, canvas.top + row + i, fit(text, width), "flow")
