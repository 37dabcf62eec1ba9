"""The lessons, to open another one; the one before stays where it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from ..drawing.glyphs import CHOSEN
from ..drawing.palette import STYLES
from ..lessons.lesson import Lesson
from ..notation.fitting import printable


class LessonsScreen(ModalScreen[str | None]):
    """Returns the address of the lesson that was chosen, None where the asking was given up."""

    DEFAULT_CSS = """
    LessonsScreen {
        align: center middle;
    }
    LessonsScreen > Vertical {
        width: 90%;
        max-width: 100;
        height: auto;
        max-height: 90%;
        padding: 0 1;
        border: round;
        background: ansi_default;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,L", "dismiss(None)", "give up")]

    def __init__(self, lessons: Mapping[str, Lesson], here: str) -> None:
        super().__init__()
        self._lessons = lessons
        self._here = here

    def compose(self) -> ComposeResult:
        """Yield the list, with the lesson that is open chosen."""
        listed = OptionList(*[Option(_entry(*item), id=item[0]) for item in self._lessons.items()], compact=True)
        listed.highlighted = listed.get_option_index(self._here)
        with Vertical() as pane:
            pane.border_title = "Lessons"
            pane.border_subtitle = "↑ ↓ choose   enter opens   q close"
            yield listed

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Mark the chosen lesson by a sign, because colours may not be shown."""
        for address, lesson in self._lessons.items():
            event.option_list.replace_option_prompt(address, _entry(address, lesson, address == event.option_id))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Return the chosen lesson."""
        self.dismiss(event.option_id)


def _entry(address: str, lesson: Lesson, chosen: bool = False) -> Text:
    sign = (f"{CHOSEN if chosen else ' '} ", STYLES["key"])
    return Text.assemble(sign, (printable(address), STYLES["title"]), "\n    ", printable(lesson.summary))
