"""The data chart: points, the lines that part them, and its legend."""

from __future__ import annotations

from math import inf, nan

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tui_backprop.drawing.palette import Line, plain
from tui_backprop.pictures.points import Separator, count_right, data_legend, draw_data, separator

from .test_charts import check_size, texts

POINTS = np.vstack(
    [np.random.default_rng(28).normal(size=(50, 2)) + 2, np.random.default_rng(7).normal(size=(50, 2)) - 2]
)

CLASSES = np.repeat([0, 1], 50)

DIAGONAL: Separator = (1.0, 1.0, 0.0)


def data_lines(
    now: Separator | None = DIAGONAL,
    before: dict[int, Separator] | None = None,
    followed: int | None = 3,
    width: int = 54,
    height: int = 12,
) -> list[Line]:
    return draw_data(POINTS, CLASSES, now=now, before=before or {}, followed=followed, width=width, height=height)


def count(lines: list[Line], cells: str) -> int:
    return sum(plain(lines).count(cell) for cell in cells)


def test_the_corners_hold_the_outermost_points() -> None:
    lines = draw_data([[0, 0], [1, 1]], [1, 0], now=None, before={}, followed=None, width=5, height=3)
    assert texts(lines) == ["    o", "     ", "x    "]
    assert lines[0][-1] == ("o", "blue")
    assert lines[2][0] == ("x", "red")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.floats(), st.floats(), st.floats()), max_size=4),
    st.integers(1, 90),
    st.integers(1, 30),
)
@example([(0.0, 2.1e307, 0.0)], 2, 2)
@example([(5e-324, 5e-324, 1.0)], 54, 12)
def test_any_lines_fill_the_pane_and_move_no_point(lines: list[Separator], width: int, height: int) -> None:
    alone = texts(data_lines(None, {}, None, width, height))
    now = lines[0] if lines else None
    drawn = data_lines(now, dict(zip((0, 1, 3, 10), lines, strict=False)), None, width, height)
    check_size(drawn, width, height)
    for row, points in zip(texts(drawn), alone, strict=True):
        assert all(cell == point for cell, point in zip(row, points, strict=True) if point != " ")


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        ((1.0, 0.0, 0.0), "┃" * 11),
        ((0.0, 1.0, 0.0), "━" * 50),
        ((1.0, 1.0, 1000.0), ""),
        ((0.0, 0.0, 1.0), ""),
        ((nan, 1.0, 0.0), ""),
        ((5e-324, 0.0, 1.0), ""),
    ],
)
def test_steep_level_and_absent_lines(line: Separator, cells: str) -> None:
    lines = draw_data([[-3, -3], [3, 3]], [1, 0], now=line, before={}, followed=None, width=54, height=12)
    assert "".join(cell for cell in plain(lines) if cell in "┃━") == cells


def test_a_line_of_now_falls_where_the_scores_are_equal() -> None:
    u, v, w = separator([[0.5, -0.5], [0.25, -0.25]], [1.0, -1.0])
    assert (u, v, w) == (1.0, 0.5, 2.0)


def test_lines_that_coincide_are_all_seen() -> None:
    lines = data_lines(None, dict.fromkeys((0, 1, 3, 10), (0.3, 1.0, 0.0)))
    assert min(count(lines, digit) for digit in "₀₁₃") >= 2
    assert "₁₀" in plain(lines)
    assert "₁₀₀" not in plain(lines)
    assert {name for line in lines for text, name in line if set(text.strip("ox◆ ")) & set("₀₁₃")} == {"dim"}


def test_the_followed_point_is_on_top() -> None:
    lines = draw_data([[0, 0], [1, 1], [0, 0]], [0, 0, 1], now=(1, -1, 0), before={}, followed=0, width=9, height=5)
    assert texts(lines)[-1][0] == "◆"
    assert lines[-1][0] == ("◆", "followed")


def test_points_that_are_no_numbers_are_left_out() -> None:
    lines = draw_data([[nan, 0], [1, inf]], [0, 1], now=None, before={}, followed=0, width=9, height=3)
    check_size(lines, 9, 3)
    assert plain(lines).strip() == ""


@pytest.mark.parametrize("x", [5, 0, -1e17])
def test_one_point_has_axes_too(x: float) -> None:
    lines = draw_data([[x, x]], [1], now=None, before={}, followed=None, width=9, height=3)
    assert texts(lines) == ["         ", "    x    ", "         "]


def test_the_axes_of_the_points_have_round_numbers_where_they_belong() -> None:
    lines = draw_data([[-3, -3], [3, 3], [0, 0]], [1, 0, 0], now=None, before={}, followed=None, width=35, height=8)
    assert texts(lines)[-1] == "   └────-2─────────0─────────2─────"
    assert [text[:4] for text in texts(lines)[:-1]] == ["   │", "  2┤", "   │", "  0┤", "   │", " -2┤", "   │"]
    middle, below = texts(lines)[3], texts(lines)[-1]
    assert middle[below.index("0")] == "o"


def test_the_legend_gets_shorter_where_it_must() -> None:
    assert plain([data_legend(3, 36)]) == "x red  o blue  ◆ point 3  ━ now"
    assert plain([data_legend(3, 30)]) == "x red  o blue  ◆ 3  ━ now"
    assert plain([data_legend(3, 24)]) == "x red  o blue  ━ now"
    assert data_legend(None, 5) == []
    assert plain([data_legend(None, 60, "2 of 3 right")]) == "x red  o blue  ━ now: 2 of 3 right"
    assert plain([data_legend(None, 30, "2 of 3 right")]) == "x red  o blue  ━ 2 of 3 right"
    assert plain([data_legend(3, 28, "2 of 3 right")]) == "x red  o blue  ━ 2/3 right"
    assert plain([data_legend(None, 24, "2 of 3 right")]) == "x red  o blue  ━ now"
    assert count_right([[1.0, 0.0], [-1.0, 5.0], [2.0, 0.0]], [0, 1, 1], (1.0, 0.0, 0.0)) == 2
