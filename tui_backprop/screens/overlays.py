"""What lies over the main screen: each function shows a screen that asks for something, and then does it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from minidl_core import Node

from ..debugger.breakpoints import Breakpoint
from ..debugger.edits import Edit
from ..debugger.message import Message
from ..hunt.hunt import Guess
from ..notation.conditions import read_breakpoint
from ..session.session_file import ENDING, write_session
from .beliefs import BeliefsScreen
from .breakpoints import BreakpointsScreen, ask_for_condition
from .edit import EditScreen
from .find import FindScreen
from .go_to import GoToScreen
from .guess import GuessScreen
from .help import HelpScreen
from .keep import KeepScreen
from .log import LogScreen

if TYPE_CHECKING:
    from .main_screen import MainScreen


def edit(screen: MainScreen, what: str = "element") -> None:
    """Ask for an edit, of the followed element of the node in view or of the learning rate, and fork with it."""

    def fork(edit: Edit | None) -> None:
        if edit is not None:
            screen.session.edit(edit)
            screen.show()

    node = screen.viewer.node if what == "element" else None
    screen.ask(EditScreen(screen.session.timeline, node, screen.viewer.followed), fork)


def find(screen: MainScreen) -> None:
    """Ask for a node and select it."""

    def select(node: Node | None) -> None:
        if node is not None:
            screen.viewer.select(node)
            screen.show()

    foldings = screen.session.foldings
    screen.ask(FindScreen(foldings.nodes, foldings.scope_of, screen.session.moment), select)


def go_to(screen: MainScreen) -> None:
    """Ask for a moment and move to it, training as far as it needs."""
    screen.ask(GoToScreen(screen.session.timeline), screen.go)


def read_log(screen: MainScreen) -> None:
    """Show the log, unless it would answer the question that stands, and go to the moment chosen in it."""
    if screen.session.refuses_to_answer("log"):
        screen.show()
    else:
        screen.session.look("log", screen.session.moment.iteration)
        screen.ask(LogScreen(screen.session, screen.viewer.followed), screen.go)


def compare_beliefs(screen: MainScreen) -> None:
    """Show a belief beside the truth, unless that would answer the question that stands."""
    if screen.session.refuses_to_answer("beliefs") or screen.session.refuses_to_end_hunt("beliefs"):
        screen.show()
    else:
        screen.ask(BeliefsScreen(screen.session.timeline.moment, screen.viewer.followed))


def break_at(screen: MainScreen, condition: str) -> None:
    """Set a breakpoint with this condition, or where it is but the beginning of one, ask for the rest."""

    def add(point: Breakpoint | None) -> None:
        if point is not None:
            screen.session.break_at(point)
            screen.show()

    if condition.endswith(" "):
        screen.ask(ask_for_condition(screen.session.timeline.graph, condition), add)
    else:
        add(read_breakpoint(condition, screen.session.timeline.graph))


def list_breakpoints(screen: MainScreen) -> None:
    """Show the list of breakpoints, to be changed."""
    screen.ask(BreakpointsScreen(screen.session.breakpoints, screen.session.timeline.graph), lambda _: screen.show())


def keep(screen: MainScreen) -> None:
    """Ask for a file, and keep the session in it; where there are no files, send it to the terminal."""
    if not screen.session.has_files:
        screen.app.copy_to_clipboard("\n".join(write_session(screen.session)))
        screen.session.message = Message("sent to the terminal", {"what": f"session, for a file {ENDING}"})
        screen.show()
        return

    def keep(path: Path | None) -> None:
        if path is not None:
            screen.session.keep(path)
            screen.show()

    screen.ask(KeepScreen(screen.session.program), keep)


def guess(screen: MainScreen) -> None:
    """Ask in a hunt what is broken."""

    def guess(guess: Guess | None) -> None:
        if guess is not None:
            screen.session.guess(guess)
            screen.show()

    if screen.session.has_hunt():
        screen.ask(GuessScreen(screen.session, screen.viewer.node), guess)
    else:
        screen.show()


def explain(screen: MainScreen) -> None:
    """Explain the screen and the keys."""
    screen.ask(HelpScreen())
