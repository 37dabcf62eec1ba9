"""What is said, asked and shown of an update: sentences, the worked solution, questions, code and edits."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

import minidl_core as dl
from minidl_core.arrays import Array
from minidl_core.train import (
    AdamOptimizer,
    MomentumOptimizer,
    Optimizer,
    StepRate,
    Term,
)
from tui_backprop.debugger.followed import Followed
from tui_backprop.debugger.steps import after_step
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.drawing.palette import plain
from tui_backprop.inspector import draw_inspector
from tui_backprop.inspector.code_view import code_lines
from tui_backprop.lessons.lesson import Example
from tui_backprop.narration.solution import write_solution
from tui_backprop.notation.edits import EditError, read_edit
from tui_backprop.notation.formats import number
from tui_backprop.notation.optimizer import name_of
from tui_backprop.notation.update import left_out, step_if
from tui_backprop.programs.program import program_of
from tui_backprop.quiz.questions import questions

from .moments import finish, narrate, narrate_event
from .random_timelines import MAKERS, lesson_of, optimizers, timelines
from .test_update import ADAM, rolling, shown, trained_by

# what is said


def test_momentum_that_carries_a_variable_up_the_slope_is_said_to() -> None:
    timeline = rolling()
    event = timeline.moment.event
    assert isinstance(event, dl.VariableUpdated)
    v = event.terms[0].value
    assert v * event.gradient < 0
    way, slope = ("rises", "positive") if event.new > event.old else ("falls", "negative")
    why = rf"yet it {way}: v = {re.escape(f'{v:.4g}')}\d* has the other sign"
    said = narrate(timeline.moment)
    assert re.search(rf"Its slope is {slope}; {why}", said), said
    assert "against" not in said
    assert re.search(why.replace("yet it", "yet w"), " ".join(shown(timeline).split()))


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(timelines(optimizers()))
def test_a_variable_is_said_to_move_against_its_gradient_only_where_it_does(timeline: Timeline) -> None:
    straight = [each.formula for each in timeline.program.optimizer.rule] == ["η·G"]
    for iteration in (1, 2, 3):
        finish(timeline, iteration)
        for place, event in enumerate(timeline.recording.events):
            if not isinstance(event, dl.VariableUpdated):
                continue
            said = narrate_event(timeline.moment, place)
            along = (event.new - event.old) * event.gradient
            if straight:
                assert (along <= 0).all()
                continue
            assert ("moves against its gradient" in said) is bool((along < 0).all())
            if not event.new.shape:
                way = "rises" if event.new > event.old else "falls" if event.new < event.old else "stays"
                assert f" {way}" in said or ("…" in said or "moves against" in said)
                if along > 0:
                    assert re.search(r"has the other sign", said)
            elif found := re.search(r"moves, (\w+) of its", said):
                count = int(np.sum(along < 0))
                assert found[1] == (str(count) if count else "none")


@pytest.mark.parametrize("maker", MAKERS.values(), ids=MAKERS)
def test_heading_and_overview_are_true_of_the_optimizer(maker: type[Optimizer]) -> None:
    timeline = trained_by(maker(0.01))
    timeline.first()
    text = plain(draw_inspector(timeline.moment, "overview", Followed(), 80, 60))
    straight = maker is MAKERS["gradient descent"]
    assert ("every variable moves against its slope" in text) is straight
    assert ("every variable moves by the step of" in text) is not straight
    assert straight or f"by the step of {name_of(maker(0.01))}" in text


def test_the_solution_writes_the_terms_out() -> None:
    timeline = trained_by(AdamOptimizer(StepRate(0.05, 0.5, 2), clip_norm=20.0))
    text = "\n".join(write_solution(timeline, Followed()))
    assert "| optimizer | adam(clip_norm=20.0, beta1=0.9, beta2=0.999, epsilon=1e-08) |" in text
    assert "| learning rate η | 0.025 |" in text
    assert "### W - step" in text
    for formula in ("G = min(1, c/norm)·G", *ADAM, "step = η·m_hat / (sqrt v_hat + ε)"):
        assert formula in text
    assert re.search(r"W\[0,0\] = \S+ [-+] \S+ = \S+", text)


# questions


def test_the_new_value_is_asked_for_beside_what_the_likely_mistakes_give() -> None:
    with dl.Graph().as_default():
        loss = dl.square(dl.Variable(1.37, name="w"), name="J")
    timeline = Timeline(program_of(lesson_of(Example(loss, {}), AdamOptimizer(0.31, beta1=0.7))))
    finish(timeline, 2)
    timeline.back(after_step)
    after = timeline.moment
    timeline.back(after_step)
    event = after.event
    assert isinstance(event, dl.VariableUpdated)
    way, value = sorted(
        questions(timeline.moment, after, Followed()), key=lambda asked: "it stays" not in asked.choices
    )
    old, step = float(event.old), float(event.terms[-1].value)
    assert value.answer == number(float(event.new))
    assert number(old + step) in value.choices
    mistaken = [step_if(event, (), forgets=True), step_if(event, (), left_out(event, ()), forgets=False)]
    assert {number(old - each) for each in mistaken} & {*value.choices}
    assert {"m = β1·m + (1 - β1)·G", "t = 2", "β1 = 0.7", f"m so far = {number(0.3 * 2.74)}"} <= {*value.given}
    assert (way.answer, way.why) == ("down", f"its step, {number(step)}, is taken off it")


def test_a_momentum_of_short_numbers_is_computed_by_head() -> None:
    with dl.Graph().as_default():
        loss = dl.multiply(dl.Variable(2.0, name="w"), 3.0, name="J")
    timeline = Timeline(program_of(lesson_of(Example(loss, {}), MomentumOptimizer(0.1, 0.5))))
    finish(timeline, 2)
    timeline.back(after_step)
    after = timeline.moment
    timeline.back(after_step)
    [value] = [asked for asked in questions(timeline.moment, after, Followed()) if "it stays" not in asked.choices]
    assert value.number == pytest.approx(2 - 0.3 - 0.45)
    assert not value.choices


# code


class Signs(Optimizer):
    """A stranger's: as far in each direction, whatever the slope."""

    terms = (Term("step", "η·sign(G)", "Only the direction counts."),)

    @staticmethod
    def compute(g: Array, learning_rate: float) -> tuple[Array, ...]:
        """Step by the sign."""
        return (learning_rate * _sign(g),)


def _sign(g: Array) -> Array:
    return np.sign(g)


def test_the_code_of_an_update_is_that_of_the_optimizer_and_of_what_it_calls() -> None:
    def code(optimizer: Optimizer) -> str:
        timeline = trained_by(optimizer)
        return plain(code_lines(timeline.moment, timeline.graph.variables[0], 90, Followed()))

    text = code(AdamOptimizer(0.01, clip_value=1.0))
    assert re.search(r"update +rules\.py:\d+", text)
    assert "return m, v, m_hat, v_hat, learning_rate * m_hat / (np.sqrt(v_hat) + epsilon)" in text
    assert "def _moments(" in text
    assert "np.maximum(-clip_value, np.minimum(clip_value, g))" in text
    text = code(Signs(0.001))
    assert f"test_update_told.py:{Signs.compute.__code__.co_firstlineno + 1}" in text
    assert f"test_update_told.py:{_sign.__code__.co_firstlineno}" in text


def test_a_stranger_s_single_term_is_written_as_gradient_descent_is() -> None:
    text = shown(trained_by(Signs(0.001)))
    assert "W new = W - η·sign(dJ/dW)" in text
    assert re.search(r"► W\[0,0\] = \S+ - 0.001·sign \(-\S+\)", text)
    assert "its slope is negative: more W[0,0], less J; W[0,0] rises" in text


# edits


def test_a_number_takes_the_place_of_a_schedule_even_if_it_is_the_same() -> None:
    timeline = trained_by(AdamOptimizer(StepRate(0.1, 0.5, 2)), 1)
    timeline.fork(read_edit("η = 0.1", timeline.edited_state, timeline.graph, ""))
    finish(timeline, 6)
    assert timeline.moment.learning_rate == 0.1
    with pytest.raises(EditError, match="Nothing would change"):
        read_edit("η = 0.1", timeline.edited_state, timeline.graph, "")
