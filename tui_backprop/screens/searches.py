"""Both searches of the graph beside each other: plain breadth-first search, and the one that waits."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from ..debugger.followed import Followed
from ..debugger.timeline import Timeline
from ..panes.two_searches import compare, contributions_to, draw_searches, explain, first_step
from ..widgets.canvas import Canvas


class SearchesScreen(ModalScreen[None]):
    """Shows where plain search and the right one part, and what plain search would miss."""

    DEFAULT_CSS = """
    SearchesScreen > Canvas {
        width: 100%;
        height: 100%;
        padding: 0 1;
        border: round;
        background: ansi_default;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,t", "dismiss", "close"),
        Binding("up,k,pageup", "scroll(-1)", "up"),
        Binding("down,j,pagedown", "scroll(1)", "down"),
    ]

    def __init__(self, timeline: Timeline, followed: Followed) -> None:
        super().__init__()
        moment = timeline.moment
        self._now = moment.now if moment.phase == "backward" else None
        self._searches = compare(timeline.graph)
        early, contributions = self._searches.early, []
        if early is not None:
            contributions = contributions_to(early, timeline.stepper, moment.recording.start)
        self._words = explain(self._searches, moment, followed, contributions)
        self._first: int | None = None

    def compose(self) -> ComposeResult:
        """Yield the canvas."""
        canvas = Canvas()
        canvas.border_title = "Why a node waits: two searches of this graph"
        canvas.border_subtitle = "↑ ↓ scroll   t close"
        yield canvas

    def on_resize(self) -> None:
        """Draw, once the canvas has its size."""
        self.call_after_refresh(self._draw)

    def action_scroll(self, by: int) -> None:
        """Show what is further up or down."""
        first = first_step(self._searches, 1) if self._first is None else self._first
        self._first = min(max(first + by, 0), len(self._searches.right) - 1)
        self._draw()

    def _draw(self) -> None:
        canvas = self.query_one(Canvas)
        canvas.show(draw_searches(self._searches, self._words, self._now, self._first, *canvas.size))
