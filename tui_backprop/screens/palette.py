"""The command palette, and what it offers: the action of each key, the themes, and breakpoints said in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from textual.app import SystemCommand
from textual.command import CommandList, CommandPalette
from textual.widgets import Input

from ..drawing.palette import THEMES
from ..keys import SECTIONS, Keymap, shown_keys
from ..notation.conditions import IN_WORDS
from .main_screen import MainScreen


class Palette(CommandPalette):
    """Textual's palette, as steady and as legible as the rest."""

    # what is chosen is a light row, on which dim text is not legible; the sign before the field is two cells wide
    DEFAULT_CSS = """
    Palette > .command-palette--help-text {
        text-style: not dim not bold;
    }
    Palette SearchIcon {
        display: none;
    }
    """

    def on_mount(self) -> None:
        """Let the cursor stand still, as in every field: one that blinks sends bytes for ever."""
        for field in self.query(Input):
            field.cursor_blink = False

    def _action_command_list(self, action: str) -> None:
        """Do it to the list of commands, but page it only where it shows: hidden, it has no lines in Textual 8.2.8."""
        if not action.startswith("page") or self.query_one(CommandList).scrollable_content_region:
            super()._action_command_list(action)


def commands(screen: MainScreen, keys: Keymap, choose_theme: Callable[[str], None]) -> Iterator[SystemCommand]:
    """Yield the commands for the main screen, the keys with the names that they have here."""

    def run(action: str) -> Callable[[], object]:
        return lambda: screen.run_action(action)

    for section, bindings in SECTIONS.items():
        for binding in bindings:
            title = f"{section}: {binding.description} ({shown_keys(binding, keys)})"
            yield SystemCommand(title, binding.tooltip, run(binding.action))
    rate = "Edit the learning rate: a branch begins"
    yield SystemCommand("Change: learning rate", rate, run("over('edit', 'learning rate')"))
    for theme in THEMES:
        yield SystemCommand(f"Theme: {theme}", "Colours for this background", lambda name=theme: choose_theme(name))
    for description, condition in IN_WORDS.items():
        what = f"Set a breakpoint: {condition}"
        yield SystemCommand(f"Break {description}", what, run(f"over('break_at', {condition!r})"))
