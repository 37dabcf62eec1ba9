"""Plain search against the right order: where they part, and that what is said to be missing is what is missing."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from rich.cells import cell_len
from textual.pilot import Pilot

from minidl_core import (
    Graph,
    Session,
    TraversalError,
    Variable,
    add,
    compute_gradient,
    matmul,
    reduce_sum,
    search,
    sigmoid,
)
from tui_backprop.debugger.followed import Followed
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.drawing.palette import STYLES, plain
from tui_backprop.lessons import lesson_names
from tui_backprop.lessons.lesson import Example
from tui_backprop.panes.two_searches import compare, contributions_to, draw_searches, explain
from tui_backprop.programs.program import program_of
from tui_backprop.screens.main_screen import MainScreen
from tui_backprop.screens.searches import SearchesScreen
from tui_backprop.widgets.canvas import Canvas

from .moments import finish
from .random_timelines import lesson_of, timelines
from .test_keys import opened, place
from .test_timeline import fingerprint, open_lesson


def words(timeline: Timeline) -> list[str]:
    searches = compare(timeline.graph)
    contributions = []
    if searches.early is not None:
        start = timeline.recording.start
        contributions = contributions_to(searches.early, timeline.stepper, start)
    return explain(searches, timeline.moment, Followed(), contributions)


SKIP = """\
    plain: FIRST consumer      right: LAST consumer
    visits   then in queue     visits   then in queue
  1 J        y                 J        y
≠ 2 y        x  sigmoid        y        sigmoid
  3 x        too early         sigmoid  x
  4                            x        '2'  w
  5                            '2'      w
  6                            w        nothing

They part at step 2, when y is visited. In plain search
x joins the queue at once; in the right one x still
waits for sigmoid.
At step 3 plain search visits x before its consumer
sigmoid: what it contributes is missing."""


def test_the_skip_connection_to_the_letter() -> None:
    timeline = open_lesson("skip")
    lines = draw_searches(compare(timeline.graph), words(timeline), None, None, 56, 18)
    assert plain(lines)[: len(SKIP)] == SKIP
    assert words(timeline)[-1] == (
        "Going on without it, dJ/dx would be 5.76159, from y alone. It is 5.76159 + 0.60493 = 6.3665 (iteration 1). "
        "So w would be moved by a wrong gradient."
    )


def test_the_number_that_would_be_wrong_is_made_of_the_engines_numbers() -> None:
    timeline = open_lesson("skip")
    finish(timeline, 5)
    finish(timeline, 4)
    example = timeline.program.example
    session = Session()
    session.variables = dict(timeline.recording.start.variables)
    session.run(example.loss)
    x = next(node for node in timeline.graph.nodes if node.name == "x")
    right = float(compute_gradient(example.loss, session)[x])
    said = words(timeline)[-1]
    wrong, shown = re.fullmatch(
        r".* would be (\S+), from y alone\. It is .* = (\S+) \(iteration 4\)\. So w .*", said
    ).groups()
    assert float(shown) == pytest.approx(right, abs=1e-3)
    [direct] = [e.contribution for e in timeline.moment.contributions(x) if e.consumer.name == "y"]
    assert float(wrong) == pytest.approx(float(direct), abs=1e-4)


def test_where_every_node_has_one_consumer_both_are_the_same() -> None:
    for name in ("perceptron", "chain"):
        timeline = open_lesson(name)
        assert compare(timeline.graph).parted is None
        assert "every node has one consumer, so the first is also the last" in words(timeline)[0]
    assert "every node has one consumer that leads to J, so" in words(open_lesson("off-path"))[0]


def test_consumers_that_are_equally_far_away_come_in_time() -> None:
    assert words(open_lesson("two-paths")) == [
        "They part at step 2, when c is visited. In plain search b joins the queue at once; in the right one b still "
        "waits for d.",
        "Yet plain search misses nothing here: c and d, the consumers of b, are equally far from e, so all of them "
        "have been visited when b comes to the front of the queue.",
    ]


def test_the_order_of_the_inputs_can_save_plain_search() -> None:
    with Graph().as_default():
        x = Variable(2.0, name="x")
        loss = add(sigmoid(x), x, name="J")
    timeline = Timeline(program_of(lesson_of(Example(loss, {}))))
    assert compare(timeline.graph).early is None
    assert "by luck: the consumers of x are not equally far from J" in words(timeline)[1]


def test_the_followed_element_of_an_array_is_the_one_with_the_numbers() -> None:
    with Graph().as_default():
        w = Variable([[1.0, 2.0], [3.0, 4.0]], name="w")
        loss = reduce_sum(matmul(w, matmul(w, w)), name="J")
    timeline = Timeline(program_of(lesson_of(Example(loss, {}))))
    right = sum(event.contribution[0, 0] for event in _contributions(timeline, w))
    early = [e.contribution[0, 0] for e in _contributions(timeline, w) if e.consumer.name == "matmul_1"]
    assert len(early) == 1
    said = words(timeline)[-1]
    assert f"dJ/dw[0,0] would be {early[0]:g}, from matmul_1 alone" in said
    assert f"= {right:g} (iteration 1)." in said


def _contributions(timeline: Timeline, node: Variable) -> list[object]:
    return contributions_to(node, timeline.stepper, timeline.recording.start)


@given(timelines())
@settings(deadline=None, max_examples=60)
def test_every_graph(timeline: Timeline) -> None:
    before = fingerprint(timeline.moment)
    searches = compare(timeline.graph)
    assert [visit.node for visit in searches.right] == [node for node, _ in search(timeline.graph.loss)]
    if searches.early is None:
        assert [visit.node for visit in searches.plain] == [node for node, _ in search(timeline.graph.loss, "plain")]
    else:
        with pytest.raises(TraversalError) as stopped:
            list(search(timeline.graph.loss, "plain"))
        assert searches.early is stopped.value.node
    said = words(timeline)
    assert all(sentence.endswith(".") for sentence in said)
    assert fingerprint(timeline.moment) == before
    for width, height in ((56, 14), (76, 22), (116, 38)):
        for first in (None, 0, 3, 99):
            lines = draw_searches(searches, said, None, first, width, height)
            assert len(lines) <= height
            assert all(sum(cell_len(text) for text, _ in line) <= width for line in lines)
            assert {style for line in lines for _, style in line} <= set(STYLES)


# on the screen


def shown(pilot: Pilot[None]) -> str:
    canvas = pilot.app.screen.query_one(Canvas)
    return "\n".join(canvas.render_line(y).text.rstrip() for y in range(canvas.size.height))


@pytest.mark.parametrize("size", [(120, 40), (60, 16)])
@pytest.mark.parametrize("name", lesson_names())
async def test_the_key_shows_both_searches_anywhere_and_moves_nothing(name: str, size: tuple[int, int]) -> None:
    async with opened(name, size=size) as pilot:
        await pilot.press("i", "p", "space")
        before, at = fingerprint(pilot.app.timeline.moment), place(pilot)
        for key in ("t", "q", "escape"):
            await pilot.press("t")
            await pilot.pause()
            assert isinstance(pilot.app.screen, SearchesScreen)
            text = " ".join(shown(pilot).split())
            assert ("≠" in text) == (name in ("skip", "too-far", "two-paths"))
            assert ("too early" in text) == (name in ("skip", "too-far"))
            assert ("Both searches are the same here" in text) != ("≠" in text)
            await pilot.press(key)
            assert isinstance(pilot.app.screen, MainScreen)
        assert place(pilot) == at
        assert fingerprint(pilot.app.timeline.moment) == before


async def test_the_lesson_skip_names_the_key() -> None:
    async with opened("skip", size=(80, 24)) as pilot:
        await pilot.press("p", "space")
        canvas = pilot.app.screen.query_one("#step", Canvas)
        said = " ".join(canvas.render_line(y).text.strip() for y in range(2))
        assert "t shows a search that cannot wait" in said


async def test_a_long_search_can_be_scrolled() -> None:
    async with opened("perceptron", size=(60, 16)) as pilot:
        await pilot.press("t")
        await pilot.pause()
        assert "  1 J" in shown(pilot)
        assert "more" in shown(pilot)
        await pilot.press(*["down"] * 20)
        assert " 12 W" in shown(pilot)
        await pilot.press(*["up"] * 20)
        assert "  1 J" in shown(pilot)
