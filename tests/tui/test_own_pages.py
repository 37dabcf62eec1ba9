"""Pages of a lesson of one's own: what they can do wrong, and that the session goes on."""

from __future__ import annotations

import re

from tui_backprop.app import BackpropApp
from tui_backprop.drawing.glyphs import NOT_YET
from tui_backprop.keys import KEY_OF
from tui_backprop.lessons.pages import Goal, Page, Situation
from tui_backprop.narration.messages import sentences
from tui_backprop.notation.formats import number
from tui_backprop.plain.commands import KEYS
from tui_backprop.plain.front_end import do
from tui_backprop.programs.program import program_of
from tui_backprop.session import Viewer

from .reading import own, reader, viewer_of, words
from .test_lessons import text


def raised(now: Situation) -> bool:
    return now.value("v") > 1


def test_a_goal_that_raises_is_said_once_and_costs_nothing() -> None:
    viewer = reader(goal=Goal("", raised))
    viewer.session.step("phase")
    viewer.follow_lesson()
    assert viewer.message is not None
    said = sentences(viewer.message, KEY_OF)[0]
    assert re.search(r"cannot be told: KeyError: .v. \(situation.py:\d+\)", said)
    viewer.session.step("iteration")
    viewer.follow_lesson()
    assert viewer.message is None
    assert not viewer.reading.reached


def test_a_page_whose_moment_is_not_there_says_so_and_time_stays() -> None:
    viewer = reader(pages=[Page("", at="1:v", node="w")])
    viewer.session.step("phase")
    place = viewer.session.timeline.place
    viewer.turn_page(1)
    assert viewer.message is not None
    assert "this page's moment is not there: There is no node 'v'" in sentences(viewer.message, KEY_OF)[0]
    assert viewer.session.timeline.place == place
    assert viewer.node is not None
    assert viewer.node.name == "w"


def test_an_element_that_is_not_there_is_a_sign_in_the_text() -> None:
    viewer = reader(pages=[Page("{w[1]} {w[2]} {w} {new w[1]} {key step}", at="1")])
    viewer.turn_page(1)
    viewer.follow_lesson()
    assert viewer.reading.text == f"2 {NOT_YET} {NOT_YET} 1.6 space"


def test_a_page_far_ahead_names_its_numbers_once_time_is_there() -> None:
    viewer = reader(pages=[Page("{w[0]}", at="20", choices={"{w[1]}": "", "no": ""}, answer="no")])
    viewer.turn_page(1)
    viewer.follow_lesson()
    assert viewer.reading.text == NOT_YET
    while viewer.session.running is not None:
        viewer.session.tick()
    viewer.follow_lesson()
    assert viewer.reading.text == number(0.8**19)
    viewer.session.first()
    viewer.follow_lesson()
    assert viewer.reading.text == number(0.8**19)


def test_an_answer_is_judged_as_typed_and_can_be_given_again() -> None:
    viewer = reader(pages=[Page("", at="1", answer="{dJ/dw[1]}", why="so")])
    viewer.turn_page(1)
    viewer.follow_lesson()
    reading = viewer.reading
    assert reading.reply == ""
    for key in (".", "e", "enter", "backspace", "escape"):  # what no number begins with stays a key
        assert not reading.take(key, key if len(key) == 1 else None)
    for typed, right in (("3", False), ("-4", False), ("4,0", True)):
        assert all(reading.take(key, key) for key in typed)
        assert reading.take("enter", None)
        assert (reading.right, reading.reply) == (right, "so")
    assert not reading.take("1", "1")


def test_a_page_that_takes_time_back_says_so_and_what_returns() -> None:
    viewer = reader(pages=[Page("one", at="0"), Page("two", at="1:w", node="w")])
    for by in (1, 1, -1, 1):
        viewer.turn_page(by)
    assert viewer.message is None, "who only reads leaves no place of their own"
    viewer.session.step("iteration")
    viewer.turn_page(-1)
    assert viewer.message is not None
    assert (
        sentences(viewer.message, KEY_OF)[0] == "page 1 is about 0, so time went there; G 1 goes back to where you were"
    )
    [said, *_] = do(Viewer(viewer.session, KEYS), "page")
    assert said.startswith("Page 1"), "time is there already"
    viewer.session.step("iteration")
    [said, *_] = do(Viewer(viewer.session, KEYS), "page")
    assert said.endswith("go 1 goes back to where you were.")


async def test_only_the_question_about_the_step_takes_digits_while_both_stand() -> None:
    lesson = own(pages=[Page("", answer="4")])
    async with BackpropApp(program_of(lesson)).run_test(size=(80, 24)) as pilot:
        await pilot.press("T")
        assert "type a number" in text(pilot, "page-title")
        assert "► _" in text(pilot, "page")
        await pilot.press("m", "space")
        while not (question := pilot.app.session.quiz.question):
            await pilot.press("space")
        assert "the step's question comes first" in text(pilot, "page-title")
        assert "_" not in text(pilot, "page")
        await pilot.press("7" if not question.choices else "1")
        assert viewer_of(pilot).reading.typed == ""


async def test_a_right_number_that_was_told_is_not_taken_for_known() -> None:
    lesson = own(pages=[Page("", answer="4", why="so")])
    async with BackpropApp(program_of(lesson)).run_test(size=(80, 24)) as pilot:
        await pilot.press("T", "5", "enter")
        assert "✗ so" in text(pilot, "page")
        await pilot.press("4", "enter")
        assert "As told: so" in text(pilot, "page")
        assert "✓" not in text(pilot, "page")
        await pilot.press("Y", "T", "4", "enter")
        assert "✓ so" in text(pilot, "page")


def test_a_lesson_without_pages_says_so() -> None:
    viewer = reader()
    viewer.turn_page(1)
    assert viewer.message is not None
    assert sentences(viewer.message, KEY_OF) == ("this lesson has no pages",)
    assert list(do(Viewer(viewer.session, KEYS), "page")) == ["this lesson has no pages."]
    assert list(do(Viewer(viewer.session, KEYS), "goal")) == ["This lesson has no goal."]


async def test_a_lesson_can_have_a_goal_and_no_pages() -> None:
    lesson = own(goal=Goal("Train once.", lambda now: now.iteration > 1))
    async with BackpropApp(program_of(lesson), begins=True).run_test(size=(80, 24)) as pilot:
        await pilot.press("i", "i")
        assert "goal reached" in text(pilot, "page-title")
        assert words(text(pilot, "page")) == ["Train", "once"]
