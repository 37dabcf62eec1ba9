"""The log on the screen: scrolled, searched, saved, and a way to go to any moment in it."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static
from textual.worker import Worker

from ..debugger.followed import Followed
from ..debugger.steps import Place
from ..narration.log import Log, height_of_a_row
from ..narration.messages import Keys
from ..narration.solution import file_name, write_solution
from ..session import DebugSession
from ..session.saving import path_of, save_lines
from ..widgets.canvas import Canvas
from .prompt import Prompt
from .slices import in_slices

KEYS = "↑ ↓ scroll   Enter go there   / search   s save   S in full   q close"
KEYS_SEARCHING = "type to search   ↑ ↓ scroll   Enter use keys   Esc show all"


class LogScreen(ModalScreen[Place | None]):
    """Returns the place of the line that was chosen, None where none was."""

    AUTO_FOCUS = ""
    DEFAULT_CSS = """
    LogScreen > Vertical {
        padding: 0 1;
        border: round;
        background: ansi_default;
    }
    LogScreen Canvas {
        height: 1fr;
    }
    LogScreen Static {
        height: 1;
    }
    LogScreen Input {
        display: none;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll(-1)", "up"),
        Binding("down,j", "scroll(1)", "down"),
        Binding("pageup,b", "page(-1)", "page up"),
        Binding("pagedown,space", "page(1)", "page down"),
        Binding("home", "end(-1)", "first"),
        Binding("end,G", "end(1)", "last"),
        Binding("enter", "choose", "go there"),
        Binding("slash", "search", "search"),
        Binding("s", "save", "save"),
        Binding("S", "save(True)", "save in full"),
        Binding("escape", "leave", "close"),
        Binding("q,o", "close", "close"),
    ]

    def __init__(self, session: DebugSession, followed: Followed, keys: Keys) -> None:
        super().__init__()
        self._session = session
        self._step = keys["step"]
        self._followed = followed
        self._log = Log(session.timeline.moment, keys)
        self._rows: Sequence[int] = range(len(self._log))
        self._at = max(len(self._log) - 1, 0)
        self._texts: dict[int, str] = {}
        self._full = False
        self._to_be_replaced: Path | None = None
        self._saving: Worker[None] | None = None
        self._warning = ""

    def compose(self) -> ComposeResult:
        """Yield the rows, the field for a search, and a line for what there is to say."""
        with Vertical() as box:
            box.border_title, box.border_subtitle = self._log.title, KEYS
            yield Canvas()
            yield Input(placeholder="words of the sentence", select_on_focus=False, compact=True)
            yield Static("", id="said", markup=False)

    def on_mount(self) -> None:
        """Let the cursor of the field stand still."""
        self.query_one(Input).cursor_blink = False

    def on_resize(self) -> None:
        """Draw as many rows as there is room for now."""
        self._texts.clear()
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        canvas = self.query_one(Canvas)
        width, height = canvas.size
        lines = self._log.draw(self._rows, self._at, width, height)
        if not len(self._log):
            lines = [[(f"Nothing has happened yet. q closes this, and {self._step} takes the first step.", "text")]]
        canvas.show(lines)

    def _say(self, said: str) -> None:
        self.query_one("#said", Static).update(said, layout=False)

    # scrolling

    def action_scroll(self, by: int) -> None:
        """Choose another line."""
        self._at = min(max(self._at + by, 0), max(len(self._rows) - 1, 0))
        self._draw()

    def action_page(self, by: int) -> None:
        """Choose a line a page further."""
        width, height = self.query_one(Canvas).size
        self.action_scroll(by * max(height // height_of_a_row(width) - 1, 1))

    def action_end(self, by: int) -> None:
        """Choose the first or the last line."""
        self.action_scroll(by * len(self._rows))

    def action_choose(self) -> None:
        """Go to the moment of the chosen line."""
        if self._rows:
            self._close(self._log.place(self._rows[self._at]))

    # searching

    def action_search(self) -> None:
        """Type what the lines must hold."""
        field = self.query_one(Input)
        field.display = True
        self.set_focus(field)
        self.query_one(Vertical).border_subtitle = KEYS_SEARCHING

    def action_leave(self) -> None:
        """Show all lines again, or close."""
        field = self.query_one(Input)
        if not field.display:
            self._close(None)
            return
        field.value = ""
        self._use_keys()

    def action_close(self) -> None:
        """Close."""
        self._close(None)

    def _close(self, place: Place | None) -> None:
        """Return a place; while a file is being written only when asked again, because it is given up then."""
        if self._saving is None or self._saving.is_finished or self._warning:
            self.dismiss(place)
        else:
            self._warning = "; closing again gives up the file"
            self._say(f"writing{self._warning}")

    def on_input_submitted(self) -> None:
        """Keep what was found and use the keys again."""
        self._use_keys()

    def _use_keys(self) -> None:
        field = self.query_one(Input)
        field.display = bool(field.value)
        self.set_focus(None)
        self.query_one(Vertical).border_subtitle = KEYS

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show the lines that hold what is typed."""
        self._start(partial(self._search, event.value.lower()), "search")

    def _start(self, work: Callable[[], Coroutine[None, None, None]], group: str) -> Worker[None]:
        """Do this in place of what its group is at; work that is never begun must not have been made."""
        return self.run_worker(work, group=group, exclusive=True)

    async def _search(self, wanted: str) -> None:
        chosen = self._rows[self._at] if self._rows else 0
        if not wanted:
            self._show_rows(range(len(self._log)), chosen)
            self._say("")
            return
        found: list[int] = []
        searched = 0
        async for texts in in_slices((row, self._text(row)) for row in range(len(self._log))):
            found += [row for row, text in texts if wanted in text]
            searched += len(texts)
            self._show_rows(found, chosen)
            self._say(f"{len(found):,} found in {searched:,} of {len(self._log):,} lines")

    def _text(self, row: int) -> str:
        if row not in self._texts:
            line = self._log.line(row, self.query_one(Canvas).size.width)
            self._texts[row] = "".join(text for text, _ in line).lower()
        return self._texts[row]

    def _show_rows(self, rows: Sequence[int], chosen: int) -> None:
        """Show these rows; of them the last up to the one that was chosen becomes the chosen one."""
        self._rows = rows
        self._at = max(bisect_right(rows, chosen) - 1, 0)
        self._draw()

    # saving

    def action_save(self, full: bool = False) -> None:
        """Ask for a file and write the iteration into it as a worked solution, in `full` with all digits.

        Where there are no files it goes to the terminal.
        """
        self._full = full
        if not self._session.has_files:
            self.app.copy_to_clipboard("\n".join(write_solution(self._session.timeline, self._followed, full=full)))
            self._say("the worked solution went to your terminal; many put it onto the clipboard")
            return
        self._ask_for_file(proposed=file_name(self._session.timeline))

    def _ask_for_file(self, typed: str = "", wrong: str = "", proposed: str = "") -> None:
        self._to_be_replaced = None
        digits = ", all digits:" if self._full else " (S instead of s: all digits):"
        iteration = self._session.timeline.recording.iteration
        question = f"Save iteration {iteration} up to here as a worked solution, in Markdown{digits}"
        prompt = Prompt(question, self._read_path, "a file; Enter saves, Esc gives up", typed, wrong, proposed=proposed)
        self.app.push_screen(prompt, lambda path: None if path is None else self._start_saving(path))

    def _read_path(self, text: str) -> Path:
        if not text.strip():
            raise ValueError("Type the name of a file.")
        path = path_of(text.strip())
        try:
            is_directory, is_there, is_file = path.is_dir(), path.exists(), path.is_file()
        except OSError as error:
            raise ValueError(f"'{path}' cannot be used: {_reason(error)}.") from error
        if is_directory:
            raise ValueError(f"{path} is a directory. Type the name of a file.")
        if is_there and not is_file:
            raise ValueError(f"{path} is a device or a pipe. Type the name of a file.")
        if is_there and path != self._to_be_replaced:
            self._to_be_replaced = path
            raise ValueError(f"{path} is there already. Enter replaces it; or type another name.")
        return path

    def _start_saving(self, path: Path) -> None:
        self._warning = ""
        self._saving = self._start(partial(self._save, path), "save")

    async def _save(self, path: Path) -> None:
        is_replaced, timeline = path == self._to_be_replaced, self._session.timeline
        lines = save_lines(path, write_solution(timeline, self._followed, full=self._full), replace=is_replaced)
        try:
            async for counts in in_slices(lines):
                if counts:
                    self._say(f"writing: {counts[-1]:,} lines{self._warning}")
        except (OSError, ValueError) as error:
            self._say("")
            self._ask_for_file(str(path), f"{path} cannot be written: {_reason(error)}.")
        else:
            self._say(f"saved: {os.path.abspath(path)}")


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
