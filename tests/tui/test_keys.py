"""Every key does on the screen what the table of keys, the help and the page of keys say."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest
from rich.cells import cell_len
from textual.actions import parse
from textual.app import App
from textual.binding import Binding
from textual.command import SearchIcon
from textual.widgets import Input, Static

from tui_backprop.app import BackpropApp
from tui_backprop.drawing.glyphs import CHOSEN
from tui_backprop.drawing.palette import plain
from tui_backprop.keys import KEY_OF, SECTIONS, names_of
from tui_backprop.panes.key_bar import (
    CHOOSING,
    CHOOSING_A_NODE,
    DRIVING,
    IN_THE_ROOM,
    ORDER,
    RUNNING,
    STEPPING,
    TYPING,
    KeyBar,
    draw_keys,
)
from tui_backprop.panes.pane import Size
from tui_backprop.pictures import pictures_of
from tui_backprop.programs.opening import open_program
from tui_backprop.screens.help import READING, HelpScreen
from tui_backprop.screens.main_screen import MainScreen
from tui_backprop.session import DebugSession, Viewer

from .on_screen import opened, place, text, wait_for
from .readme import text_of

BINDINGS = [binding for section in SECTIONS.values() for binding in section]


@pytest.mark.parametrize("binding", BINDINGS, ids=lambda binding: binding.description)
def test_every_key_does_something_that_there_is(binding: Binding) -> None:
    namespace, name, arguments = parse(binding.action)
    if name in ("session", "viewer"):
        method = getattr({"session": DebugSession, "viewer": Viewer}[name], arguments[0])
        assert len(arguments) <= 2  # Textual hands on no more
        inspect.signature(method).bind(None, *arguments[1:])
    else:
        assert hasattr(App if namespace else MainScreen, f"action_{name}") or hasattr(BackpropApp, f"action_{name}")


@pytest.mark.parametrize(
    ("keys", "forward", "there"),
    [
        (("space", "full_stop", "pagedown"), ["b", "comma", "pageup"], (1, 4)),
        (("s",), ["S"], (1, 1)),
        (("n",), ["N"], (1, 1)),
        (("p",), ["P"], (1, 12)),
        (("i",), ["I"], (1, 59)),
    ],
)
async def test_moves_go_forward_and_back(keys: tuple[str, ...], forward: list[str], there: tuple[int, int]) -> None:
    async with opened() as pilot:
        for key, back in zip(keys, forward, strict=True):
            await pilot.press(key)
            assert place(pilot) == there
            await pilot.press(back)
            assert place(pilot) == (1, 0)


async def test_home_and_end_go_to_the_ends_of_what_was_seen() -> None:
    async with opened() as pilot:
        await pilot.press("i", "i", "space", "space", "b")
        assert place(pilot) == (3, 4)
        await pilot.press("home")
        assert place(pilot) == (1, 0)
        await pilot.press("end")
        assert place(pilot) == (3, 6)


async def test_scale_changes_the_axis_of_the_loss() -> None:
    async with opened() as pilot:
        await pilot.press("i", "i", "i")
        assert "linear" in text(pilot, "loss-title")
        linear = text(pilot, "loss")
        await pilot.press("y")
        assert "logarithmic" in text(pilot, "loss-title")
        assert text(pilot, "loss") != linear


async def test_help_explains_every_key_and_closes_without_quitting() -> None:
    async with opened() as pilot:
        for key in ("escape", "q", "question_mark"):
            await pilot.press("question_mark")
            assert isinstance(pilot.app.screen, HelpScreen)
            await pilot.press(key)
            assert isinstance(pilot.app.screen, MainScreen)
        assert pilot.app.is_running


async def test_q_quits() -> None:
    async with opened() as pilot:
        await pilot.press("q")
    assert pilot.app.return_code == 0


async def test_every_key_has_an_action_a_tooltip_and_a_palette_entry() -> None:
    async with opened() as pilot:
        screen = pilot.app.screen
        entries = list(pilot.app.get_system_commands(screen))
        assert len({binding.id for binding in BINDINGS}) == len(BINDINGS)
        for binding in BINDINGS:
            of_app, _, action = binding.action.partition("(")[0].rpartition(".")
            assert hasattr(pilot.app if of_app else screen, f"action_{action}")
            assert binding.tooltip
            assert any(binding.tooltip == entry.help for entry in entries)
            for key in binding.key.split(","):
                assert any(active.action == binding.action for active in screen._bindings.get_bindings_for_key(key))


def test_the_key_bar_names_bound_keys_and_fits() -> None:
    for actions in (STEPPING, RUNNING, CHOOSING, TYPING, IN_THE_ROOM, CHOOSING_A_NODE, DRIVING):
        assert {action for action, _ in actions} <= KEY_OF.keys() & set(ORDER)
    for width in range(60, 200):
        for running, said in (
            (None, ""),
            ("as fast as it trains", ""),
            (None, "copied: " + "x" * 60),
            (None, "\u8a9e" * 99),
        ):
            assert sum(cell_len(part) for part, _ in draw_keys(width, KEY_OF, running, said)) <= width


def test_the_key_bar_counts_the_choices_of_the_question() -> None:
    session = DebugSession(open_program("perceptron"), 100)
    viewer, counted = Viewer(session, KEY_OF), set()
    session.ask()
    for _ in range(60):
        session.step()
        if session.quiz.question is not None:
            if count := len(session.quiz.question.choices):
                counted.add(count)
                bar = plain(KeyBar().draw(session.moment, viewer, Size(80, 1)))
                assert bar.split()[:2] == [f"1-{count}", "answer"]
            session.quiz.skip()
    assert len(counted) > 1


def test_the_page_of_keys_names_every_key() -> None:
    page = text_of("docs/keys.md")
    for binding in BINDINGS:
        for key in binding.key_display.split():
            if key not in "↑↓←→":
                assert f"`{key}`" in page, key


async def test_where_nothing_is_shown_keys_do_nothing() -> None:
    async with opened(size=(120, 40)) as pilot:
        await pilot.press("space")
        before, screen = place(pilot), pilot.app.screen
        await pilot.resize_terminal(59, 16)
        for binding in BINDINGS:
            if binding.action not in ("app.quit", "over('explain')"):
                await pilot.press(*binding.key.split(","))
                assert pilot.app.screen is screen, binding.action
        assert place(pilot) == before
        assert screen.session.running is None
        await pilot.press("f1")
        assert isinstance(pilot.app.screen, HelpScreen)
        await pilot.press("escape")
        await pilot.resize_terminal(120, 40)
        assert "[value]" in text(pilot, "inspector-title")
        await pilot.press("space")
        assert place(pilot) > before


async def test_where_nothing_is_shown_no_question_is_answered() -> None:
    async with opened(size=(120, 40)) as pilot:
        await pilot.press("space", "m", "space")
        before = place(pilot)
        await pilot.resize_terminal(59, 16)
        await pilot.press("1", "2", "escape", "enter")
        await pilot.resize_terminal(120, 40)
        assert place(pilot) == before
        await pilot.press("escape")
        assert place(pilot) > before


async def test_the_first_screen_names_the_key_to_a_picture_that_has_no_pane() -> None:
    async with opened(size=(80, 24)) as pilot:
        assert "V  the picture of it" in text(pilot, "inspector")
        await pilot.press("V")
        assert pilot.app.screen.viewer.shown_view == "picture"
        assert "blue" in text(pilot, "inspector-title")
    async with opened() as pilot:
        assert "the picture of it" not in text(pilot, "inspector")
    async with opened("skip", size=(80, 24)) as pilot:
        assert "the picture of it" not in text(pilot, "inspector")


async def test_the_loss_and_the_number_in_view_are_shown_with_all_their_digits() -> None:
    async with opened() as pilot:
        await pilot.press("p", "n", "equals_sign")
        moment, node = pilot.app.screen.viewer.moment, pilot.app.screen.viewer.node
        value = moment.evaluated_value(node)
        assert repr(moment.loss) in text(pilot, "header")
        assert repr(float(value.flat[0])) in text(pilot, "inspector")
        await pilot.press("equals_sign")
        assert repr(moment.loss) not in text(pilot, "header")


async def test_a_picture_that_is_not_whole_is_drawn_on_until_it_is() -> None:
    async with opened("xor") as pilot:
        screen = pilot.app.screen
        [pane] = [pane for pane in screen._canvases._panes if pane.name == "picture"]
        screen.viewer.picture = "map"
        await pilot.press("i")
        await wait_for(pilot, lambda: not screen._goes_on)
        assert not pane.prepare(screen.session.moment, screen.viewer)
        area = screen._canvases.areas["picture"]
        size = Size(area.width, area.height)
        assert text(pilot, "picture") == plain(pane.draw(screen.session.moment, screen.viewer, size))


async def test_the_picture_stands_beside_the_loss_until_the_last_was_shown() -> None:
    async with opened() as pilot:
        viewer = pilot.app.screen.viewer
        there = [*pictures_of(viewer.moment), None]
        assert viewer.picture == "data"
        for count in range(1, len(there) + 1):
            await pilot.press("V")
            assert viewer.picture == there[(there.index("data") + count) % len(there)]
            assert pilot.app.screen.query_one("#picture").display is (viewer.picture is not None)
            assert "picture" not in viewer.other_views


async def test_a_letter_that_is_not_latin_is_said_to_be_no_key() -> None:
    async with opened() as pilot:
        before = place(pilot)
        await pilot.press("ы")
        assert "ы is no key here" in text(pilot, "keys")
        await pilot.press("space")
        assert place(pilot) > before
        assert "ы" not in text(pilot, "keys")
        pilot.app.set_keymap({"step": "ы"})
        before = place(pilot)
        await pilot.press("ы")
        assert place(pilot) > before


async def test_a_key_that_finds_nothing_to_do_says_why() -> None:
    async with opened("skip", (80, 24)) as pilot:
        await pilot.press("b")
        assert "this is the very start" in text(pilot, "keys")
        await pilot.press("T", "T")
        assert pilot.app.screen.viewer.reading.question is not None
        await pilot.press("7")
        assert "there is no choice 7: 1 to 3 answers" in text(pilot, "keys")
        await pilot.press("home", "m", "space")
        question = pilot.app.session.quiz.question
        assert question is not None
        assert question.choices
        await pilot.press("9")
        assert f"there is no choice 9: 1 to {len(question.choices)} answers" in text(pilot, "keys")
        assert pilot.app.session.quiz.question is question


@pytest.mark.parametrize("key", ["ctrl+p", "slash", "e", "G", "o", "X"])
async def test_no_cursor_blinks(key: str) -> None:
    """One that does sends bytes while nothing happens."""
    async with opened() as pilot:
        await pilot.press("i", key)
        if key in "oX":
            await pilot.press("slash" if key == "o" else "a")
        fields = pilot.app.screen.query(Input)
        assert fields
        assert not any(field.cursor_blink for field in fields)


@pytest.mark.parametrize("lesson", ["chain", "softmax", "two-edges", "vanishing", "perceptron"])
async def test_no_title_of_a_view_is_cut_at_80x24(lesson: str) -> None:
    async with opened(lesson, (80, 24)) as pilot:
        await pilot.press("tab")
        for _ in range(12):
            await pilot.press("space")
            for _ in range(2):
                title = text(pilot, "inspector-title")
                assert "…" not in title, title
                await pilot.press("tab")


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (120, 40)])
async def test_what_forward_mode_shows_is_said_and_no_words_are_cut(size: tuple[int, int]) -> None:
    async with opened("xor", size) as pilot:
        await pilot.press("p", "J")
        assert "J   forward mode" in text(pilot, "inspector-title")
        shown = text(pilot, "inspector")
        assert re.search(r"more lines|numbers change", shown)
        assert not re.search(r"(see|window|mor)…|…$", shown, re.MULTILINE), shown


async def test_a_row_of_the_palette_is_legible_where_it_is_chosen() -> None:
    async with opened("chain") as pilot:
        await pilot.press("ctrl+p", "b")
        style = pilot.app.screen.get_component_rich_style("command-palette--help-text")
        assert not style.dim
        assert not pilot.app.screen.query_one(SearchIcon).display


async def test_the_signs_that_stand_in_tape_and_queue_are_explained() -> None:
    async with opened("two-paths", (80, 24)) as pilot:
        await pilot.press("p", "space", "left")
        for pane, sign in (("graph", CHOSEN), ("step", "+"), ("graph", "►")):
            assert sign in text(pilot, pane)
            assert f"{sign} " in READING or f"{sign}:" in READING


async def test_an_interrupt_names_the_key_that_quits_and_covers_nothing_that_is_asked_next() -> None:
    async with opened("chain", size=(80, 24)) as pilot:
        await pilot.press("ctrl+c")
        assert "q quits" in text(pilot, "keys")
        await pilot.press("K", "ctrl+c")
        assert not pilot.app._notifications


async def test_the_name_of_a_kept_session_is_there_to_be_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with opened("chain", size=(80, 24)) as pilot:
        await pilot.press("K", *"mine", "full_stop", *"backprop", "enter")
        await wait_for(pilot, lambda: (tmp_path / "mine.backprop").exists())


async def test_a_row_of_signs_in_the_help_is_not_broken_at_80_columns() -> None:
    async with opened("chain", (80, 24)) as pilot:
        await pilot.press("question_mark")
        *_, reading = pilot.app.screen.query(Static)
        rows = [line for line in READING.format_map(names_of({})).splitlines() if line.startswith("  ")]
        assert rows
        assert max(map(cell_len, rows)) <= reading.size.width
