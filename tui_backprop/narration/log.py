"""The log: a sentence for each edit and each event of the iteration up to here, and a line for each iteration before.

Nothing is written before it is looked at, so a log costs the same of ten events and of ten thousand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..debugger.edits import Edit
from ..debugger.moment import Moment
from ..debugger.steps import Place
from ..drawing.glyphs import RIGHT
from ..drawing.palette import Line, plain
from ..notation.edits import written_out
from ..notation.fitting import cut, wrap
from ..notation.formats import number
from ..notation.listing import listed
from ..notation.sections import centred
from .messages import Keys
from .narration import narrate_event_line, narrate_line
from .wording import choose_sentence

WIDE = 100
"""From this width on, every sentence gets one line, below it two."""


@dataclass(frozen=True)
class Log:
    """What can be read at a moment, in rows: the iterations before, the edits, the events, and the mistake, if any."""

    moment: Moment
    keys: Keys

    def __len__(self) -> int:
        return self._before + self.moment.cursor + (self.moment.error is not None)

    @property
    def _before(self) -> int:
        """How many rows come before those of the events."""
        return self.moment.iteration - 1 + len(self.moment.recording.edits)

    @property
    def title(self) -> str:
        """What it covers."""
        events = f"{self.moment.cursor} event{'s' * (self.moment.cursor != 1)}"
        title = f"Log of iteration {self.moment.iteration} up to here: {events}"
        return f"{title}. Before it: one line each" if self.moment.iteration > 1 else title

    def line(self, row: int, width: int) -> Line:
        """Return a row with its names in styles; it fits its lines of this width, but is not broken into them."""
        room = (width - self._margin, height_of_a_row(width))
        iteration = self.moment.iteration
        if row < iteration - 1:
            return self._iteration(row + 1, room)
        if row < self._before:
            edit = self.moment.recording.edits[row - iteration + 1]
            return choose_sentence([f"{edits_sentence(iteration, [edit], length)}." for length in (24, 8)], [room])
        event = row - self._before
        if event == self.moment.cursor:
            return narrate_line(self.moment, self.keys, [room])
        return narrate_event_line(self.moment, event, [room])

    def place(self, row: int) -> Place:
        """Return where a row is about."""
        if row < self._before:
            return Place(min(row + 1, self.moment.iteration - 1))
        event = row - self._before
        return Place(self.moment.iteration, min(event + 1, self.moment.cursor), fine=event < self.moment.cursor)

    def draw(self, rows: Sequence[int], at: int, width: int, height: int) -> list[Line]:
        """Draw as many of these rows as fit, the chosen one (rows[at]) as near to the middle as can be."""
        each = height_of_a_row(width)
        lines: list[Line] = []
        for position in centred(len(rows), height // each, at):
            row = rows[position]
            broken = wrap(self.line(row, width), width - self._margin)
            mark = RIGHT if position == at else " "
            count = str(row - self._before + 1) if self._before <= row < self._before + self.moment.cursor else ""
            lines.append([(mark, "now"), (f" {count:>{self._margin - 4}}  ", "dim"), *broken[0]])
            lines += [[(" " * self._margin, "text"), *line] for line in broken[1:each]]
            lines += [[] for _ in range(each - len(broken))]
        return lines

    @property
    def _margin(self) -> int:
        """How wide the mark and the number before a sentence are."""
        return len(str(self.moment.cursor)) + 4

    def _iteration(self, iteration: int, room: tuple[int, int]) -> Line:
        loss, edits = self.moment.branch.losses.loss_at(iteration), self.moment.branch.edits.get(iteration - 1)
        measured = "" if loss is None else f": {cut(self.moment.graph.loss.name, 24)} was {number(loss)}"
        begins = (f"{edits_sentence(iteration, edits, length)}; it" for length in (24, 8)) if edits else ()
        wordings = (f"{start} is done{measured}." for start in (*begins, f"Iteration {iteration}"))
        return [(plain([choose_sentence(wordings, [room])]), "dim")]


def edits_sentence(iteration: int, edits: Sequence[Edit], length: int = 24) -> str:
    """Say with which edits an iteration starts, the names of nodes cut to a length; without a full stop."""
    return f"Iteration {iteration} begins with {listed(edits, lambda edit: written_out(edit, length), 2)}"


def height_of_a_row(width: int) -> int:
    """Return how many lines a sentence gets."""
    return 1 if width >= WIDE else 2
