"""The lessons are true: what each one says that it shows is what its numbers are, and L goes from one to another."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList

from minidl_core import ContributionAdded, Graph, NodeEvaluated, Variable, square
from tui_backprop.app import BackpropApp
from tui_backprop.commands.cli import build_parser, offers_path
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.lessons import PATH, lesson_names, load_lesson, title_of
from tui_backprop.lessons.lesson import Example, Lesson
from tui_backprop.programs.opening import open_program
from tui_backprop.programs.program import program_of
from tui_backprop.screens.lessons import LessonsScreen
from tui_backprop.screens.main_screen import MainScreen
from tui_backprop.session.progress import Progress
from tui_backprop.widgets.canvas import Canvas

from .moments import finish
from .readme import file_under


def one_iteration(name: str) -> Timeline:
    timeline = Timeline(open_program(name))
    finish(timeline, 1)
    return timeline


def contributions(timeline: Timeline, name: str) -> list[float]:
    events = timeline.recording.events
    return [
        event.contribution.item()
        for event in events
        if isinstance(event, ContributionAdded) and event.node.name == name
    ]


def test_two_edges_bring_two_contributions_from_one_consumer() -> None:
    assert contributions(one_iteration("two-edges"), "side") == [-42, -42]


def test_what_is_off_the_path_contributes_nothing() -> None:
    timeline = one_iteration("off-path")
    gap = next(node for node in timeline.graph.nodes if node.name == "gap")
    assert [consumer.name for consumer in gap.consumers] == ["J", "error"]
    assert contributions(timeline, "gap") == [-18]


def test_four_sigmoids_leave_little_of_the_gradient() -> None:
    timeline = one_iteration("vanishing")
    (at_the_end,), (at_the_start,) = contributions(timeline, "s4"), contributions(timeline, "w")
    assert abs(at_the_start) < abs(at_the_end) / 4**4


def test_a_step_too_far_is_caught_at_the_node_that_makes_the_nan() -> None:
    timeline = one_iteration("too-far")
    finish(timeline, 100)
    assert timeline.recording.iteration == 8
    assert "a is -0.1" in str(timeline.recording.error)
    last = timeline.recording.events[-1]
    assert isinstance(last, NodeEvaluated)
    assert last.node.name == "log"
    assert np.isnan(last.value)


def text(pilot: Pilot[None], pane: str) -> str:
    canvas = pilot.app.screen.query_one(f"#{pane}", Canvas)
    return "\n".join(canvas.render_line(y).text for y in range(canvas.size.height))


async def test_another_lesson_opens_and_the_first_stays_where_it_was() -> None:
    async with BackpropApp("xor", learning_rate=0.01).run_test(size=(80, 24)) as pilot:
        await pilot.press("i", "space", "L")
        assert isinstance(pilot.app.screen, LessonsScreen)
        await pilot.press("down", "enter")
        await pilot.pause()
        assert text(pilot, "header").startswith(" vanishing")
        await pilot.press("space", "space")
        place = pilot.app.session.timeline.place
        await pilot.press("L", "up", "enter")
        await pilot.pause()
        assert text(pilot, "header").startswith(" xor  iteration 2")
        assert "η 0.01" in text(pilot, "header")
        await pilot.press("L", "down", "enter")
        await pilot.pause()
        assert (pilot.app.session.program.address, pilot.app.session.timeline.place) == ("vanishing", place)


async def test_a_lesson_of_ones_own_hides_no_built_in_one_of_its_name(tmp_path: Path) -> None:
    own = tmp_path / "chain.py"
    own.write_text(file_under("Your own lesson").replace('"prices"', '"chain"'), encoding="utf-8")
    async with BackpropApp(str(own)).run_test(size=(120, 40)) as pilot:
        assert pilot.app.timeline.program.lesson.name == "chain"
        await pilot.press("i", "L")
        options = pilot.app.screen.query_one(OptionList)
        assert [option.id for option in options.options] == [*lesson_names(), str(own)]
        assert options.highlighted_option is not None
        assert options.highlighted_option.id == str(own)
        await pilot.press("home", "enter")
        await pilot.pause()
        assert (pilot.app.timeline.program.address, pilot.app.timeline.place.iteration) == (lesson_names()[0], 1)
        assert pilot.app.timeline.place.cursor == 0
        await pilot.press("L", "end", "enter")
        await pilot.pause()
        assert pilot.app.timeline.program.address == str(own)
        assert pilot.app.timeline.at_end_of_iteration


async def test_what_a_lesson_says_of_itself_cannot_send_the_terminal_anything() -> None:
    lesson = replace(load_lesson("chain"), name="mine", summary="a \x1b[31m summary")
    async with BackpropApp(program_of(lesson)).run_test(size=(120, 40)) as pilot:
        await pilot.press("L")
        options = pilot.app.screen.query_one(OptionList)
        assert "summary" in str(options.get_option("mine").prompt)
        assert "\x1b" not in str(options.get_option("mine").prompt)


async def test_a_sign_marks_the_chosen_lesson() -> None:
    async with BackpropApp("skip").run_test(size=(80, 24)) as pilot:
        for keys, name in (("L",), "skip"), (("down",), "off-path"):
            await pilot.press(*keys)
            await pilot.pause()
            rows = ["".join(s.text for s in row) for row in pilot.app.screen._compositor.render_strips()]
            assert [row.split("»")[1].split()[1] for row in rows if "» " in row] == [name]


async def test_a_loss_of_that_name_is_not_called_the_loss_loss() -> None:
    def build(seed: int) -> Example:
        with Graph().as_default():
            loss = square(Variable(2, name="w"), name="loss")
        return Example(loss, {})

    async with BackpropApp(program_of(Lesson("own", "", build, 0.1))).run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        shown = "\n".join(text(pilot, canvas.id) for canvas in pilot.app.screen.query(Canvas) if canvas.id)
        assert "every value on the way to the loss." in shown
        assert "the last of them is the loss" in shown
        assert "the forward pass measures loss" in shown
        assert "loss loss" not in shown.casefold()


async def test_who_gives_up_stays_and_a_run_pauses() -> None:
    async with BackpropApp("chain").run_test(size=(80, 24)) as pilot:
        for key in ("escape", "q", "L"):
            await pilot.press("r", "L", key)
            assert isinstance(pilot.app.screen, MainScreen)
            assert pilot.app.screen.session.running is None
            assert text(pilot, "header").startswith(" chain")


def chosen(pilot: Pilot[None]) -> str | None:
    option = pilot.app.screen.query_one(OptionList).highlighted_option
    return None if option is None else option.id


def screen_text(pilot: Pilot[None]) -> str:
    return "\n".join("".join(s.text for s in row) for row in pilot.app.screen._compositor.render_strips())


@pytest.mark.parametrize("size", [(60, 16), (80, 24)])
async def test_the_app_begins_with_the_path_and_opens_what_is_next(size: tuple[int, int], tmp_path: Path) -> None:
    progress = Progress(tmp_path / "progress.json")
    progress.note("descent", 0, reached=True)
    app = BackpropApp(progress.next_lesson, progress=progress, begins=True, offers_path=True)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        assert isinstance(app.screen, LessonsScreen)
        assert chosen(pilot) == "chain"
        shown = screen_text(pilot)
        assert f"1 of {sum(name in lesson_names() for name in PATH)} goals reached" in shown
        assert re.search(r" ✓ +1 descent ", shown)
        assert re.search(r"» · +2 chain ", shown), "nobody has begun it yet"
        assert " 3 two-paths" in shown
        assert title_of("chain")[:30] in shown
        await pilot.press("question_mark")
        assert "Every key" in screen_text(pilot), "the bar below the list names the key"
        await pilot.press("q")
        await pilot.press("j", "enter")
        await pilot.pause()
        assert isinstance(app.screen, MainScreen)
        assert app.session.program.address == "two-paths"
        assert app.screen.viewer.reading.is_open
    assert Progress(progress.path).is_begun("two-paths")
    assert not Progress(progress.path).is_begun("chain")


@pytest.mark.parametrize("key", ["enter", "escape"])
async def test_the_lesson_that_the_path_names_begins_with_its_pages_once_the_path_is_closed(
    key: str, tmp_path: Path
) -> None:
    progress = Progress(tmp_path / "progress.json")
    app = BackpropApp(progress.next_lesson, progress=progress, begins=True, offers_path=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert not progress.is_begun("descent")
        await pilot.press(key)
        await pilot.pause()
        assert text(pilot, "page-title").startswith("─ Page   1 of")
    assert Progress(progress.path).is_begun("descent")


async def test_who_quits_the_path_at_the_start_quits_the_app() -> None:
    async with BackpropApp("chain", offers_path=True).run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("q")
        assert pilot.app._exit


async def test_where_the_goal_is_reached_the_next_lesson_is_one_key_away(tmp_path: Path) -> None:
    progress = Progress(tmp_path / "progress.json")
    async with BackpropApp("chain", progress=progress).run_test(size=(80, 24)) as pilot:
        assert isinstance(pilot.app.screen, MainScreen)
        while not pilot.app.screen.viewer.reading.reached:
            await pilot.press("i")
        assert "the lesson's goal is reached: L and Enter open two-paths" in text(pilot, "keys")
        await pilot.press("L")
        assert chosen(pilot) == "two-paths"
        await pilot.press("enter")
        await pilot.pause()
        assert text(pilot, "page-title").startswith("─ Page   1 of")


async def test_a_file_that_cannot_be_written_is_said_in_the_path() -> None:
    progress = Progress(Path("/dev/null/progress.json"))
    async with BackpropApp("chain", progress=progress, begins=True).run_test(size=(80, 24)) as pilot:
        await pilot.press("T", "L")
        await pilot.pause()
        assert "cannot be written, so your progress is not" in screen_text(pilot)


@pytest.mark.parametrize(
    ("arguments", "offers"),
    [
        ("", True),
        ("--theme light --ascii", True),
        ("--plain", True),
        *((straight, False) for straight in ("chain", "my.py", "--at 4", "--seed 3", "-e w*w", "--learning-rate 2")),
        *((other, False) for other in ("--headless", "--json", "--export numpy", "--join monday", "--class monday")),
    ],
)
def test_what_says_what_to_open_goes_straight_there(arguments: str, offers: bool) -> None:
    assert offers_path(build_parser().parse_args(arguments.split())) is offers


async def test_a_path_without_progress_says_nothing_of_goals() -> None:
    """In a class, say: nobody knows which goals were reached."""
    app = BackpropApp("chain")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("L")
        assert isinstance(app.screen, LessonsScreen)
        shown = screen_text(pilot)
        assert " 3 two-paths" in shown
        assert " Lessons " in shown
        assert "goals" not in shown
        assert "·  3" not in shown
