"""Keys that somebody has chosen: they work, everything names them, and a wrong one is told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tui_backprop.app import BackpropApp
from tui_backprop.drawing.palette import Line, plain
from tui_backprop.keys import SECTIONS, Keymap, names_of
from tui_backprop.panes import PANES
from tui_backprop.panes.pane import Size
from tui_backprop.programs.opening import open_program
from tui_backprop.screens.help import HelpScreen
from tui_backprop.screens.main_screen import MainScreen
from tui_backprop.session import DebugSession, Viewer
from tui_backprop.settings import Settings, read_settings, write_config

from .on_screen import place, text

BINDINGS = [binding for section in SECTIONS.values() for binding in section]
ALL_OTHERS: Keymap = {str(binding.id): chr(0x430 + number) for number, binding in enumerate(BINDINGS)}
"""A letter that means nothing else here for each action: no usual key is left."""
FIXED = {"1-4", "Enter", "Esc", "1", "2", "3", "4"}
"""What answers a question is what it always is."""
USUAL = {key for binding in BINDINGS for key in str(binding.key_display).split()} - FIXED
NAMES = re.compile(r"\b(?i:space|Tab|PgUp|PgDn|Backspace|Home|End|F1|Ctrl\+L|Shift)\b")


def looked_at(program: str, steps: int) -> Iterator[Viewer]:
    """Yield a viewer at the start, on folded and unfolded nodes, before and after questions, and at the end."""
    viewer = Viewer(DebugSession(open_program(program)), names_of(ALL_OTHERS))
    yield viewer
    for mode in ("off", "me", "room", "drive"):
        viewer.session.drive(viewer.followed) if mode == "drive" else mode == "off" or viewer.session.ask()
        for _ in range(steps):
            viewer.session.step("step", viewer.followed)
            yield viewer
            viewer.next_view()
            yield viewer
            viewer.session.quiz.skip()
            viewer.session.take_answer(viewer.followed)
        viewer.session.first()
    viewer.session.step("iteration", viewer.followed)
    yield viewer
    viewer.fold_all()
    viewer.select(viewer.moment.graph.nodes[0])
    yield viewer


@pytest.mark.parametrize(("program", "steps"), [("two-paths", 9), ("xor", 4), ("attention", 1)])
def test_everything_names_the_keys_that_are_chosen(program: str, steps: int) -> None:
    for viewer in looked_at(program, steps):
        for pane in PANES:
            if pane.name in ("picture", "loss") or not pane.applies(viewer.moment):
                continue
            left, right = pane.title(viewer.moment, viewer, Size(61, 30)) if pane.titled else ([], [])
            lines: list[Line] = [*pane.draw(viewer.moment, viewer, Size(100, 30)), left, right]
            named = {part.strip() for line in lines for part, style in line if style == "key"}
            in_the_queue = {node.name for node in viewer.moment.graph.nodes}
            assert not named & (USUAL - in_the_queue), (pane.name, plain(lines))
            assert not NAMES.findall(plain(lines)), (pane.name, plain(lines))


async def test_a_chosen_key_does_it_and_the_usual_one_nothing() -> None:
    app = BackpropApp("chain")
    app.set_up(Settings(keys={"step": "enter,ctrl+g", "origin": "space", "back": "я"}))
    async with app.run_test(size=(120, 40)) as pilot:
        assert " enter step   я back " in text(pilot, "keys")
        await pilot.press("space", "b", "comma")
        assert place(pilot) == (1, 0)
        await pilot.press("enter", "ctrl+g")
        there = place(pilot)
        assert there > (1, 0)
        await pilot.press("я")
        assert (1, 0) < place(pilot) < there
        await pilot.press("question_mark")
        assert isinstance(app.screen, HelpScreen)
        await pilot.press("escape")
        assert isinstance(app.screen, MainScreen)


def test_keys_are_read_and_written(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[keys]\nstep = "enter"\norigin = ["space", "ctrl+g"]\nback = "<"\nslower = ","\n')
    settings = read_settings(path)
    assert not settings.wrong
    keys = {"step": "enter", "origin": "space,ctrl+g", "back": "less_than_sign", "slower": "comma"}
    assert settings.keys == keys
    path.write_text(write_config(settings))
    assert read_settings(path).keys == keys


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('stpe = "enter"', "there is no action 'stpe'; there are step, inside"),
        ('step = "entr"', "'entr' is no key; a key is a character or a name such as 'enter'"),
        ('step = ""', "'' is no key"),
        ("step = 5", "5 is no key"),
        ("step = []", "[] is no key"),
        ('step = ["x", "1"]', "the key 1 answers a question"),
        ('step = "b"', "the key b is that of back; step is as it was"),
        ('run = "b"', "the key b is that of back; run is as it was"),
        ('ask = "ctrl+m"', "the key ctrl+m is another one to a terminal"),
    ],
)
def test_a_wrong_key_is_said_with_file_and_line_and_the_rest_is_taken(line: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f'ask = "room"\n[keys]\nlog = "я"\n{line}\n')
    settings = read_settings(path)
    [wrong] = settings.wrong
    assert wrong.startswith(f"{path}:4: ")
    assert said in wrong
    assert settings.keys == {"log": "я"}
    assert settings.ask == "room"


def test_of_two_actions_with_one_key_the_later_is_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[keys]\nstep = "я"\nrun = "я"\n')
    settings = read_settings(path)
    assert settings.wrong == (f"{path}:3: the key я is that of step; run is as it was",)
    assert settings.keys == {"step": "я"}
