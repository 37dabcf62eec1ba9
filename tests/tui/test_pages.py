"""The pages of the lessons: each can be read to its goal, on both screens and without one, and says what is true."""

from __future__ import annotations

import re

import pytest
from textual.events import Click
from textual.widgets import Input

from tui_backprop.app import BackpropApp
from tui_backprop.debugger.followed import element_at
from tui_backprop.drawing.glyphs import NOT_YET
from tui_backprop.inspector.view_table import VIEWS
from tui_backprop.keys import KEY_OF
from tui_backprop.lessons import PATH, lesson_names, load_lesson
from tui_backprop.lessons.lesson import PICTURE_NAMES
from tui_backprop.lessons.pages import SHOWN, VIEW_NAMES, Goal, Page
from tui_backprop.panes import PANES
from tui_backprop.panes.page_rows import draw_page
from tui_backprop.plain.commands import KEYS
from tui_backprop.plain.front_end import do
from tui_backprop.programs.opening import open_program
from tui_backprop.screens.main_screen import MainScreen
from tui_backprop.session import DebugSession, Viewer

from .reading import reader, viewer_of, words
from .test_lessons import text

WITH_PAGES = [name for name in lesson_names() if load_lesson(name).pages]
VARIANTS = [f"{name} --variant {each}" for name in WITH_PAGES for each in load_lesson(name).variants]
ACTS = {
    "descent": "edit learning rate = 1.1",
    "two-paths": "edit a = 0.25",
    "vanishing --variant tanh": "edit w = 0.5",
    "vanishing --variant relu": "edit w = -1",
    "rates": "edit learning rate = 0.095",
}
"""What is done to reach the goal of a lesson, besides up to so many iterations."""
ITERATIONS = 40
UNKNOWN = re.compile(rf"(?<![\w)]){NOT_YET}|{NOT_YET}(?![\w(-])")
"""The sign of a number that is not known, which is also that of a product."""


def check_page(viewer: Viewer) -> None:
    """Hold a page against what it is about: its numbers, its node and view, its length."""
    reading = viewer.reading
    page = reading.page
    assert page is not None
    assert not UNKNOWN.search(f"{reading.text} {reading.reply}"), "a number that the page names is not there"
    assert len(draw_page(reading, 76)) <= 4
    assert viewer.message is None or viewer.message.kind == "page moved back", viewer.message
    if page.node:
        assert viewer.node is not None
        name, _, element = page.node.partition("[")
        assert viewer.node.name == name
        shape = viewer.moment.shape(viewer.node)
        if element and shape is not None:
            here = element_at(viewer.moment, viewer.node, shape, viewer.followed)
            assert element == f"{','.join(map(str, here))}]", "the element that the page is about is written out"
    if page.shows in {view.name for view in VIEWS}:
        assert viewer.shown_view == page.shows


@pytest.mark.parametrize("name", WITH_PAGES)
async def test_a_lesson_is_read_on_both_screens_to_its_goal(name: str) -> None:
    async with BackpropApp(name, begins=True).run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        viewer = viewer_of(pilot)
        reading = viewer.reading
        for number, page in enumerate(reading.lesson.pages):
            assert (reading.is_open, reading.number) == (True, number)
            check_page(viewer)
            assert words(text(pilot, "page"))[: len(words(reading.text))] == words(reading.text)
            if page.shows in PICTURE_NAMES:
                assert "…" not in text(pilot, "inspector-title"), "where a picture is a view of the inspector"
            question = reading.question
            if question is not None and question.choices:
                assert page.answer in page.choices
                for place, choice in enumerate(question.choices, 1):
                    await pilot.press(str(place))
                    assert reading.right is (choice == question.answer)
                    assert words(reading.reply) == words(text(pilot, "page"))[: len(words(reading.reply))]
                    if reading.right:
                        break
            elif question is not None:
                await pilot.press("9", "9", "9", "enter")
                assert reading.right is False
                await pilot.press(*question.answer, "enter")
                assert reading.right is True
            await pilot.press("T")
        await pilot.resize_terminal(120, 40)
        assert reading.is_open
        assert reading.page is None
        assert not reading.reached, "a goal is not reached by reading"
        assert words(text(pilot, "page")) == words(reading.text)
        if name in ACTS:
            await pilot.press("e")
            pilot.app.screen.query_one(Input).value = ACTS[name].removeprefix("edit ")
            await pilot.press("enter")
        for _ in range(ITERATIONS):
            if reading.reached:
                break
            viewer.session.step("iteration")
            viewer.follow_lesson()
        assert reading.reached
        await pilot.press("i")
        assert "goal reached" in text(pilot, "page-title")
        for _ in reading.lesson.pages:
            await pilot.press("Y")
            check_page(viewer)
            assert words(text(pilot, "page"))[: len(words(reading.text))] == words(reading.text)


@pytest.mark.parametrize("name", [*WITH_PAGES, *VARIANTS])
def test_a_lesson_is_read_as_lines_to_its_goal(name: str) -> None:
    viewer = Viewer(DebugSession(open_program(name)), KEYS)
    reading = viewer.reading
    for place, page in enumerate(reading.lesson.pages, 1):
        said = list(do(viewer, "page"))
        assert f"Page {place} of" in said[0]
        check_page(viewer)
        question = reading.question
        if question is not None:
            answers = question.choices.index(question.answer) + 1 if question.choices else question.answer
            assert next(do(viewer, str(answers))).startswith("Right")
            assert page.answer
    assert "The goal: " in next(do(viewer, "page"))
    said = [*do(viewer, ACTS[name])] if name in ACTS else []
    for _ in range(ITERATIONS):
        if reading.reached:
            break
        said = [*do(viewer, "iteration")]
    assert any("goal is reached" in line for line in said)
    assert "which is reached" in next(do(viewer, "goal"))


def test_the_path_leads_from_each_lesson_to_the_next() -> None:
    for name in WITH_PAGES:
        then = load_lesson(name).then
        assert then is not None
        if then.lesson in lesson_names():
            assert PATH.index(then.lesson) == PATH.index(name) + 1


@pytest.mark.parametrize("name", [*WITH_PAGES, *VARIANTS])
def test_keys_are_named_by_what_they_do(name: str) -> None:
    lesson = open_program(name).lesson
    assert lesson.goal is not None
    assert lesson.then is not None
    texts = [each for page in lesson.pages for each in (page.text, page.why, *page.choices.values())]
    for said in (*texts, lesson.goal.text, lesson.then.text):
        assert all(key in KEY_OF and key in KEYS for key in re.findall(r"\{key ([^}]*)\}", said)), said
        assert not re.search(r"\b[Pp]ress [^{]", said), (
            f"a key by its name, as without a screen it is a command: {said}"
        )


def test_a_page_can_show_every_view_and_pane() -> None:
    assert {view.name for view in VIEWS} == {*VIEW_NAMES}
    panes = {pane.name for pane in PANES} - {"header", "inspector", "picture", "page", "keys"}
    assert {*SHOWN} == {view.name for view in VIEWS} | panes


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
@pytest.mark.parametrize("asks", ["m", "mm", "D"])
async def test_no_page_is_seen_while_a_question_stands(size: tuple[int, int], asks: str) -> None:
    async with BackpropApp("two-paths").run_test(size=size) as pilot:
        await pilot.press("T")
        assert "b = 6" in text(pilot, "page")
        await pilot.press(*asks)
        while not pilot.app.session.quiz.question:
            await pilot.press("space")
        title, said = (
            ("hidden while you drive", "This page may") if asks == "D" else ("hidden: the step's", "The question")
        )
        assert title in text(pilot, "page-title")
        assert text(pilot, "page").strip().startswith(said)
        assert "b = 6" not in text(pilot, "page")
        while pilot.app.session.quiz.question:
            await pilot.press(*"D" if asks == "D" else ["escape"] if asks == "m" else ["space"])
        assert "b = 6" in text(pilot, "page")


def test_no_page_is_read_as_lines_while_a_question_stands() -> None:
    viewer = Viewer(DebugSession(open_program("two-paths")), KEYS)
    assert "b = 6" in "".join(do(viewer, "page"))
    list(do(viewer, "ask"))
    while not viewer.session.quiz.question:
        list(do(viewer, "step"))
    assert list(do(viewer, "page")) == ["A question stands, which a page may answer: answer it first, or skip it."]
    list(do(viewer, "skip"))
    assert "Page 2" in next(do(viewer, "page"))
    list(do(viewer, "drive"))
    while not viewer.session.quiz.question:
        list(do(viewer, "step"))
    assert list(do(viewer, "page")) == ["You drive, and a page may answer what is asked of you; drive ends that."]


@pytest.mark.parametrize("name", [*WITH_PAGES, *VARIANTS])
async def test_the_keys_that_a_page_names_for_training_go_by_iterations(name: str) -> None:
    async with BackpropApp(name).run_test(size=(120, 40)) as pilot:
        viewer = viewer_of(pilot)
        reading = viewer.reading
        for _ in range(reading.count):
            await pilot.press("T")
            if "is faster)" in reading.text:
                await pilot.press("i", "r")
                running = viewer.session.running
                assert running is not None
                assert "iterations a second" in running.label
                await pilot.press("space")


@pytest.mark.parametrize("size", [(60, 16), (80, 18), (100, 35), (200, 60)])
async def test_a_page_is_whole_on_every_screen(size: tuple[int, int]) -> None:
    async with BackpropApp("two-paths", begins=True).run_test(size=size) as pilot:
        await pilot.pause()
        assert words(text(pilot, "page")) == words(viewer_of(pilot).reading.text)


async def test_a_click_on_a_page_that_has_lost_its_place_meanwhile_is_none() -> None:
    app = BackpropApp("two-paths")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("T")
        screen = app.screen
        assert isinstance(screen, MainScreen)
        page = screen.query_one("#page")
        assert page.display
        click = Click(page, 1, 0, 0, 0, 1, False, False, False)
        await pilot.resize_terminal(30, 8)
        while page.display:
            await pilot.pause()
        screen.on_click(click)


async def test_a_click_on_a_choice_of_a_page_answers() -> None:
    async with BackpropApp("attention").run_test(size=(80, 24)) as pilot:
        await pilot.press("T", "T", "T")
        reading = viewer_of(pilot).reading
        rows = text(pilot, "page").splitlines()
        [y] = [y for y, row in enumerate(rows) if "2 -" in row]
        await pilot.click("#page", offset=(0, 0))
        assert reading.given is None
        await pilot.click("#page", offset=(rows[y].index("2 -"), y))
        assert reading.right


def test_the_pages_open_and_close_at_both_ends() -> None:
    viewer = reader(pages=[Page("one"), Page("two", answer="4")], goal=Goal("three", lambda now: False))
    reading, seen = viewer.reading, []
    for by in (1, 1, 1, 1, 1, -1, -1, -1):
        viewer.turn_page(by)
        seen.append(reading.text if reading.is_open else "")
    assert seen == ["one", "two", "three", "", "one", "", "three", "two"]
    reading.answer("5")
    assert (reading.right, reading.reply) == (False, "It is 4.")


async def test_ctrl_u_clears_a_number_typed_for_a_page() -> None:
    async with BackpropApp("descent").run_test(size=(80, 24)) as pilot:
        await pilot.press("T")
        reading = pilot.app.screen.viewer.reading
        typed = next(number for number, page in enumerate(reading.lesson.pages) if page.answer and not page.choices)
        await pilot.press(*"T" * typed)
        await pilot.press("1", "2", "ctrl+u", "3")
        assert reading.typed == "3"
        assert "► 3_" in text(pilot, "page")
        await pilot.press("ctrl+u", *"0.6", "enter")
        assert text(pilot, "page").splitlines()[1].strip() == "► 0.6", "nothing more is typed behind the right answer"
        await pilot.press("T")
        assert "T the goal" in text(pilot, "page-title")
