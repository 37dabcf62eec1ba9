"""Who reads the pages of a lesson in a test, of ours or of one's own."""

from __future__ import annotations

import re

from textual.pilot import Pilot

import minidl_core as dl
from tui_backprop.keys import KEY_OF
from tui_backprop.lessons.lesson import Example, Lesson
from tui_backprop.programs.program import program_of
from tui_backprop.screens.main_screen import MainScreen
from tui_backprop.session import DebugSession, Viewer


def own(**told: object) -> Lesson:
    def build(seed: int) -> Example:
        with dl.Graph().as_default():
            w = dl.Variable([1.0, 2.0], name="w")
            return Example(dl.reduce_sum(dl.square(w, name="squares"), name="J"), {})

    return Lesson("own", "", build, 0.1, **told)  # type: ignore[arg-type]


def reader(**told: object) -> Viewer:
    return Viewer(DebugSession(program_of(own(**told))), KEY_OF)


def viewer_of(pilot: Pilot[None]) -> Viewer:
    assert isinstance(pilot.app.screen, MainScreen)
    return pilot.app.screen.viewer


def words(said: str) -> list[str]:
    return re.findall(r"\w+", said)
