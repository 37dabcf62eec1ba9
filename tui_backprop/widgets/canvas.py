"""Show drawn lines, and send the terminal only what changed.

Textual repaints regions, it does not compare cells; and it sends each row of a region from the nearest edge
of any widget to the left of it. So a `Canvas` compares what it is to show with what it shows, and `Cuts` lays
a few widgets beneath all panes, never seen, whose edges are places where such a row can begin.

Measured through a pseudo-terminal, 120x40, TERM=xterm-256color, an iteration of the perceptron event by event
and step by step, median bytes (the budget is 1,400 for an event and 2,800 for a step):

    background of the terminal   8 cuts     event  402   step 2,064
    background of the terminal   no cuts    event  881   step 3,098
    background of a theme        8 cuts     event  808   step 4,167

A theme's background is named again in every span, so the app leaves it to the terminal. More cuts than these
make it worse: a span ends at each of them, and the next one names its colours anew.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import groupby
from operator import itemgetter

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from tui_backprop.palette import STYLES, Line, Span

Cell = Span  # one character, and the name of its style; the right half of a wide character is ""

BLANK: Cell = (" ", "text")
JOINED = 15  # as many unchanged cells are sent rather than begin another span, at 120 columns the width of a cut


class Canvas(Widget):
    """A pane that shows lines, one span after the other, from its upper left corner.

    Lines may be shorter or longer than the pane, fewer or more. The styles' names are looked up in the palette
    and laid over the colours that the style sheet gives the pane.
    """

    ALLOW_SELECT = False  # dragging over a widget that renders by line can crash Textual 8.2.8

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._lines: list[Line] = []
        self._rows: list[list[Cell]] = []
        self._fitted = Size(0, 0)

    def show(self, lines: list[Line]) -> None:
        """Show these lines instead of the ones before; what is the same is not painted again."""
        rows_before, same_size = self._rows, self._fitted == self.size
        self._lines, self._fitted = lines, self.size
        self._rows = [cells(tuple(line), self.size.width) for line in lines[: self.size.height]]
        self._rows += [[BLANK] * self.size.width for _ in range(self.size.height - len(self._rows))]
        if not same_size:
            self.refresh()
            return
        changes = [
            Region(start, y, end - start, 1)
            for y, (before, after) in enumerate(zip(rows_before, self._rows, strict=True))
            if before is not after
            for start, end in changed(before, after)
        ]
        if changes:  # without a region the whole pane would be painted
            self.refresh(*changes)

    def on_resize(self) -> None:
        """Fit the lines to the new size; a subclass that draws for a size shows new ones."""
        self.show(self._lines)

    def render_line(self, y: int) -> Strip:
        """Return row y as Textual paints it."""
        colours = self.rich_style
        if colours.bgcolor is not None and colours.bgcolor.is_default:
            colours = Style.null()  # saying so takes eight bytes a span
        if y >= len(self._rows):
            return Strip.blank(self.size.width, colours)
        return Strip(
            Segment("".join(text for text, _ in span), colours + Style.parse(STYLES[name]))
            for name, span in groupby(self._rows[y], key=itemgetter(1))
        )


class Cuts(Horizontal):
    """Widgets beneath all panes, which are never seen, but whose edges let a repainted row begin there.

    Compose it once, first on the screen. It takes no part in the layout of the panes.
    """

    DEFAULT_CSS = """
    Cuts {
        layer: cuts;
        width: 100%;
        height: 100%;
    }
    Cuts > Canvas {
        width: 1fr;
        height: 100%;
    }
    """

    def compose(self) -> ComposeResult:
        """Yield the widgets, side by side."""
        yield from (Canvas() for _ in range(8))


@lru_cache(maxsize=1024)  # most rows of a moment stood there before
def cells(line: tuple[Span, ...], width: int) -> list[Cell]:
    """Return the line as `width` cells, cropped or filled with blanks; nobody writes to what is returned.

    A mark that combines shares the cell of its letter. What a terminal would obey rather than show is shown
    as a question mark: names come from the user's program.
    """
    row: list[Cell] = []
    for text, style in line:
        if text.isascii() and text.isprintable():
            row += [(character, style) for character in text]
            continue
        for character in text:
            shown = character if character.isprintable() else "?"
            columns = cell_len(shown)
            if columns:
                row += [(shown, style), ("", style)][:columns]
            elif row:
                letter = -1 if row[-1][0] else -2
                row[letter] = (row[letter][0] + shown, row[letter][1])
    if len(row) > width and row[width][0] == "":
        row[width - 1] = BLANK  # half of a wide character
    return row[:width] + [BLANK] * (width - len(row))


def changed(before: list[Cell], after: list[Cell]) -> list[tuple[int, int]]:
    """Return the spans of two equally long rows that differ, each as its first cell and the one behind its last.

    Spans that are close are joined; no span ends within a wide character.
    """
    spans: list[tuple[int, int]] = []
    for x, (old, new) in enumerate(zip(before, after, strict=True)):
        in_wide_character = "" in (old[0], new[0]) and spans and spans[-1][1] == x
        if old != new or in_wide_character:
            start = spans.pop()[0] if spans and x - spans[-1][1] <= JOINED else x
            spans.append((start, x + 1))
    return spans
