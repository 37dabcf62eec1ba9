"""Figures: what is put into them stands where its numbers say, and marks lie on their curves."""

from __future__ import annotations

from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_backprop.pictures.figures import Figure


def test_the_outermost_cells_are_the_ends_of_the_axes() -> None:
    figure = Figure(5, 3, (0, 1), (10, 30))
    figure.mark([0, 1, 0.5], [10, 30, 20], "x")
    assert figure.texts() == ["    x", "  x  ", "x    "]


def test_what_is_beyond_an_axis_or_no_number_is_left_out_and_what_comes_later_hides_what_was_there() -> None:
    figure = Figure(3, 2, (0, 2), (0, 1))
    figure.mark([0, -1, 3, nan, inf, 1, 1], [0, 0, 0, 0, 0, 2, nan], "a")
    figure.mark([0, 2], [0, 1], "b")
    assert figure.texts() == ["  b", "b  "]
    figure.mark([], [], "c")
    assert figure.texts() == ["  b", "b  "]


def test_half_way_between_two_cells_an_error_of_rounding_does_not_decide() -> None:
    figure = Figure(11, 1, (0, 1), (0, 1))
    figure.mark([0.05, 0.15, 0.35, 0.1 + 0.25], [0, 0, 0, 0], "x")
    assert figure.texts() == [" xx x      "]


@pytest.mark.parametrize(
    ("points", "drawn"),
    [
        ([(0, 0), (2, 0)], ["   ", "⠐⠒⠒"]),
        ([(0, 0), (0, 1)], ["⢰  ", "⠘  "]),
        ([(0, 1), (1, 0), (2, 1)], ["⠰⡀⡔", " ⠙ "]),
        ([(1, 1)], [" ⠐ ", "   "]),
        ([], ["   ", "   "]),
    ],
)
def test_a_curve_leads_in_dots_from_point_to_point(points: list[tuple[int, int]], drawn: list[str]) -> None:
    figure = Figure(3, 2, (0, 2), (0, 1))
    figure.curve([x for x, _ in points], [y for _, y in points])
    assert figure.texts() == drawn


@given(st.lists(st.tuples(st.floats(0, 2), st.floats(0, 1)), min_size=1), st.integers(2, 60), st.integers(2, 20))
def test_marks_lie_on_their_curve(points: list[tuple[float, float]], columns: int, rows: int) -> None:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    curve, marked = (Figure(columns, rows, (0, 2), (0, 1)) for _ in range(2))
    curve.curve(xs, ys)
    marked.curve(xs, ys)
    marked.mark(xs, ys, "o")
    assert _filled(marked) == _filled(curve)


def test_an_axis_has_its_ticks_where_they_are_the_first_of_two_in_one_row() -> None:
    figure = Figure(2, 3, (0, 1), (0, 2))
    assert figure.texts([(2, "high"), (0, "0"), (0.1, "0.1")]) == ["high┤  ", "    │  ", "   0┤  "]
    assert figure.texts([]) == ["│  ", "│  ", "│  "]


def _filled(figure: Figure) -> set[tuple[int, int]]:
    return {(y, x) for y, row in enumerate(figure.texts()) for x, cell in enumerate(row) if cell != " "}
