"""Show drawn lines: a pane that is given the lines of a drawing function and repaints the rows that changed.

Which cells of a row are sent is the business of the driver.
"""

from __future__ import annotations

from functools import lru_cache

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from ..drawing.palette import STYLES, Line


class Canvas(Widget):
    """A pane that shows lines from its upper left corner.

    Lines may be shorter or longer than the pane, fewer or more. The names of styles are looked up in the palette and
    laid over the colours that the style sheet gives the pane.
    """

    ALLOW_SELECT = False  # dragging over a widget that renders by line can crash Textual 8.2.8

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._lines: list[Line] = []
        self._colours: Style | None = None

    def show(self, lines: list[Line]) -> None:
        """Show these lines instead of the ones before; rows that are the same are not painted again."""
        before, self._lines = self._lines, lines
        width, height = self.size
        changed = [Region(0, y, width, 1) for y in range(height) if before[y : y + 1] != lines[y : y + 1]]
        if changed:  # without a region the whole pane would be painted
            self.refresh(*changed)

    def notify_style_update(self) -> None:
        """Forget the colours of the style sheet: it has changed."""
        super().notify_style_update()
        self._colours = None

    def render_line(self, y: int) -> Strip:
        """Return row y as Textual paints it, which crops or fills it to the width of the pane."""
        if self._colours is None:
            self._colours = _own_colours(self.rich_style)
        line = self._lines[y] if y < len(self._lines) else []
        return Strip([_segment(text, name, self._colours) for text, name in line])


def _own_colours(style: Style) -> Style:
    """Return a style, but not one with the terminal's own colours: to name them takes eight bytes a span."""
    return Style.null() if style.bgcolor is not None and style.bgcolor.is_default else style


@lru_cache(maxsize=4096)  # a step paints some hundred spans, and most of them have been painted before
def _segment(text: str, name: str, colours: Style) -> Segment:
    """Return a span as Textual has it; what a terminal would obey rather than show is replaced.

    Names come from the user's program.
    """
    shown = text if text.isprintable() else "".join(c if c.isprintable() else "?" for c in text)
    return Segment(shown, colours + Style.parse(STYLES[name]))


forget_colours = _segment.cache_clear
"""Have all spans painted anew: the theme is another one."""
