"""Guessing in a hunt: which node or operation is broken, and how."""

from __future__ import annotations

from minidl_core import Node

from ..hunt.hunt import WRONG_COSTS, Guess, example_guess, read_guess, written_kinds
from ..notation.names import called
from ..session import DebugSession
from .prompt import Prompt


class GuessScreen(Prompt[Guess]):
    """Returns the guess that was typed, None where it was given up; the node in view need not be typed."""

    def __init__(self, session: DebugSession, in_view: Node | None) -> None:
        graph = session.timeline.graph
        named = "" if in_view is None else in_view.name
        meant = f"a number, for {called(in_view)}; or" if in_view is not None else "as in"
        super().__init__(
            "What is wrong: a mistake in the engine, or a wrong belief of its author? A look is what you ask to see, "
            "counted once an iteration; steps are free.",
            lambda text: read_guess(text, named, graph.nodes),
            f"{meant} {example_guess(graph.nodes)}; a wrong guess costs {WRONG_COSTS} looks",
            choices=written_kinds(),
        )
