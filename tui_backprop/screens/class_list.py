"""Who is in the class: who follows, who is on their own, who is slow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from ..classroom.lead import Lead


class ClassScreen(ModalScreen[None]):
    """Lists the members of a class, every second anew."""

    DEFAULT_CSS = """
    ClassScreen {
        align: center middle;
    }
    ClassScreen > VerticalScroll {
        width: 60;
        height: auto;
        max-height: 90%;
        padding: 0 1;
        border: round;
        background: ansi_default;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,F", "dismiss", "close")]

    def __init__(self, lead: Lead) -> None:
        super().__init__()
        self._lead = lead

    def compose(self) -> ComposeResult:
        """Yield the list."""
        with VerticalScroll() as pane:
            pane.border_title = f"Class {self._lead.name}"
            pane.border_subtitle = "q close"
            yield Static(markup=False)

    def on_mount(self) -> None:
        """Show it, and go on to show it."""
        self._show()
        self.set_interval(1, self._show)

    def _show(self) -> None:
        self.query_one(Static).update("\n".join(self._rows()))

    def _rows(self) -> Iterator[str]:
        yield f"{self._lead.invitation}\n"
        if not self._lead.members:
            yield "Nobody is here yet."
        for number, member in enumerate(self._lead.members.values(), 1):
            state = "on their own" if member.alone else "slow" if member.is_slow else "follows"
            yield f"{number:3}  {member.name or 'no name':24}  {state}"
