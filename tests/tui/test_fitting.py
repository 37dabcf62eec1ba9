"""Texts in a width: measured in cells, wrapped at spaces, cut where nothing else helps, never obeyed by a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_backprop.drawing.palette import Line, plain
from tui_backprop.notation.fitting import LEAST_PROSE, ends, first_that_fits, flow, leading, prose, width_of, wrap

TEXTS = st.text(st.sampled_from("abc 矩é\x1b\n"), max_size=40)


@given(TEXTS, st.integers(0, 30), st.sampled_from([0, 2, 4]))
def test_prose_fits_and_keeps_every_word(text: str, width: int, indent: int) -> None:
    lines = prose(text, width, indent=indent)
    assert all(width_of(line) <= max(width, LEAST_PROSE) for line in lines)
    assert "".join(plain(lines).split()) == "".join(text.replace("\x1b", "\\x1b").split())


def test_prose_hangs_and_breaks_a_word_that_is_longer_than_a_line() -> None:
    assert plain(prose("  one two three", 9, indent=4)).splitlines() == ["  one two", "    three"]
    assert plain(prose("a 矩陣矩陣矩陣", 8)).splitlines() == ["a 矩陣矩", "陣矩陣"]


def test_a_wrapped_line_keeps_its_styles() -> None:
    line: Line = [("so ", "text"), ("matmul", "now"), (" is done", "text")]
    assert wrap(line, 10) == [[("so ", "text"), ("matmul", "now")], [("is done", "text")]]
    assert wrap(line, 17) == [line]


def test_pieces_are_kept_whole_and_begin_a_line_without_spaces() -> None:
    pieces: list[Line] = [[("  x = ", "text")], [(" 12345678", "done")], [(" ;", "text")]]
    assert plain(flow(pieces, 8, 2)).splitlines() == ["  x =", "  12345678", "  ;"]


@pytest.mark.parametrize(("width", "count"), [(0, 0), (2, 1), (4, 1), (5, 2), (6, 3)])
def test_only_leading_pieces_are_taken(width: int, count: int) -> None:
    pieces: list[Line] = [[("ab", "text")], [("矩c", "text")], [("d", "text")]]
    assert leading(pieces, width) == pieces[:count]


def test_the_first_wording_that_fits_is_measured_as_it_is_shown() -> None:
    assert first_that_fits(4, "\x1bab", "abcd", "a") == "abcd"
    assert first_that_fits(3, "矩陣", "long", "last") == "last"


def test_both_ends_of_a_line_stay_apart() -> None:
    assert plain([ends([("矩", "title")], ("x", "dim"), 6)]) == "矩   x"
    assert plain([ends([("left", "title")], ("right", "dim"), 6)]) == "left right"
