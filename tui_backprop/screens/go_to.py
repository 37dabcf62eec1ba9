"""Asking for a moment by its name."""

from __future__ import annotations

from ..debugger.steps import Place
from ..debugger.timeline import Timeline
from ..notation.moments import name_moment, read_moment
from .prompt import Prompt


class GoToScreen(Prompt[Place]):
    """Returns the place of the moment that was typed, None where the asking was given up."""

    def __init__(self, timeline: Timeline) -> None:
        super().__init__(
            f"Go to which moment? You are at {name_moment(timeline)}; 7 is the end of iteration 7, 0 the start.",
            lambda text: read_moment(text, timeline),
            "7, 7:b, 7:b:2, 7:b:forward, 7:b:update or 7.31; then Enter; Esc gives up",
        )
