"""Asking for an edit: what is to be changed, and into which number."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static
from textual.widgets.input import Selection

from minidl_core import Node, Placeholder, Variable
from tui_backprop.branches import MOST_BRANCHES
from tui_backprop.edits import (
    LEARNING_RATE,
    Edit,
    EditError,
    editable_names,
    read_edit,
    start_value,
    why_not_editable,
    written_edit,
)
from tui_backprop.expression import element_text
from tui_backprop.inspector.pinned import Pinned, element_at
from tui_backprop.timeline import Timeline
from tui_backprop.wording import listed


class EditScreen(ModalScreen[Edit | None]):
    """Returns the edit that was typed, None where it was given up.

    It begins with the given element of a node, or with the learning rate where there is none that can be edited.
    """

    DEFAULT_CSS = """
    EditScreen {
        align: center bottom;
    }
    EditScreen > Vertical {
        height: 7;
        padding: 0 1;
        border: round;
        background: ansi_default;
    }
    EditScreen Static {
        height: 2;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "give up")]

    def __init__(self, timeline: Timeline, node: Node | None, pinned: Pinned) -> None:
        super().__init__()
        self._graph = timeline.graph
        self._state = state = timeline.edited_state
        self._target = LEARNING_RATE
        value = state.learning_rate
        if isinstance(node, Variable | Placeholder):
            array = start_value(state, node)
            index = element_at(timeline.moment, node, array.shape, pinned)
            self._target = element_text(node.name, index)
            value = float(array[index])
        self._written = written_edit(self._target, value)
        self._can = f"{listed(editable_names(self._graph), str, 6)} can be edited, by name."
        if node is not None and self._target == LEARNING_RATE:
            self._can = why_not_editable(node, self._graph)
        if state.finished < timeline.recording.iteration and timeline.cursor:
            does = f"Iteration {state.finished + 1} is computed again from its start, and you stay at this step."
        else:
            does = f"Iteration {state.finished + 1} will start with it."
        self._does = f"{does} The last {MOST_BRANCHES} branches are kept: E returns."

    def compose(self) -> ComposeResult:
        """Yield what can be edited, the field, and what an edit does or what is wrong with it."""
        with Vertical() as box:
            box.border_title, box.border_subtitle = "Edit", "Enter do it   Esc give up"
            yield Static(self._can, markup=False)
            field = Input(self._written, compact=True, select_on_focus=False)
            field.cursor_blink = False
            yield field
            yield Static(self._does, id="wrong", markup=False)

    def on_mount(self) -> None:
        """Select the number, so that typing replaces it."""
        self.query_one(Input).selection = Selection(self._written.rindex("=") + 2, len(self._written))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Return the edit, or say what is wrong with it and keep what was typed."""
        if event.value.strip() == self._written:
            self.dismiss(None)
            return
        try:
            edit = read_edit(event.value, self._state, self._graph, self._target)
        except EditError as error:
            self.query_one("#wrong", Static).update(str(error), layout=False)
        else:
            self.dismiss(edit)
