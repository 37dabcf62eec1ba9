"""The graph under the mouse: a click picks a cell, dragging and the wheel move the part of the picture that shows."""

from __future__ import annotations

from textual import events
from textual.message import Message

from .canvas import Canvas

_COLUMNS, _ROWS = 6, 2
"""How far one notch of the wheel goes."""


class GraphCanvas(Canvas):
    """A canvas that says where it was clicked, and by how much it was dragged or wheeled."""

    class Picked(Message):
        """A cell was clicked."""

        def __init__(self, x: int, y: int) -> None:
            super().__init__()
            self.x, self.y = x, y

    class Panned(Message):
        """The picture shall show what is so many columns and rows further on."""

        def __init__(self, columns: int, rows: int) -> None:
            super().__init__()
            self.columns, self.rows = columns, rows

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._held: tuple[int, int] | None = None
        self._dragged = False

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Take hold of the picture."""
        self._held, self._dragged = (event.screen_x, event.screen_y), False
        self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Drag the picture along."""
        if self._held is not None:
            x, y = self._held
            if (event.screen_x, event.screen_y) != self._held:
                self._held, self._dragged = (event.screen_x, event.screen_y), True
                self.post_message(self.Panned(x - event.screen_x, y - event.screen_y))

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Let go of the picture; where it was not dragged, that was a click."""
        if self._held is not None and not self._dragged:
            self.post_message(self.Picked(event.x, event.y))
        self._held = None
        self.release_mouse()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Move down, or with a modifier to the right."""
        self._wheel(event, 1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Move up, or with a modifier to the left."""
        self._wheel(event, -1)

    def on_mouse_scroll_right(self, event: events.MouseScrollRight) -> None:
        """Move to the right."""
        event.stop()
        self.post_message(self.Panned(_COLUMNS, 0))

    def on_mouse_scroll_left(self, event: events.MouseScrollLeft) -> None:
        """Move to the left."""
        event.stop()
        self.post_message(self.Panned(-_COLUMNS, 0))

    def _wheel(self, event: events.MouseEvent, way: int) -> None:
        event.stop()
        sideways = event.shift or event.ctrl
        self.post_message(self.Panned(way * _COLUMNS, 0) if sideways else self.Panned(0, way * _ROWS))
