"""An overlay that fails is closed with a message, and time and edits are kept; where the main screen fails, it ends."""

from __future__ import annotations

import pytest
from textual.command import CommandPalette
from textual.widgets import OptionList

from tui_backprop.app import BackpropApp
from tui_backprop.screens.find import FindScreen
from tui_backprop.screens.help import HelpScreen
from tui_backprop.screens.log import LogScreen
from tui_backprop.screens.prompt import Prompt

from .test_keys import opened, place, wait_for


class AskedForError(Exception):
    pass


def fail(*_: object) -> None:
    raise AskedForError("with [markup] and \x1b")


@pytest.mark.parametrize(
    ("screen", "method", "keys"),
    [
        (LogScreen, "action_scroll", ["o", "up"]),  # an action
        (LogScreen, "_draw", ["o"]),  # a callback
        (HelpScreen, "compose", ["question_mark"]),
        (Prompt, "on_mount", ["G"]),
        (FindScreen, "on_input_changed", ["slash", "a"]),  # a message
        (LogScreen, "_search", ["o", "slash", "a"]),  # a worker
        (Prompt, "on_input_submitted", ["o", "s", "enter"]),  # an overlay over another one
    ],
)
async def test_an_overlay_that_fails_is_closed_and_all_else_is_kept(
    screen: type,
    method: str,
    keys: list[str],
    monkeypatch: pytest.MonkeyPatch,
    failed_overlays: list[Exception],
) -> None:
    async with opened() as pilot:
        await pilot.press("e", "2", "enter", "space", "space")
        there, edits = place(pilot), pilot.app.timeline.branch.edits
        monkeypatch.setattr(screen, method, fail, raising=False)
        main = pilot.app.screen
        await pilot.press(*keys)
        await wait_for(pilot, lambda: not any(isinstance(over, screen) for over in pilot.app.screen_stack))
        (message,) = pilot.app._notifications
        assert message.message.startswith("This failed and is closed. Time and edits are as they were. (")
        await pilot.press("escape")
        assert pilot.app.screen is main
        assert (place(pilot), pilot.app.timeline.branch.edits) == (there, edits)
        await pilot.press("space")
        assert place(pilot) > there
    failed_overlays.clear()


async def test_the_palettes_own_list_may_fail(
    monkeypatch: pytest.MonkeyPatch, failed_overlays: list[Exception]
) -> None:
    monkeypatch.setattr(OptionList, "action_page_down", fail)
    async with opened() as pilot:
        await pilot.press("ctrl+p", "pagedown")
        await wait_for(pilot, lambda: not isinstance(pilot.app.screen, CommandPalette))
        assert len(pilot.app._notifications) == 1
        await pilot.press("space")
        assert place(pilot) > (1, 0)
    failed_overlays.clear()


async def test_a_fault_of_the_main_screen_ends_the_app(monkeypatch: pytest.MonkeyPatch) -> None:
    app = BackpropApp("chain")

    async def press_a_key_that_fails() -> None:
        async with app.run_test() as pilot:
            monkeypatch.setattr(app.screen, "action_viewer", fail)
            await pilot.press("y")

    with pytest.raises(AskedForError):
        await press_a_key_that_fails()
    assert app.return_code == 1
