"""The inspector's tables in little room: what is not shown has a sign, and what is shown stands in its own column."""

from __future__ import annotations

import re
from decimal import Decimal

import numpy as np
import pytest
from rich.cells import cell_len

import minidl_core as dl
from tui_backprop.debugger.followed import Followed
from tui_backprop.debugger.steps import after_event
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.lessons.lesson import Example, Lesson
from tui_backprop.programs.program import program_of

from .inspected import at, shown


@pytest.mark.parametrize(
    ("point", "said"), [(0, "95 more points"), (3, "95 more points"), (7, "4 points above, 91 below")]
)
def test_rows_that_are_not_shown_are_counted_on_their_side(point: int, said: str) -> None:
    text = shown(at(dl.ContributionAdded, "p"), 42, 18, followed=Followed(point=point))
    assert f"⋮  {said}\n" in text
    rows = [int(row) for row in re.findall(r"^[► ] +(\d+)  ", text, re.MULTILINE)]
    assert rows == list(range(rows[0], rows[0] + 5))
    assert point in rows[:4]


def test_rows_next_to_which_some_are_not_shown_have_a_sign() -> None:
    text = shown(at(dl.ContributionAdded, "W1", "xor", iteration=1), 42, 18)
    assert re.search(r"^⋮ +1⊕1  -0.184 +0.020$", text, re.MULTILINE)
    assert re.search(r"^⋮ +1⊕0 +1 +0$", text, re.MULTILINE)


def test_every_column_that_the_formula_needs_is_shown() -> None:
    text = shown(at(dl.ContributionAdded, "add", iteration=1), 42, 18)
    assert re.search(r"^ +blue +red +blue +red +blue …$", text, re.MULTILINE)
    assert re.search(r"^► +3 +-18.1 +0.0 +0.055 0.945 →  -0.945$", text, re.MULTILINE)


def own_columns(seed: int) -> Example:
    """A weight whose terms have long names and numbers of different sizes."""
    rng = np.random.default_rng(seed)
    with dl.Graph().as_default():
        hours, passed = dl.placeholder((6, 2), name="hours"), dl.placeholder((6, 1), name="passed")
        weights = dl.Variable(np.zeros((2, 1)), name="weights")
        loss = dl.reduce_mean(dl.square(dl.matmul(hours, weights, name="scores") - passed), name="loss")
    return Example(loss, {hours: rng.uniform(1, 90, (6, 2)), passed: rng.normal(size=(6, 1)) / 100})


@pytest.mark.parametrize(("width", "columns"), [(62, 3), (42, 3), (36, 2), (24, 1)])
def test_the_columns_of_a_sum_stand_under_their_own_heads(width: int, columns: int) -> None:
    timeline = Timeline(program_of(Lesson("own", "an own script", own_columns, 0.1)))
    weights = timeline.graph.variables[0]
    while not timeline.moment.contributions(weights):
        timeline.forward(after_event)
    text = [line.removeprefix("► ") for line in shown(timeline.moment, width, 18).splitlines()]
    head = next(place for place, line in enumerate(text) if line.endswith("product"))
    end = next(place for place, line in enumerate(text) if "Σ 6 rows" in line)
    assert len(text[head].split()) == columns
    terms = [line for line in text[head + 1 : end] if line.strip().startswith("row")]
    for line in terms:
        *factors, product = map(float, line.split()[2:])
        assert len(factors) == columns - 1
        assert len(factors) < 2 or abs(factors[0] * factors[1] / product - 1) < 1e-2
    shown_terms = [Decimal(line.split()[-1]) for line in text[head + 1 : end]]
    total = Decimal(text[end].split()[-1])
    assert sum(shown_terms).quantize(total) == total
    assert all(cell_len(line) <= width for line in text)


def test_the_sum_of_the_edges_is_named_where_there_is_little_room() -> None:
    text = shown(at(dl.ContributionAdded, "x", "skip", iteration=1, number=2), 42, 18)
    assert re.search(r"^✓ x → y +G +5.762$", text, re.MULTILINE)
    assert re.search(r"^► x → sigmoid  G·sigmoid·\(1 - sigm… +0.605$", text, re.MULTILINE)
    assert re.search(r"^  sum +6.367$", text, re.MULTILINE)
    text = shown(at(dl.ContributionAdded, "x", "skip", iteration=1, number=2), 30, 18)
    assert re.search(r"^  sum +6.367$", text, re.MULTILINE)


def test_a_row_has_one_name_in_the_table_and_in_what_is_written_out() -> None:
    text = shown(at(dl.ContributionAdded, "h", "xor", iteration=1), 42, 18)
    assert re.search(r"^► 1⊕1 ", text, re.MULTILINE)
    assert "► row 1⊕1, column unit 1:" in text
