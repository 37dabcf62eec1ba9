"""Beliefs beside the truth: where they part, that what is said to be wrong is wrong, and why else it never matters."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from rich.cells import cell_len
from textual.pilot import Pilot

from minidl_core import (
    Graph,
    Node,
    Session,
    Variable,
    add,
    compute_gradient,
    matmul,
    multiply,
    reduce_sum,
    search,
    sigmoid,
)
from tui_backprop.beliefs.at_the_start import NOT_ZEROED
from tui_backprop.beliefs.belief import WrongMachine
from tui_backprop.beliefs.beliefs import WRONG_MACHINES
from tui_backprop.beliefs.in_a_sum import CONSUMER_LOST, EDGE_LOST, OVERWRITTEN
from tui_backprop.beliefs.in_the_search import NO_ORDER, PLAIN_SEARCH
from tui_backprop.beliefs.naming import Naming
from tui_backprop.beliefs.side_by_side import SideBySide
from tui_backprop.debugger.believing import naming
from tui_backprop.debugger.followed import Followed
from tui_backprop.debugger.steps import after_step
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.drawing.palette import STYLES, plain
from tui_backprop.keys import KEY_OF
from tui_backprop.lessons.lesson import Example
from tui_backprop.narration.beliefs import explain_belief
from tui_backprop.narration.solution import write_solution
from tui_backprop.narration.wording import in_list
from tui_backprop.panes.beliefs import draw_beside, draw_choices
from tui_backprop.panes.question_pane import draw_answers
from tui_backprop.programs.opening import open_program
from tui_backprop.programs.program import program_of
from tui_backprop.quiz import Question, belief_behind
from tui_backprop.quiz.questions import questions
from tui_backprop.quiz.quiz import Outcome
from tui_backprop.screens.beliefs import BeliefsScreen
from tui_backprop.screens.main_screen import MainScreen
from tui_backprop.session import DebugSession, Viewer
from tui_backprop.widgets.canvas import Canvas

from .answering import answer, standing
from .moments import finish
from .on_screen import opened, place, text
from .random_timelines import lesson_of, timelines
from .test_timeline import fingerprint, open_lesson


def named(timeline: Timeline) -> Naming:
    found = naming(timeline.recording)
    assert found is not None
    return found


def beside(timeline: Timeline, wrong: WrongMachine) -> SideBySide:
    return named(timeline).beside(wrong)


def words(timeline: Timeline, wrong: WrongMachine) -> list[str]:
    return explain_belief(beside(timeline, wrong), timeline.moment, Followed())


def timeline_of(loss: Variable) -> Timeline:
    return Timeline(program_of(lesson_of(Example(loss, {}))))


SKIP = """\
    believed  then in queue    right     then in queue
  1 J         y                J         y
≠ 2 y         x  sigmoid       y         sigmoid
  3 x         sigmoid  '2'  …  sigmoid   x
  4 sigmoid   '2'  w           x         '2'  w
  5 '2'       w                '2'       w
  6 w         nothing          w         nothing

They part at step 2, when y is visited. By this belief x
joins the queue at once; in truth x still waits for
sigmoid.
At step 3 x is visited before its consumer sigmoid: what
it contributes is missing."""


def test_the_skip_connection_to_the_letter() -> None:
    timeline = open_lesson("skip")
    lines = draw_beside(
        beside(timeline, PLAIN_SEARCH), words(timeline, PLAIN_SEARCH), timeline.moment, Followed(), None, 56, 22
    )
    assert plain(lines)[: len(SKIP)] == SKIP
    assert words(timeline, PLAIN_SEARCH)[-2:] == [
        "So dJ/dx is 5.762, from y alone; it should be 5.762 + 0.605 = 6.367 (iteration 1).",
        "Wrong in the end: dJ/dx 5.762 instead of 6.367 and dJ/dw 11.52 instead of 12.73 (3 gradients of 6). "
        "So w would be moved by a wrong gradient.",
    ]


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
    said = words(timeline, NO_ORDER)[-2]
    wrong, shown = re.fullmatch(r".* is (\S+), from y alone; .* = (\S+) \(iteration 4\)\.", said).groups()
    assert float(shown) == pytest.approx(right, abs=1e-3)
    [direct] = [e.contribution for e in timeline.moment.contributions(x) if e.consumer.name == "y"]
    assert float(wrong) == pytest.approx(float(direct), abs=1e-3)


ONE_CONSUMER = "On this graph it never matters, because every node has one consumer"


@pytest.mark.parametrize(
    ("lesson", "wrong", "said"),
    [
        ("chain", NO_ORDER, f"{ONE_CONSUMER}, so the first is also the last."),
        ("perceptron", PLAIN_SEARCH, f"{ONE_CONSUMER}, so the first is also the last."),
        ("off-path", PLAIN_SEARCH, f"{ONE_CONSUMER} that leads to J, so the first is also the last."),
        ("chain", OVERWRITTEN, f"{ONE_CONSUMER}, which uses it once: nothing is added up."),
        ("chain", CONSUMER_LOST, f"{ONE_CONSUMER}, which uses it once: there is one path from e to each node."),
        (
            "skip",
            EDGE_LOST,
            "On this graph it never matters, because no operation has the same node in two of its inputs.",
        ),
        ("two-edges", NO_ORDER, f"{ONE_CONSUMER}, so the first is also the last."),
        (
            "two-edges",
            EDGE_LOST,
            "They part at step 5, when side is visited: area uses it more than once, and counts once.",
        ),
        (
            "two-edges",
            OVERWRITTEN,
            "They part at step 5, when side is visited: the second contribution of area replaces the first.",
        ),
        (
            "two-paths",
            OVERWRITTEN,
            "They part at step 5, when b is visited: what d contributes replaces what came before, from c.",
        ),
        (
            "two-paths",
            CONSUMER_LOST,
            "They part at step 5, when b is visited: what c contributes is all that counts, not what comes from d.",
        ),
    ],
)
def test_what_a_belief_does_in_a_lesson(lesson: str, wrong: WrongMachine, said: str) -> None:
    assert words(open_lesson(lesson), wrong)[0] == said


def test_gradients_of_the_iteration_before() -> None:
    timeline = open_lesson("chain")
    assert words(timeline, NOT_ZEROED) == [
        "In this iteration it does not matter, because this is the first one: no gradient stands anywhere before it. "
        "Look again in the next one."
    ]
    timeline.train(1)
    assert words(timeline, NOT_ZEROED)[:2] == [
        "They part at step 8, when a is visited: its gradient of iteration 1 is still in the sum.",
        "So de/da is -12.0 - 7.2 = -19.2; it should be -7.2 (iteration 2).",
    ]


def test_consumers_that_are_equally_far_away_come_in_time() -> None:
    assert words(open_lesson("two-paths"), PLAIN_SEARCH) == [
        "They part at step 2, when c is visited. By this belief b joins the queue at once; in truth b still waits for "
        "d.",
        "Yet it misses nothing here: c and d, the consumers of b, are equally far from e, so all of them have been "
        "visited when b comes to the front of the queue.",
    ]


def test_the_order_of_the_inputs_can_save_plain_search() -> None:
    with Graph().as_default():
        x = Variable(2.0, name="x")
        loss = add(sigmoid(x), x, name="J")
    said = words(timeline_of(loss), PLAIN_SEARCH)
    assert "by luck: the consumers of x are not equally far from J" in said[1]
    assert words(timeline_of(loss), NO_ORDER)[-1].startswith("Wrong in the end: dJ/dx 1 instead of 1.105")


def test_what_is_missing_may_be_nothing() -> None:
    with Graph().as_default():
        x = Variable(0.0, name="x")
        loss = add(x, multiply(x, x), name="J")
    assert words(timeline_of(loss), CONSUMER_LOST) == [
        "In this iteration it does not matter, because what would be lost is 0."
    ]
    assert words(timeline_of(loss), NO_ORDER)[-1] == (
        "Yet nothing comes out wrong in this iteration: what comes too late is 0."
    )


def test_the_followed_element_of_an_array_is_the_one_with_the_numbers() -> None:
    with Graph().as_default():
        w = Variable([[1.0, 2.0], [3.0, 4.0]], name="w")
        loss = reduce_sum(matmul(w, matmul(w, w)), name="J")
    side = beside(timeline_of(loss), PLAIN_SEARCH)
    at = side.right.graph.index[w]
    [(_, early)] = [each for each in side.believed.summands(at) if each[0] == (1, 0)]
    said = words(timeline_of(loss), PLAIN_SEARCH)[-2]
    assert f"So dJ/dw[0,0] is {early[0, 0]:g}, from matmul_1 alone" in said
    assert f"= {side.right.gradients[at][0, 0]:g} (iteration 1)." in said


@given(timelines())
@settings(deadline=None, max_examples=20)
def test_every_graph(timeline: Timeline) -> None:
    before = fingerprint(timeline.moment)
    timeline.train(1)
    timeline.first()
    found = naming(timeline.recording)
    if found is None:
        return
    for wrong in WRONG_MACHINES:
        side = found.beside(wrong)
        nodes = side.right.graph.nodes
        assert [nodes[at] for at in side.right.visits] == [node for node, _ in search(timeline.graph.loss)]
        assert sorted(side.believed.visits) == sorted(side.right.visits)
        said = words(timeline, wrong)
        assert all(sentence.endswith(".") for sentence in said)
        assert bool(side.wrong_at) == said[-1].count("Wrong in the end")
        early = next((each for each in said if each.startswith("At step ")), None)
        done: set[Node] = set()
        for step, node in enumerate((nodes[at] for at in side.believed.visits), 1):
            missing = [each for each in timeline.graph.consumers(node) if each not in done]
            done.add(node)
            if missing:
                assert early is not None
                assert early.startswith(f"At step {step} {in_list(node)} is visited before its consumer")
                assert len(missing) > 4 or all(in_list(each) in early for each in missing)
                break
        else:
            assert early is None
        for width, height, first in ((56, 14, None), (76, 22, 99)):
            lines = draw_beside(side, said, timeline.moment, Followed(), first, width, height)
            assert len(lines) <= height
            lines += draw_choices(found, wrong, width)
            assert all(sum(cell_len(text) for text, _ in line) <= width for line in lines)
            assert {style for line in lines for _, style in line} <= set(STYLES)
    assert fingerprint(timeline.moment) == before


# on the screen


def shown(pilot: Pilot[None]) -> str:
    canvas = pilot.app.screen.query_one(Canvas)
    return "\n".join(canvas.render_line(y).text.rstrip() for y in range(canvas.size.height))


MATTER = {"skip": "1356", "two-edges": "235", "two-paths": "135", "perceptron": ""}
"""Which beliefs matter in the first iteration of a lesson."""


@pytest.mark.parametrize("size", [(120, 40), (60, 16)])
@pytest.mark.parametrize("name", MATTER)
async def test_the_key_shows_beliefs_anywhere_and_moves_nothing(name: str, size: tuple[int, int]) -> None:
    async with opened(name, size=size) as pilot:
        await pilot.press("p", "space")
        before, at = fingerprint(pilot.app.timeline.moment), place(pilot)
        await pilot.press("t")
        await pilot.pause()
        assert isinstance(pilot.app.screen, BeliefsScreen)
        text = " ".join(shown(pilot).split())
        for number, wrong in enumerate(WRONG_MACHINES, 1):
            mark = " ≠" * (str(number) in MATTER[name])
            assert re.search(rf"{number} {re.escape(wrong.label)}{mark}( \d|$| Suppose)", text), (number, text)
        await pilot.press("4")
        await pilot.pause()
        assert "Suppose gradients start again by themselves" in " ".join(shown(pilot).split())
        await pilot.press("t")
        assert isinstance(pilot.app.screen, MainScreen)
        assert place(pilot) == at
        assert fingerprint(pilot.app.timeline.moment) == before


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
@pytest.mark.parametrize("name", ["perceptron", "two-edges"])
async def test_its_columns_have_whole_heads(name: str, size: tuple[int, int]) -> None:
    async with opened(name, size=size) as pilot:
        await pilot.press("t", "3")
        await pilot.pause()
        [head] = [line for line in shown(pilot).splitlines() if "believed" in line and "right" in line]
        assert head.count("gradient") == 2
        assert "…" not in head


def test_the_lesson_skip_names_the_key_on_a_page_and_in_no_sentence_which_stands_in_files_too() -> None:
    viewer = Viewer(DebugSession(open_program("skip")), {**KEY_OF, "beliefs": "f4"})
    while "f4 shows" not in viewer.reading.text:
        assert viewer.reading.number + 1 < viewer.reading.count
        viewer.turn_page(1)
    finish(viewer.session.timeline, 1)
    assert not re.search(r"\b(t|f4) shows", "\n".join(write_solution(viewer.session.timeline, Followed())))


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
        await pilot.press("right", "right")
        assert "Suppose a gradient is what the last consumer says" in shown(pilot)


async def test_an_iteration_that_ends_in_a_mistake_has_nothing_to_compare() -> None:
    async with opened("perceptron", size=(80, 24), learning_rate=1000) as pilot:
        await pilot.press(*"ii", "t")
        await pilot.pause()
        assert "In this iteration not every gradient is there" in shown(pilot)
        await pilot.press("2", "down", "q")
        assert isinstance(pilot.app.screen, MainScreen)


# behind wrong answers


def sum_at_b() -> tuple[Timeline, Question]:
    """The question about the sum of the contributions to b, 12 - 1."""
    timeline = open_lesson("two-paths")
    while True:
        after = timeline.peek(after_step)
        assert after is not None
        found = [each for each in questions(timeline.moment, after, Followed()) if each.kind == "sums"]
        if found:
            return timeline, found[0]
        timeline.forward(after_step)


def test_a_wrong_sum_that_is_chosen_or_typed_is_answered_by_its_belief() -> None:
    _, question = sum_at_b()
    early = "that is what comes out if a node may go as soon as one consumer is done, or if only one path counts."
    for asked in (question, replace(question, choices=())):
        assert Outcome(asked, "12").reason == f"12: {early}"
        assert Outcome(asked, "-1").reason.startswith("-1: that is what comes out if a gradient is set with = where")
        assert Outcome(asked, "13").reason == ""
        assert Outcome(asked, "11", right=True).reason == ""
    assert belief_behind(replace(question, choices=()), "12.001") == f"12.001: {early}"
    assert {"12", "-1"} < set(question.choices)  # what a belief makes comes before what else is wrong


def test_the_answers_of_a_class_are_named_by_their_beliefs() -> None:
    _, question = sum_at_b()
    outcome = Outcome(question, None, answers=("12", "12", "11", "13"))
    drawn = " ".join(plain(draw_answers(outcome, KEY_OF, 40, 20)).split())
    assert "12: that is what comes out if a node may go as soon as one consumer is done" in drawn
    assert "13: that" not in drawn
    assert "-1: that" not in drawn  # nobody gave it
    assert len(draw_answers(outcome, KEY_OF, 40, 6)) <= 6


async def test_a_wrong_answer_is_named_on_the_screen() -> None:
    async with opened("two-paths", size=(80, 24)) as pilot:
        await pilot.press("p", "m", "space")
        while not standing(pilot).mistakes:
            await answer(pilot)
            await pilot.press("space")
        wrong = standing(pilot).mistakes[0].answer
        await pilot.press(str(standing(pilot).choices.index(wrong) + 1))
        said = " ".join(text(pilot, "inspector").split())
        assert f"{wrong}: that is what comes out if a node may go as soon as one consumer is done" in said
