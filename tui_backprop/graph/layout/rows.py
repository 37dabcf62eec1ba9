"""In which row each item stands.

Items that shall be in a straight line make one block (Sander 1996). The spine is one of them and lies at row 0; what
is above it hangs as low as it can, what is below stands as high as it can; then each block moves towards its
neighbours as far as there is room, without making the picture higher.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Iterator
from itertools import pairwise

from .layers import Layers
from .order import positions_of

Distance = tuple[int, int]


class _Blocks:
    """The blocks: of each item its block and its row within it; of each block what must be above and below it.

    An entry of `above` and `below` is another block and the least distance between the two.
    """

    def __init__(self, layers: Layers, gap: int) -> None:
        self.block, self.shift = _straight(layers)
        count = 1 + max(self.block, default=-1)
        self.above: list[list[Distance]] = [[] for _ in range(count)]
        self.below: list[list[Distance]] = [[] for _ in range(count)]
        self.top = [0] * count
        self.bottom = [0] * count
        for layer in layers.layers:
            for item in layer:
                block, shift = self.block[item], self.shift[item]
                self.top[block] = min(self.top[block], shift)
                self.bottom[block] = max(self.bottom[block], shift + layers.height[item])
            for upper, lower in pairwise(layer):
                room = 0 if layers.is_bend(upper) or layers.is_bend(lower) else gap
                distance = layers.height[upper] + room + self.shift[upper] - self.shift[lower]
                self.below[self.block[upper]].append((self.block[lower], distance))
                self.above[self.block[lower]].append((self.block[upper], distance))

    def downwards(self) -> list[int]:
        """Return the blocks from top to bottom."""
        pending = [len(uppers) for uppers in self.above]
        ready = deque(block for block, uppers in enumerate(self.above) if not uppers)
        order = []
        while ready:
            block = ready.popleft()
            order.append(block)
            for lower, _ in self.below[block]:
                pending[lower] -= 1
                if not pending[lower]:
                    ready.append(lower)
        return order


def rows_of(layers: Layers, gap: int) -> list[int]:
    """Return the row of each item's top; the spine is at row 0, boxes are at least `gap` rows apart."""
    if not layers.spine:
        return []
    blocks = _Blocks(layers, gap)
    order = blocks.downwards()
    spine = blocks.block[layers.spine[-1]]
    row = [0] * len(order)
    over = {spine}
    for block in reversed(order):
        held = [row[lower] - distance for lower, distance in blocks.below[block] if lower in over]
        if held and block != spine:
            over.add(block)
            row[block] = min(held)
    for block in order:
        if block not in over:
            row[block] = max((row[upper] + distance for upper, distance in blocks.above[block]), default=0)
    _settle(layers, blocks, row, [block for block in order if block != spine])
    return [row[block] + shift for block, shift in zip(blocks.block, blocks.shift, strict=True)]


def _straight(layers: Layers) -> tuple[list[int], list[int]]:
    """Join items to blocks: the spine first, then long edges, then first operands; no two blocks cross."""
    positions = positions_of(layers)
    block, shift, count = [-1] * len(positions), [0] * len(positions), 0
    for layer in layers.layers:
        for item in layer:
            if block[item] < 0:
                block[item] = count
                count += 1
        joined: list[tuple[int, int]] = []
        for _, start, end, item, other, step in sorted(_wishes(layers, layer, positions)):
            i = bisect_left(joined, (start, end))
            clear_above = not i or (joined[i - 1][0] < start and joined[i - 1][1] < end)
            clear_below = i == len(joined) or (joined[i][0] > start and joined[i][1] > end)
            if clear_above and clear_below:
                joined.insert(i, (start, end))
                block[other], shift[other] = block[item], shift[item] + step
    return block, shift


def _wishes(layers: Layers, layer: list[int], positions: list[int]) -> Iterator[tuple[int, ...]]:
    """Yield which neighbours would be straight: rank, the two positions, the two items, the step down between them."""
    spine = layers.on_spine
    for item in layer:
        for other, port in layers.right[item]:
            bends = layers.is_bend(item) + layers.is_bend(other)
            step = layers.exit_row(item) - layers.entry_row(other, port) if bends else 0
            if item in spine and other in spine:
                yield 0, positions[item], positions[other], item, other, step
            elif bends or port == 0:
                yield 3 - bends, positions[item], positions[other], item, other, step


def _settle(layers: Layers, blocks: _Blocks, row: list[int], order: list[int]) -> None:
    """Move each block towards the median of its neighbours, as far as there is room."""
    pulls: list[list[tuple[int, int]]] = [[] for _ in row]
    for item, block in enumerate(blocks.block):
        for other, port in layers.right[item]:
            neighbour = blocks.block[other]
            if block != neighbour:
                step = blocks.shift[other] + layers.entry_row(other, port)
                step -= blocks.shift[item] + layers.exit_row(item)
                pulls[block].append((neighbour, step))
                pulls[neighbour].append((block, -step))
    highest = min(start + top for start, top in zip(row, blocks.top, strict=True))
    lowest = max(start + bottom for start, bottom in zip(row, blocks.bottom, strict=True))
    for block in (*reversed(order), *order) * 2:
        if pulls[block]:
            wanted = sorted(row[other] + step for other, step in pulls[block])
            least = [row[upper] + distance for upper, distance in blocks.above[block]]
            most = [row[lower] - distance for lower, distance in blocks.below[block]]
            start = max([highest - blocks.top[block], *least, wanted[(len(wanted) - 1) // 2]])
            row[block] = min([lowest - blocks.bottom[block], *most, start])
