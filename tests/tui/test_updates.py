"""Which optimizer made updates is found from their numbers, and none is named that did not make them."""

from __future__ import annotations

import pytest

import minidl_core as dl
from minidl_core.train import Optimizer
from tui_backprop.programs.updates import Update, recognise_updates

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
