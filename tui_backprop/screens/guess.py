"""Guessing in a hunt: which node or operation is broken, and how."""

from __future__ import annotations

from minidl_core import Node

from ..hunt.hunt import WRONG_COSTS, Guess, read_guess, written_kinds
from ..notation.names import called
from ..session import DebugSession
from .prompt import Prompt


class GuessScreen(Prompt[Guess]):
    """Returns the guess that was typed, None where it was given up; the node in view need not be typed."""

    def __init__(self, session: DebugSession, in_view: Node | None) -> None:
        graph = session.timeline.graph
        named = "" if in_view is None else in_view.name
        meant = f"a number, for {called(in_view)}; or" if in_view is not None else "as in"
        question = "\n".join(["What is broken, or what does who wrote it believe?", *written_kinds()])
        super().__init__(
            question,
            lambda text: read_guess(text, named, graph.nodes),
            f"{meant} multiply 3; a wrong guess costs {WRONG_COSTS} looks",
        )
