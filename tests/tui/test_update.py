"""The update of any optimizer, as a person reads it: each term in numbers, what the step should bring, what is said."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from rich.cells import cell_len

import minidl_core as dl
from minidl_core.arrays import Array
from minidl_core.train import (
    AdamOptimizer,
    AdamWOptimizer,
    ConstantRate,
    CosineRate,
    MomentumOptimizer,
    Optimizer,
    StepRate,
    Term,
    WarmUp,
)
from tui_backprop.debugger.followed import Followed
from tui_backprop.debugger.steps import after_step
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.drawing.palette import plain
from tui_backprop.inspector import draw_inspector
from tui_backprop.inspector.forecast import change_of_step
from tui_backprop.lessons import load_lesson
from tui_backprop.lessons.lesson import Example
from tui_backprop.narration.solution import write_solution
from tui_backprop.notation.optimizer import name_of, optimizer_text
from tui_backprop.notation.update import worked_terms
from tui_backprop.notation.worked_rate import worked_rate
from tui_backprop.programs.program import program_of

from .moments import finish, narrate
from .random_timelines import MAKERS, lesson_of, optimizers, timelines
from .test_worked import check

ADAM = (r"m = β1·m + (1 - β1)·G", r"v = β2·v + (1 - β2)·G²", "m_hat = m / (1 - β1^t)", "v_hat = v / (1 - β2^t)")


def trained_by(optimizer: Optimizer, iteration: int = 4, lesson: str = "perceptron") -> Timeline:
    """Return a lesson at the last update of an iteration."""
    opened = replace(load_lesson(lesson), optimizer=lambda rate: optimizer, learning_rate=optimizer.learning_rate)
    timeline = Timeline(program_of(replace(opened, sentences={})))
    finish(timeline, iteration)
    timeline.back(after_step)
    return timeline


def shown(timeline: Timeline, width: int = 62, height: int = 60, followed: Followed = Followed()) -> str:  # noqa: B008
    return plain(draw_inspector(timeline.moment, "update", followed, width, height))


def rolling() -> Timeline:
    """A ball with a velocity, one iteration before it turns round: it moves up the slope."""
    with dl.Graph().as_default():
        w = dl.Variable(1.0, name="w")
        loss = dl.square(w, name="J")
    timeline = Timeline(program_of(lesson_of(Example(loss, {}), MomentumOptimizer(0.1, 0.9))))
    while True:
        finish(timeline, timeline.recording.iteration + 1)
        [event] = [each for each in timeline.recording.events if isinstance(each, dl.VariableUpdated)]
        if (event.new - event.old) * event.gradient > 0:
            timeline.back(after_step)
            return timeline


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(timelines(optimizers()))
def test_every_term_of_every_optimizer_is_written_out_and_adds_up(timeline: Timeline) -> None:
    for iteration in (1, 2):
        finish(timeline, iteration)
        for event in timeline.recording.events:
            if not isinstance(event, dl.VariableUpdated):
                continue
            for index in np.ndindex(event.new.shape):
                terms = worked_terms(event, index)
                assert [worked.target for worked in terms] == [each.term.symbol for each in event.terms]
                for worked, each in zip(terms, event.terms, strict=True):
                    assert worked.value == each.value[index]
                    assert worked.tree is not None
                    if "inf" not in " ".join(worked.steps[0]):  # as in min(1, 1/0), which cannot be read back
                        check(worked)


@pytest.mark.parametrize("maker", MAKERS.values(), ids=MAKERS)
@pytest.mark.parametrize("options", [{}, {"clip_norm": 5.0, "weight_decay": 0.1}], ids=["plain", "clipped and decayed"])
@pytest.mark.parametrize("rate", [0.01, CosineRate(0.02, 8)], ids=["number", "schedule"])
def test_it_fits_every_pane_and_adds_up(maker: type[Optimizer], options: dict[str, float], rate: float) -> None:
    timeline = trained_by(maker(rate, **options))
    last = timeline.program.optimizer.rule[-1].symbol
    sizes = [(62, 21), (44, 17), (62, 40), (40, 10), (24, 5), (60, 1), (9, 3), (1, 1)]
    for followed, some in ((Followed(), sizes[::2]), (Followed(3, (1, 1)), sizes[1::2])):
        for width, height in some:
            text = shown(timeline, width, height, followed)
            assert len(text.splitlines()) <= height
            assert all(cell_len(line) <= width for line in text.splitlines())
            if height < 17:
                continue
            written = re.search(r"► W\[.,.\](?: = \S+ - .*\n)? += (\S+) ([-+]) (\S+) = (\S+)", text)
            assert written is not None, text
            old, sign, step, new = written.groups()
            assert (Decimal(old) + Decimal(sign + step)).quantize(Decimal(new)) == Decimal(new)
            if len(timeline.program.optimizer.rule) > 1:
                assert re.search(rf"^  {last}( =|$)", text, re.M)
                assert "W new = W - step" in text


def test_adam_shows_both_moments_with_what_they_were_their_corrections_the_root_and_the_step() -> None:
    timeline = trained_by(AdamOptimizer(0.05))
    event = timeline.moment.event
    assert isinstance(event, dl.VariableUpdated)
    text = shown(timeline, 62, 21)
    for formula in (*ADAM, "step = η·m_hat / (sqrt v_hat + ε)"):
        assert formula in text
    m, v = (each.before[0, 0] for each in event.terms[:2] if each.before is not None)
    assert f"= (0.9)({m:.2f}) + (0.1)({event.gradient[0, 0]:.1f})" in text
    assert f"= (0.999)({v:.3f}) + (0.001)(({event.gradient[0, 0]:.2f})²)" in text
    assert "(1 - 0.9^4)" in text
    assert re.search(r"= \(0\.05\)\(\S+\) / \(sqrt \S+ \+ 1e-08\) = -0.04910", text)
    assert "forecast" in text
    assert "adam   η = 0.05" in text
    low = shown(timeline, 44, 17)
    for formula in ADAM:
        assert formula in low
    assert "= η·m_hat / (sqrt v_hat + ε)\n  = (0.05)(-119.63) / (sqrt 14841.0 + 1e-08)\n  = -0.04910" in low
    assert "A running mean of the gradients: which way they mostly point." in " ".join(shown(timeline).split())


def test_where_terms_do_not_fit_it_is_said_how_many_there_are() -> None:
    assert "3 terms before: a higher pane has room" in shown(trained_by(AdamOptimizer(0.05)), 44, 6)


def test_before_the_update_the_terms_are_named() -> None:
    timeline = trained_by(AdamOptimizer(0.05))
    timeline.first()
    text = plain(draw_inspector(timeline.moment, "update", Followed(), 62, 21, timeline.graph.variables[0]))
    assert all(each.replace(" / ", "/") in text for each in ADAM)


class Liar(Optimizer):
    """Says one thing and does another, in a language that nobody reads."""

    terms = (Term("u", "G + 1", "Wrong."), Term("x", "G ! 1", "Unreadable."), Term("step", "η·u", "Right."))

    @staticmethod
    def compute(g: Array, learning_rate: float) -> tuple[Array, ...]:
        """Return something else than the formulas say."""
        return 2 * g, g, learning_rate * 2 * g


def test_of_a_formula_that_is_not_what_was_computed_only_the_number_is_shown() -> None:
    timeline = trained_by(Liar(0.001))
    event = timeline.moment.event
    assert isinstance(event, dl.VariableUpdated)
    text = shown(timeline)
    assert re.search(r"^  u = \S+$", text, re.M)
    assert re.search(r"^  x = \S+$", text, re.M)
    assert re.search(r"^  step = η·u = \(0.001\)\(\S+\) = \S+$", text, re.M)


@pytest.mark.parametrize(
    "schedule", [ConstantRate(0.1), StepRate(0.8, 0.5, 3), CosineRate(0.5, 6, 0.1), WarmUp(4, CosineRate(0.3, 9))]
)
def test_a_schedule_is_written_out(schedule: ConstantRate | StepRate | CosineRate | WarmUp) -> None:
    with dl.Graph().as_default():
        loss = dl.square(dl.Variable(1.0, name="w"), name="J")
    timeline = Timeline(program_of(lesson_of(Example(loss, {}), AdamOptimizer(schedule))))
    for iteration in range(1, 9):
        finish(timeline, iteration)
        worked = worked_rate(timeline.recording.start)
        assert worked is not None
        assert worked.value == timeline.moment.learning_rate == schedule(iteration)
        check(worked)
    timeline.back(after_step)
    assert f"η = {schedule(8):.4g}" in shown(timeline)
    low = " ".join(shown(timeline, height=20).partition("before")[0].split())
    assert f" = {schedule(8):.3g}" in low  # with its numbers, however low the pane
    assert "factor" not in low
    assert "iterations" not in low


class Odd:
    """A schedule with a field that is a function, but no schedule, and a formula over two lines."""

    formula = "rate/\n(t + f)"

    def __init__(self) -> None:
        self.rate = 0.5
        self.f = lambda a, b: a + b

    def __call__(self, t: int) -> float:
        """Return the learning rate."""
        return self.rate / (t + 1)


class Strange(Optimizer):
    """Has what is no number for a setting, and lines that end where they should not."""

    mask: Array = dl.train.setting("κ", default=None, optional=True)
    terms = (Term("u", "G +\n0", "In two\nlines."), Term("step", "η·u +\t0", "With a\x07 bell."))

    @staticmethod
    def compute(g: Array, learning_rate: float) -> tuple[Array, ...]:
        """Step against the gradient."""
        return g, learning_rate * g


def test_what_a_stranger_writes_is_shown_on_the_lines_that_there_are() -> None:
    timeline = trained_by(Strange(Odd()), 2)
    moment = timeline.moment
    for said in (narrate(moment), *shown(timeline).splitlines(), *write_solution(timeline, Followed())):
        assert said.isprintable()
    assert "η of iteration 2 by" in shown(timeline)
    timeline.first()
    for line in draw_inspector(timeline.moment, "update", Followed(), 62, 30, timeline.graph.variables[0]):
        assert all(part.isprintable() for part, _ in line)


def halved(t: int) -> float:
    """A schedule without a formula."""
    return 0.1 / 2**t


def test_a_schedule_without_a_formula_is_named() -> None:
    timeline = trained_by(AdamOptimizer(halved), 3)
    assert "η of iteration 3 by halved" in shown(timeline)
    assert "η = 0.0125" in shown(timeline)


@pytest.mark.parametrize("formula", [None, "1/(t + own)", "1/("])
def test_of_a_schedule_only_what_its_formula_names_is_looked_up(formula: str | None) -> None:
    called = []

    def schedule(t: int) -> float:
        return 1 / (t + 1)

    vars(schedule).update(formula=formula, own=1, notify=called.append, leave=sys.exit, huge=10**400)
    worked = worked_rate(trained_by(AdamOptimizer(schedule), 3).recording.start)
    assert worked is not None
    assert (worked.tree is not None) == (formula == "1/(t + own)")
    assert (worked.value, called) == (1 / 4, [])


def test_a_number_too_large_stands_for_nothing() -> None:
    def schedule(t: int) -> float:
        return 1 / t

    vars(schedule).update(formula="huge/t", huge=10**400)
    assert "by schedule" in shown(trained_by(AdamOptimizer(schedule), 3))


@pytest.mark.parametrize(
    ("optimizer", "text"),
    [
        (AdamWOptimizer(0.1, weight_decay=0.0), "weight_decay=0.0, beta1=0.9, beta2=0.999, epsilon=1e-08"),
        (AdamOptimizer(0.1, beta1=0), "beta1=0.0, beta2=0.999, epsilon=1e-08"),
        (MomentumOptimizer(0.1, 0.0), "momentum=0.0"),
        (MomentumOptimizer(0.1, 0.5, clip_norm=None, weight_decay=0), "momentum=0.5"),
    ],
)
def test_a_setting_that_is_0_is_told_unless_it_is_so_by_default(optimizer: Optimizer, text: str) -> None:
    assert optimizer_text(optimizer) == f"{name_of(optimizer)}({text})"


# what a step brings


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(timelines(optimizers()))
def test_the_forecast_is_what_gradient_and_step_say(timeline: Timeline) -> None:
    for iteration in range(1, 4):
        finish(timeline, iteration)
        if timeline.moment.error is not None:
            return
        updates = [each for each in timeline.recording.events if isinstance(each, dl.VariableUpdated)]
        expected = -sum(float(np.sum(each.gradient * each.terms[-1].value)) for each in updates)
        moved = sum(float(np.sum(each.gradient * (each.new - each.old))) for each in updates)
        text = plain(draw_inspector(timeline.moment, "overview", Followed(), 90, 60))
        row = re.search(r"forecast (-η·Σ grad²|-Σ grad·step) +(\S+)", text)
        assert row is not None, text
        assert (row[1] == "-η·Σ grad²") is ([each.formula for each in timeline.program.optimizer.rule] == ["η·G"])
        unit = Decimal("0.51").scaleb(int(Decimal(row[2]).as_tuple().exponent))
        assert abs(Decimal(row[2]) - Decimal(expected)) <= unit
        timeline.forward(after_step)
        assert change_of_step(timeline.recording) == pytest.approx(moved, rel=1e-9, abs=1e-12)


def test_a_step_up_the_slope_is_forecast_to_bring_more() -> None:
    timeline = rolling()
    assert re.search(r"forecast [0-9]", shown(timeline))
    timeline.forward(after_step)
    timeline.forward(after_step)
    while timeline.moment.loss is None:
        timeline.forward(after_step)
    text = " ".join(plain(draw_inspector(timeline.moment, "value", Followed(), 62, 40, timeline.graph.loss)).split())
    assert "what the step of iteration" in text
    assert "% of the forecast" in text
