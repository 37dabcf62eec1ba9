"""Ask me first, as scripts of keys and what is then on the screen."""

from __future__ import annotations

import pytest

from tui_backprop.quiz.quiz import Quiz
from tui_backprop.screens.help import HelpScreen

from .answering import answer, asking, standing, standing_or_none
from .on_screen import opened, place, text


async def test_nothing_is_asked_in_free_play() -> None:
    async with opened("two-paths") as pilot:
        await pilot.press("space")
        assert place(pilot) == (1, 3)
        assert text(pilot, "step-title").strip("─ ├┤") == "Step"


async def test_a_typed_answer_shows_the_step_and_is_counted() -> None:
    async with opened("two-paths", (80, 24)) as pilot:
        await pilot.press("m")
        assert "ask me first" in text(pilot, "step-title")
        await pilot.press("space")
        assert place(pilot) == (1, 0)
        assert "What is the value of b?" in text(pilot, "step")
        assert "b = 2·a" in text(pilot, "inspector")
        assert "enter answer" in text(pilot, "keys")
        await pilot.press("6")
        assert "► 6" in text(pilot, "inspector")
        assert place(pilot) == (1, 0)
        await pilot.press("enter")
        assert place(pilot) == (1, 3)
        assert "✓ right: 6" in text(pilot, "step-title")
        assert "1 of 1 right" in text(pilot, "step-title")
        assert "b = 2·a = 2·3 = 6" in text(pilot, "step")


async def test_an_answer_that_is_no_number_is_kept_and_changes_nothing() -> None:
    async with opened("two-paths", (80, 24)) as pilot:
        await pilot.press("m", "space", "enter")
        assert "nothing is typed" in text(pilot, "inspector")
        await pilot.press("6", "q")
        assert "'q' is not a number" in text(pilot, "inspector"), "a letter that is in no number is not taken"
        assert "► 6_" in text(pilot, "inspector")
        await pilot.press("-", "e", "enter")
        assert "'6-e' is not a number" in text(pilot, "inspector")
        assert "► 6-e" in text(pilot, "inspector")
        assert place(pilot) == (1, 0)
        assert asking(pilot).score.asked.total() == 0
        await pilot.press("backspace", "backspace")
        assert "is not a number" not in text(pilot, "inspector")
        await pilot.press("enter")
        assert "✓ right" in text(pilot, "step-title")


async def test_what_was_said_before_a_question_does_not_come_again_with_it() -> None:
    async with opened("two-paths", (80, 24)) as pilot:
        await pilot.press("p", "p", "J", "d")
        assert "has no other term" in text(pilot, "keys")
        await pilot.press("m", "space")
        assert "Question" in text(pilot, "step-title")
        assert "has no other term" not in text(pilot, "keys")
        await pilot.press("u")
        assert "type a number" in text(pilot, "inspector")


async def test_ctrl_u_clears_what_is_typed_and_what_is_in_no_number_stays_a_key() -> None:
    async with opened("two-paths", (80, 24)) as pilot:
        await pilot.press("m", "space", "6", "7", "q", "ctrl+u")
        assert "► _" in text(pilot, "inspector")
        assert "is not a number" not in text(pilot, "inspector")
        await pilot.press("5", "question_mark")
        assert isinstance(pilot.app.screen, HelpScreen)
        await pilot.press("q", "less_than_sign", "equals_sign")
        assert "► 5_" in text(pilot, "inspector"), "nothing of these leaks into the answer"
        assert pilot.app.screen.viewer.in_full, "what is no answer does what it always does"
        await pilot.press("ctrl+u", "6", "enter")
        assert "✓ right: 6" in text(pilot, "step-title")


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (60, 16)])
async def test_why_it_is_so_is_not_cut_off_where_there_is_little_room(size: tuple[int, int]) -> None:
    async with opened("skip", size) as pilot:
        await pilot.press("m")
        asked = 0
        while pilot.app.timeline.moment.phase != "update":
            await pilot.press("space")
            question, why = standing(pilot), standing(pilot).why
            await answer(pilot, right=False)
            title = text(pilot, "step-title")
            assert "✗ " in title
            assert f": {question.answer} " in title
            assert "…" not in title
            assert question.reason in " ".join(text(pilot, "inspector").split())
            asked += bool(why)
        assert asked == 4


async def test_a_wrong_answer_says_what_is_right_and_the_step_shows_why() -> None:
    async with opened("two-paths") as pilot:
        await pilot.press("m", "space", "5", "enter")
        assert "✗ not 5: 6" in text(pilot, "step-title")
        assert "0 of 1 right" in text(pilot, "step-title")
        assert "= (2)(3) = 6" in text(pilot, "inspector")


async def test_escape_skips_and_is_counted() -> None:
    async with opened("two-paths") as pilot:
        await pilot.press("m", "space", "escape")
        assert place(pilot) == (1, 3)
        assert "the answer: 6" in text(pilot, "step-title")
        assert asking(pilot).score.skipped.total() == 1
        assert "ask me first  1 skipped" in text(pilot, "step-title")
        await pilot.press("space")
        await answer(pilot)
        assert "ask me first  1 of 1 right, 1 skipped" in text(pilot, "step-title")


async def test_enter_behind_the_number_of_a_choice_leads_nowhere_once() -> None:
    async with opened("skip") as pilot:
        await pilot.press("p", "m", "space")
        while not (question := standing(pilot)).choices:
            await answer(pilot)
            await pilot.press("space")
        await answer(pilot, right=False)
        explained = text(pilot, "inspector")
        assert question.answer in text(pilot, "step-title")
        await pilot.press("enter")
        assert text(pilot, "inspector") == explained
        await pilot.press("enter")
        assert text(pilot, "inspector") != explained


async def test_a_click_on_a_choice_answers() -> None:
    for size in ((120, 40), (80, 24), (60, 16)):
        async with opened("perceptron", size) as pilot:
            await pilot.press("m", "space")
            question = standing(pilot)
            rows = text(pilot, "inspector").splitlines()
            wanted = f"{question.choices.index(question.answer) + 1}  {question.answer}"
            [y] = [y for y, row in enumerate(rows) if wanted in row]
            await pilot.click("#inspector", offset=(0, y))
            assert asking(pilot).question is question
            await pilot.click("#inspector", offset=(rows[y].index(wanted) + 4, y))
            assert "✓ right: (100,2)" in text(pilot, "step-title")
            assert asking(pilot).score.asked.total() == 1


async def test_a_click_beside_the_choices_or_in_the_room_answers_nothing() -> None:
    async with opened("perceptron") as pilot:
        await pilot.press("m", "space")
        await pilot.click("#inspector", offset=(4, 12))
        await pilot.click("#inspector", offset=(58, 0))
        assert asking(pilot).question is not None
        await pilot.press("m", "space")
        await pilot.click("#inspector", offset=(6, 0))
        assert asking(pilot).question is not None
        assert place(pilot) == (1, 0)


async def test_a_whole_iteration_is_answered_and_summed_up() -> None:
    async with opened() as pilot:
        await pilot.press("m")
        wrong = 0
        while place(pilot) != (1, 59):
            await pilot.press("space")
            if asking(pilot).question is not None:
                right = asking(pilot).question.kind != "rules"  # type: ignore[union-attr]
                wrong += not right
                await answer(pilot, right)
        asked = asking(pilot).score.asked.total()
        assert asked == 20
        assert wrong > 1
        shown = text(pilot, "inspector")
        assert shown.splitlines()[0].strip() == f"{asked - wrong} of {asked} right"
        assert [line for line in shown.splitlines() if "hard" in line] == [
            line for line in shown.splitlines() if "rules" in line
        ]
        await pilot.press("tab")
        assert "right" not in text(pilot, "inspector")
        await pilot.press("space")
        assert place(pilot) == (2, 0)
        assert asking(pilot).question is not None
        await answer(pilot)
        assert place(pilot) == (2, 4)


async def test_the_room_is_asked_and_space_reveals() -> None:
    async with opened("two-paths", (80, 24)) as pilot:
        await pilot.press("m", "m", "space")
        assert "ask the room" in text(pilot, "step-title")
        assert "space reveal" in text(pilot, "keys")
        await pilot.press("1", "6", "enter")
        assert place(pilot) == (1, 0)
        await pilot.press("space")
        assert place(pilot) == (1, 3)
        assert "the answer: 6" in text(pilot, "step-title")
        assert asking(pilot).score.asked.total() == 0


async def test_m_goes_from_me_to_the_room_to_nobody() -> None:
    async with opened("two-paths") as pilot:
        await pilot.press("m", "space", "6", "enter", "m")
        assert "1 of 1 right" in text(pilot, "inspector")
        assert "ask the room" in text(pilot, "step-title")
        await pilot.press("m")
        assert "no more questions" in text(pilot, "step-title")
        assert "right" not in text(pilot, "inspector")
        await pilot.press("space")
        assert place(pilot) == (1, 4)


async def test_m_withdraws_the_question_that_stands() -> None:
    async with opened("perceptron") as pilot:
        await pilot.press("m", "space", "m")
        assert asking(pilot).question is None
        assert place(pilot) == (1, 0)
        assert "(100,2)" in text(pilot, "graph").splitlines()[3]


async def test_going_back_and_larger_moves_ask_nothing() -> None:
    async with opened("perceptron") as pilot:
        await pilot.press("m", "n", "s", "p")
        assert place(pilot) == (1, 12)
        await pilot.press("space")
        assert asking(pilot).question is not None
        await pilot.press("pageup")
        assert asking(pilot).question is None
        assert place(pilot) == (1, 11)
        await pilot.press("space", "i")
        assert asking(pilot).question is None
        assert place(pilot) == (1, 59)
        assert asking(pilot).score.asked.total() == 0


async def test_space_waits_for_the_answer() -> None:
    async with opened("perceptron") as pilot:
        await pilot.press("m", "space", "space", "space", "5", "0")
        assert place(pilot) == (1, 0)
        assert asking(pilot).question is not None


async def test_space_says_what_answers() -> None:
    async with opened("two-paths", (80, 24)) as pilot:
        await pilot.press("m", "space", "1", "space")
        assert "it waits for an answer: Enter answers" in text(pilot, "inspector")
        await pilot.press("2")
        assert "it waits" not in text(pilot, "inspector")
        await pilot.press("escape", "m", "m", "p", "space", "m", "space", "space")
        assert "it waits for an answer: 1 to 4 answers" in text(pilot, "inspector")


async def test_a_constant_that_was_first_in_the_queue_is_said_to_be_passed_over() -> None:
    async with opened("two-paths", (80, 24)) as pilot:
        await pilot.press("p", "space", "space", "space")
        assert [node.name for node in pilot.app.timeline.moment.queue] == ["10", "b"]
        await pilot.press("m", "space", "1")
        assert "✗ not a: b" in text(pilot, "step-title")
        shown = " ".join(text(pilot, "inspector").split())
        assert "b: '10' was before it, but as a constant its visit is passed over" in shown


async def test_why_an_answer_was_wrong_goes_with_the_next_step_from_above_a_chart_too() -> None:
    async with opened("two-paths", (60, 16)) as pilot:
        await pilot.press("p", "space", "m", "tab")
        while "loss" not in text(pilot, "inspector-title").lower():
            await pilot.press("tab")
        await pilot.press("space", "space")
        await answer(pilot, right=False)
        assert standing_or_none(pilot) is None
        above, *chart = text(pilot, "inspector").splitlines()
        assert "first in the queue" in above or "the queue held" in above or "starts at" in above
        await pilot.press("m", "m")
        assert above not in text(pilot, "inspector")
        assert chart


async def test_a_wrong_way_of_an_update_says_against_which_slope() -> None:
    async with opened("two-paths") as pilot:
        await pilot.press("i", "p", "p", "m", "space")
        assert standing(pilot).choices == ("down", "it stays", "up")
        await pilot.press("2")
        assert "✗ not 'it stays': down" in text(pilot, "step-title")
        assert "down: it moves against its slope, which is positive" in text(pilot, "inspector")


async def test_a_run_is_refused_while_questions_are_asked() -> None:
    async with opened("perceptron") as pilot:
        await pilot.press("m", "r")
        assert "no run while questions are asked; m stops them" in text(pilot, "step-title")
        assert "running" not in text(pilot, "keys")
        await pilot.press("m", "m", "r")
        assert "running" in text(pilot, "keys")


async def test_going_on_to_a_breakpoint_is_refused_while_questions_are_asked() -> None:
    async with opened("perceptron") as pilot:
        await pilot.press("space", "x", "m", "c")
        assert "no going on while questions are asked; m stops them" in text(pilot, "step-title")
        assert place(pilot) == (1, 4)


async def test_an_edit_withdraws_the_question_and_the_searches_wait() -> None:
    async with opened("skip") as pilot:
        await pilot.press("p", "space", "m", "space", "t")
        assert "the beliefs would answer it" in text(pilot, "step-title")
        await pilot.press("e", *"0.1", "enter")
        assert pilot.app.screen is pilot.app.screen_stack[0]
        assert asking(pilot).question is None
        assert asking(pilot).score.asked.total() == 0


async def test_a_question_stands_through_a_change_of_size() -> None:
    async with opened("perceptron") as pilot:
        await pilot.press("m", "space")
        await pilot.resize_terminal(60, 16)
        assert "Which shape does matmul have?" in text(pilot, "step")
        assert "(2,100)" in text(pilot, "inspector")
        await pilot.press("4")
        assert "✓ right" in text(pilot, "step-title")


async def test_a_loss_that_is_not_finite_ends_the_questions() -> None:
    async with opened("perceptron", learning_rate=1000.0) as pilot:
        await pilot.press("i", "m")
        for _ in range(60):
            await pilot.press("space")
            if asking(pilot).question is not None:
                await answer(pilot)
        assert "Stopped" in text(pilot, "step")
        before = place(pilot)
        await pilot.press("space")
        assert place(pilot) == before
        await pilot.press("b")
        assert place(pilot) < before


def test_q_quits_where_a_number_is_to_be_typed() -> None:
    quiz = Quiz()
    assert not quiz.press("q", "q", None)
    quiz.typed = "s"
    assert quiz.press("q", "q", None)
    assert quiz.typed == "sq"
