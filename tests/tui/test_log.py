"""The log: what it says of every event, how it is read with keys and saved."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len
from textual.pilot import Pilot
from textual.widgets import Input

from minidl_core import Graph, Variable, add, sigmoid, square
from tests.sample_graphs import SWEPT
from tui_backprop.app import BackpropApp
from tui_backprop.debugger.followed import Followed
from tui_backprop.debugger.moment import Moment
from tui_backprop.debugger.steps import after_event, after_iteration
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.drawing.palette import Line, plain
from tui_backprop.keys import KEY_OF
from tui_backprop.lessons.lesson import Example, Lesson
from tui_backprop.narration.log import Log
from tui_backprop.narration.narration import narrate_event_line, narrate_line
from tui_backprop.narration.solution import write_solution
from tui_backprop.notation.edits import read_edit
from tui_backprop.notation.fitting import printable
from tui_backprop.notation.formats import number
from tui_backprop.programs.opening import open_program
from tui_backprop.programs.program import program_of
from tui_backprop.screens.log import LogScreen
from tui_backprop.screens.main_screen import MainScreen
from tui_backprop.screens.prompt import Prompt
from tui_backprop.widgets.canvas import Canvas

from .moments import finish, narrate
from .on_screen import opened, place, press_while_it_runs, text, wait_for
from .random_timelines import lesson_of


def log_of(timeline: Timeline) -> Log:
    return Log(timeline.moment, KEY_OF)


def shown(pilot: Pilot[None]) -> list[str]:
    """The rows of the log that are on the screen."""
    canvas = pilot.app.screen.query_one(Canvas)
    return [canvas.render_line(y).text.rstrip() for y in range(canvas.size.height)]


def chosen(pilot: Pilot[None]) -> str:
    [row] = [row for row in shown(pilot) if row.startswith("►")]
    return row


def said(pilot: Pilot[None], name: str = "#said") -> str:
    return str(pilot.app.screen.query_one(name).render())


def ten_thousand_nodes() -> Lesson:
    with Graph().as_default():
        node = Variable(0.5, name="x")
        for number in range(5000):
            node = add(node, sigmoid(node), name=f"n{number}")
        loss = square(node, name="J")
    return replace(lesson_of(Example(loss, {})), learning_rate=1e-9)


# what it says


@pytest.mark.parametrize("name", SWEPT)
def test_there_is_a_line_for_each_event_up_to_the_cursor_with_its_sentence(name: str) -> None:
    timeline = Timeline(open_program(name))
    while timeline.recording.iteration < 3:
        timeline.forward(after_event)
        log = log_of(timeline)
        before = timeline.recording.iteration - 1
        assert len(log) == before + timeline.cursor
        assert log.line(len(log) - 1, 1000) == narrate_line(timeline.moment, KEY_OF, [(900, 1)])
        assert log.place(len(log) - 1) == (timeline.recording.iteration, timeline.cursor, True)


def test_each_iteration_before_has_one_line_with_its_loss() -> None:
    timeline = Timeline(open_program("perceptron"))
    finish(timeline, 4)
    log = log_of(timeline)
    assert [plain([log.line(row, 120)]) for row in range(3)] == [
        "Iteration 1 is done: J was 195.4.",
        "Iteration 2 is done: J was 154.4.",
        "Iteration 3 is done: J was 121.9.",
    ]
    assert [log.place(row)[:2] for row in range(4)] == [(1, None), (2, None), (3, None), (4, 1)]
    assert log.title == "Log of iteration 4 up to here: 59 events. Before it: one line each"


def test_the_mistake_that_stops_a_training_is_the_last_line() -> None:
    timeline = Timeline(open_program("perceptron", learning_rate=1000))
    finish(timeline, 6)
    log = log_of(timeline)
    assert len(log) == 1 + 8 + 1
    assert plain([log.line(9, 200)]).startswith("Stopped: log makes")
    assert log.place(9) == (2, 8, False)


@pytest.mark.parametrize("width", [20, 58, 76, 99, 100, 116, 200])
def test_rows_fit_and_the_chosen_one_is_always_among_them(width: int) -> None:
    timeline = Timeline(open_program("perceptron"))
    finish(timeline, 2)
    log = log_of(timeline)
    rows = range(len(log))
    for height in (1, 2, 7, 30, 200):
        for at in rows[:: max(height // 7, 1)]:
            lines = log.draw(rows, at, width, height)
            assert len(lines) <= height
            assert [line for line in lines if line[:1] == [("►", "now")]] or height == 1
            if width > 50:
                assert all(sum(cell_len(text) for text, _ in line) <= width for line in lines)


def test_of_a_log_of_ten_thousand_nodes_only_what_is_shown_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    timeline = Timeline(program_of(ten_thousand_nodes()))
    timeline.forward(after_iteration)
    log = log_of(timeline)
    write, written = narrate_event_line, []

    def watched(moment: Moment, index: int, rooms: Sequence[tuple[int, int]]) -> Line:
        written.append(index)
        return write(moment, index, rooms)

    monkeypatch.setattr("tui_backprop.narration.log.narrate_event_line", watched)
    log.draw(range(len(log)), len(log) - 1, 116, 36)
    assert len(log) > 50_000
    assert written == [*range(len(log) - 36, len(log))]


# reading it with keys


async def test_o_shows_the_log_and_closes_it_without_moving() -> None:
    async with opened("two-paths") as pilot:
        await pilot.press("i", "space", "space", "o")
        assert isinstance(pilot.app.screen, LogScreen)
        assert shown(pilot)[0] == "     Iteration 1 is done: e was 40."
        assert chosen(pilot).startswith("► 4  c = b²")
        for key in ("o", "q", "escape"):
            await pilot.press(key)
            assert isinstance(pilot.app.screen, MainScreen)
            assert place(pilot)[0] == 2
            await pilot.press("o")


async def test_enter_goes_to_the_moment_of_the_chosen_line() -> None:
    async with opened() as pilot:
        await pilot.press("i", "i", "o", "home", "down", "down", "down", "down")
        assert chosen(pilot).startswith("►  4  matmul computes X·W")
        wanted = chosen(pilot)[6:].strip()
        await pilot.press("enter")
        assert narrate(pilot.app.timeline.moment) == wanted
        assert place(pilot)[0] == 2
        await pilot.press("o", "home", "enter")
        assert place(pilot) == (1, 59)


async def test_scrolling_by_lines_and_pages_stays_within_the_log() -> None:
    async with opened(size=(80, 24)) as pilot:
        await pilot.press("i", "o")
        assert chosen(pilot).startswith("► 59  ")
        await pilot.press("down", "pagedown")
        assert chosen(pilot).startswith("► 59  ")
        await pilot.press("pageup", "up")
        assert chosen(pilot).startswith("► 49  ")
        await pilot.press("home", "up", "k")
        assert chosen(pilot).startswith("►  1  ")
        await pilot.press("space", "j", "end")
        assert chosen(pilot).startswith("► 59  ")


async def test_typing_finds_lines_and_enter_goes_to_one() -> None:
    async with opened() as pilot:
        await pilot.press("i", "o", "slash", *"B GETS")
        await wait_for(pilot, lambda: said(pilot) == "1 found in 59 of 59 lines")
        assert chosen(pilot).startswith("► 49  b gets G summed over the rows")
        await pilot.press("enter", "enter")
        assert place(pilot) == (1, 49)


async def test_nothing_found_is_said_and_escape_shows_all_again() -> None:
    async with opened() as pilot:
        await pilot.press("i", "o", "slash", *"zebra", "enter", "enter", "down", "pageup")
        assert isinstance(pilot.app.screen, LogScreen)
        assert said(pilot) == "0 found in 59 of 59 lines"
        assert not any(shown(pilot))
        await pilot.press("escape")
        await wait_for(pilot, lambda: any(shown(pilot)))
        assert not pilot.app.screen.query_one(Input).display
        assert said(pilot) == ""
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, MainScreen)


async def test_before_the_first_step_the_log_says_that_nothing_has_happened() -> None:
    async with opened() as pilot:
        await pilot.press("o", "up", "end", "enter")
        assert isinstance(pilot.app.screen, LogScreen)
        assert shown(pilot)[0].startswith("Nothing has happened yet.")
        await pilot.press("q", "space")
        assert place(pilot) == (1, 4)


async def test_the_log_follows_the_size_of_the_terminal() -> None:
    async with opened() as pilot:
        await pilot.press("i", "o")
        one_line_each = len([row for row in shown(pilot) if row])
        await pilot.resize_terminal(60, 20)
        await wait_for(pilot, lambda: len(shown(pilot)) < 20)
        assert chosen(pilot).startswith("► 59  ")
        assert all(len(row) <= 56 for row in shown(pilot))
        assert one_line_each == 37


async def test_a_search_through_a_long_log_can_be_left_at_once() -> None:
    async with BackpropApp(program_of(ten_thousand_nodes())).run_test(size=(80, 24)) as pilot:
        await pilot.press("i")
        # a key that comes while the iteration goes on in slices would end it where it is
        await wait_for(pilot, lambda: pilot.app.session.moment.cursor == len(pilot.app.timeline.recording.events))
        await pilot.press("o", "slash")
        await press_while_it_runs(pilot, "n", "1")
        await wait_for(pilot, lambda: "of 55,011 lines" in said(pilot))
        assert "found in 55,011" not in said(pilot)
        await press_while_it_runs(pilot, "escape", "escape")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, MainScreen))


# saving it


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


async def test_s_saves_the_iteration_in_the_current_directory_and_says_where(directory: Path) -> None:
    async with opened() as pilot:
        await pilot.press("i", "i", "i", "i", "o", "s", "enter")
        file = directory / "backprop-perceptron-iteration-4.md"
        await wait_for(pilot, lambda: said(pilot) == f"saved: {file}")
        text = file.read_text(encoding="utf-8")
        assert text == "".join(f"{line}\n" for line in write_solution(pilot.app.timeline, Followed()))


async def test_capital_s_saves_all_digits(directory: Path) -> None:
    async with opened("two-paths") as pilot:
        await pilot.press("i", "i", "o", "S", "enter")
        await wait_for(pilot, lambda: said(pilot).startswith("saved: "))
        text = (directory / "backprop-two-paths-iteration-2.md").read_text(encoding="utf-8")
        moment = pilot.app.timeline.moment
        for node in moment.graph.nodes:
            assert f"{node.name} = {float(moment.evaluated_value(node))!r}" in text


async def test_a_file_that_is_there_is_replaced_only_after_a_second_enter(directory: Path) -> None:
    file = directory / "backprop-chain-iteration-1.md"
    file.write_text("mine", encoding="utf-8")
    async with opened("chain") as pilot:
        await pilot.press("space", "o", "s", "enter")
        assert isinstance(pilot.app.screen, Prompt)
        assert said(pilot, "#wrong") == f"{file.name} is there already. Enter replaces it; or type another name."
        await pilot.press("escape", "s", "enter")
        assert isinstance(pilot.app.screen, Prompt)
        assert file.read_text(encoding="utf-8") == "mine"
        await pilot.press("enter")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, LogScreen) and "saved" in said(pilot))
        assert file.read_text(encoding="utf-8").startswith("# Backpropagation, worked out: chain, iteration 1")


@pytest.mark.parametrize("key", ["q", "escape", "enter"])
async def test_while_it_saves_the_log_is_left_only_by_two_keys(
    key: str, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on = asyncio.Event()

    async def in_two_slices(lines: Iterable[str]) -> AsyncIterator[list[str]]:
        left = iter(lines)
        yield [next(left)]
        await goes_on.wait()
        yield list(left)

    monkeypatch.setattr("tui_backprop.screens.log.in_slices", in_two_slices)
    async with opened("chain") as pilot:
        await pilot.press("i", "o", "s", "enter", key)
        assert isinstance(pilot.app.screen, LogScreen)
        assert said(pilot) == "writing; closing again gives up the file"
        await pilot.press(key)
        assert isinstance(pilot.app.screen, MainScreen)
        goes_on.set()
        await pilot.pause()
        assert not list(directory.iterdir())
        goes_on.clear()
        await pilot.press("o", "s", "enter", key)
        goes_on.set()
        await wait_for(pilot, lambda: said(pilot).startswith("saved: "))
        assert len(list(directory.iterdir())) == 1
        await pilot.press(key)
        assert isinstance(pilot.app.screen, MainScreen)


async def test_what_cannot_be_written_is_said_and_what_was_typed_is_kept(directory: Path) -> None:
    (directory / "closed").mkdir()
    async with opened("chain") as pilot:

        async def save_as(name: str, wrong: str = "") -> None:
            pilot.app.screen.query_one(Input).value = name
            await pilot.press("enter")
            if wrong:
                await wait_for(pilot, lambda: isinstance(pilot.app.screen, Prompt) and wrong in said(pilot, "#wrong"))
                assert pilot.app.screen.query_one(Input).value == printable(name)

        await pilot.press("space", "o", "s")
        await save_as("  ", "Type the name of a file.")
        await save_as("closed", "closed is a directory. Type the name of a file.")
        await save_as("x" * 300, "cannot be used: File name too long.")
        await save_as("~nobody-of-this-name/x.md", "cannot be written: No such file or directory.")
        await save_as("none/x.md", "none/x.md cannot be written: No such file or directory.")
        await save_as("nul\0l", "cannot be written: embedded null byte.")
        await save_as("good.md")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, LogScreen) and "saved" in said(pilot))
    assert [path.name for path in directory.iterdir() if stat.S_ISREG(path.stat().st_mode)] == ["good.md"]


def edited(timeline: Timeline, typed: str) -> None:
    timeline.fork(read_edit(typed, timeline.edited_state, timeline.graph, ""))


def test_an_edit_has_its_line_where_it_took_effect() -> None:
    timeline = Timeline(open_program("perceptron"))
    finish(timeline, 2)
    was = timeline.edited_state.variables[timeline.graph.variables[0]][0, 0]
    edited(timeline, "W[0,0] = 1")
    edited(timeline, "learning rate = 0.001")
    log, begins = log_of(timeline), f"Iteration 3 begins with W[0,0] = 1 instead of {was:.4f}"
    assert log.title == "Log of iteration 3 up to here: 0 events. Before it: one line each"
    assert [plain([log.line(row, 120)]) for row in range(len(log))][2:] == [
        f"{begins}.",
        "Iteration 3 begins with the learning rate η = 0.001 instead of 0.0005.",
    ]
    assert [log.place(row)[:2] for row in range(4)] == [(1, None), (2, None), (2, None), (2, None)]
    timeline.forward(after_event)
    log = log_of(timeline)
    assert plain([log.line(4, 120)]).startswith("c is given")
    assert log.place(4)[:2] == (3, 1)
    finish(timeline, 4)
    log = log_of(timeline)
    done = f"; it is done: J was {number(timeline.losses.loss_at(3))}."
    assert plain([log.line(2, 160)]) == f"{begins} and the learning rate η = 0.001 instead of 0.0005{done}"
    assert plain([log.line(2, 100)]) == f"Iteration 3 is done: J was {number(timeline.losses.loss_at(3))}."


async def test_what_is_said_of_an_edited_branch_names_the_edits(directory: Path) -> None:
    async with opened("chain", size=(80, 24)) as pilot:
        await pilot.press("i", "space", "e", "ctrl+u", *"learning rate=4", "enter", "w")
        assert "backprop-tui chain --edit '2: learning rate = 4.0' --at 2:b:forward" in text(pilot, "keys")
        await pilot.press("o", "s", "enter")
        await wait_for(pilot, lambda: "saved" in said(pilot))
        lines = (directory / "backprop-chain-iteration-2.md").read_text(encoding="utf-8").splitlines()
        assert "| edits | before iteration 2: η 0.05 → 4 |" in lines
        assert "    backprop-tui chain --edit '2: learning rate = 4.0' --at 2:b:forward" in lines
