"""The path of the lessons: what each is about, what was reached, what is next; to begin with one, or open another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from ..drawing.glyphs import CHOSEN, DONE, NOT_YET
from ..drawing.palette import STYLES
from ..keys import Keymap
from ..lessons import PATH, lesson_names, title_of
from ..notation.fitting import printable
from ..session.progress import Progress
from .help import HelpScreen

_BEGUN = "…"


class Entry(NamedTuple):
    """A lesson in the list: its address, what it is about, its number on the path or what stands there instead.

    Whether it was `begun` is None where nothing is known of progress, as in a class.
    """

    address: str
    title: str
    number: str = ""
    begun: bool | None = None
    reached: bool = False


def entries(progress: Progress | None, others: dict[str, str]) -> list[Entry]:
    """Return the built-in lessons, and what else is open by its address, with what it is about."""
    found = []
    for number, name in enumerate(lesson_names(), 1):
        shown = str(number) if name in PATH else "+"
        begun, reached = (progress.is_begun(name), progress.is_reached(name)) if progress else (None, False)
        found.append(Entry(name, title_of(name), shown, begun, reached))
    return found + [Entry(address, title) for address, title in others.items()]


class LessonsScreen(ModalScreen[str | None]):
    """Returns the address of the lesson that was chosen, None where the asking was given up.

    Where the app `starts` with it, giving up ends the app.
    """

    DEFAULT_CSS = """
    LessonsScreen {
        align: center middle;
    }
    LessonsScreen > Vertical {
        width: 90%;
        max-width: 100;
        height: auto;
        max-height: 100%;
        padding: 0 1;
        border: round;
        background: ansi_default;
    }
    LessonsScreen OptionList {
        max-height: 70vh;
        text-wrap: nowrap;
        text-overflow: ellipsis;
    }
    LessonsScreen Static {
        height: 2;
        margin: 1 0 0 2;
    }
    LessonsScreen .problem {
        height: auto;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,L", "dismiss(None)", "give up"),
        Binding("q", "give_up", "give up"),
        Binding("question_mark,f1", "explain", "keys"),
        Binding("j", "move('down')", "down"),
        Binding("k", "move('up')", "up"),
    ]

    def __init__(
        self, listed: Sequence[Entry], here: str, keymap: Keymap, *, starts: bool = False, problem: str = ""
    ) -> None:
        super().__init__()
        self._entries = {entry.address: entry for entry in listed}
        self._here = here
        self._keymap = keymap
        self._starts = starts
        self._problem = problem

    def compose(self) -> ComposeResult:
        """Yield the list, with the lesson that is open or comes next chosen, and below it what the chosen one shows."""
        listed = OptionList(*[Option(self._line(address), id=address) for address in self._entries], compact=True)
        listed.highlighted = listed.get_option_index(self._here)
        known = [entry for entry in self._entries.values() if entry.begun is not None]
        with Vertical() as pane:
            title = "backprop-tui" if self._starts else "Lessons"
            reached = f"{sum(entry.reached for entry in known)} of {sum(name in PATH for name in self._entries)}"
            count = f": {reached} goals reached" if known else ""
            marks = f"   {DONE} reached  {_BEGUN} begun" if any(entry.begun for entry in self._entries.values()) else ""
            pane.border_title = f"{title}{count}{marks}"
            pane.border_subtitle = f"↑ ↓ choose   enter opens   q {'quit' if self._starts else 'close'}"
            yield listed
            yield Static(markup=False)
            if self._problem:
                yield Static(printable(self._problem), markup=False, classes="problem")

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Mark the chosen lesson by a sign, because colours may not be shown, and say what it is about."""
        for address in self._entries:
            event.option_list.replace_option_prompt(address, self._line(address, address == event.option_id))
        self.query(Static).first().update(printable(self._entries[str(event.option_id)].title))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Return the chosen lesson."""
        self.dismiss(event.option_id)

    def action_move(self, where: str) -> None:
        """Choose the next lesson up or down."""
        getattr(self.query_one(OptionList), f"action_cursor_{where}")()

    def action_give_up(self) -> None:
        """Close the list, and where the app starts with it, the app."""
        if self._starts:
            self.app.exit()
        else:
            self.dismiss(None)

    def action_explain(self) -> None:
        """Explain the screen and the keys, which are named below the list."""
        self.app.push_screen(HelpScreen(self._keymap))

    def _line(self, address: str, chosen: bool = False) -> Text:
        entry = self._entries[address]
        sign = DONE if entry.reached else _BEGUN if entry.begun else " " if entry.begun is None else NOT_YET
        return Text.assemble(
            (f"{CHOSEN if chosen else ' '} ", STYLES["key"]),
            (f"{sign} ", STYLES["done" if entry.reached else "dim"]),
            (f"{entry.number:>2} ", STYLES["dim"]),
            (f"{printable(address):<11} ", STYLES["title"]),
            printable(entry.title),
        )
