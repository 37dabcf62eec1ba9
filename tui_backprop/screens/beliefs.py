"""A belief beside the truth: chosen by its number, scrolled step by step."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from ..beliefs.beliefs import WRONG_MACHINES
from ..debugger.believing import naming
from ..debugger.moment import Moment
from ..narration.beliefs import NO_NUMBERS, explain_belief
from ..notation.fitting import prose
from ..panes.beliefs import PARTED, draw_beside, draw_choices, first_belief, first_step
from ..session import Viewer
from ..widgets.canvas import Canvas


class BeliefsScreen(ModalScreen[None]):
    """Shows where the belief of a viewer and what is right part; `chose` is called when there is another belief."""

    DEFAULT_CSS = """
    BeliefsScreen > Canvas {
        width: 100%;
        height: 100%;
        padding: 0 1;
        border: round;
        background: ansi_default;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(f"{number}", f"choose({number})", f"belief {number}")
            for number in range(1, len(WRONG_MACHINES) + 1)
        ),
        Binding("right,l,tab", "choose_beside(1)", "next"),
        Binding("left,h,shift+tab", "choose_beside(-1)", "the one before"),
        Binding("up,k,pageup", "scroll(-1)", "up"),
        Binding("down,j,pagedown", "scroll(1)", "down"),
        Binding("escape,q,t", "dismiss", "close"),
    ]

    def __init__(self, viewer: Viewer, chose: Callable[[], None]) -> None:
        super().__init__()
        self._viewer = viewer
        self._chose = chose
        moment = viewer.session.timeline.moment
        if viewer.belief is None:
            there = naming(moment.recording)
            first = WRONG_MACHINES[0] if there is None else first_belief(there)
            viewer.belief = WRONG_MACHINES.index(first) + 1
        self._take(viewer.belief, moment)

    def _take(self, number: int, moment: Moment) -> None:
        self._number, self._chosen = number, WRONG_MACHINES[number - 1]
        self._moment, self._naming = moment, naming(moment.recording)
        self._first: int | None = None
        self._said = self._explain()

    def _explain(self) -> list[str]:
        if self._naming is None:
            return []
        return explain_belief(self._naming.beside(self._chosen), self._moment, self._viewer.followed)

    def compose(self) -> ComposeResult:
        """Yield the canvas."""
        canvas = Canvas()
        canvas.border_title = "Wrong machines: a belief beside the truth"
        canvas.border_subtitle = f"{PARTED} it parts here   1-{len(WRONG_MACHINES)} belief   ↑ ↓ scroll   t close"
        yield canvas

    def on_screen_resume(self) -> None:
        """Do what the class did while another program was shown."""
        self.follow()

    def on_resize(self) -> None:
        """Draw, once the canvas has its size."""
        self.call_after_refresh(self._draw)

    def action_choose(self, number: int) -> None:
        """Show another belief."""
        self._viewer.belief = number
        self.follow()
        self._chose()

    def follow(self) -> None:
        """Show the belief that the viewer compares now, at the moment of now; where that is none any more, close."""
        belief, moment = self._viewer.belief, self._viewer.session.timeline.moment
        if belief is None:
            self.dismiss()
        elif (belief, moment.recording, moment.cursor) != (self._number, self._moment.recording, self._moment.cursor):
            self._take(belief, moment)
            self._draw()

    def action_choose_beside(self, by: int) -> None:
        """Show the next belief, or the one before."""
        self.action_choose((self._number - 1 + by) % len(WRONG_MACHINES) + 1)

    def action_scroll(self, by: int) -> None:
        """Show what is further up or down."""
        if self._naming is not None:
            side = self._naming.beside(self._chosen)
            first = first_step(side, 1) if self._first is None else self._first
            self._first = min(max(first + by, 0), len(side.right.visits) - 1)
            self._draw()

    def _draw(self) -> None:
        canvas = self.query_one(Canvas)
        width, height = canvas.size
        lines = draw_choices(self._naming, self._chosen, width)
        if self._naming is None:
            lines += prose(NO_NUMBERS, width)
        else:
            side = self._naming.beside(self._chosen)
            lines += draw_beside(
                side, self._said, self._moment, self._viewer.followed, self._first, width, height - len(lines)
            )
        canvas.show(lines)
