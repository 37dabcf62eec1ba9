"""The element that is followed through an array: how it moves, and arrays that have no other or none."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

import minidl_core as dl
from tui_backprop.app import BackpropApp
from tui_backprop.debugger.followed import Followed
from tui_backprop.debugger.steps import after_event
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.drawing.palette import plain
from tui_backprop.inspector import automatic_view, draw_inspector, move_followed, views
from tui_backprop.inspector.walk import origin_of
from tui_backprop.lessons.lesson import Example, Lesson
from tui_backprop.programs.opening import open_program
from tui_backprop.programs.program import program_of

from .inspected import LESSONS, at, shown


def test_the_followed_element_moves_within_the_array_in_view() -> None:
    moment = at(dl.NodeEvaluated, "matmul")
    followed = move_followed(moment, "value", Followed(), 1, 2)
    assert (followed.point, followed.entry) == (5, (1,))
    assert move_followed(moment, "value", followed, 5, 0).entry == (1,)
    assert move_followed(moment, "value", followed, -5, -10) == replace(followed, point=0, entry=(0,))
    assert move_followed(moment, "value", followed, 0, 1000).point == 99
    assert "► point 5, column red:" in shown(moment, followed=followed)


def test_the_followed_entry_of_a_weight_leaves_the_point_alone() -> None:
    moment = at(dl.ContributionAdded, "W")
    followed = move_followed(moment, "ledger", Followed(), 1, 1)
    assert (followed.point, followed.entry) == (3, (1, 1))
    assert "► W[1,1] gets" in shown(moment, followed=followed)


def test_a_single_number_has_no_other_element() -> None:
    moment = at(dl.NodeEvaluated, "J")
    assert move_followed(moment, "value", Followed(), 1, 1) == Followed()
    first = Timeline(open_program("chain")).moment
    assert move_followed(first, "overview", Followed(), 1, 1) == Followed()


def test_every_element_of_a_deep_array_can_be_reached() -> None:
    timeline = Timeline(program_of(LESSONS[-1]))
    moment = timeline.moment
    node = moment.graph.nodes[0]
    assert node.name == "deep/X"
    followed = Followed(0)
    seen = set()
    for _ in range(12):
        text = plain(draw_inspector(moment, "value", followed, 62, 25, node))
        match = re.search(r"deep/X\[(\d,\d,\d+)\] = ", text)
        assert match is not None
        assert f"► {match[1][:3]} " in text
        seen.add(match[1])
        followed = move_followed(moment, "value", followed, 0, 1, node)
    assert seen == {f"{i},{j},0" for i in range(4) for j in range(3)}


def without_elements(seed: int) -> Example:
    with dl.Graph().as_default():
        x, b = dl.Variable(np.ones((0, 2, 3)), name="x"), dl.Variable(1.0, name="b")
        total = dl.reduce_sum(dl.reduce_sum(dl.square(dl.add(x, b)), axis=1))
        return Example(dl.add(total, b, name="J"), {})


def test_an_array_without_elements_says_so() -> None:
    timeline = Timeline(program_of(Lesson("none", "none", without_elements, learning_rate=0.1)))
    x = timeline.graph.loss.graph.nodes[0]
    assert x.name == "x"
    while timeline.recording.iteration < 3 and timeline.forward(after_event):
        moment = timeline.moment
        drawn = plain(draw_inspector(moment, automatic_view(moment), Followed(), 60, 20))
        assert moment.now is not x or drawn == "(0,2,3): no numbers"
        for node in timeline.graph.nodes:
            for view in (*views(moment, node), "check"):
                assert draw_inspector(moment, view, Followed(), 60, 20, node)
                origin_of(moment, view, Followed(), node)
                move_followed(moment, view, Followed(), 1, 1, node)


async def test_the_app_goes_on_where_an_array_has_no_elements() -> None:
    lesson = Lesson("none", "none", without_elements, learning_rate=0.1)
    async with BackpropApp(program_of(lesson)).run_test(size=(120, 40)) as pilot:
        for key in ("space", "left", "tab", "tab", "right", "enter", "a", "d", "g", "x", "t", "escape", "p", "p", "i"):
            await pilot.press(key, "space", "s")
            assert pilot.app.is_running
