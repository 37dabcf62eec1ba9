"""The graph as boxes and lines: what of a layout shows in a viewport, with the marks of a moment.

The boxes come from the layout; a moment only says what stands in a box, over which edges a gradient went and which are
in use. Drawing costs the viewport, however large the graph is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from functools import lru_cache
from itertools import groupby, pairwise
from typing import NamedTuple

from rich.cells import cell_len

from ..debugger.kept import kept
from ..drawing.glyphs import (
    BREAKPOINT,
    DONE,
    EAST,
    JOINT,
    LEFT,
    LINES,
    NORTH,
    NOT_COMPARED,
    NOT_YET,
    NOW,
    PARTS,
    RIGHT,
    SOUTH,
    STALE,
    UPDATED,
    WEST,
)
from ..drawing.palette import Line
from ..notation.fitting import fit, fit_name, takes_single_cells, width_of
from .layout import Box, Column, Edge, Layout
from .layout.lanes import Point, Stroke

_MARK_STYLES = {
    NOT_YET: "dim",
    DONE: "done",
    NOW: "now",
    UPDATED: "variable",
    STALE: "stale",
    PARTS: "error",
    NOT_COMPARED: "dim",
    "": "dim",
}


class NodeView(NamedTuple):
    """What a moment shows of a node: a title, the details below it, the marks of its value and its gradient.

    It `stops` where a breakpoint is on it. Of a title that is too long its middle is cut where its `end_tells`.
    """

    title: str
    details: tuple[str, ...]
    value: str
    gradient: str
    style: str = "text"
    now: bool = False
    selected: bool = False
    stops: bool = False
    end_tells: bool = False


def mark_style(mark: str) -> str:
    """Return the style of a mark such as v✓ or q1, which its sign tells as well."""
    return "flow" if mark.startswith("G") else _MARK_STYLES.get(mark[-1:], "waiting")


class Note(NamedTuple):
    """A text beside a node, at most `reach` cells from where its edges begin, a row counting as four.

    It is written `in_one_line`, if it has that, where there is room.
    """

    lines: Sequence[str]
    near: str
    reach: int = 16
    in_one_line: Sequence[str] = ()


class Viewport(NamedTuple):
    """The part of a layout that shows; it may reach beyond it on any side."""

    x: int
    y: int
    width: int
    height: int


_Cells = tuple[str, list[str], bool]
"""A text, the style of each of its characters, and whether each of them takes one cell."""


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
    columns = list(layout.columns_between(viewport.x, viewport.x + viewport.width - 1))
    canvas = _lines_at_rest(layout, viewport).copy()
    _draw_lines_in_use(canvas, layout, in_use)
    _draw_arrows(canvas, columns, layout, went, in_use)
    for column in columns:
        for name in column.nodes:
            box = layout.boxes[name]
            if canvas.shows(box):
                for row, line in enumerate(_cells_of_box(view(name), box.width, box.height)):
                    canvas.write_line(box.x, box.y + row, line)
    if note is not None:
        _draw_note(canvas, note, layout.departure(note.near))
    return canvas.lines()


class _Canvas:
    """The cells of the viewport, each a text and the name of its style, addressed by the layout's coordinates.

    `sides` are those at which lines leave their cells.
    """

    def __init__(self, viewport: Viewport) -> None:
        self.left, self.top = viewport.x, viewport.y
        self.width, self.height = viewport.width, viewport.height
        self.texts = [[" "] * self.width for _ in range(self.height)]
        self.styles = [["text"] * self.width for _ in range(self.height)]
        self.sides: dict[Point, int] = {}

    def copy(self) -> _Canvas:
        """Return a canvas with the same cells, to be written on."""
        other = copy(self)
        other.texts, other.styles = [[*row] for row in self.texts], [[*row] for row in self.styles]
        return other

    def shows(self, box: Box) -> bool:
        return (
            box.x < self.left + self.width
            and box.x + box.width > self.left
            and box.y < self.top + self.height
            and box.y + box.height > self.top
        )

    def write(self, x: int, y: int, text: str, style: str) -> None:
        """Write a text in one style."""
        self.write_line(x, y, (text, [style] * len(text), takes_single_cells(text)))

    def write_line(self, x: int, y: int, line: _Cells) -> None:
        """Write cells; what does not show is cut, and of a wide character cut in two a space is left."""
        text, of_each, single = line
        row, column = y - self.top, x - self.left
        if not 0 <= row < self.height:
            return
        texts, styles = self.texts[row], self.styles[row]
        if single and 0 <= column <= self.width - len(text):
            texts[column : column + len(text)] = text
            styles[column : column + len(text)] = of_each
            return
        for char, style in zip(text, of_each, strict=True):
            width = cell_len(char)
            if width == 0:
                if 0 < column <= self.width:
                    texts[column - 1] += char
                continue
            shown = range(max(column, 0), min(column + width, self.width))
            for position in shown:
                texts[position], styles[position] = " ", style
            if len(shown) == width:
                texts[column : column + width] = [char, *[""] * (width - 1)]
            column += width

    def lines(self) -> list[Line]:
        return [self._line(*row) for row in zip(self.texts, self.styles, strict=True)]

    def _line(self, texts: list[str], styles: list[str]) -> Line:
        line, start = [], 0
        for style, run in groupby(styles):
            stop = start + len(list(run))
            line.append(("".join(texts[start:stop]), style))
            start = stop
        return line


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


@kept
def _lines_at_rest(layout: Layout, viewport: Viewport) -> _Canvas:
    """Draw the lines as they are while none is in use, the same at every moment.

    A dot tells where lines join that would else look as if they crossed.
    """
    canvas = _Canvas(viewport)
    across = {NORTH | SOUTH, EAST | WEST}
    crossings = set()
    for column in layout.columns_between(viewport.x, viewport.x + viewport.width - 1):
        for strokes in column.lines:
            line: dict[Point, int] = {}
            _mask(strokes, canvas, line)
            for cell, sides in line.items():
                other = canvas.sides.get(cell, 0)
                canvas.sides[cell] = sides | other
                if {sides, other} == across:
                    crossings.add(cell)
    for cell, sides in canvas.sides.items():
        joined = sides == NORTH | EAST | SOUTH | WEST and cell not in crossings
        canvas.write(*cell, JOINT if joined else LINES[sides][0], "dim")
    return canvas


def _draw_lines_in_use(canvas: _Canvas, layout: Layout, in_use: Sequence[Edge]) -> None:
    """Make the lines heavy over which a number goes."""
    heavy: dict[Point, int] = {}
    for edge in in_use:
        _mask(list(pairwise(layout.path(edge))), canvas, heavy)
    for cell in heavy.keys() & canvas.sides.keys():
        canvas.write(*cell, LINES[canvas.sides[cell]][heavy[cell]], "flow")


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
            box = layout.boxes[name]
            if not canvas.top - box.height < box.y < canvas.top + canvas.height:
                continue
            for edge in layout.incoming[name]:
                if not went(edge):
                    canvas.write(*layout.arrival(edge), RIGHT, "flow" if edge in in_use else "dim")
            if any(map(went, layout.outgoing[name])):
                flows = any(edge.source == name and went(edge) for edge in in_use)
                canvas.write(*layout.departure(name), LEFT, "flow" if flows else "done")


@lru_cache(maxsize=256)  # a step changes two or three of the boxes that show
def _cells_of_box(node: NodeView, width: int, height: int) -> list[_Cells]:
    """Return the rows of a node's box as cells."""
    rows = []
    for line in draw_box(node, width, height):
        text = "".join([part for part, _ in line])
        rows.append((text, [style for part, style in line for _ in part], takes_single_cells(text)))
    return rows


def draw_box(node: NodeView, width: int, height: int) -> list[Line]:
    """Return the rows of a node's box; one of a single row has the name and the signs of the marks."""
    inner = width - 2
    border, title_style = ("now", "now") if node.now else ("frame", node.style)
    if node.selected:
        border, title_style = "title", "selected"
    value_style, gradient_style = mark_style(node.value), mark_style(node.gradient)
    if height == 1:
        left, right = "║║" if node.selected else "[]"
        value, gradient = node.value[-1:], fit(node.gradient.removeprefix("g"), 2)
        name = fit_name(node.title, inner - 4) + " "
        marks: Line = [(value, value_style), (gradient, gradient_style)]
        start = (BREAKPOINT, "red") if node.stops else (left, border)
        return [[start, (name, title_style), *marks, (right, border)]]
    lines = "╔═╗║╚╝" if node.selected else "┏━┓┃┗┛" if node.now else "┌─┐│└┘"
    top_left, level, top_right, upright, bottom_left, bottom_right = list(lines)
    texts = [(fit_name(node.title, inner), title_style), *((fit(detail, inner), node.style) for detail in node.details)]
    texts += [(" " * inner, "text")] * (height - 2 - len(texts))
    before = level if len(node.value) + len(node.gradient) + 1 < inner else ""
    marks = [(node.value, value_style), (" ", border), (node.gradient, gradient_style)]
    if not node.gradient:
        del marks[1:]
    after = level * (inner - len(before) - width_of(marks))
    corner = (BREAKPOINT, "red") if node.stops else (bottom_left, border)
    return [
        [(top_left + level * inner + top_right, border)],
        *([(upright, border), text, (upright, border)] for text in texts[: height - 2]),
        [corner, (before, border), *marks, (after + bottom_right, border)],
    ]


def _draw_note(canvas: _Canvas, note: Note, near: Point) -> None:
    """Write the note into the nearest free cells, in one line where there is room for that."""
    for lines in filter(None, (note.in_one_line, note.lines)):
        width = max(map(width_of, lines))
        distance, row, column = min(_free(canvas, len(lines), width, near), default=(note.reach + 1, 0, 0))
        if distance <= note.reach:
            for i, text in enumerate(lines):
                canvas.write(canvas.left + column, canvas.top + row + i, fit(text, width), "flow")
            return


def _free(canvas: _Canvas, count: int, width: int, near: Point) -> Iterator[tuple[int, int, int]]:
    """Yield where so many rows are free in so many columns: how far that is, and the row and the column."""
    blank = (" ",) * count
    for row in range(canvas.height - count + 1):
        columns = zip(*canvas.texts[row : row + count], strict=True)
        common = "".join([" " if column == blank else "." for column in columns])
        for gap in re.finditer(f" {{{width + 4},}}", common):
            column = min(max(near[0] - canvas.left, gap.start() + 3), gap.end() - width - 1)
            yield 4 * abs(canvas.top + row - near[1]) + abs(canvas.left + column - near[0]), row, column
