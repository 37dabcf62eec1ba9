"""A look at the session of a pupil: the main screen over the teacher's own, from which `q` leads back."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding, BindingType

from ..classroom.context import Context
from ..classroom.look import Look
from ..keys import Keymap
from ..session import DebugSession
from .main_screen import MainScreen
from .pane_canvases import Paint


class LookScreen(MainScreen):
    """Shows what a pupil who offers it has on the screen; what the teacher selects there is selected for both."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("q,F,L,O", "leave", "leave")]

    def __init__(
        self,
        session: DebugSession,
        look: Look,
        keymap: Keymap,
        paint: Paint,
        is_awaited: Callable[[], bool],
        opens: Callable[[Context], None],
    ) -> None:
        super().__init__(session, look, keymap, paint, is_awaited)
        self._look = look
        self._opens = opens
        look.changed = self.look_at_class

    def look_at_class(self) -> None:
        """Show what the pupil did; where they have opened another program, have that opened, too."""
        super().look_at_class()
        elsewhere, self._look.elsewhere = self._look.elsewhere, None
        if elsewhere is not None:
            self._opens(elsewhere)

    def action_leave(self) -> None:
        """Go back to the teacher's own session."""
        self._look.close()
        self.dismiss()
