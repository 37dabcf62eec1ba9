"""A held key never gets ahead of the screen: presses that come at once are all done, and the screen is drawn once."""

from __future__ import annotations

from itertools import pairwise

import pytest
from textual import events

from tests.tui.test_keys import opened, place, text
from tui_backprop.drawing.palette import plain
from tui_backprop.panes.header import draw_header


@pytest.mark.parametrize("lesson", ["perceptron", "two-paths"])
async def test_a_buffer_full_of_presses_is_drawn_once_and_shows_the_last(
    lesson: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(lesson) as pilot:
        await pilot.press("i", "i")
        screen = pilot.app.screen
        drawn = []
        draw = screen._draw_now
        monkeypatch.setattr(screen, "_draw_now", lambda: (drawn.append(place(pilot)), draw()))
        for _ in range(60):
            pilot.app.post_message(events.Key("space", " "))
        await pilot.pause()
        there = place(pilot)
        assert len(drawn) < 10
        assert drawn[-1] == there
        shown = plain([draw_header(pilot.app.timeline.moment, 120)])
        assert text(pilot, "header") == shown
        for _ in range(60):
            await pilot.press("b")
        assert place(pilot)[0] == 2  # none was lost


async def test_each_single_press_is_drawn() -> None:
    async with opened() as pilot:
        seen = []
        for key in ("space", "space", "s", "n", "b", "tab", "d", "enter", "backspace"):
            await pilot.press(key)
            seen.append(text(pilot, "inspector") + text(pilot, "inspector-title") + text(pilot, "graph-title"))
        assert all(one != other for one, other in pairwise(seen))


async def test_different_keys_at_once_keep_their_order() -> None:
    async with opened() as pilot:
        await pilot.pause()
        for key, character in (("p", "p"), ("p", "p"), ("b", "b"), ("space", " "), ("g", "g")):
            pilot.app.post_message(events.Key(key, character))
        await pilot.pause()
        assert "W   check" in text(pilot, "inspector-title")
        assert "is dJ/dW[0,0] right?" in text(pilot, "inspector")
