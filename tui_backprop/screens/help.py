"""The help: what the screen shows, and every key, from the table of keys."""

from __future__ import annotations

from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from tui_backprop.keys import SECTIONS
from tui_backprop.palette import STYLES

READING = """\
The graph computes J, the loss, from left to right. Each node has a slot v for its value and a slot g for its \
gradient, dJ/dnode: how much J changes if the node changes a little.

  ·  not yet        ✓  done        ►  now
  q1 first in the queue            w2 waits for 2 consumers
  ~  made with variables that have since changed        +  updated

One iteration has three passes. Forward computes the values. Backward walks from J against the arrows: a node joins \
the queue when the last of its consumers has been visited, and its gradient is the sum of what they contribute, one \
contribution for each edge. Update moves every variable a little against its gradient.

The inspector writes out one element, marked ►, with its own numbers; the arrow keys choose another one. \
Enter goes on to one of the elements that it came from (t and w choose which), Backspace returns: so one can walk from \
any number to J and never leave the moment.\
"""


class HelpScreen(ModalScreen[None]):
    """Explains the screen and lists the keys."""

    DEFAULT_CSS = """
    HelpScreen {
        align: center middle;
    }
    HelpScreen > VerticalScroll {
        width: 90%;
        max-width: 100;
        height: 90%;
        padding: 0 1;
        border: round;
        background: ansi_default;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark,f1", "dismiss", "close")]

    def compose(self) -> ComposeResult:
        """Yield the text in a scrolling pane."""
        keys = Table.grid(padding=(0, 2))
        for title, bindings in SECTIONS.items():
            keys.add_row(Text(title, STYLES["title"]))
            for binding in bindings:
                keys.add_row(Text(f"  {binding.key_display}", STYLES["key"]), Text(binding.tooltip))
        with VerticalScroll() as pane:
            pane.border_title = "How to read the screen"
            pane.border_subtitle = "↑ ↓ scroll   q close"
            yield Static(READING, markup=False)
            yield Static("")
            yield Static(keys)
