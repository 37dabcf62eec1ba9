"""Arrays side by side: each in a window around its pinned element, rows that belong together on one line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from minidl_core import Node
from minidl_core.graph import Array, Shape

from ..formats import Notation, shape_text
from ..formats import notation as notation_of
from ..glyphs import ELLIPSIS, MORE, RIGHT
from ..moment import Moment
from ..palette import STYLES, Line
from .pinned import Pinned, axis_names, grid_index, grid_place, grid_shape, is_by_point

GAP = 2


@dataclass(frozen=True)
class Block:
    """One array as rows and columns.

    `at` is the pinned cell, `used` tells which cells are part of the worked equation. The rows of all blocks that are
    `in_step` are shown together, with their names at the left. `sign` stands before the block, in the pinned row.
    """

    name: str
    shape: Shape
    cells: Array
    at: tuple[int, int]
    used: Array
    row_name: Callable[[int], str]
    column_names: tuple[str, ...]
    in_step: bool
    notation: Notation
    number_width: int
    sign: str = ""

    @property
    def title(self) -> str:
        """The name, and the shape of what has one."""
        return f"{self.name} {shape_text(self.shape)}" if self.shape else self.name


def block(
    moment: Moment,
    node: Node,
    array: Array,
    pinned: Pinned,
    used: list[tuple[int | str, ...]] | None = None,
    name: str = "",
    sign: str = "",
    notation: Notation | None = None,
) -> Block:
    """Return a node's array (its value, gradient or a contribution to it) as a block.

    `used` are the elements of a worked equation, a letter for all along an axis; without it the pinned one.
    """
    shape = array.shape
    by_point = is_by_point(moment, node, shape)
    index = pinned.index(shape, by_point)
    mask = np.zeros(shape, dtype=bool)
    for element in [index] if used is None else used:
        mask[tuple(slice(None) if isinstance(i, str) else i for i in element)] = True
    grid = grid_shape(shape, by_point)

    def row_name(row: int) -> str:
        if grid[0] == 1:
            return ""
        leading = grid_index(shape, row, 0, by_point)[: max(len(shape) - 1, 1)]
        names = [axis_names(moment, node, axis) for axis in range(len(leading))]
        return ",".join(name[i] if name else str(i) for name, i in zip(names, leading, strict=True))

    last = len(shape) - 1
    if grid[1] == 1 and last < 1:
        columns: tuple[str, ...] = ()
    else:
        columns = axis_names(moment, node, last) or tuple(map(str, range(grid[1])))
    same = notation or notation_of(array)
    return Block(
        name or node.name, shape, array.reshape(grid), grid_place(shape, index, by_point), mask.reshape(grid), row_name,
        columns, by_point, same, _number_width(array, same), sign,
    )  # fmt: skip


def _number_width(array: Array, same: Notation) -> int:
    """Return the width of the widest number of an array, so that a window that moves over it does not jump."""
    finite = array[np.isfinite(array)]
    small = finite[(finite != 0) & (np.abs(finite) < 10.0 ** (same.exponent - same.decimals))]
    ends = [f(x) for x in (finite, small) if x.size for f in (np.min, np.max)]
    return max((len(same.text(float(x))) for x in [*ends, *np.unique(array[~np.isfinite(array)])]), default=1)


def window(count: int, size: int, at: int) -> range:
    """Return which `size` of `count` rows are shown, so that the pinned one is among them."""
    size = min(size, count)
    start = max(min(at - size // 2, count - size), 0)
    return range(start, start + size)


def draw_arrays(blocks: list[Block], width: int, height: int) -> list[Line]:
    """Draw the blocks beside each other, or, where they are too wide, those that are not in step below the others."""
    for named in (blocks, [replace(block, shape=()) for block in blocks]):
        if _width(named, 0) <= width:
            return _Strip(named, width, height).lines()
    in_step = [block for block in blocks if block.in_step]
    alone = [block for block in blocks if not block.in_step]
    lines: list[Line] = []
    if in_step:
        below = sum(min(len(block.cells), 3) + 1 for block in alone)
        lines += _fitted(in_step, width, max(height - below, min(height, 3)))
    for place, block in enumerate(alone):
        below = sum(min(len(other.cells), 3) + 1 for other in alone[place + 1 :])
        room = height - len(lines)
        lines += _alone(block, width, max(room - below, min(room, 2)))
    return lines


def draw_grid(blocks: list[Block], width: int, rows: int) -> list[Line]:
    """Draw blocks of the same rows beside each other, or in two halves, so many rows of each."""
    half = len(blocks) // 2
    height = rows + 1 + any(block.column_names for block in blocks) + (len(blocks[0].cells) > rows)
    for parts in ([blocks], [blocks[:half], blocks[half:]]):
        if all(_width(part, 0) <= width for part in parts):
            return [line for part in parts for line in _Strip(part, width, height).lines()]
    return [line for part in (blocks[:half], blocks[half:]) for line in _fitted(part, width, height)]


def _alone(block: Block, width: int, height: int) -> list[Line]:
    """Draw one block with its title beside the names of its columns."""
    if height < 1 + bool(block.column_names):
        return []
    for most in range(block.cells.shape[1], 0, -1):
        narrow = _narrowed(block, most)
        cell = _cell_width(narrow) + GAP
        label = max(_label_width(block), len(block.title)) + 2
        if label + cell * narrow.cells.shape[1] <= width:
            break
    rows = window(len(block.cells), height - bool(block.column_names), block.at[0])
    title: Line = [(f"  {block.title}".ljust(label), "title")]
    lines: list[Line] = []
    if narrow.column_names:
        lines.append([*title, *((name.rjust(cell), _label_style(name)) for name in narrow.column_names)])
    texts = iter(_texts(narrow, rows))
    for row in rows:
        line: Line = [(block.row_name(row).rjust(label), "dim")] if narrow.column_names else [*title]
        line += [(next(texts).rjust(cell), "pinned" if used else "text") for used in narrow.used[row]]
        lines.append(line)
    return lines


def _label_style(name: str) -> str:
    return name if name in STYLES else "dim"


def _fitted(group: list[Block], width: int, height: int) -> list[Line]:
    """Draw blocks side by side, with as many columns of each as fit, without their shapes where those are too wide."""
    wide = max(block.cells.shape[1] for block in group)
    for most in range(wide, 0, -1):
        narrow = [_narrowed(block, most) for block in group]
        for named in (narrow, [replace(block, shape=()) for block in narrow]):
            if _width(named, 0) <= width or (most == 1 and named is not narrow):
                return _Strip(named, width, height).lines()
    return []


def _narrowed(block: Block, most: int) -> Block:
    """Return the block with at most so many columns, those around the pinned one."""
    shown = window(block.cells.shape[1], most, block.at[1])
    if len(shown) == block.cells.shape[1]:
        return block
    names = [block.column_names[c] for c in shown] if block.column_names else [""] * len(shown)
    names[-1] += ELLIPSIS if shown.stop < block.cells.shape[1] else ""
    names[0] = (ELLIPSIS if shown.start else "") + names[0]
    cut = slice(shown.start, shown.stop)
    return replace(
        block,
        cells=block.cells[:, cut],
        used=block.used[:, cut],
        at=(block.at[0], block.at[1] - shown.start),
        column_names=tuple(names),
    )


def _width(blocks: list[Block], between: int) -> int:
    return _gutter(blocks) + sum(_block_width(block) + between for block in blocks)


def _gutter(blocks: list[Block]) -> int:
    in_step = [block for block in blocks if block.in_step]
    return 2 + max((_label_width(block) for block in in_step), default=0)


def _label_width(block: Block) -> int:
    ends = {0, len(block.cells) - 1} if block.in_step else range(min(len(block.cells), 200))
    return max(len(block.row_name(row)) for row in ends)


def _cell_width(block: Block) -> int:
    return max(block.number_width, *map(len, block.column_names), 1)


def _texts(block: Block, rows: range) -> list[str]:
    """Return the numbers of these rows, all as wide as the widest of the array."""
    flat = block.cells[rows.start : rows.stop].reshape(-1)
    return [block.notation.text(float(x)).rjust(block.number_width) for x in flat]


def _block_width(block: Block) -> int:
    own = (0 if block.in_step else _label_width(block)) + block.cells.shape[1] * (_cell_width(block) + GAP)
    # the name of a row needs a distance from what is before it
    return max(own + (GAP if _label_width(block) and not block.in_step else 0), len(block.title) + GAP) + len(block.sign)


class _Strip:
    """Blocks side by side in a number of lines."""

    def __init__(self, blocks: list[Block], width: int, height: int) -> None:
        self.blocks = blocks
        self.between = max(n for n in (0, 1, 2) if n == 0 or _width(blocks, n) <= width)
        self.named = any(block.column_names for block in blocks) and height > 2
        self.titled = height > 1
        room = max(height - self.named - self.titled, 1)
        most = max(len(block.cells) for block in blocks)
        self.more = most > room and room > 3
        self.rows = min(room - self.more, most)
        self.leading = next((block for block in blocks if block.in_step), None)
        leader = self.leading or max(blocks, key=lambda block: len(block.cells))
        self.pin = leader.at[0] - window(len(leader.cells), self.rows, leader.at[0]).start

    def lines(self) -> list[Line]:
        columns = [self._gutter_lines(), *map(self._block_lines, self.blocks)]
        lines = [[span for cell in row for span in cell] for row in zip(*columns, strict=True)]
        if self.more:
            hidden = max(len(block.cells) for block in self.blocks) - self.rows
            where = " " * max(_gutter(self.blocks) - 1, 2)
            lines.append([(f"{where}{MORE}  {hidden} more rows", "dim")])
        return lines

    def _gutter_lines(self) -> list[Line]:
        width = _gutter(self.blocks)
        lines: list[Line] = [[(" " * width, "text")]] * (self.titled + self.named)
        for row in range(self.rows):
            name = ""
            if self.leading is not None:
                name = self.leading.row_name(window(len(self.leading.cells), self.rows, self.leading.at[0])[row])
            here = row == self.pin and (self.rows > 1 or self.leading is not None)
            mark = f"{RIGHT} " if here else "  "
            lines.append([(mark + name.rjust(width - 2), "pinned" if here else "dim")])
        return lines

    def _block_lines(self, block: Block) -> list[Line]:
        width = _block_width(block) - len(block.sign) + self.between
        rows = window(len(block.cells), self.rows, block.at[0])
        start = 0
        if not block.in_step:
            start = max(min(self.pin - len(rows) // 2, self.rows - len(rows)), 0)
        cell = _cell_width(block) + GAP
        label = 0 if block.in_step else _label_width(block)
        margin = " " * (width - label - cell * block.cells.shape[1])
        lines: list[Line] = []
        if self.titled:
            lines.append([(block.title.rjust(width + len(block.sign)), "title")])
        if self.named:
            head: Line = [(" " * (len(margin) + label + len(block.sign)), "dim")]
            head += [(name.rjust(cell), _label_style(name)) for name in block.column_names]
            if not block.column_names:
                head.append((" " * cell * block.cells.shape[1], "dim"))
            lines.append(head)
        texts = iter(_texts(block, rows))
        for place in range(self.rows):
            sign = block.sign if place == self.pin else " " * len(block.sign)
            if not start <= place < start + len(rows):
                lines.append([(" " * (width + len(block.sign)), "text")])
                continue
            row = rows[place - start]
            name = "" if block.in_step else block.row_name(row)
            line: Line = [(sign + margin, "text"), (name.ljust(label), "dim")]
            for c in range(block.cells.shape[1]):
                line.append((next(texts).rjust(cell), "pinned" if block.used[row, c] else "text"))
            lines.append(line)
        return lines
