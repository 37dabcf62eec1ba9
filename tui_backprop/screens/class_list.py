"""Who is in the class: who follows, who is on their own, who is slow, and who offers a look at their session."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import Static

from ..classroom.lead import Lead, Member


class ClassScreen(ModalScreen[Member | None]):
    """Lists the members of a class, every second anew, and returns the one who is to be looked at."""

    DEFAULT_CSS = """
    ClassScreen {
        align: center middle;
    }
    ClassScreen > VerticalScroll {
        width: 76;
        max-width: 100%;
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
            pane.border_subtitle = "1 to 9 looks at an offered session   q close"
            yield Static(markup=False)

    def on_mount(self) -> None:
        """Show it, and go on to show it."""
        self._show()
        self.set_interval(1, self._show)

    def _show(self) -> None:
        self.query_one(Static).update("\n".join(self._rows()))

    def on_key(self, event: Key) -> None:
        """Choose who offers a look, by the number."""
        if event.character is not None and event.character in "123456789":
            chosen = self._offering[int(event.character) - 1 :][:1]
            if chosen:
                self.dismiss(chosen[0])

    @property
    def _offering(self) -> list[Member]:
        return [member for member in self._lead.members.values() if member.offers]

    def _rows(self) -> Iterator[str]:
        yield f"{self._lead.invitation}\n"
        if not self._lead.members:
            yield "Nobody is here yet."
        for number, member in enumerate(self._offering, 1):
            yield f"{number if number < 10 else '':3}  {member.name or 'no name':24}  {_state(member)}, look at mine"
        for member in self._lead.members.values():
            if not member.offers:
                yield f"     {member.name or 'no name':24}  {_state(member)}"


def _state(member: Member) -> str:
    return "on their own" if member.alone else "slow" if member.is_slow else "follows"
