"""A run on the screen: it goes on by itself, pauses at what it should, and its speed is changed."""

from __future__ import annotations

import gc

from tests.sample_graphs import lesson_of, long_chain
from tui_backprop.app import BackpropApp
from tui_backprop.debugger.running import LARGE_GRAPH, SPEEDS
from tui_backprop.programs.program import program_of

from .on_screen import opened, place, press_while_it_runs, text, wait_for


async def test_a_run_goes_on_by_itself_and_pauses_at_steps() -> None:
    async with opened(steps=3000) as pilot:
        await pilot.press(*["greater_than_sign"] * 5, "r")
        await wait_for(pilot, lambda: place(pilot) == (3000, 59) and "running" not in text(pilot, "keys"))
        await pilot.press("r")
        await wait_for(pilot, lambda: place(pilot) == (6000, 59) and "running" not in text(pilot, "keys"))


async def test_space_and_r_pause_a_run_without_a_step() -> None:
    async with opened() as pilot:
        for key in ("space", "r"):
            await pilot.press("less_than_sign", "r")
            assert "1 step a second" in text(pilot, "keys")
            before = place(pilot)
            await pilot.press(key)
            assert place(pilot) == before
            assert "running" not in text(pilot, "keys")


async def test_any_other_move_pauses_a_run_and_moves() -> None:
    async with opened() as pilot:
        await pilot.press("less_than_sign", "r", "i")
        assert place(pilot) == (1, 59)
        assert "running" not in text(pilot, "keys")


async def test_a_run_pauses_where_it_cannot_be_seen() -> None:
    async with opened() as pilot:
        await pilot.press("r")
        await pilot.resize_terminal(50, 10)
        before = place(pilot)
        await pilot.resize_terminal(120, 40)
        assert place(pilot) == before
        assert "paused, because nothing could be seen; r runs on" in text(pilot, "keys")
        await pilot.press("space")
        assert "paused" not in text(pilot, "keys")


async def test_a_change_of_speed_is_said_while_nothing_runs() -> None:
    async with opened() as pilot:
        await pilot.press("greater_than_sign")
        assert ": r runs" in text(pilot, "keys")
        assert pilot.app.screen_stack[0].session.running is None


async def test_on_the_way_to_a_breakpoint_no_speed_is_offered_or_changed() -> None:
    async with opened(steps=0) as pilot:
        await pilot.press("X", "a", *"loss rises", "enter", "escape")
        screen = pilot.app.screen
        for keys, label in ((["c"], "to the next breakpoint"), (["G", *"99999", "enter"], SPEEDS[-1].label)):
            await press_while_it_runs(pilot, *keys)
            await wait_for(pilot, lambda: "space pause" in text(pilot, "keys"))
            assert "faster" not in text(pilot, "keys")
            assert screen.session.running.label == label
            await press_while_it_runs(pilot, "less_than_sign")
            assert screen.session.running.label == label
            await press_while_it_runs(pilot, "space")
            await wait_for(pilot, lambda: screen.session.running is None)
        await pilot.press("r")
        assert "> faster" in text(pilot, "keys")
        assert screen.session.running in (SPEEDS[1], SPEEDS[5])  # it stands inside an iteration, or between two


async def test_what_a_run_through_a_large_graph_recorded_is_not_looked_through_for_garbage() -> None:
    program = program_of(lesson_of("long", lambda: long_chain(LARGE_GRAPH + 1)))
    async with BackpropApp(program).run_test(size=(80, 24)) as pilot:
        await pilot.press("p")
        recorded = pilot.app.timeline.recording.events
        await wait_for(pilot, lambda: len(recorded) > LARGE_GRAPH and pilot.app.session.running is None)
        assert not any(each is recorded for each in gc.get_objects())
