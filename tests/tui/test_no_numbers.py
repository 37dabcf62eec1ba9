"""Arrays without elements: every key says that there is nothing to say, and none of them fails."""

from __future__ import annotations

import numpy as np

from minidl_core import Graph, Variable, add, matmul, placeholder, reduce_sum, square
from tui_backprop.app import BackpropApp
from tui_backprop.debugger.followed import Followed
from tui_backprop.debugger.steps import after_step
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.lessons.lesson import Example, Lesson
from tui_backprop.narration.log import Log
from tui_backprop.narration.solution import write_solution
from tui_backprop.programs.program import program_of
from tui_backprop.quiz.questions import questions
from tui_backprop.screens.edit import EditScreen

from .moments import finish
from .on_screen import text


def build(seed: int) -> Example:
    with Graph().as_default():
        x, w = placeholder((0, 2), name="X"), Variable([[1.0, 2.0], [3.0, 4.0]], name="W")
        nothing, empty = Variable(np.zeros((2, 0)), name="N"), Variable(np.zeros((0, 2)), name="E")
        s = add(matmul(x, w, name="m"), empty, name="s")
        z = matmul(nothing, empty, name="z")
        return Example(add(reduce_sum(add(square(w), z)), reduce_sum(s), name="J"), {x: np.zeros((0, 2))})


EMPTY = Lesson("empty", "", build, 0.1)


async def test_no_key_fails_at_any_step() -> None:
    async with BackpropApp(program_of(EMPTY)).run_test(size=(80, 24)) as pilot:
        screen, timeline = pilot.app.screen, pilot.app.timeline
        while not timeline.at_end_of_iteration:
            for action in (
                "forward('step')",
                "viewer('show_on_request', 'check')",
                "viewer('next_view')",
                "viewer('arrow', 'down')",
                "viewer('go_to_origin')",
            ):
                await screen.run_action(action)
                screen._draw()  # at once: a press of a key waits for much longer than it draws
            EditScreen(timeline, screen.viewer.node, screen.viewer.followed, screen.viewer.keys)
            assert Log(timeline.moment, timeline.branch).draw([timeline.cursor - 1], 0, 76, 20)


async def test_no_key_fails_in_any_phase() -> None:
    async with BackpropApp(program_of(EMPTY)).run_test(size=(80, 24)) as pilot:
        while not pilot.app.timeline.at_end_of_iteration:
            await pilot.press("p", "g", "tab", "down", "enter", "e", "escape", "o", "escape", "t", "q")


def test_whatever_can_be_asked_is_about_numbers_that_are_there() -> None:
    timeline = Timeline(program_of(EMPTY))
    asked = []
    while timeline.recording.iteration == 1:
        before, after = timeline.moment, timeline.peek(after_step)
        if after is not None:
            asked += [(after.now, question.kind) for question in questions(before, after, Followed())]
        timeline.forward(after_step)
    kinds = {kind for node, kind in asked if node is not None and node.name in "XEms"}
    assert {"shapes", "rules"} <= kinds
    assert kinds.isdisjoint({"values", "signs", "sums", "updates"})


async def test_the_inspector_and_the_prompt_say_that_there_are_no_numbers() -> None:
    async with BackpropApp(program_of(EMPTY)).run_test(size=(120, 40)) as pilot:
        await pilot.press("slash", "E", "enter", "e")
        prompt = str(pilot.app.screen.query("Static").first().render())
        assert prompt == "E is (0,2): it has no numbers to set."
        await pilot.press("escape")
        assert "(0,2): no numbers" in text(pilot, "inspector")
        await pilot.press("g")
        assert "(0,2): no numbers" in text(pilot, "inspector")


async def test_an_edit_of_an_array_without_numbers_is_refused_where_it_was_typed() -> None:
    async with BackpropApp(program_of(EMPTY)).run_test(size=(120, 40)) as pilot:
        for typed in ("E[0,0]=1", "E=1"):
            await pilot.press("e", "ctrl+u", *["backspace"] * 30, *typed, "enter")
            assert str(pilot.app.screen.query_one("#wrong").render()) == "E is (0,2): it has no numbers to set."
            await pilot.press("escape")
        assert len(pilot.app.timeline.branches) == 1


def test_the_solution_has_a_sum_of_nothing_as_0() -> None:
    timeline = Timeline(program_of(EMPTY))
    finish(timeline, 1)
    assert timeline.moment.loss == 1 + 4 + 9 + 16
    lines = "\n".join(write_solution(timeline, Followed()))
    assert "z[0,0] = 0" in lines
