"""The list of breakpoints: seen, switched on and off, added, edited, deleted."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static

from ..debugger.breakpoints import Breakpoint, Breakpoints
from ..debugger.loss_graph import LossGraph
from ..drawing.glyphs import DONE, NOT_YET
from ..drawing.palette import STYLES
from ..notation.conditions import FORMS, read_breakpoint
from ..notation.fitting import printable
from .prompt import Prompt

NONE = "No breakpoint yet: a adds a condition."
QUESTION = f"Stop where? {'  ·  '.join(FORMS)}"


def ask_for_condition(graph: LossGraph, typed: str = "") -> Prompt[Breakpoint]:
    """Return the prompt for a condition, which begins with what is typed there already."""
    hint = "a condition; Enter takes it, Esc gives up"
    return Prompt(QUESTION, lambda text: read_breakpoint(text, graph), hint, typed)


class BreakpointsScreen(ModalScreen[str | None]):
    """Changes the breakpoints that it is given; returns in which direction to go on to the next, or None."""

    DEFAULT_CSS = """
    BreakpointsScreen {
        align: center middle;
    }
    BreakpointsScreen > Vertical {
        width: 90%;
        max-width: 100;
        height: auto;
        max-height: 90%;
        padding: 0 1;
        border: round;
        background: ansi_default;
    }
    BreakpointsScreen OptionList, BreakpointsScreen OptionList:focus {
        border: none;
        padding: 0;
        background: ansi_default;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "add", "add"),
        Binding("e", "edit", "edit"),
        Binding("space", "switch", "on or off"),
        Binding("d,delete", "delete", "delete"),
        Binding("k", "move('up')", "up"),
        Binding("j", "move('down')", "down"),
        Binding("c", "dismiss('forward')", "continue", id="continue"),
        Binding("C", "dismiss('back')", "continue back", id="continue-back"),
        Binding("escape,q,X", "dismiss(None)", "close"),
    ]

    def __init__(self, breakpoints: Breakpoints, graph: LossGraph) -> None:
        super().__init__()
        self._breakpoints = breakpoints
        self._graph = graph

    def compose(self) -> ComposeResult:
        """Yield the list, and a line for what there is to say."""
        with Vertical() as box:
            box.border_title = "Breakpoints: c goes on to the next, C back"
            box.border_subtitle = "a add   e edit   space on/off   d delete   q close"
            yield Static(NONE, id="none", markup=False)
            yield OptionList()

    def on_mount(self) -> None:
        """Show the list."""
        self._show()

    def _show(self, chosen: str = "") -> None:
        """Show the list with this condition chosen, or else what stands in the place of the one that was."""
        options = self.query_one(OptionList)
        at = options.highlighted or 0
        options.clear_options()
        for place, point in enumerate(self._breakpoints):
            at = place if point.text == chosen else at
            style = STYLES["text" if point.on else "dim"]
            state = DONE if point.on else f"{NOT_YET} off:"
            options.add_option(Text(f"{state} {printable(point.text)}", style))
        self.query_one("#none").display = not self._breakpoints
        options.display = bool(self._breakpoints)
        if self._breakpoints:
            options.highlighted = min(at, len(self._breakpoints) - 1)
            options.focus()

    @property
    def _chosen(self) -> Breakpoint | None:
        at = self.query_one(OptionList).highlighted
        return None if at is None else list(self._breakpoints)[at]

    def action_move(self, direction: str) -> None:
        """Choose the one above or below."""
        options = self.query_one(OptionList)
        if direction == "up":
            options.action_cursor_up()
        else:
            options.action_cursor_down()

    def action_add(self) -> None:
        """Ask for a condition and add it."""

        def add(point: Breakpoint | None) -> None:
            if point is not None:
                self._breakpoints.add(point)
                self._show(point.text)

        self.app.push_screen(ask_for_condition(self._graph), add)

    def action_edit(self) -> None:
        """Ask for another condition in the place of the chosen one."""
        old = self._chosen
        if old is None:
            return
        replaced = old

        def put(point: Breakpoint | None) -> None:
            if point is not None:
                self._breakpoints.change(replaced, point)
                self._show(point.text)

        self.app.push_screen(ask_for_condition(self._graph, old.text), put)

    def on_option_list_option_selected(self) -> None:
        """Edit the one on which Enter was pressed."""
        self.action_edit()

    def action_switch(self) -> None:
        """Switch the chosen one on or off."""
        point = self._chosen
        if point is not None:
            self._breakpoints.add(point._replace(on=not point.on))
            self._show(point.text)

    def action_delete(self) -> None:
        """Delete the chosen one."""
        point = self._chosen
        if point is not None:
            self._breakpoints.remove(point)
            self._show()
