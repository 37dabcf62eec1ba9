"""The canvases of the panes: where each stands on a screen, what it shows, and which of its rows are to be painted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from textwrap import wrap

from textual.geometry import Size as ScreenSize

from ..debugger.moment import Moment
from ..drawing.palette import Line
from ..graph.look import Room
from ..panes import PANES
from ..panes.arrangement import LEAST_HEIGHT, LEAST_WIDTH, Area, Arrangement, arrange_for
from ..panes.frame import draw_frame, draw_title
from ..panes.page_pane import title_of
from ..panes.pane import Pane, Size
from ..session import Viewer
from ..widgets.canvas import Canvas, PaintedRow
from ..widgets.graph_canvas import GraphCanvas

Paint = Callable[[Sequence[PaintedRow]], bool]
"""Sends the terminal what differs in these rows, and returns whether that was possible."""


class PaneCanvases:
    """The panes of a program, each with a canvas for what it shows and one for its title, and a frame beneath them.

    `areas` has where a pane stands, by its name; none has a place while the terminal is too small.
    """

    def __init__(self, moment: Moment, paint: Paint) -> None:
        self.areas: dict[str, Area] = {}
        self.drawn_for: ScreenSize | None = None
        self._panes = [pane for pane in PANES if pane.applies(moment)]
        self._canvases = {name: GraphCanvas(id=name) if name == "graph" else Canvas(id=name) for name in self._names()}
        self._paint = paint
        self._at: dict[str, Area] = {}
        self._arranged: object = None
        self._drawn: dict[str, object] = {}
        self._unpainted: list[tuple[str, list[int]]] = []

    def __iter__(self) -> Iterator[Canvas]:
        """Yield the canvases; where they stand is the arrangement's business."""
        yield from self._canvases.values()

    def _names(self) -> Iterator[str]:
        """Yield the names of the canvases, the frame that is beneath the others first."""
        yield "frame"
        for pane in self._panes:
            yield from (pane.name, f"{pane.name}-title") if pane.titled else (pane.name,)

    # where they stand

    def arrange(self, viewer: Viewer, size: ScreenSize) -> bool:
        """Put the panes where they stand on a screen of this size, and return whether that has changed."""
        self.drawn_for = size
        arrangement, diagram = arrange_for(viewer, *size)
        arranged = size, arrangement, diagram, viewer.reading.page
        if self._arranged == arranged:
            return False
        self._arranged = arranged
        self.areas = {} if arrangement is None else dict(arrangement.panes)
        if arrangement is not None:
            self._tell_room(viewer, arrangement, diagram)
        self._position("frame", Area(0, 0, *size))
        self._canvases["frame"].show(_too_small(size) if arrangement is None else draw_frame(arrangement, *size))
        for pane in self._panes:
            area = self.areas.get(pane.name)
            self._position(pane.name, area)
            if pane.titled:
                self._position(f"{pane.name}-title", area and area._replace(y=area.y - 1, height=1))
        # a frame that gave way had drawn for where they stood
        shown = [(name, rows) for name, rows in self._unpainted if self._canvases[name].display]
        self._unpainted = [(name, [y for y in rows if y < self._at[name].height]) for name, rows in shown]
        self._drawn.clear()
        return True

    def _tell_room(self, viewer: Viewer, arrangement: Arrangement, diagram: bool) -> None:
        graph = self.areas["graph"]
        shown = (*self.areas, *arrangement.left_out, "inspector", "page")
        elsewhere = [pane.name for pane in self._panes if pane.name not in shown]
        viewer.take_room(Room(graph.width, graph.height, diagram), elsewhere)

    def _position(self, name: str, area: Area | None) -> None:
        canvas = self._canvases[name]
        canvas.display = area is not None
        if area is not None:
            self._at[name] = area
            canvas.styles.offset = (area.x, area.y)
            canvas.styles.width, canvas.styles.height = area.width, area.height

    # what they show

    def prepare(self, moment: Moment, viewer: Viewer) -> bool:
        """Compute what is long to compute for a slice of time, and return whether there is more."""
        return any(pane.prepare(moment, viewer) for pane in self._shown)

    def draw(self, moment: Moment, viewer: Viewer, gives_way: Callable[[], bool]) -> bool:
        """Draw the panes of which something changed; return whether all were drawn before the drawing had to give way.

        What was drawn is painted with what is drawn next.
        """
        for pane in self._shown:
            if gives_way():
                return False
            self._unpainted += self._draw_pane(pane, moment, viewer)
        return True

    @property
    def _shown(self) -> list[Pane]:
        return [pane for pane in self._panes if pane.name in self.areas]

    def _draw_pane(self, pane: Pane, moment: Moment, viewer: Viewer) -> Iterator[tuple[str, list[int]]]:
        """Give a pane's canvases what they show now; yield the name of each, and which of its rows changed."""
        area, depends_on = self.areas[pane.name], pane.depends_on(moment, viewer)
        if depends_on is not None and self._drawn.get(pane.name) == depends_on:
            return
        self._drawn[pane.name] = depends_on
        size = Size(area.width, area.height)
        yield pane.name, self._canvases[pane.name].take(pane.draw(moment, viewer, size), area.height)
        if pane.titled:
            name, title = f"{pane.name}-title", title_of(pane, moment, viewer, size)
            yield name, self._canvases[name].take([draw_title(*title, area.width)], 1)

    def lines(self, name: str, moment: Moment, viewer: Viewer) -> list[Line]:
        """Return what a pane shows."""
        area = self.areas[name]
        [pane] = [pane for pane in self._panes if pane.name == name]
        return pane.draw(moment, viewer, Size(area.width, area.height))

    def paint(self, *, as_rows: bool) -> None:
        """Paint the rows that changed, as rows of the terminal, or as Textual does where that is not possible."""
        changed, self._unpainted = [(name, rows) for name, rows in self._unpainted if rows], []
        if as_rows:
            painted = []
            for name, rows in changed:
                area, canvas = self._at[name], self._canvases[name]
                painted += [PaintedRow(area.x, area.y + y, area.width, canvas.spans(y)) for y in rows]
            if self._paint(painted):
                for name, rows in changed:
                    self._canvases[name].painted_elsewhere(rows)
                return
        for name, rows in changed:
            self._canvases[name].paint(rows)


def _too_small(size: ScreenSize) -> list[Line]:
    needs = f"{LEAST_WIDTH}x{LEAST_HEIGHT} cells; this terminal has {size.width}x{size.height}."
    return [[(row, "text")] for row in wrap(f"backprop-tui needs {needs}", max(size.width, 1))]
