"""Schedules: the learning rate of each iteration, on every path, and as part of the state."""

import math
from dataclasses import replace

import pytest

import minidl_core as dl

from .messages import message

TRAIN = dl.train


SCHEDULES = {
    "constant": (TRAIN.ConstantRate(0.1), [0.1] * 6),
    "step": (TRAIN.StepRate(0.8, 0.5, 2), [0.8, 0.8, 0.4, 0.4, 0.2, 0.2]),
    "cosine": (
        TRAIN.CosineRate(1.0, 4, 0.5),
        [1.0, 0.5 + 0.25 * (1 + 0.5**0.5), 0.75, 0.5 + 0.25 * (1 - 0.5**0.5), 0.5, 0.5],
    ),
    "warm-up": (TRAIN.WarmUp(4, 0.8), [0.2, 0.4, 0.6, 0.8, 0.8, 0.8]),
    "warm-up of another": (TRAIN.WarmUp(2, TRAIN.StepRate(0.8, 0.5, 3)), [0.4, 0.8, 0.8, 0.4, 0.4, 0.4]),
    "a function": (lambda t: 1 / t, [1, 1 / 2, 1 / 3, 1 / 4, 1 / 5, 1 / 6]),
}


@pytest.mark.parametrize(("schedule", "rates"), SCHEDULES.values(), ids=SCHEDULES)
def test_a_schedule_says_the_learning_rate_of_each_iteration(schedule, rates):
    w = dl.Variable(0.0)
    step = TRAIN.GradientDescentOptimizer(schedule).minimize(-w)
    stepper, session = dl.Stepper(step), dl.Session()
    for iteration, rate in enumerate(rates, 1):
        assert stepper.state().rate == pytest.approx(rate, rel=1e-15)
        [update] = [event for event in stepper.iteration() if isinstance(event, dl.VariableUpdated)]
        assert update.learning_rate == update.numbers["η"] == pytest.approx(rate, rel=1e-15)
        session.run(step)
        assert session.run(w) == stepper.session.run(w) == pytest.approx(sum(rates[:iteration]))


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda: TRAIN.StepRate(0.1, 0.5, 0), "the every of StepRate must be a whole number above 0, not 0."),
        (lambda: TRAIN.StepRate(0.1, -1, 3), "the factor of StepRate must be a number above 0, not -1."),
        (lambda: TRAIN.CosineRate(0.1, 10, -1), "the end of CosineRate must be a number of 0 or more, not -1."),
        (lambda: TRAIN.WarmUp(10, 0), "the learning rate must be a number above 0, not 0."),
        (lambda: TRAIN.ConstantRate("x"), "the rate of ConstantRate must be a number above 0, not 'x'."),
        (
            lambda: TRAIN.AdamOptimizer(lambda t: -t),
            "the learning rate of iteration 1 must be a number of 0 or more, but its schedule returned -1.",
        ),
        (
            lambda: TRAIN.AdamOptimizer(lambda t: 1 / 0),
            "the learning rate of iteration 1 cannot be computed: its schedule raised ZeroDivisionError: "
            "division by zero.",
        ),
    ],
)
def test_a_schedule_that_is_wrong(made, said):
    assert message(dl.GraphError, made) == said


def test_a_schedule_that_goes_wrong_later_stops_every_path_there():
    step = TRAIN.GradientDescentOptimizer(lambda t: [0.1, None][t - 1]).minimize(dl.square(dl.Variable(1.0)))
    said = "the learning rate of iteration 2 must be a number of 0 or more, but its schedule returned None."
    fast, slow, session = dl.Stepper(step), dl.Stepper(step), dl.Session()
    session.run(step)
    list(slow.iteration())
    for way in (lambda: fast.run(2), lambda: list(slow.iteration()), lambda: session.run(step)):
        assert message(dl.GraphError, way) == said
    assert fast.finished == 1
    assert math.isnan(slow.state().rate)


def test_a_schedule_is_part_of_the_state_and_a_number_may_take_its_place():
    schedule = TRAIN.StepRate(0.25, 0.5, 1)
    optimizer = TRAIN.GradientDescentOptimizer(schedule)
    stepper = dl.Stepper(optimizer.minimize(dl.square(dl.Variable(8.0))))
    start = stepper.state()
    stepper.optimizer.learning_rate = 0.5
    assert stepper.run(2) == [64, 0]
    stepper.restore(start)
    assert stepper.optimizer.learning_rate is schedule
    assert stepper.run(3) == [64, 16, 9]


def test_two_steppers_on_one_step_do_not_change_each_others_rate():
    step = TRAIN.MomentumOptimizer(0.25, 0.5).minimize(dl.square(dl.Variable(8.0)))
    one, other = dl.Stepper(step), dl.Stepper(step)
    one.restore(replace(one.state(), learning_rate=0.5))
    assert one.run(2) == [64, 0]
    assert (other.state().learning_rate, step.optimizer.learning_rate) == (0.25, 0.25)
    assert other.run(2) == [64, 16]


def test_a_stepper_and_a_session_go_on_with_one_memory():
    step, alone = (TRAIN.MomentumOptimizer(0.25, 0.5).minimize(dl.square(dl.Variable(8.0))) for _ in range(2))
    expected = dl.Stepper(alone).run(4)
    session = dl.Session()
    stepper = dl.Stepper(step, session=session)
    [*_, finished] = stepper.iteration()
    assert [finished.loss, session.run(step), *stepper.run(1), session.run(step)] == expected
