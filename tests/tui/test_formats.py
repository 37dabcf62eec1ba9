"""Number formats: what is shown is near the number, adds up, and never pretends."""

from __future__ import annotations

from decimal import Decimal
from math import inf, nan

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tui_backprop.notation.formats import (
    Notation,
    addition,
    column,
    notation,
    number,
    shape_text,
    vector,
    worked_sum,
)

everything = st.floats(allow_nan=False, allow_infinity=False)
usual = st.floats(-1e5, 1e5, allow_subnormal=False).map(lambda x: x if abs(x) > 1e-9 else 0.0)


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (195.4321, "195.4"),
        (96.9512, "96.95"),
        (-28.0712, "-28.07"),
        (0.223, "0.223"),
        (0.22293, "0.2229"),
        (0.0005, "0.0005"),
        (0.1 + 0.2, "0.3"),
        (1.2e-05, "1.2e-05"),
        (12345.6, "12346"),
        (1234567.8, "1.235e+06"),
        (9.99996, "10.00"),
        (97.003, "97.00"),
        (97, "97"),
        (-0.0, "0"),
        (inf, "inf"),
        (-inf, "-inf"),
        (nan, "nan"),
        (np.float32(0.5), "0.5"),
    ],
)
def test_a_single_number(x: float, text: str) -> None:
    assert number(x) == text


@given(everything)
def test_a_single_number_is_near_and_not_zero_unless_it_is(x: float) -> None:
    text = number(x)
    assert abs(Decimal(text) - Decimal(x)) <= abs(Decimal(x)) * Decimal("0.000500001")
    assert (Decimal(text) == 0) == (x == 0)
    assert text != "-0"
    assert len(text) <= len("-4.941e-324")


@pytest.mark.parametrize(("shape", "text"), [((100, 2), "(100,2)"), ((100,), "(100,)"), ((), "()"), (None, "?")])
def test_a_shape(shape: tuple[int, ...] | None, text: str) -> None:
    assert shape_text(shape) == text


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([-28.0712, 28.0712], "[-28.07, 28.07]"),
        ([-0.0801, 1.2222], "[-0.080, 1.222]"),
        ([-1, 0.0], "[-1, 0]"),
        ([2.5, -0.0], "[2.5, 0.0]"),
        ([1e-7, 2.5e-9, 0], "[1.00e-07, 0.03e-07, 0]"),
        ([nan, -inf, 1.5], "[nan, -inf, 1.5]"),
        ([], "[]"),
    ],
)
def test_a_vector(values: list[float], text: str) -> None:
    assert vector(values) == text


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([2.1357, 2.0, 0.8881, -0.1961], [" 2.136", " 2.000", " 0.888", "-0.196"]),
        ([-0.04494, -0.05345], ["-0.0449", "-0.0534"]),
        ([-89.88, -106.9], [" -89.9", "-106.9"]),
        ([0.3, 1.2e-5, 0, -4.1234], ["  0.300", "1.2e-05", "  0.000", " -4.123"]),
        ([1, 0], ["1", "0"]),
        ([], []),
    ],
)
def test_a_column(values: list[float], texts: list[str]) -> None:
    assert column(values) == texts


@given(st.lists(st.floats(), min_size=1, max_size=12), st.integers(0, 11), st.integers(0, 11))
def test_a_window_over_a_column_shows_what_the_whole_column_shows(values: list[float], start: int, stop: int) -> None:
    whole = column(values)
    assert column(values, slice(start, stop)) == whole[start:stop]
    assert len({len(text) for text in whole}) == 1
    for x, text in zip(values, whole, strict=True):
        assert np.isnan(x) or (float(text) == 0) == (x == 0)
        assert not text.strip().startswith("-") or x < 0


@given(st.lists(usual, min_size=1, max_size=12))
def test_a_group_shares_its_notation(values: list[float]) -> None:
    same = notation(values)
    largest = max(abs(x) for x in values)
    for x in values:
        assert abs(float(same.text(x)) - x) <= max(0.0051 * largest, 0.051 * abs(x))


@pytest.mark.parametrize(
    ("terms", "total", "digits", "text"),
    [
        ([0.2054, -1.9860], -1.7806, 3, "0.21 - 1.99 = -1.78"),
        ([0.22288, 0.04494], 0.26782, 4, "0.223 + 0.045 = 0.268"),
        ([5.76159, 0.60493], 6.36652, 4, "5.762 + 0.605 = 6.367"),
        ([0.33334, 0.33334], 0.66668, 4, "0.33334 + 0.33334 = 0.66668"),
        ([1 / 3, 1 / 3], 2 / 3, 4, "0.3333 + 0.3333 = 0.667"),  # in no number of digits does it add up
        ([3, 4], 7, 4, "3 + 4 = 7"),
        ([0.15, 0.1], 0.25, 4, "0.15 + 0.10 = 0.25"),
        ([0.33333], 0.33333, 4, "0.333 = 0.333"),
        ([1.98624, -1.98612], 0.00012, 4, "1.9862 - 1.9861 = 0.0001"),
        ([28.0712, -28.0712], 3.5e-15, 4, "28.07 - 28.07 = 0.00"),
        ([1.2e-7, 3e-9], 1.23e-7, 4, "1.20e-07 + 0.03e-07 = 1.23e-07"),
        ([1.0, inf], inf, 4, "1.0 + inf = inf"),
        ([1e16, 1.0, -1e16], 0.0, 4, "1.000e+16 + 1.0e+00 - 1.000e+16 = 0"),
    ],
)
def test_a_sum_written_out(terms: list[float], total: float, digits: int, text: str) -> None:
    assert worked_sum(terms, total, digits) == text


@given(st.lists(usual, min_size=1, max_size=30), st.integers(3, 5))
@example([1.9862, -1.9861], 4)
@example([0.125, 0.0625], 3)
@example([0.0005, 0.00049999], 4)
@example([1.015, 1.1], 4)
def test_what_is_shown_adds_up(terms: list[float], digits: int) -> None:
    total = float(np.sum(terms))
    fine, coarse = addition(terms, total, digits)
    check_sum(terms, total, fine, coarse)


@given(st.lists(st.tuples(usual, usual), min_size=1, max_size=8))
@example([(1000.0, 2.50453181085207e-08)])
def test_two_columns_add_up_in_one_notation(rows: list[tuple[float, float]]) -> None:
    totals = np.sum(rows, axis=0)
    fine, coarse = addition(rows, totals)
    for j in (0, 1):
        check_sum([row[j] for row in rows], float(totals[j]), fine, coarse)


def check_sum(terms: list[float], total: float, fine: Notation, coarse: Notation) -> None:
    assert fine.exponent == coarse.exponent
    assert fine == coarse or fine.decimals > coarse.decimals
    shown = sum((Decimal(fine.text(x)) for x in terms), Decimal())
    unit = Decimal(1).scaleb(coarse.exponent - coarse.decimals)
    assert shown.quantize(unit) == Decimal(coarse.fixed(total))
    assert abs(Decimal(coarse.fixed(total)) - Decimal(total)) <= unit * Decimal("0.500001")
    if abs(total) > 1e-8 * max(map(abs, terms)):
        assert float(coarse.fixed(total)) != 0


@given(st.lists(st.floats(), min_size=1, max_size=5))
def test_any_floats_can_be_written_as_a_sum(terms: list[float]) -> None:
    with np.errstate(all="ignore"):
        total = float(np.sum(terms))
    assert " = " in worked_sum(terms, total)


def test_a_sum_of_more_digits_than_can_be_added_is_written_all_the_same() -> None:
    assert " + 4.500e-116 = " in worked_sum([5e6, 4.5e-116], 5e6)


def test_scores_that_are_masked_stay_readable() -> None:
    masked = notation([1.234567, -1e9, 0.25, -1e9])
    assert [masked.text(x) for x in (1.234567, -1e9, 0.25)] == ["1.235", "-1e+09", "0.250"]
    assert notation([1.5, 2.5e9]).exponent == 9
