"""The loss of every iteration, in memory that does not grow with the run.

Every loss is kept exactly until there are too many. Then neighbours are merged, two by two: a bucket of
iterations remembers its first, its smallest and its largest loss. A chart of it stays right: no peak is lost.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from math import inf, isfinite

import numpy as np


class LossHistory:
    """J of the iterations 1, 2, 3 ... as their forward passes measured it."""

    def __init__(self, capacity: int = 16_384) -> None:
        """Keep at most `capacity` buckets (an even number), which is also the number of exact losses."""
        if capacity < 2 or capacity % 2:
            raise ValueError(f"capacity must be even and at least 2, not {capacity}")
        self._capacity = capacity
        self._span = 1  # iterations per bucket
        self._count = 0
        self._first = array("d")
        self._low = array("d")  # a bucket with no finite loss has low = inf and high = -inf
        self._high = array("d")
        self.latest: float | None = None

    def __len__(self) -> int:
        """Return the number of iterations whose loss is known; they are 1 to this number."""
        return self._count

    def record(self, iteration: int, loss: float) -> None:
        """Remember J of the next iteration; one that is already known changes nothing.

        Raises ValueError if an iteration was left out: the curve would have a hole.
        """
        if iteration <= self._count:
            return
        if iteration != self._count + 1:
            raise ValueError(f"iteration {self._count + 1} comes next, not {iteration}")
        low, high = (loss, loss) if isfinite(loss) else (inf, -inf)
        if self._count == len(self._first) * self._span:
            if len(self._first) == self._capacity:
                self._merge()
            self._first.append(loss)
            self._low.append(low)
            self._high.append(high)
        else:
            self._low[-1] = min(self._low[-1], low)
            self._high[-1] = max(self._high[-1], high)
        self._count = iteration
        self.latest = loss

    def loss_at(self, iteration: int) -> float | None:
        """Return J of an iteration exactly, or None if it is not known or was merged into a bucket."""
        if iteration == self._count:
            return self.latest
        bucket, position = divmod(iteration - 1, self._span)
        return self._first[bucket] if 1 <= iteration < self._count and position == 0 else None

    def until(self, iteration: int) -> LossHistory:
        """Return a copy that ends with an iteration; of a bucket that is cut in two, only the first loss is kept."""
        history = LossHistory(self._capacity)
        history._span = self._span
        history._count = count = min(iteration, self._count)
        whole, rest = divmod(count, self._span)
        buckets = whole + (rest > 0)
        history._first = self._first[:buckets]
        history._low, history._high = self._low[:buckets], self._high[:buckets]
        if rest and count < self._count:
            first = history._first[-1]
            history._low[-1], history._high[-1] = (first, first) if isfinite(first) else (inf, -inf)
        history.latest = self.loss_at(count)
        return history

    def points(self, window: int, columns: int) -> Iterator[tuple[float, float]]:
        """Yield at most two points (iteration, J) per column of a chart of the iterations 1 to `window`.

        They are the smallest and the largest finite loss of each column, in the order of the iterations. A
        column always holds the same iterations, so a new loss changes nothing to the left of it.
        """
        buckets = -(-window // self._span)
        per_column = -(-buckets // max(columns, 1))
        starts = range(0, min(len(self._first), buckets), per_column)
        low, high = np.full((2, len(starts) * per_column), [[inf], [-inf]])
        known = min(low.size, len(self._first))
        low[:known], high[:known] = self._low[:known], self._high[:known]
        lows, highs = low.reshape(-1, per_column), high.reshape(-1, per_column)
        extremes = (lows.argmin(axis=1), lows.min(axis=1), highs.argmax(axis=1), highs.max(axis=1))
        for start, least, smallest, most, largest in zip(starts, *(each.tolist() for each in extremes), strict=True):
            if smallest <= largest:
                for bucket, loss in sorted({(start + least, smallest), (start + most, largest)}):
                    yield self._middle(bucket), loss

    def _middle(self, bucket: int) -> float:
        first = bucket * self._span + 1
        return (first + min(first + self._span - 1, self._count)) / 2

    def _merge(self) -> None:
        self._first = self._first[::2]
        self._low = array("d", map(min, self._low[::2], self._low[1::2]))
        self._high = array("d", map(max, self._high[::2], self._high[1::2]))
        self._span *= 2
