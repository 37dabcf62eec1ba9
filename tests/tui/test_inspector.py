"""The inspector: right numbers in every pane size, for every node of every graph, at every event."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

import pytest
from rich.cells import cell_len

import minidl_core as dl
from tests.sample_graphs import SMALL, SWEPT
from tui_backprop.app import BackpropApp
from tui_backprop.debugger.followed import Followed
from tui_backprop.debugger.steps import after_event, after_step
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.drawing.palette import STYLES, plain
from tui_backprop.inspector import automatic_view, draw_in_full, draw_inspector, inspector_title, view_named, views
from tui_backprop.keys import KEY_OF
from tui_backprop.lessons.lesson import Example, Lesson
from tui_backprop.notation.fitting import name_keys
from tui_backprop.programs.opening import open_program
from tui_backprop.programs.program import program_of
from tui_backprop.screens.main_screen import MainScreen
from tui_backprop.widgets.canvas import Canvas

from .inspected import LESSONS, SIZES, at, shown
from .moments import finish

# always


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
@pytest.mark.parametrize("followed", [Followed(), Followed(10**6, (10**6,) * 5)], ids=["first", "last"])
def test_every_view_of_every_event_fits_its_pane(lesson: Lesson, followed: Followed) -> None:
    timeline = Timeline(program_of(lesson))
    for event in range(130):
        moment = timeline.moment
        for width, height in SIZES[event % 4 :: 4]:
            for view in views(moment):
                assert inspector_title(moment, view)
                lines = draw_inspector(moment, view, followed, width, height)
                assert len(lines) <= height
                for line in (name_keys(line, KEY_OF, width) for line in lines):
                    assert sum(cell_len(text) for text, _ in line) <= width
                    assert {style for _, style in line} <= STYLES.keys()
        automatic = automatic_view(moment)
        assert inspector_title(moment, "no such view") == inspector_title(moment, automatic)
        assert shown(moment, view="no such view", followed=followed) == shown(moment, followed=followed)
        if timeline.at_end_of_iteration:
            break
        timeline.forward(after_event)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_every_node_can_be_looked_at_at_any_time(lesson: Lesson) -> None:
    timeline = Timeline(program_of(lesson))
    while not timeline.at_end_of_iteration:
        moment = timeline.moment
        for node in moment.graph.loss.graph.nodes:
            for view in views(moment, node):
                assert inspector_title(moment, view, node)
                assert draw_inspector(moment, view, Followed(), 62, 25, node)
        timeline.forward(after_step)


# what is shown


def test_the_value_of_matmul() -> None:
    text = shown(at(dl.NodeEvaluated, "matmul"))
    assert text.splitlines()[0:9] == [
        "Each row of matmul mixes the rows of W, weighted by a row of",
        "X.",
        "",
        "            X (100,2)             W (2,2)     matmul (100,2)",
        "            x       y        blue     red       blue     red",
        "   0    2.136   2.164                         -1.851  -1.753",
        "   1    2.037   1.406                         -1.058  -1.194",
        "   2    2.670   1.178   x   0.223  -0.084     -0.672  -1.081",
        "►  3    0.921   1.847   y  -1.075  -0.727 →   -1.780  -1.421",
    ]
    assert text.splitlines()[-8:] == [
        "► point 3, column blue:",
        "  matmul[3,0] = X[3,0]·W[0,0] + X[3,1]·W[1,0]",
        "              = (0.92078)(0.22290) + (1.84681)(-1.07514)",
        "              = 0.20524 - 1.98558 = -1.780",
        "enter  W[0,0]   d  term 1 of 2   a  edge 2 of 2",
        "",
        "inputs    X, W               used by   add",
        "gradient  · not computed yet: the backward pass brings it",
    ]


def test_a_low_pane_keeps_the_equation_and_the_operands() -> None:
    assert shown(at(dl.NodeEvaluated, "matmul"), 44, 16).splitlines()[-6:] == [
        "► point 3, column blue:",
        "  matmul[3,0]",
        "  = X[3,0]·W[0,0] + X[3,1]·W[1,0]",
        "  = (0.92078)(0.22290) + (1.84681)(-1.07514)",
        "  = 0.20524 - 1.98558 = -1.780",
        "enter  W[0,0]   d  term 1 of 2   a  edge 2",
    ]


def test_the_ledger_of_a_bias() -> None:
    moment = at(dl.ContributionAdded, "b")
    assert inspector_title(moment, "ledger") == "b   dJ/db"
    text = shown(moment, 44, 18)
    assert "dJ/db = sum over edges          edge 1 of 1" in text
    assert "► b → add  Σ rows of G  [-28.07, 28.07]" in text
    assert re.search(r"► point  3 +-0.84 +0.84", text)
    assert re.search(r"47 other blue +-37.87 +37.87", text)
    assert re.search(r"50 red +11.81 +-11.81", text)
    assert re.search(r"Σ 100 points ─* +-28.07 +28.07", text)
    assert "used in 100 entries of add, for every i" in " ".join(text.split())


@pytest.mark.parametrize("height", range(12, 40))
def test_the_terms_of_a_weight_add_up_as_they_are_shown(height: int) -> None:
    text = shown(at(dl.ContributionAdded, "W"), 62, height)
    *terms, total = [
        Decimal(line.split()[-1]) for line in text.splitlines() if re.match(r"[ ►] (point|\d+ \w|Σ \d)", line)
    ]
    assert sum(terms).quantize(total) == total
    assert round(total, 2) == Decimal("-89.88")
    followed = re.search(r"► point +3 +(\S+) +(\S+) +(\S+)", text)
    assert followed is not None
    product = Decimal(followed[1]) * Decimal(followed[2])
    assert product.quantize(Decimal(followed[3]), ROUND_HALF_UP) == Decimal(followed[3])


def test_a_term_that_is_not_near_the_first_can_be_followed() -> None:
    text = shown(at(dl.ContributionAdded, "W"), followed=Followed(71, (1, 1)))
    assert "► W[1,1] gets Σ X[i,1]·G[i,1]" in text
    assert re.search(r"► point 71 ", text)
    assert "50 blue" in text
    assert re.search(r"\d+ other red", text)


def test_the_edges_of_a_node_with_two_consumers() -> None:
    before, first, second = (
        at(dl.NodeVisited, "b", "two-paths", 1),
        *(at(dl.ContributionAdded, "b", "two-paths", 1, number) for number in (1, 2)),
    )
    assert re.search(r"· b → c +2·G·b +pending\n· b → d +-G +pending", shown(before))
    assert re.search(r"► b → c +\(\) +2·G·b +12\n· b → d +-G +pending\n +sum so far +12", shown(first))
    assert re.search(r"✓ b → c +\(\) +2·G·b +12\n► b → d +\(\) +-G +-1\n +sum +11", shown(second))
    assert "sum for b: 12 - 1 = 11" in shown(second)


def test_a_pending_edge_says_for_whom_it_waits() -> None:
    moment = at(dl.NodeEvaluated, "y", "skip", 1)
    node = next(node for node in moment.graph.nodes if node.name == "x")
    text = plain(draw_inspector(moment, "ledger", Followed(), 62, 25, node))
    assert re.search(r"· x → y +G +waits for y", text)
    assert "2 edges" in text


def test_many_edges_are_counted() -> None:
    def build(seed: int) -> Example:
        with dl.Graph().as_default():
            x = dl.Variable(2, name="x")
            total = x * 1.0
            for _ in range(20):
                total = total + x
        return Example(total, {})

    timeline = Timeline(program_of(Lesson("many", "", build, 0.1)))
    finish(timeline, 1)
    timeline.back(after_step)
    timeline.back(after_step)
    text = shown(timeline.moment, 62, 12)
    assert "18 more edges" in text
    assert "edge 21 of 21" in text


def test_the_update_of_a_weight() -> None:
    text = shown(at(dl.VariableUpdated, "W"))
    assert "► W[0,0] = 0.2229 - 0.0005·(-89.88)   x, blue\n         = 0.2229 + 0.0449 = 0.268" in text
    assert "its slope is negative: more W[0,0], less J; so W[0,0] rises" in text
    assert re.search(r"► x +0.2229 +-0.0839 +-89.9 +89.9", text)
    assert re.search(r"forecast -η·Σ grad² +-20.29", text)
    assert re.search(r"forecast of the new J +76.66", text)
    assert "comes with iteration 5" in text
    assert "76.66" in shown(at(dl.VariableUpdated, "W"), 44, 18)


@pytest.mark.parametrize("name", SWEPT)
@pytest.mark.parametrize("iteration", range(1, 8))
def test_an_update_adds_up_as_it_is_shown(name: str, iteration: int) -> None:
    timeline = Timeline(open_program(name))
    finish(timeline, iteration)
    timeline.back(after_step)
    for followed in (Followed(), Followed(3, (1, 1))):
        text = shown(timeline.moment, followed=followed)
        written = re.search(r"= (\S+) ([-+]) (\S+) = (\S+)", text)
        assert written is not None
        old, sign, step, new = written.groups()
        total = Decimal(old) + Decimal(sign + step)
        assert total.quantize(Decimal(new)) == Decimal(new)
        first = re.search(r"► \S+ = \S+ - (\S+)·\(?([^\s)]+)", text)
        assert first is not None
        moved = -Decimal(first[1]) * Decimal(first[2])
        assert moved.quantize(Decimal(step), ROUND_HALF_UP) == Decimal(sign + step)


def test_before_the_update_it_is_said_what_is_missing() -> None:
    moment = at(dl.NodeEvaluated, "W")
    assert "not updated yet: it needs dJ/dW first" in shown(moment, view="update")


def test_the_end_of_an_iteration() -> None:
    timeline = Timeline(open_program("perceptron"))
    finish(timeline, 4)
    text = shown(timeline.moment)
    assert inspector_title(timeline.moment, "overview") == "iteration 4 is done"
    assert "J = 96.95, measured in this iteration before its update\nit was 121.9 in iteration 3" in text
    assert "b from [-0.080, 1.222] to [-0.066, 1.208]" in text
    assert "space  iteration 5 begins" in text


@pytest.mark.parametrize("lesson", SWEPT)
def test_at_the_end_of_an_iteration_the_forecast_is_a_table_where_there_is_room(lesson: str) -> None:
    timeline = Timeline(open_program(lesson))
    finish(timeline, 2)
    text = plain(draw_inspector(timeline.moment, "overview", Followed(), 60, 23))
    loss = timeline.graph.loss.name
    assert re.search(rf"^  {loss} now +\S+   (measured )?before the update$", text, re.MULTILINE)
    assert re.search(rf"^  measured new {loss} +·   comes with iteration 3$", text, re.MULTILINE)


def test_the_first_screen_names_the_next_key() -> None:
    moment = Timeline(open_program("chain")).moment
    text = shown(moment)
    assert views(moment) == ("overview",)
    assert "one path" in text
    assert re.search(r"constants +2, 5, 1\nvariables +a", text)
    for size in SIZES[:3]:
        assert "space  the first step" in shown(moment, *size)


def test_leaves_and_what_is_not_computed_yet() -> None:
    moment = at(dl.NodeEvaluated, "X", iteration=1)
    text = shown(moment)
    assert "X is data" in text
    assert "► point 3, column x:  X[3,0] = 0.9208 of [0.921, 1.847]" in text
    assert inspector_title(moment, "value") == "X   data"
    later = moment.graph.loss
    assert "· not computed yet: the forward pass brings it" in plain(
        draw_inspector(moment, "value", Followed(), 62, 25, later)
    )


def test_stale_values_are_called_stale() -> None:
    moment = at(dl.VariableUpdated, "W")
    node = next(node for node in moment.graph.nodes if node.name == "matmul")
    text = plain(draw_inspector(moment, "value", Followed(), 62, 25, node))
    assert "~ made with the variables as they were before the update" in text
    # the equation is of the numbers that were used
    assert "= 0.20524 - 1.98558 = -1.780" in text


def test_an_infinite_element_is_shown_with_its_cause() -> None:
    timeline = Timeline(open_program("perceptron", learning_rate=1000))
    while timeline.moment.error is None and timeline.forward(after_event):
        pass
    text = shown(timeline.moment)
    assert "log 0 = -inf" in text
    assert re.search(r"log\[\d+,\d\] = log p\[\d+,\d\]", text)


def test_without_numbers_to_write_out_only_the_number_is_said() -> None:
    moment = at(dl.NodeEvaluated, "matmul")
    definition = moment.now.definition  # type: ignore[union-attr]
    kept, definition.element = definition.element, "Y[i,j] = A[i,j]"
    try:
        assert "► point 3, column blue:\n  matmul[3,0] = -1.780" in shown(moment)
    finally:
        definition.element = kept


@pytest.mark.parametrize("width", [43, 48, 52, 58, 70])
def test_an_equation_is_broken_beside_a_function_where_that_takes_no_more_lines(width: int) -> None:
    moment = at(dl.NodeEvaluated, "p", "softmax", iteration=1)
    shown = plain(draw_inspector(moment, "value", Followed(), width, 40, moment.now))
    lines = [line for line in shown.splitlines() if "max z" in line]
    assert "".join(lines).count("exp(") == 4
    assert all(line.count("exp(") == line.count(" - max z)") for line in lines), shown


@pytest.mark.parametrize("width", [26, 43, 60])
def test_no_number_in_full_is_cut_however_long_the_names_are(width: int) -> None:
    timeline = Timeline(program_of(SMALL["two-layers"]))
    finish(timeline, 1)
    moment = timeline.moment
    for node in moment.graph.nodes:
        for view in views(moment, node):
            lines = plain(draw_in_full(moment, view, Followed(), width, node)).splitlines()
            assert all(len(line) <= width for line in lines), lines
            for number in view_named(moment, view, node).numbers(moment, Followed(), node).values():
                assert repr(number) in "\n".join(lines)


async def test_what_is_in_view_is_named_also_where_its_views_take_all_the_room() -> None:
    app = BackpropApp(program_of(SMALL["two-layers"]))
    async with app.run_test(size=(60, 16)) as pilot:
        await pilot.press("p", "n", "tab")
        assert isinstance(app.screen, MainScreen)
        title = "".join(text for text, _ in app.screen.query_one("#inspector-title", Canvas).spans(0))
        assert app.timeline.moment.now.name in title, title
        assert "[ledger]" in title
