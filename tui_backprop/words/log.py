"""The log: a sentence for each event of the iteration up to the cursor, and a line for each iteration before.

Nothing is written before it is looked at, so a log costs the same of ten events and of ten thousand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..debugger.loss_history import LossHistory
from ..debugger.moment import Moment
from ..debugger.steps import Place
from ..drawing.glyphs import RIGHT
from ..drawing.palette import Line
from .formats import number
from .narration import narrate_event_line, narrate_line
from .wording import cut, wrapped

WIDE = 100
"""From this width on, every sentence gets one line, below it two."""


@dataclass(frozen=True)
class Log:
    """What can be read at a moment, in rows: the iterations before, the events, and the mistake, if there is one."""

    moment: Moment
    losses: LossHistory

    def __len__(self) -> int:
        return self._before + self.moment.cursor + (self.moment.error is not None)

    @property
    def _before(self) -> int:
        return self.moment.iteration - 1

    @property
    def title(self) -> str:
        """What it covers."""
        events = f"{self.moment.cursor} event{'s' * (self.moment.cursor != 1)}"
        title = f"Log of iteration {self.moment.iteration} up to here: {events}"
        return f"{title}. Before it: one line each" if self._before else title

    def line(self, row: int, width: int) -> Line:
        """Return a row with its names in styles; it fits its lines of this width, but is not broken into them."""
        room = (width - self._margin, height_of_a_row(width))
        if row < self._before:
            return self._iteration(row + 1)
        event = row - self._before
        if event == self.moment.cursor:
            return narrate_line(self.moment, [room])
        return narrate_event_line(self.moment, event, [room])

    def place(self, row: int) -> Place:
        """Return where a row is about."""
        if row < self._before:
            return Place(row + 1)
        event = row - self._before
        return Place(self.moment.iteration, min(event + 1, self.moment.cursor), fine=event < self.moment.cursor)

    def draw(self, rows: Sequence[int], at: int, width: int, height: int) -> list[Line]:
        """Draw as many of these rows as fit, the chosen one (rows[at]) as near to the middle as can be."""
        each = height_of_a_row(width)
        fitting = height // each
        first = max(min(at - fitting // 2, len(rows) - fitting), 0)
        lines: list[Line] = []
        for place, row in enumerate(rows[first : first + fitting], first):
            broken = wrapped(self.line(row, width), width - self._margin)
            mark = RIGHT if place == at else " "
            count = str(row - self._before + 1) if self._before <= row < self._before + self.moment.cursor else ""
            lines.append([(mark, "now"), (f" {count:>{self._margin - 4}}  ", "dim"), *broken[0]])
            lines += [[(" " * self._margin, "text"), *line] for line in broken[1:each]]
            lines += [[] for _ in range(each - len(broken))]
        return lines

    @property
    def _margin(self) -> int:
        """How wide the mark and the number before a sentence are."""
        return len(str(self.moment.cursor)) + 4

    def _iteration(self, iteration: int) -> Line:
        loss = self.losses.loss_at(iteration)
        said = "is done" if loss is None else f"is done: {cut(self.moment.graph.loss.name, 24)} was {number(loss)}"
        return [(f"Iteration {iteration} {said}.", "dim")]


def height_of_a_row(width: int) -> int:
    """Return how many lines a sentence gets."""
    return 1 if width >= WIDE else 2
