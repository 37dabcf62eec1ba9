"""Which optimizer made updates is found from their numbers, and none is named that did not make them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import minidl_core as dl
from minidl_core.train import Optimizer
from tui_backprop.programs.opening import open_program
from tui_backprop.programs.updates import ProgramsOptimizer, Update, rate_of_one, recognise_updates

from .test_engine_verdicts import ENGINE

RULES = {
    "gradient descent": dl.train.GradientDescentOptimizer(0.05),
    "a falling rate": dl.train.GradientDescentOptimizer(dl.train.StepRate(0.05, 0.5, 2)),
    "momentum": dl.train.MomentumOptimizer(0.05, 0.9),
    "Adam": dl.train.AdamOptimizer(0.01),
    "Adam with other settings": dl.train.AdamOptimizer(dl.train.StepRate(0.01, 0.5, 3), 0.85, 0.99),
}


def updates_of(optimizer: Optimizer) -> list[Update]:
    w = dl.Variable([0.3, -0.7, 1.1], name="w")
    loss = dl.reduce_sum(dl.square(dl.tanh(w)))
    stepper, made = dl.Stepper(loss, optimizer=optimizer), []
    for _ in range(8):
        [event] = [event for event in stepper.iteration() if isinstance(event, dl.VariableUpdated)]
        made.append(Update({w: event.old}, {w: event.new}, {w: event.gradient}))
    return made


@pytest.mark.parametrize("name", RULES)
def test_the_optimizer_is_found_with_its_settings(name: str) -> None:
    rule = RULES[name]
    found = recognise_updates(updates_of(rule))
    assert found is not None
    assert {type(optimizer) for optimizer in found} == {type(rule)}
    assert found[0].fixed == pytest.approx(rule.fixed)
    rate = rule.learning_rate
    for t, optimizer in enumerate(found, 1):
        assert optimizer.learning_rate == pytest.approx(rate(t) if callable(rate) else rate)


@pytest.mark.parametrize("rule", [dl.train.RMSPropOptimizer(0.01), dl.train.MomentumOptimizer(0.05, 0.9, True)])
def test_none_is_named_where_none_fits(rule: Optimizer) -> None:
    assert recognise_updates(updates_of(rule)) is None
    assert recognise_updates([]) is None


OF_OUR_ENGINE = """
import minidl_core as dl
w = dl.Variable(2.0, name="w")
loss, session = dl.square(w * 3.0 - 1.0, name="loss"), dl.Session()
for i in range(6):
    session.run(loss)
    g = dl.compute_gradient(loss)[w]
    session.variables[w] = session.run(w) - {step}
"""
OF_THEIR_ENGINE = (
    ENGINE
    + """
w = Value(2.0)
for i in range(6):
    loss = (w * Value(3.0) + Value(-1.0)) ** 2
    w.grad = 0.0
    loss.backward()
    g = w.grad
    w.data -= {step}
"""
)


@pytest.mark.parametrize("script", [OF_OUR_ENGINE, OF_THEIR_ENGINE], ids=["ours", "theirs"])
@pytest.mark.parametrize(
    ("step", "rates"),
    [
        ("0.05 * g", [0.05] * 6),
        ("0.04 * 0.5 ** i * g", [0.04, 0.02, 0.01, 0.005, 0.0025, 0.00125]),
        ("0.05 * g / abs(g) * abs(g) ** 0.5", None),
        ("0.05 * (1 if g > 0 else -1)", None),
    ],
)
def test_a_rule_that_moves_one_number_is_no_descent_at_a_rate_that_changes(
    script: str, step: str, rates: list[float] | None, tmp_path: Path
) -> None:
    (tmp_path / "mine.py").write_text(script.format(step=step))
    steps = open_program(str(tmp_path / "mine.py")).steps
    if rates is None:
        assert {type(each.optimizer) for each in steps} == {ProgramsOptimizer}
    else:
        assert {type(each.optimizer) for each in steps} == {dl.train.GradientDescentOptimizer}
        assert [each.optimizer.learning_rate for each in steps] == pytest.approx(rates)


@given(st.floats(1e-4, 10.0), st.floats(-5, 5), st.sampled_from([1e-3, 0.01, 0.3, 1.0, 0.0125]))
def test_of_one_number_a_rate_of_few_digits_is_found_and_any_other_is_none(some: float, g: float, rate: float) -> None:
    assume(abs(g) > 1e-3)
    assert rate_of_one(rate * g, rate * g / g, 1e-15) == rate
    found = rate_of_one(some * g, some, 1e-15)
    assert found is None or found == float(f"{some:.8g}")
