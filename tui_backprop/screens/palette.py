"""What the command palette offers: the action of each key, the themes, and breakpoints said in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from textual.app import SystemCommand

from ..drawing.palette import THEMES
from ..keys import SECTIONS, Keymap, shown_keys
from ..notation.conditions import IN_WORDS
from .main_screen import MainScreen


def palette(screen: MainScreen, keys: Keymap, choose_theme: Callable[[str], None]) -> Iterator[SystemCommand]:
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
