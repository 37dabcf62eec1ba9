"""G goes to a moment by its name, and w says the command that comes back to this one."""

from __future__ import annotations

from tui_backprop.screens.go_to import GoToScreen
from tui_backprop.screens.main_screen import MainScreen

from .on_screen import opened, place, text, wait_for


async def test_go_to_asks_for_a_moment_and_keeps_what_was_typed() -> None:
    async with opened() as pilot:
        await pilot.press("G")
        assert isinstance(pilot.app.screen, GoToScreen)
        await pilot.press("7", "x", "enter")
        assert isinstance(pilot.app.screen, GoToScreen)
        assert "'7x' is not a moment" in str(pilot.app.screen.query_one("#wrong").render())
        await pilot.press("backspace", "enter")
        await wait_for(pilot, lambda: place(pilot) == (7, 59) and not text(pilot, "keys").count("running"))
        await pilot.press("G", "2", "enter")
        assert place(pilot) == (2, 59)
        await pilot.press("G", "0", "enter")
        assert place(pilot) == (1, 0)
        await pilot.press("G", "escape")
        assert isinstance(pilot.app.screen, MainScreen)
        assert place(pilot) == (1, 0)


async def test_go_to_takes_the_name_of_a_step_or_an_event() -> None:
    async with opened("two-paths") as pilot:
        await pilot.press("G", *"4:b:9", "enter")
        assert "There are 4:b:forward, 4:b:1 and 4:b:2." in str(pilot.app.screen.query_one("#wrong").render())
        await pilot.press("backspace", "2", "enter")
        await wait_for(pilot, lambda: place(pilot)[0] == 4 and "running" not in text(pilot, "keys"))
        assert "b gets -G = -1 from d: 2 of 2 contributions" in text(pilot, "step")
        await pilot.press("G", *"4.17", "enter")
        assert place(pilot) == (4, 17)
        assert pilot.app.timeline.moment.shown == 16


async def test_where_training_stops_go_to_says_that_there_is_no_later_moment() -> None:
    async with opened(learning_rate=1000) as pilot:
        await pilot.press("G", *"7:b", "enter")
        said = "There is no iteration 7, event 50: training stopped in iteration 2"
        await wait_for(pilot, lambda: said in text(pilot, "keys"))
        assert "Stopped: log makes" in text(pilot, "step")
        await pilot.press("b")
        assert said not in text(pilot, "keys")
        await pilot.press("G", *"2:b", "enter")
        assert "There is no iteration 2, event 50: training stopped in iteration 2, after event 8." in text(
            pilot, "keys"
        )


async def test_where_says_the_command_that_comes_back() -> None:
    async with opened("two-paths", learning_rate=0.01) as pilot:
        await pilot.press(*["space"] * 9, "w")
        said = "backprop-tui two-paths --learning-rate 0.01 --at 1:b:2"
        assert pilot.app.clipboard == said
        assert text(pilot, "keys").startswith(f" come back with: {said}")
        await pilot.press("space")
        assert "come back" not in text(pilot, "keys")
        await pilot.resize_terminal(60, 16)
        await pilot.press("w")
        assert text(pilot, "keys").startswith(" backprop-tui two-paths --learning-rate 0.01 --at 1:a")
        await pilot.press("b")
        await pilot.click("#header", offset=(5, 0))
        assert pilot.app.clipboard == "backprop-tui two-paths --learning-rate 0.01 --at 1:b:2"
