"""A held key never gets ahead of the screen: presses that come at once are all done, and the screen is drawn once."""

from __future__ import annotations

from itertools import pairwise

import pytest
from textual import events
from textual.keys import _character_to_key
from textual.pilot import Pilot
from textual.widgets import Input

from tests.tui.on_screen import opened, place, text, wait_for
from tui_backprop.drawing.palette import plain
from tui_backprop.panes.header import draw_header
from tui_backprop.screens.main_screen import MainScreen


@pytest.mark.parametrize("lesson", ["perceptron", "two-paths"])
async def test_a_buffer_full_of_presses_is_drawn_once_and_shows_the_last(
    lesson: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(lesson) as pilot:
        await pilot.press("i", "i")
        screen = pilot.app.screen
        drawn = []
        draw = screen._draw
        monkeypatch.setattr(screen, "_draw", lambda: (drawn.append(place(pilot)), draw()))
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


async def test_a_frame_of_a_run_gives_way_to_a_key_and_what_it_had_drawn_is_painted_with_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with opened() as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, MainScreen)
        await pilot.press("r")
        drawn: list[str] = []
        draw, asked = screen._canvases._draw_pane, iter((False, False, True))
        monkeypatch.setattr(
            screen._canvases, "_draw_pane", lambda pane, *at: (drawn.append(pane.name), draw(pane, *at))[1]
        )
        monkeypatch.setattr(screen, "_is_awaited", lambda: next(asked, False))
        screen.session.tick()
        screen._gives_way = True
        screen._draw()
        assert drawn == ["header", "graph"]
        await pilot.press("space")
        assert screen.session.running is None
        assert text(pilot, "header") == plain([draw_header(pilot.app.timeline.moment, 120)])
        header, painted = pilot.app.query_one("#header"), pilot.app.screen._compositor.render_strips()
        assert header.region.y == 0
        assert text(pilot, "header").strip() in painted[0].text


async def test_what_gave_way_is_not_painted_where_no_pane_stands_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened() as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, MainScreen)
        canvases, painted = screen._canvases, list[tuple[int, int]]()
        asked = iter([False] * (len(canvases.areas) - 1))
        monkeypatch.setattr(screen, "_is_awaited", lambda: next(asked, True))
        monkeypatch.setattr(canvases, "_paint", lambda rows: painted.extend((row.x, row.y) for row in rows) or True)
        await pilot.press("r")
        canvases._drawn.clear()
        for canvas in canvases:
            canvas.take([], 0)  # all of it is to be painted
        screen.session.tick()
        screen._gives_way = True
        screen._draw()
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        painted.clear()
        monkeypatch.setattr(screen, "_is_awaited", lambda: False)
        screen._draw()
        areas = canvases.areas.values()
        assert painted
        assert all(any(x == a.x and a.y - 1 <= y < a.y + a.height for a in areas) for x, y in painted)


async def test_a_slow_run_shows_each_of_its_steps_whatever_the_terminal_sends(monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened() as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, MainScreen)
        await pilot.press("r")
        monkeypatch.setattr(screen, "_is_awaited", lambda: True)
        screen._tick()
        await pilot.pause()
        assert screen.session.running is not None
        assert text(pilot, "header") == plain([draw_header(pilot.app.timeline.moment, 120)])


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


@pytest.mark.parametrize(
    ("keys", "typed"),
    [
        ("G7:b", "7:b"),
        ("/add", "add"),
        ("Xanode 2", "node 2"),
        ("o/is", "is"),
        ("e1", "learning rate = 1"),
        ("Gq?", "q?"),
    ],
)
async def test_what_is_typed_at_once_with_the_key_that_opens_a_field_lands_in_it(keys: str, typed: str) -> None:
    async with opened("perceptron") as pilot:
        before = place(pilot)
        at_once(pilot, keys)
        await wait_for(pilot, lambda: [field.value for field in pilot.app.screen.query(Input)] == [typed])
        assert place(pilot) == before
        await pilot.press("!")
        assert pilot.app.screen.query_one(Input).value == f"{typed}!"


async def test_enter_at_once_takes_all_that_was_typed_before_it() -> None:
    async with opened("perceptron") as pilot:
        at_once(pilot, "G4\n")
        await wait_for(pilot, lambda: place(pilot) == (4, 59))
        at_once(pilot, "?q")
        await wait_for(pilot, lambda: len(pilot.app.screen_stack) == 1)
        at_once(pilot, "/reduce_sum_1\n")
        await wait_for(pilot, lambda: "selected reduce_sum_1" in text(pilot, "graph-title"))


def at_once(pilot: Pilot[None], keys: str) -> None:
    """Send the keys as a terminal does that gets them in one piece."""
    for key in keys:
        name = "enter" if key == "\n" else _character_to_key(key)
        pilot.app.post_message(events.Key(name, key if key.isprintable() else "\r"))
