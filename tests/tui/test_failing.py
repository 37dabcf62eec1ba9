"""An overlay that fails is closed with a message, and time and edits are kept; where the main screen fails, it ends."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from textual.command import CommandPalette
from textual.geometry import Offset
from textual.screen import Screen
from textual.widgets import OptionList, Static

from tui_backprop.app import BackpropApp
from tui_backprop.panes.step_pane import StepPane
from tui_backprop.programs.opening import open_program
from tui_backprop.screens.find import FindScreen
from tui_backprop.screens.help import HelpScreen
from tui_backprop.screens.log import LogScreen
from tui_backprop.screens.prompt import Prompt
from tui_backprop.session import DebugSession
from tui_backprop.session.opening import Asked, open_session

from .on_screen import opened, place, wait_for


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


async def test_the_mouse_pressed_on_a_note_that_has_just_gone_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened() as pilot:
        gone = Static("a note")  # which no screen has any more
        monkeypatch.setattr(Screen, "get_widget_and_offset_at", lambda *_: (gone, Offset(0, 0)))
        await pilot.mouse_down(offset=(70, 20))
        await pilot.press("space")
        assert place(pilot) != (1, 0)


async def test_the_mouse_dragged_over_panes_selects_nothing() -> None:
    async with opened() as pilot:
        await pilot.mouse_down(offset=(5, 3))
        await pilot.hover(offset=(70, 20))
        assert pilot.app.screen._select_state is None
        await pilot.mouse_up(offset=(70, 20))
        await pilot.click(offset=(70, 20), times=2)
        assert pilot.app.screen.selections == {}


async def test_a_fault_of_the_main_screen_ends_the_app(monkeypatch: pytest.MonkeyPatch) -> None:
    app = BackpropApp("chain")

    async def press_a_key_that_fails() -> None:
        async with app.run_test() as pilot:
            monkeypatch.setattr(app.screen, "action_viewer", fail)
            await pilot.press("y")

    with pytest.raises(AskedForError):
        await press_a_key_that_fails()
    assert app.return_code == 1


async def crash_in_a_pane(monkeypatch: pytest.MonkeyPatch, error: Exception, *, has_files: bool = True) -> list[str]:
    """Edit, step, have a pane fail, and return what the app says as it ends."""
    app = BackpropApp(DebugSession(open_program("chain"), has_files=has_files))

    def draw(*_: object) -> None:
        raise error

    async def press_a_key_that_fails() -> None:
        async with app.run_test() as pilot:
            await pilot.press("e", *"a=3", "enter", "p")
            monkeypatch.setattr(StepPane, "draw", draw)
            await pilot.press("space")

    with pytest.raises(type(error)):
        await press_a_key_that_fails()
    return app.fault


async def test_a_crash_leaves_a_report_and_the_session(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("HOME", "/home/somebody")
    monkeypatch.setenv("SECRET", "hush")
    fault, reported, saved = await crash_in_a_pane(
        monkeypatch, AskedForError("no \x1b /home/somebody/thesis/notes.txt")
    )
    assert fault.startswith("ended because of a fault of its own, AskedForError: no ")
    report = Path(reported.removeprefix("a report is in "))
    kept = Path(re.findall(r"backprop-tui (\S+\.backprop) opens it", saved)[0])
    assert report.parent == kept.parent == tmp_path / "state" / "backprop-tui"
    text = report.read_text()
    assert "at: backprop-tui chain --edit '1: a = 3.0' --at 1:" in text
    assert "tui_backprop/screens/main_screen.py:" in text
    assert "AskedForError: no" in text
    assert not re.search(r"somebody|hush|SECRET|\x1b|/tmp|/home", text)
    opened = open_session(Asked(str(kept)))
    assert opened.session.timeline.branch.edits
    assert opened.session.timeline.place.iteration == 1


async def test_where_no_place_can_be_written_a_crash_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path / "file"))
    _, said = await crash_in_a_pane(monkeypatch, AskedForError("x"))
    assert said == "no report could be written"


async def test_who_has_no_home_hears_of_a_crash_all_the_same(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    fault, *_ = await crash_in_a_pane(monkeypatch, AskedForError("x"))
    assert fault.startswith("ended because of a fault of its own, AskedForError: x (")


async def test_of_a_long_message_the_report_has_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    fault, reported, _ = await crash_in_a_pane(monkeypatch, AskedForError("long " * 10_000))
    assert len(fault) < 700
    assert len(Path(reported.removeprefix("a report is in ")).read_text()) > 50_000


async def test_a_guest_leaves_no_report(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert len(await crash_in_a_pane(monkeypatch, AskedForError("x"), has_files=False)) == 1
    assert not list(tmp_path.iterdir())
