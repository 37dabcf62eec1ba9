"""The language of formulas: each is read as it is meant, and survives reading and writing."""

from __future__ import annotations

import re

import pytest

from tui_backprop.notation.expression import UnreadableError, evaluate, parse, write


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2·3 - 4", 3),
        ("2·3^2", 18),
        ("-3²", -9),
        ("(-3)²", 9),
        ("6/2/3", 1),
        ("1/(1 + exp(-0))", 0.5),
        ("max(0, -1, 4) - min(2, 3)", 2),
        ("exp 0·3", 3),
        ("2·(3 > 1)", 2),
        ("1.5e-01·2", 0.3),
    ],
)
def test_a_formula_is_read_as_it_is_meant(text: str, value: float) -> None:
    assert float(evaluate(parse(text))) == pytest.approx(value)


@pytest.mark.parametrize(
    "text", ["A + B", "A - (B - A)", "A·(B + A)", "exp A / Σ exp A", "Y·(G - Σ G·Y)", "-A·B/(A·B)"]
)
def test_a_formula_survives_reading_and_writing(text: str) -> None:
    assert re.sub(" ", "", write(parse(write(parse(text))))) == re.sub(" ", "", write(parse(text)))


@pytest.mark.parametrize("text", ["", "A +", "(A", "A)", "A[1", "Aᵀ", "A $ B", "max(A", "²"])
def test_what_is_no_formula_is_refused(text: str) -> None:
    with pytest.raises(UnreadableError):
        parse(text)
