"""A pick list of nodes: type a part of a name, an operation or a scope, and choose among what matches.

Only the rows that show are drawn. Textual's OptionList measures every row before it shows one: 75,000 nodes took 6 s
to open and 1 s a letter, the 300,000 rows of a log 32 s and 320 MB (Textual 8.2.8).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from minidl_core import Node

from ..debugger.moment import Moment
from ..drawing.glyphs import CHOSEN
from ..drawing.palette import Line
from ..graph.scopes import scope_of_name
from ..notation.fitting import fit, fit_name
from ..notation.formats import shape_text
from ..notation.sections import centred
from ..widgets.canvas import Canvas

_ROWS = 8


class Finder:
    """Finds nodes by a part of their name, operation or scope; it asks each node once, not at each letter."""

    def __init__(self, nodes: Sequence[Node], scope: Callable[[Node], str] = scope_of_name) -> None:
        self.nodes = nodes
        self._names = [node.name.casefold() for node in nodes]
        # many nodes have the same operation and scope: what one of them matches, all do
        others: dict[str, int] = {}
        texts = (f"{node.kind}\n{scope(node)}".casefold() for node in nodes)
        self._other_of = [others.setdefault(text, len(others)) for text in texts]
        self._others = list(others)

    def matches(self, text: str) -> list[Node]:
        """Return the nodes that have the text in their name, operation or scope, the nearest first.

        Nearest is the name itself, then a name that begins with the text, then one that has it, then the others.
        """
        wanted = text.casefold()
        by_other = [wanted in other for other in self._others]
        ranked: tuple[list[Node], ...] = ([], [], [], [])
        for node, name, other in zip(self.nodes, self._names, self._other_of, strict=True):
            if wanted in name:
                own = name[name.rfind("/") + 1 :]
                if wanted not in own:
                    rank = 1 if name.startswith(wanted) else 3
                else:
                    rank = 0 if own == wanted else 1 if own.startswith(wanted) or name.startswith(wanted) else 2
                ranked[rank].append(node)
            elif by_other[other]:
                ranked[3].append(node)
        return [node for nodes in ranked for node in nodes]


class FindScreen(ModalScreen[Node | None]):
    """Returns the node that was chosen, None where the asking was given up."""

    DEFAULT_CSS = """
    FindScreen {
        align: center bottom;
    }
    FindScreen > Vertical {
        height: 12;
        padding: 0 1;
        border: round;
        background: ansi_default;
    }
    FindScreen Canvas {
        height: 9;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "give up"),
        Binding("up", "choose(-1)", "up"),
        Binding("down", "choose(1)", "down"),
        Binding("pageup", f"choose(-{_ROWS})", "up"),
        Binding("pagedown", f"choose({_ROWS})", "down"),
    ]

    def __init__(self, nodes: Sequence[Node], scope: Callable[[Node], str], moment: Moment) -> None:
        super().__init__()
        self._moment = moment
        self._finder = Finder(nodes, scope)
        self._found = list(nodes)
        self._chosen = 0

    def compose(self) -> ComposeResult:
        """Yield the field and the list."""
        with Vertical():
            hint = "part of a name, operation or scope; ↑ ↓ choose, Enter selects, Esc gives up"
            field = Input(placeholder=hint, select_on_focus=False, compact=True)
            field.cursor_blink = False
            yield field
            yield Canvas()

    def on_mount(self) -> None:
        """Have the field take the keys from the start."""
        self.set_focus(self.query_one(Input))

    def on_resize(self) -> None:
        """Draw the list when its size is known."""
        self.call_after_refresh(self._draw)

    def on_input_changed(self, event: Input.Changed) -> None:
        """List what matches now."""
        self._found, self._chosen = self._finder.matches(event.value.strip()), 0
        self._draw()

    def on_input_submitted(self) -> None:
        """Return the chosen node; where nothing matches, stay."""
        if self._found:
            self.dismiss(self._found[self._chosen])

    def action_choose(self, by: int) -> None:
        """Move the choice."""
        self._chosen = min(max(self._chosen + by, 0), max(len(self._found) - 1, 0))
        self._draw()

    def _draw(self) -> None:
        canvas = self.query_one(Canvas)
        canvas.show(draw_matches(self._found, self._chosen, len(self._finder.nodes), canvas.size.width, self._moment))


def draw_matches(found: Sequence[Node], chosen: int, total: int, width: int, moment: Moment) -> list[Line]:
    """Draw a count and the rows around the chosen one, with the shapes of the moment."""
    count = f"{len(found):,} of {total:,} nodes"
    summary = count if found else f"none of {total:,} nodes has that name, operation or scope"
    lines: list[Line] = [[(fit(summary, width), "dim")]]
    for number in centred(len(found), _ROWS, chosen):
        node, here = found[number], number == chosen
        details = f"  {node.kind:<12} {shape_text(moment.shape(node))}"
        name = fit_name(node.name, max(width - len(details) - 4, 8))
        lines.append([(f"{CHOSEN if here else ' '} ", "key"), (name, "selected" if here else "text"), (details, "dim")])
    return lines
