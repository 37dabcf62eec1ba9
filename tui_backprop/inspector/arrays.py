"""Arrays beside each other, each in a window around its followed element; rows that belong together share a line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from minidl_core import Node
from minidl_core.arrays import Array

from ..debugger.followed import Followed, element_at, grid_cell, grid_index, grid_shape, is_by_point
from ..debugger.moment import Moment
from ..drawing.glyphs import ELLIPSIS, MORE, RIGHT
from ..drawing.palette import Line, label_style
from ..notation.formats import Notation, finite_part, notation, shape_text
from ..notation.names import axis_names, called, point_word
from ..notation.sections import Section, window

GAP = 2
COMFORT = 5
"""So many rows of an array are worth more than a word that explains them."""


@dataclass(frozen=True)
class Block:
    """An array as rows and columns.

    `titles` go from the longest to the shortest. `at` is the followed cell, `used` marks those that take part in the
    worked equation, `chosen` is the one of them that is looked at. Blocks that are `in_step` show the same rows, whose
    names stand at the left of all. The `sign` stands before the block in the followed row.
    """

    titles: tuple[str, ...]
    cells: Array
    at: tuple[int, int]
    used: Array
    row_name: Callable[[int], str]
    row_names_width: int
    column_names: tuple[str, ...]
    in_step: bool
    notation: Notation
    number_width: int
    sign: str = ""
    chosen: tuple[int, int] | None = None
    gap: int = GAP
    noun: str = "row"

    @property
    def row_in_view(self) -> int:
        """The row around which it is shown: that of the term that is looked at, unless it is in step with others."""
        return self.at[0] if self.chosen is None or self.in_step else self.chosen[0]

    @property
    def column_in_view(self) -> int:
        """The column around which it is shown."""
        return self.at[1] if self.chosen is None else self.chosen[1]

    @cached_property
    def cell_width(self) -> int:
        """The width of a column, with the gap before it."""
        return max([self.number_width, *map(len, self.column_names)]) + self.gap

    @cached_property
    def width(self) -> int:
        """The least width, with the gap before it."""
        numbers = int(self.cells.shape[1]) * self.cell_width + GAP - self.gap
        if not self.in_step and self.row_names_width:
            numbers += self.row_names_width + GAP
        return max(numbers, len(self.titles[0]) + GAP) + len(self.sign)


def block(
    moment: Moment,
    node: Node,
    array: Array,
    followed: Followed,
    used: Iterable[tuple[int | slice, ...]] | None = None,
    titles: tuple[str, ...] = (),
    sign: str = "",
    beside: Array | None = None,
    written: Notation | None = None,
    chosen: tuple[int, ...] | None = None,
) -> Block:
    """Return an array of a node (its value, its gradient, a contribution to it) as a block.

    `used` are the elements that take part in the worked equation, without it the followed one; `chosen` is the one of
    them that is looked at. A vector `beside` an array with columns is drawn as a row. The numbers are `written` in
    their own common notation if in no other.
    """
    shape = array.shape
    by_point = is_by_point(moment, node, shape)
    index = element_at(moment, node, shape, followed)
    mask = np.zeros(shape, dtype=bool)
    for element in [index] if used is None else used:
        mask[element] = True
    rows, columns = grid_shape(shape, by_point)
    at = grid_cell(shape, index, by_point)
    if beside is not None and beside.ndim > 1 and array.ndim == 1 and not by_point:
        rows, columns, at = 1, array.size, (0, index[0])
    flat = None if chosen is None or not shape else int(np.ravel_multi_index(chosen, shape))

    leading = max(len(shape) - 1, 1) if rows > 1 else 0
    names = [axis_names(moment, node, axis, size) for axis, size in enumerate(shape[:leading])]

    def row_name(row: int) -> str:
        if rows == 1:
            return ""
        index = grid_index(shape, row, 0, by_point)[:leading]
        return ",".join(name[i] if name else str(i) for name, i in zip(names, index, strict=True))

    longest = [max(map(len, name)) if name else len(str(size - 1)) for name, size in zip(names, shape, strict=False)]
    last = len(shape) - 1
    column_names: tuple[str, ...] = ()
    if columns > 1 or last > 0:
        column_names = axis_names(moment, node, last, columns) or tuple(map(str, range(columns)))
    name = called(node)
    same = written or notation(array)
    return Block(
        titles=titles or ((f"{name} {shape_text(shape)}", name) if shape else (name,)),
        cells=array.reshape(rows, columns),
        at=at,
        used=mask.reshape(rows, columns),
        row_name=row_name,
        row_names_width=sum(longest) + max(len(longest) - 1, 0),
        column_names=column_names,
        in_step=by_point,
        notation=same,
        number_width=number_width(array, same),
        sign=sign,
        chosen=None if flat is None else divmod(flat, columns),
        noun=point_word(moment) if by_point else "row",
    )


def number_width(array: Array, same: Notation) -> int:
    """Return the width of the widest number of an array, so that a window that moves over it does not jump."""
    finite = finite_part(array)
    size = np.abs(finite)
    small = finite[(size < 10.0 ** (same.exponent - same.decimals)) & (size > 0)]
    ends = [end(part) for part in (finite, small) if part.size for end in (np.min, np.max)]
    others = np.unique(array[~np.isfinite(array)]) if finite.size < array.size else ()
    return max((len(same.text(float(x))) for x in [*ends, *others]), default=1)


def hidden_rows(rows: range, count: int, noun: str) -> str:
    """Say how many of `count` rows are not shown, and on which side: 95 more rows; 2 rows above, 93 below."""
    above, below = rows.start, count - rows.stop
    if above and below:
        return f"{above} {noun}{'s' * (above > 1)} above, {below} below"
    number = above or below
    return f"{number} {'' if above else 'more '}{noun}{'s' * (number > 1)}{' above' if above else ''}"


def arrays_section(blocks: Sequence[Block], width: int, height: int) -> Section:
    """Return arrays beside each other as the section of a view that stretches."""
    # only what has as many rows as the result, which is the last, can be in step with it
    rows = len(blocks[-1].cells)
    blocks = [replace(block, in_step=block.in_step and len(block.cells) == rows) for block in blocks]
    fits = bool(_titled(blocks, width))
    everything = sum(_heads([block]) - 1 + len(block.cells) for block in blocks if not (fits or block.in_step))
    together = [block for block in blocks if fits or block.in_step]
    alone = [block for block in blocks if not (fits or block.in_step)]
    rows = max((len(block.cells) for block in together), default=0)
    everything += _heads(together) + rows
    comfort = _heads(together) + min(rows, COMFORT) + (rows > COMFORT) + sum(map(_alone_height, alone))
    return Section(
        8,
        draw=lambda room: draw_arrays(blocks, width, room),
        least=2,
        comfort=comfort,
        most=min(height, everything),
    )


def draw_arrays(blocks: Sequence[Block], width: int, height: int) -> list[Line]:
    """Draw the blocks beside each other, or, where they are too wide, those that are not in step below the others."""
    titled = _titled(blocks, width)
    if titled:
        return _Strip(titled, width, height).lines()
    in_step = [block for block in blocks if block.in_step]
    alone = [block for block in blocks if not block.in_step]
    below = sum(map(_alone_height, alone))
    lines: list[Line] = []
    if in_step:
        lines += _Strip(_narrowed(in_step, width), width, max(height - below, min(height, 3))).lines()
    for block in alone:
        below -= _alone_height(block)
        room = height - len(lines)
        lines += _alone_lines(block, width, max(room - below, min(room, 2)))
    return lines[:height]


def draw_halves(blocks: Sequence[Block], width: int, height: int) -> list[Line]:
    """Draw blocks in step beside each other, or, where they are too wide, the second half of them below the first."""
    titled = _titled(blocks, width)
    if titled:
        return _Strip(titled, width, height).lines()
    half = len(blocks) // 2
    parts = [_narrowed(blocks[:half], width), _narrowed(blocks[half:], width)]
    columns = min(part[0].cells.shape[1] for part in parts)
    return [
        line
        for part in parts
        for line in _Strip([with_columns(block, columns) for block in part], width, height // 2).lines()
    ]


def halves_height(blocks: Sequence[Block], width: int, most: int) -> int:
    """Return how many lines the halves take if at most so many rows of each block are shown."""
    count = len(blocks[0].cells)
    half = _heads(blocks) + min(count, most) + (count > most)
    return half if _titled(blocks, width) else 2 * half


def _titled(blocks: Sequence[Block], width: int) -> list[Block]:
    """Return the blocks with titles so short that they fit beside each other, or nothing."""
    for level in range(max((len(block.titles) for block in blocks), default=0)):
        titled = [replace(block, titles=block.titles[min(level, len(block.titles) - 1) :]) for block in blocks]
        if _gutter(titled) + sum(block.width for block in titled) <= width:
            return titled
    return []


def _narrowed(blocks: Sequence[Block], width: int) -> list[Block]:
    """Return the blocks with as many columns as fit beside each other, the last of them, the result, with fewer."""
    counts = [int(block.cells.shape[1]) for block in blocks]
    for most in range(min(max(counts), width), 0, -1):
        # the columns that the result does not need are the first to go, then the wider gaps
        for last in dict.fromkeys((most, 1)):
            for gap in (GAP, 1):
                shown = [min(count, most) for count in counts[:-1]] + [min(counts[-1], last)]
                # the numbers alone would be too wide
                if sum(n * (block.number_width + gap) for n, block in zip(shown, blocks, strict=True)) > width:
                    continue
                narrow = [replace(with_columns(block, n), gap=gap) for n, block in zip(shown, blocks, strict=True)]
                titled = _titled(narrow, width)
                if titled:
                    return titled
    return [replace(with_columns(block, 1), titles=block.titles[-1:]) for block in blocks]


def with_columns(block: Block, most: int) -> Block:
    """Return the block with at most so many columns, those around the followed one."""
    count = block.cells.shape[1]
    shown = window(count, most, block.column_in_view)
    if len(shown) == count:
        return block
    names = [block.column_names[c] for c in shown]
    # set off, so that it is not taken for the end of a name that is cut
    names[0] = (f"{ELLIPSIS} " if shown.start else "") + names[0]
    names[-1] += f" {ELLIPSIS}" if shown.stop < count else ""
    cut = slice(shown.start, shown.stop)
    return replace(
        block,
        cells=block.cells[:, cut],
        used=block.used[:, cut],
        at=(block.at[0], block.at[1] - shown.start),
        chosen=block.chosen and (block.chosen[0], block.chosen[1] - shown.start),
        column_names=tuple(names),
    )


def _gutter(blocks: Sequence[Block]) -> int:
    return GAP + max((block.row_names_width for block in blocks if block.in_step), default=0)


def _heads(blocks: Sequence[Block]) -> int:
    return 1 + any(block.column_names for block in blocks) if blocks else 0


def _alone_height(block: Block) -> int:
    return int(bool(block.column_names)) + min(len(block.cells), 3)


def _alone_lines(block: Block, width: int, height: int) -> list[Line]:
    """Draw one block with its title beside the names of its columns."""
    heads = int(bool(block.column_names))
    if height < 1 + heads:
        return []
    label = max(block.row_names_width, len(block.titles[0])) + GAP
    columns = max((width - label) // block.cell_width, 1)
    narrow = with_columns(block, columns)
    rows = window(len(block.cells), height - heads, block.row_in_view)
    title = (f"{'':{GAP}}{block.titles[0]}".ljust(label), "title")
    lines: list[Line] = []
    if heads:
        lines.append([title, *((name.rjust(block.cell_width), label_style(name)) for name in narrow.column_names)])
    for position, row in enumerate(rows):
        mark = _cut_mark(rows, position, len(block.cells)).ljust(GAP)
        name = title if not heads else (mark + block.row_name(row).rjust(label - GAP), "dim")
        lines.append([name, *_numbers(narrow, row, block.cell_width)])
    return lines


def _cut_mark(rows: range, position: int, count: int) -> str:
    """Return the mark of a row next to which there are rows that are not shown."""
    above = position == 0 and rows.start > 0
    below = position == len(rows) - 1 and rows.stop < count
    return MORE if above or below else ""


def _numbers(block: Block, row: int, cell_width: int) -> Line:
    line: Line = []
    for column, (x, used) in enumerate(zip(block.cells[row], block.used[row], strict=True)):
        text = block.notation.text(float(x))
        if (row, column) == block.chosen:
            line += [(" " * (cell_width - len(text)), "text"), (text, "selected")]
        else:
            line.append((text.rjust(cell_width), "followed" if used else "text"))
    return line


class _Strip:
    """Blocks beside each other in a number of lines: titles, names of columns, rows, how many are not shown."""

    def __init__(self, blocks: Sequence[Block], width: int, height: int) -> None:
        self.blocks = blocks
        least = _gutter(blocks) + sum(block.width for block in blocks)
        self.between = min(max(width - least, 0) // len(blocks), 2)
        self.titled = height > 1
        self.named = height > 2 and any(block.column_names for block in blocks)
        room = max(height - self.titled - self.named, 1)
        self.count = max(len(block.cells) for block in blocks)
        self.more = self.count > room > 3
        self.rows = min(room - self.more, self.count)
        self.leading = next((block for block in blocks if block.in_step), None)
        self.leader = self.leading or max(blocks, key=lambda block: len(block.cells))
        self.pin = self.leader.row_in_view - self._window(self.leader).start

    def lines(self) -> list[Line]:
        """Return the lines, those of the names at the left first."""
        parts = [self._gutter_lines(), *map(self._block_lines, self.blocks)]
        lines = [[span for part in row for span in part] for row in zip(*parts, strict=True)]
        if self.more:
            margin = " " * max(_gutter(self.blocks) - 1, GAP)
            hidden = hidden_rows(self._window(self.leader), self.count, self.leader.noun)
            lines.append([(f"{margin}{MORE}  {hidden}", "dim")])
        return lines

    def _window(self, block: Block) -> range:
        return window(len(block.cells), self.rows, block.row_in_view)

    def _gutter_lines(self) -> list[Line]:
        width = _gutter(self.blocks)
        lines: list[Line] = [[(" " * width, "text")]] * (self.titled + self.named)
        shown = self._window(self.leader)
        names = [self.leading.row_name(row) for row in shown] if self.leading else []
        for position in range(self.rows):
            name = names[position] if position < len(names) else ""
            here = position == self.pin and (self.rows > 1 or self.leading is not None)
            mark = RIGHT if here else " "
            if not self.more:
                mark += _cut_mark(shown, position, self.count)
            lines.append([(mark.ljust(2) + name.rjust(width - 2), "followed" if here else "dim")])
        return lines

    def _block_lines(self, block: Block) -> list[Line]:
        width = block.width + self.between
        rows = self._window(block)
        # a block that is not in step stands beside the followed row
        above = 0 if block.in_step else max(min(self.pin - len(rows) // 2, self.rows - len(rows)), 0)
        names = 0 if block.in_step else block.row_names_width
        numbers = block.cell_width * block.cells.shape[1]
        empty = (" " * width, "text")
        lines: list[Line] = []
        if self.titled:
            lines.append([(block.titles[0].rjust(width), "title")])
        if self.named:
            heads = [(name.rjust(block.cell_width), label_style(name)) for name in block.column_names]
            lines.append([(" " * (width - numbers), "dim"), *heads] if heads else [empty])
        for position in range(self.rows):
            sign = block.sign if position == self.pin else ""
            if not above <= position < above + len(rows):
                lines.append([empty])
                continue
            row = rows[position - above]
            name = "" if block.in_step else block.row_name(row)
            before = sign.ljust(width - numbers - names)
            lines.append([(before, "text"), (name.ljust(names), "dim"), *_numbers(block, row, block.cell_width)])
        return lines
