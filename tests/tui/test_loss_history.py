"""The loss history: exact while it can be, never wrong afterwards, never large."""

from __future__ import annotations

import sys
from math import inf, isfinite, isnan, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_backprop.debugger.loss_history import LossHistory

losses = st.floats(allow_nan=True, allow_infinity=True)


def history_of(values: list[float], capacity: int = 16_384) -> LossHistory:
    history = LossHistory(capacity)
    for iteration, loss in enumerate(values, start=1):
        history.record(iteration, loss)
    return history


def same(a: float | None, b: float) -> bool:
    return a is not None and (a == b or (isnan(a) and isnan(b)))


def test_a_new_history_knows_nothing() -> None:
    history = LossHistory()
    assert len(history) == 0
    assert history.latest is None
    assert history.loss_at(0) is history.loss_at(1) is None
    assert list(history.points(12, 30)) == []


@given(st.lists(losses, max_size=60))
def test_every_loss_is_exact_while_there_is_room(values: list[float]) -> None:
    history = history_of(values)
    assert len(history) == len(values)
    assert all(same(history.loss_at(i), loss) for i, loss in enumerate(values, start=1))
    assert history.loss_at(len(values) + 1) is history.loss_at(0) is history.loss_at(-1) is None


@given(st.lists(losses, min_size=1, max_size=300), st.sampled_from([2, 4, 6, 16]), st.integers(1, 40))
def test_merged_buckets_lose_no_peak(values: list[float], capacity: int, columns: int) -> None:
    history = history_of(values, capacity)
    assert same(history.latest, values[-1])
    assert same(history.loss_at(len(values)), values[-1])
    for iteration, loss in enumerate(values, start=1):
        known = history.loss_at(iteration)
        assert known is None or same(known, loss)
    points = list(history.points(len(values), columns))
    finite = [loss for loss in values if isfinite(loss)]
    assert len(points) <= 2 * columns
    assert [x for x, _ in points] == sorted(x for x, _ in points)
    assert all(1 <= x <= len(values) for x, _ in points)
    assert {loss for _, loss in points} <= set(finite)
    if finite:
        assert min(loss for _, loss in points) == min(finite)
        assert max(loss for _, loss in points) == max(finite)
    assert len(history._first) == len(history._low) == len(history._high) <= capacity


def test_points_are_the_losses_themselves_where_there_is_a_column_for_each() -> None:
    assert list(history_of([5.0, 4.0, 6.0]).points(12, 30)) == [(1, 5.0), (2, 4.0), (3, 6.0)]


def test_a_new_loss_moves_no_point_of_an_earlier_column() -> None:
    values = [1000.0 / (i + 1) for i in range(100)]
    before, after = (list(history_of(values[:n]).points(300, 40)) for n in (72, 100))
    assert after[: len(before) - 2] == before[:-2]


def test_a_known_iteration_changes_nothing_and_none_may_be_left_out() -> None:
    history = history_of([3.0, 2.0])
    history.record(1, 99.0)
    assert [history.loss_at(1), history.latest, len(history)] == [3.0, 2.0, 2]
    with pytest.raises(ValueError, match="iteration 3 comes next, not 5"):
        history.record(5, 1.0)


@pytest.mark.parametrize("last", [nan, inf, -inf])
def test_a_loss_that_is_not_a_number_is_told_but_not_drawn(last: float) -> None:
    history = history_of([3.0, 2.0, last])
    assert same(history.latest, last)
    assert list(history.points(12, 30)) == [(1, 3.0), (2, 2.0)]


@pytest.mark.parametrize("capacity", [0, 1, 7])
def test_the_capacity_is_even(capacity: int) -> None:
    with pytest.raises(ValueError, match="capacity"):
        LossHistory(capacity)


def test_a_million_iterations_fit_in_half_a_megabyte() -> None:
    history = LossHistory()
    for iteration in range(1, 1_000_001):
        history.record(iteration, 1.0 + (iteration == 654_321))
    kept = (history._first, history._low, history._high)
    assert sum(sys.getsizeof(column) for column in kept) < 500_000
    points = list(history.points(1_000_000, 54))
    assert len(points) <= 2 * 54
    assert [round(x / 1e6, 3) for x, loss in points if loss == 2.0] == [0.654]


@given(st.lists(losses, max_size=200), st.integers(0, 220), st.sampled_from([2, 4, 16, 512]))
def test_a_history_that_is_cut_knows_what_one_of_that_length_knows(
    values: list[float], end: int, capacity: int
) -> None:
    whole = history_of(values, capacity)
    cut = whole.until(end)
    end = min(end, len(values))
    assert len(cut) == end
    for iteration in range(1, end + 1):
        known, before = cut.loss_at(iteration), whole.loss_at(iteration)
        assert (known is None) == (before is None)
        assert known is None or same(known, values[iteration - 1])
    assert {loss for _, loss in cut.points(max(end, 1), 500)} <= set(values[:end])
    for iteration, loss in enumerate(values[end:], start=end + 1):
        cut.record(iteration, loss)
    assert len(cut) == len(values)
    assert end == len(values) or same(cut.latest, values[-1])
