"""Asking for the number of an iteration."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

MOST = 1_000_000


class GoToScreen(ModalScreen[int | None]):
    """Returns the number that was typed, None where the asking was given up."""

    DEFAULT_CSS = """
    GoToScreen {
        align: center bottom;
    }
    GoToScreen > Vertical {
        height: 5;
        padding: 0 1;
        border: round;
        background: ansi_default;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "give up")]

    def __init__(self, current: int) -> None:
        super().__init__()
        self._current = current

    def compose(self) -> ComposeResult:
        """Yield the question, the field, and a line for what is wrong with the answer."""
        with Vertical():
            yield Static(f"Go to the end of which iteration? You are in {self._current}; 0 is the start.", markup=False)
            field = Input(placeholder="a whole number, then Enter; Esc gives up", compact=True)
            field.cursor_blink = False
            yield field
            yield Static("", id="wrong", markup=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Return the number, or say what is wrong with it and keep what was typed."""
        text = event.value.strip()
        if text.isdecimal() and int(text) <= MOST:
            self.dismiss(int(text))
        else:
            said = f"'{text}' is not a whole number from 0 to {MOST:,}."
            self.query_one("#wrong", Static).update(said, layout=False)
