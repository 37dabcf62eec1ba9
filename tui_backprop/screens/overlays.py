"""What lies over the main screen: each function shows a screen that asks for something, and then does it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from textual.app import App
from textual.screen import ModalScreen, Screen

from minidl_core import Node

from ..debugger.breakpoints import Breakpoint
from ..debugger.edits import Edit
from ..debugger.message import Message
from ..debugger.steps import Place
from ..hunt.hunt import Guess
from ..keys import Keymap
from ..notation.conditions import read_breakpoint
from ..session import DebugSession, Viewer
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


class Below(Protocol):
    """The screen that something lies over."""

    session: DebugSession
    viewer: Viewer
    keymap: Keymap

    @property
    def app(self) -> App[object]:
        """The app that shows it."""

    def ask(self, screen: Screen[Any], answered: Callable[[Any], None] | None = None) -> None:
        """Let time stand still while a screen lies over this one, and then do something with what it returns."""

    def go(self, place: Place | None) -> None:
        """Move to a place, if there is one."""

    def show(self) -> None:
        """Show what has changed."""


def edit(below: Below, what: str = "element") -> None:
    """Ask for an edit, of the followed element of the node in view or of the learning rate, and fork with it."""

    def fork(edit: Edit | None) -> None:
        if edit is not None:
            below.session.edit(edit)
            below.show()

    node = below.viewer.node if what == "element" else None
    below.ask(EditScreen(below.session.timeline, node, below.viewer.followed, below.viewer.keys), fork)


def find(below: Below) -> None:
    """Ask for a node and select it."""

    def select(node: Node | None) -> None:
        if node is not None:
            below.viewer.select(node)
            below.show()

    foldings = below.session.foldings
    below.ask(FindScreen(foldings.nodes, foldings.scope_of, below.session.moment), select)


def go_to(below: Below) -> None:
    """Ask for a moment and move to it, training as far as it needs."""
    below.ask(GoToScreen(below.session.timeline), below.go)


def read_log(below: Below) -> None:
    """Show the log, unless it would answer the question that stands, and go to the moment chosen in it."""
    if below.session.refuses_to_answer("log"):
        below.show()
    else:
        below.session.look("log", below.session.moment.iteration)
        below.ask(LogScreen(below.session, below.viewer.followed, below.viewer.keys), below.go)


def compare_beliefs(below: Below) -> None:
    """Show a belief beside the truth, unless that would answer the question that stands."""

    def look_away(_: None = None) -> None:
        below.viewer.belief = None
        below.show()

    if below.session.refuses_to_answer("beliefs") or below.session.refuses_to_end_hunt("beliefs"):
        look_away()
    else:
        screen = BeliefsScreen(below.viewer, below.show)
        below.ask(screen, look_away)


def follow_belief(below: Below) -> None:
    """Show the belief that the teacher compares now, or none any more."""
    on_top = below.app.screen
    if isinstance(on_top, BeliefsScreen):
        on_top.follow()
    elif not isinstance(on_top, ModalScreen) and below.viewer.belief is not None:
        compare_beliefs(below)


def break_at(below: Below, condition: str) -> None:
    """Set a breakpoint with this condition, or where it is but the beginning of one, ask for the rest."""

    def add(point: Breakpoint | None) -> None:
        if point is not None:
            below.session.break_at(point)
            below.show()

    if condition.endswith(" "):
        below.ask(ask_for_condition(below.session.timeline.graph, condition), add)
    else:
        add(read_breakpoint(condition, below.session.timeline.graph))


def list_breakpoints(below: Below) -> None:
    """Show the list of breakpoints, to be changed, and go on to the next where that is asked there."""

    def go_on(direction: str | None) -> None:
        if direction is not None:
            below.session.resume(backwards=direction == "back")
        below.show()

    below.ask(BreakpointsScreen(below.session.breakpoints, below.session.timeline.graph), go_on)


def keep(below: Below) -> None:
    """Ask for a file, and keep the session in it; where there are no files, send it to the terminal."""
    if not below.session.has_files:
        below.app.copy_to_clipboard("\n".join(write_session(below.session)))
        below.session.message = Message("sent to the terminal", {"what": f"session, for a file {ENDING}"})
        below.show()
        return

    def write(path: Path | None) -> None:
        if path is not None:
            below.session.keep(path)
            below.show()

    below.ask(KeepScreen(below.session.program), write)


def guess(below: Below) -> None:
    """Ask in a hunt what is broken."""

    def take(guess: Guess | None) -> None:
        if guess is not None:
            below.session.guess(guess)
            below.show()

    if below.session.has_hunt():
        below.ask(GuessScreen(below.session, below.viewer.node), take)
    else:
        below.show()


def explain(below: Below) -> None:
    """Explain the screen and the keys."""
    below.ask(HelpScreen(below.keymap))
