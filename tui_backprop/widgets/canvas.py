"""Show drawn lines: a pane that is given the lines of a drawing function and repaints the rows that changed.

Which cells of a row are sent is the business of the driver.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from ..drawing.palette import STYLES, Line, Span
from ..notation.fitting import spelled_in_place


class PaintedRow(NamedTuple):
    """A row of cells of the terminal, from (x, y) on: texts, each with the parameters of its colours, then blanks."""

    x: int
    y: int
    width: int
    spans: list[Span]


class Canvas(Widget):
    """A pane that shows lines from its upper left corner.

    Lines may be shorter or longer than the pane, fewer or more. The names of styles are looked up in the palette and
    laid over the colours that the style sheet gives the pane.
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._lines: list[Line] = []
        # what follows from the style sheet, until that changes
        self._colours: Style | None = None
        self._known: dict[str, str] = {}
        self._theme: dict[str, str] = {}

    def show(self, lines: list[Line]) -> None:
        """Show these lines instead of the ones before; rows that are the same are not painted again."""
        self.paint(self.take(lines, self.size.height))

    def take(self, lines: list[Line], height: int) -> list[int]:
        """Have these lines instead of the ones before; return which rows of a pane this high are to be painted."""
        lines = list(map(spelled_in_place, lines))
        before, self._lines = self._lines, lines
        return [y for y in range(height) if before[y : y + 1] != lines[y : y + 1]]

    def paint(self, rows: Sequence[int]) -> None:
        """Have Textual paint these rows."""
        if rows:  # without a region the whole pane would be painted
            width = self.size.width
            self.refresh(*(Region(0, y, width, 1) for y in rows))

    def painted_elsewhere(self, rows: Sequence[int]) -> None:
        """Know that these rows stand on the terminal, where Textual did not paint them: what it kept of them is old."""
        self._styles_cache.set_dirty(*(Region(0, y, 1, 1) for y in rows))

    def spans(self, y: int) -> list[Span]:
        """Return row y as a terminal is sent it: texts, each with the parameters of its colours."""
        line = self._lines[y] if y < len(self._lines) else []
        return [(_shown(text), self._parameters(STYLES[name])) for text, name in line]

    def _parameters(self, style: str) -> str:
        known = self._known.get(style)
        if known is None:
            segments = [Segment("x", self._own + Style.parse(style))]
            for of_the_terminal in self.get_line_filters():
                segments = of_the_terminal.apply(segments, self.background_colors[1])
            colours, _, _ = Strip(segments).render(self.app.console).partition("x")
            known = self._known[style] = colours[2:-1]
        return known

    def notify_style_update(self) -> None:
        """Forget the colours of the style sheet: it has changed."""
        super().notify_style_update()
        self._colours = None
        self._known.clear()

    @property
    def _own(self) -> Style:
        if self._colours is None:
            self._colours = _own_colours(self.rich_style)
        return self._colours

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return rows as Textual paints them, which keeps them as long as the theme stays the same."""
        if self._theme != STYLES:
            self._theme = dict(STYLES)
            self._styles_cache.clear()
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """Return row y as Textual paints it, which crops or fills it to the width of the pane."""
        line = self._lines[y] if y < len(self._lines) else []
        own = self._own
        return Strip([_segment(text, STYLES[name], own) for text, name in line])


def _own_colours(style: Style) -> Style:
    """Return a style, but not one with the terminal's own colours: to name them takes eight bytes a span."""
    return Style.null() if style.bgcolor is not None and style.bgcolor.is_default else style


@lru_cache(maxsize=4096)  # a step paints some hundred spans, and most of them have been painted before
def _segment(text: str, style: str, colours: Style) -> Segment:
    """Return a span as Textual has it."""
    return Segment(_shown(text), colours + Style.parse(style))


def _shown(text: str) -> str:
    """Replace what a terminal would obey rather than show: names come from the user's program."""
    return text if text.isprintable() else "".join(c if c.isprintable() else "?" for c in text)
