"""The help: every key, from the table of keys, and what the screen shows."""

from __future__ import annotations

from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from ..drawing.ascii import spell
from ..drawing.palette import STYLES
from ..keys import SECTIONS, Keymap, names_of, shown_keys
from ..programs.program import TRAINED_WITH

READING = (
    """\
The graph computes the loss, called J on this page whatever its name is, from left to right. Each node has a slot v \
for its value and a slot g for its gradient, dJ/dnode: how much J changes if the node changes a little.

  ·  not yet        ✓  done        ►  now
  G  the gradient that a contribution is made from
  q1 first in the queue            w1 waits for 1 more consumer
  ~  made with variables that have since changed        +  updated
  ■  a breakpoint: {continue} goes on to it
  g✗ your own engine has another gradient        g- it has none
  ✓22 ✗2 in the first line: so many gradients agree, so many part

A consumer of a node is an operation that computes from it; an edge leads from a node to a consumer. One iteration \
has three passes. Forward computes the values. Backward walks from J against the arrows: a node joins the queue when \
the last of its consumers has been visited, and its gradient is the sum of what they contribute, one contribution for \
each edge. The ledger lists them. Data and constants are visited, too: a step does not stop there, {inside} does. \
Update moves every variable by the step of the optimizer, in gradient descent against its gradient; η, the learning \
rate, says how far.

The pane whose title shows ←↑↓→ has the arrow keys. In the graph they select a node, in a double frame, on the tape \
behind »: {left} an input, {right} a consumer. The inspector then explains that node; time stays, and the next step \
follows the action again. {panes} goes on to the inspector, which writes out one element, marked ►, with its own \
numbers; there the arrow keys choose another one. On a small screen {panes} comes to the charts, too.

{origin} goes on to an element that this one came from, {edge} chooses over which edge, {term} by which term, {return} \
returns: so one can walk from any number to J. {in full} shows it, and J, with all digits; \
{check} measures whether its gradient is right.

The tape is the graph with one row per node, in the order of evaluation. In it, + marks the inputs of the node of now; \
in the list of the queue, below the step, it marks who has just joined.
◄ ► ▲ ▼ in the title of the graph tell on which sides there is more of it.

  A·B  times         A⊙B  times, element by element
  Σ    the sum       Aᵀ   A with its rows and columns exchanged
  ()   the shape of one number            (2,)  of two numbers
  (100,2)  of 100 rows of two

name/ is a folded scope: several nodes in one box, with how many it holds and how far the pass has come in them; … is \
partly done.

{beliefs} supposes that a belief is right, such as that a node need not wait: what would come out, beside the truth.

{ask} asks you first: {step} then puts a question before it shows a step, and hides what would answer it \
(a ? stands there). Answer with 1 to 4 or a click, or type a number and press Enter; 1 % off is still right; Esc \
skips. {ask} again asks the room: nobody types, the next {step} reveals. {ask} once more stops. \
Only {step} asks; {node}, {phase}, {iteration} and going back never do.

backprop-tui my_model.py opens a script of your own, as it stands, that trains with \
"""
    f"{TRAINED_WITH}."
)


class HelpScreen(ModalScreen[None]):
    """Lists the keys and explains the screen."""

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

    def __init__(self, keymap: Keymap) -> None:
        super().__init__()
        self._keymap = keymap

    def compose(self) -> ComposeResult:
        """Yield the text in a scrolling pane."""
        keys = Table.grid(padding=(0, 2))
        for title, bindings in SECTIONS.items():
            keys.add_row(Text(title, STYLES["title"]))
            for binding in bindings:
                keys.add_row(Text(f"  {shown_keys(binding, self._keymap)}", STYLES["key"]), Text(binding.tooltip))
        with VerticalScroll() as pane:
            pane.border_title = "Every key; below them, how to read the screen"
            pane.border_subtitle = "↑ ↓ scroll   q close"
            yield Static(keys)
            yield Static("")
            yield Static(spell(READING.format_map(names_of(self._keymap))), markup=False)
