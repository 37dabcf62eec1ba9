"""A question with one field to type the answer into; a wrong answer is explained and can be corrected."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static
from textual.widgets.input import Selection

from ..drawing.ascii import spell
from ..notation.fitting import printable

Answer = TypeVar("Answer")


class Prompt(ModalScreen[Answer | None], Generic[Answer]):
    """Returns what `read` makes of the answer, None where it was given up.

    `read` raises ValueError with a sentence that says what is wrong; what was typed is kept then. From the start there
    stand `typed`, the beginning of an answer, and `proposed`, which what is typed replaces. Below the field stands
    what is `wrong`, or the hint, where the field does not show it; below the question the `choices`, a line each.
    """

    DEFAULT_CSS = """
    Prompt {
        align: center bottom;
    }
    Prompt > Vertical {
        height: auto;
        padding: 0 1;
        border: round;
        background: ansi_default;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "give up")]

    def __init__(
        self,
        question: str,
        read: Callable[[str], Answer],
        hint: str,
        typed: str = "",
        wrong: str = "",
        choices: Sequence[str] = (),
        proposed: str = "",
    ) -> None:
        super().__init__()
        self._question = spell("\n".join(map(printable, (question, *choices))))
        self._read = read
        self._hint = hint
        self._typed = printable(typed)
        self._proposed = printable(proposed)
        self._wrong = spell(printable(wrong))

    def compose(self) -> ComposeResult:
        """Yield the question, the field, and the lines for what is wrong with the answer."""
        with Vertical():
            yield Static(self._question, markup=False)
            field = Input(self._typed + self._proposed, placeholder=self._hint, select_on_focus=False, compact=True)
            field.cursor_blink = False
            yield field
            yield Static(self._wrong or (self._hint if field.value else ""), id="wrong", markup=False)

    def on_mount(self) -> None:
        """Have the field take the keys from the start, with what is proposed selected."""
        field = self.query_one(Input)
        self.set_focus(field)
        field.selection = Selection(len(self._typed), len(field.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Return the answer, or say what is wrong with it and keep what was typed."""
        try:
            answer = self._read(event.value)
        except ValueError as error:
            self.query_one("#wrong", Static).update(spell(printable(str(error))))
        else:
            self.dismiss(answer)
