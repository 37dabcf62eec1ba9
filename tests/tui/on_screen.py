"""An app in a test: opened, read pane by pane, and waited for."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from textual.pilot import Pilot

from tui_backprop.app import BackpropApp
from tui_backprop.widgets.canvas import Canvas


@asynccontextmanager
async def opened(
    lesson: str = "perceptron", size: tuple[int, int] = (120, 40), **options: float
) -> AsyncIterator[Pilot[None]]:
    async with BackpropApp(lesson, **options).run_test(size=size) as pilot:
        yield pilot


def place(pilot: Pilot[None]) -> tuple[int, int]:
    timeline = pilot.app.timeline
    return timeline.recording.iteration, timeline.cursor


def text(pilot: Pilot[None], pane: str) -> str:
    canvas = pilot.app.screen_stack[0].query_one(f"#{pane}", Canvas)
    assert canvas.display
    return "\n".join(canvas.render_line(y).text.rstrip() for y in range(canvas.size.height))


async def wait_for(pilot: Pilot[None], condition: object) -> None:
    """Let the app go on until the condition holds; a minute is enough on any machine."""
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "the app never came to it"
        await pilot.pause(0.01)


async def press_while_it_runs(pilot: Pilot[None], *keys: str) -> None:
    """Press keys of an app that is at work, for which pilot.press would wait to rest."""
    for key in keys:
        pilot.app.simulate_key(key)
        await pilot.pause(0.01)
