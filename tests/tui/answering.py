"""Who is asked in a test: the question that stands, and the keys of a right or wrong answer."""

from __future__ import annotations

from textual.pilot import Pilot

from tui_backprop.quiz import Question
from tui_backprop.quiz.quiz import Quiz
from tui_backprop.screens.main_screen import MainScreen


def asking(pilot: Pilot[None]) -> Quiz:
    screen = pilot.app.screen_stack[0]
    assert isinstance(screen, MainScreen)
    return screen.session.quiz


def standing(pilot: Pilot[None]) -> Question:
    question = asking(pilot).question
    assert question is not None
    return question


def standing_or_none(pilot: Pilot[None]) -> Question | None:
    return asking(pilot).question


async def answer(pilot: Pilot[None], right: bool = True) -> None:
    """Press the keys of a right or wrong answer to the question that stands."""
    question = standing(pilot)
    if question.choices:
        place = question.choices.index(question.answer)
        await pilot.press(str((place if right else (place + 1) % len(question.choices)) + 1))
    else:
        signs = {"-": "minus", ".": "full_stop", "+": "plus"}
        await pilot.press(*(signs.get(c, c) for c in question.answer if right), *(() if right else "123456"), "enter")
