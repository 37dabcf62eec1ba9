"""The formulas of optimizers and schedules are in the language of formulas, and say what is computed."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
import pytest

import minidl_core as dl
from minidl_core.arrays import Array
from minidl_core.train import (
    ConstantRate,
    CosineRate,
    Optimizer,
    StepRate,
    WarmUp,
)
from tui_backprop.notation.entries import Entry
from tui_backprop.notation.expression import Number, Symbol, Tree, evaluate, parse, replace_leaves

from .random_timelines import MAKERS

OPTIONS: dict[str, dict[str, float]] = {
    "plain": {},
    "decay": {"weight_decay": 0.3},
    "value": {"clip_value": 0.4, "weight_decay": 0.3},
    "norm": {"clip_norm": 0.4, "weight_decay": 0.3},
    "long norm": {"clip_norm": 1e9},
}


def calculated(formula: str, known: Mapping[str, Array | float]) -> Array:
    """Return what a formula comes to, read by the app's own reader, with numbers or arrays for its symbols."""

    def with_number(leaf: Number | Symbol | Entry) -> Tree:
        if not isinstance(leaf, Symbol):
            return leaf
        return Entry(leaf.name, leaf.name, (), np.asarray(known[leaf.name]), None)  # type: ignore[arg-type]

    return evaluate(replace_leaves(parse(formula), with_number))


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("maker", MAKERS.values(), ids=MAKERS)
def test_each_term_is_what_its_formula_says(maker: Callable[..., Optimizer], options: dict[str, float]) -> None:
    numbers = np.random.default_rng(3)
    w, b = dl.Variable(numbers.normal(size=(3, 2)), name="W"), dl.Variable(numbers.normal(size=2), name="b")
    loss = dl.reduce_sum(dl.square(dl.tanh(w) + b))
    stepper = dl.Stepper(maker(0.05, **options).minimize(loss))
    for iteration in range(1, 5):
        updates = [event for event in stepper.iteration() if isinstance(event, dl.VariableUpdated)]
        assert len(updates) == 2
        for update in updates:
            known: dict[str, Array | float] = {"W": update.old, "G": update.gradient, **update.numbers}
            known |= {each.term.symbol: each.before for each in update.terms if each.before is not None}
            assert update.numbers["t"] == iteration
            for each in update.terms:
                known[each.term.symbol] = value = calculated(each.term.formula, known)
                np.testing.assert_allclose(each.value, value, rtol=1e-13, atol=1e-15)
            np.testing.assert_array_equal(update.new, update.old - update.terms[-1].value)


@pytest.mark.parametrize(
    "schedule", [ConstantRate(0.1), StepRate(0.8, 0.5, 3), CosineRate(0.5, 6, 0.1), WarmUp(4, 0.3)], ids=repr
)
def test_a_schedule_is_what_its_formula_says(schedule: ConstantRate | StepRate | CosineRate | WarmUp) -> None:
    for t in range(1, 10):
        assert schedule(t) == pytest.approx(
            float(calculated(schedule.formula, {**vars(schedule), "t": t, "π": math.pi})), rel=1e-14
        )


@pytest.mark.parametrize("maker", MAKERS.values(), ids=MAKERS)
def test_each_term_has_its_reason_in_a_sentence(maker: Callable[..., Optimizer]) -> None:
    for optimizer in (maker(0.1, clip_norm=1.0, weight_decay=0.1), maker(0.1, clip_value=1.0)):
        for term in optimizer.rule:
            assert term.reason.endswith(".")
            assert "  " not in term.reason
